//! What a version of the server can plan: the only place where it decides. Pure.

use crate::domain::Safe;

/// From here on the server plans a statement without the values of its parameters.
const GENERIC_FROM: u32 = 160_000;

/// Why a statement with so many parameters cannot be planned, if so.
pub fn objection(parameters: usize, version: u32) -> Option<Safe> {
    let plural = if parameters == 1 { "" } else { "s" };
    (parameters > 0 && version < GENERIC_FROM).then(|| {
        Safe::of(format!(
            "its text has {parameters} parameter{plural} and no values: PostgreSQL {} cannot plan that, 16 and later can",
            version / 10_000
        ))
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::Untrusted;
    use crate::remediation::explain::Planned;

    #[test]
    fn what_is_sent_is_fixed_for_every_version() {
        for version in [140_000, 140_017, 150_000, 150_018, 159_999, 160_000, 160_009, 170_000, 170_005, 180_000] {
            let sent = |text: &str, parameters: usize| {
                let planned = Planned { statement: Untrusted::from(text), generic: parameters > 0 };
                objection(parameters, version).map_or_else(|| planned.command().unwrap(), |why| why.to_string())
            };
            // Without parameters it is the same everywhere.
            assert_eq!(sent("SELECT 1", 0), "EXPLAIN (COSTS) SELECT 1", "{version}");
            let generic = "EXPLAIN (GENERIC_PLAN) SELECT * FROM t WHERE id = $1";
            let expected = match version {
                160_000.. => generic.to_owned(),
                150_000.. => format!(
                    "{}PostgreSQL 15 cannot plan that, 16 and later can",
                    "its text has 1 parameter and no values: "
                ),
                _ => format!(
                    "{}PostgreSQL 14 cannot plan that, 16 and later can",
                    "its text has 1 parameter and no values: "
                ),
            };
            assert_eq!(sent("SELECT * FROM t WHERE id = $1", 1), expected, "{version}");
        }
        assert!(objection(2, 150_000).unwrap().as_str().contains("2 parameters"));
    }
}
