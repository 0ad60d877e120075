//! What upkeep asks of servers of different versions: the only place where a version decides on a statement. Pure.

use crate::domain::Safe;
use crate::remediation::upkeep::UpkeepVerb;

const RELATION: &str = include_str!("sql/relation.sql");
const VACUUM: &str = include_str!("sql/progress_vacuum.sql");
const ANALYZE: &str = include_str!("sql/progress_analyze.sql");
const CREATE_INDEX: &str = include_str!("sql/progress_create_index.sql");
const NONE: &str = include_str!("sql/progress_none.sql");
/// From here on the server tells how far an ANALYZE is.
const ANALYZE_FROM: u32 = 130_000;
/// From here on keeping up a table is a right of its own; older servers do not know its name.
const MAINTAIN_FROM: u32 = 170_000;

/// What asks about a relation, and whether the role may keep it up.
pub fn relation(version: u32) -> String {
    let maintain = if version >= MAINTAIN_FROM { "pg_catalog.has_table_privilege(t.oid, 'MAINTAIN')" } else { "false" };
    RELATION.replace("{maintain}", maintain)
}

/// What asks how far a session is.
pub fn progress(verb: UpkeepVerb, version: u32) -> &'static str {
    match verb {
        UpkeepVerb::Vacuum | UpkeepVerb::VacuumAnalyse => VACUUM,
        UpkeepVerb::Analyse if version >= ANALYZE_FROM => ANALYZE,
        UpkeepVerb::Reindex => CREATE_INDEX,
        UpkeepVerb::Analyse | UpkeepVerb::DropLeftover => NONE,
    }
}

/// What would give a role the right, the least that does. All names are quoted.
pub fn grant(verb: UpkeepVerb, version: u32, user: &str, owner: &str, (table, name): (&Safe, &Safe)) -> Safe {
    Safe::of(if version >= MAINTAIN_FROM && verb != UpkeepVerb::DropLeftover {
        format!("{user} may not: GRANT MAINTAIN ON {table} TO {user};")
    } else {
        format!("{user} does not own {name}: GRANT {owner} TO {user};")
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const VERSIONS: [u32; 7] = [120_000, 140_000, 150_018, 160_000, 169_999, 170_000, 180_000];

    #[test]
    fn the_right_to_maintain_is_asked_for_only_where_it_is_known() {
        for version in VERSIONS {
            let sql = relation(version);
            let right = "        OR ($2 <> 'drop-leftover' AND pg_catalog.has_table_privilege(t.oid, 'MAINTAIN')),\n";
            let none = "        OR ($2 <> 'drop-leftover' AND false),\n";
            let (there, not) = if version >= 170_000 { (right, none) } else { (none, right) };
            assert!(sql.contains(there) && !sql.contains(not), "{version}: {sql}");
            assert!(!sql.contains(['{', '}']), "{version}: {sql}");
            assert_eq!(sql.contains("MAINTAIN"), version >= 170_000, "{version}");
        }
    }

    #[test]
    fn the_missing_right_is_the_least_that_is_known() {
        let (table, name) = (Safe::of("public.stock"), Safe::of("public.stock_name"));
        for version in VERSIONS {
            for verb in UpkeepVerb::ALL {
                let told = grant(verb, version, "\"ops\"", "\"shop\"", (&table, &name)).to_string();
                let expected = if version >= 170_000 && verb != UpkeepVerb::DropLeftover {
                    "\"ops\" may not: GRANT MAINTAIN ON public.stock TO \"ops\";"
                } else {
                    "\"ops\" does not own public.stock_name: GRANT \"shop\" TO \"ops\";"
                };
                assert_eq!(told, expected, "{version} {verb:?}");
            }
        }
    }

    #[test]
    fn progress_is_asked_of_the_view_of_the_verb() {
        for version in VERSIONS {
            let view = |verb| {
                let sql = progress(verb, version);
                let from = sql.lines().find(|line| line.contains("pg_stat_progress")).unwrap_or("none");
                from.trim().to_owned()
            };
            let join = |name: &str| format!("LEFT JOIN pg_catalog.pg_stat_progress_{name} AS p ON p.pid = $1");
            assert_eq!(view(UpkeepVerb::Vacuum), join("vacuum"));
            assert_eq!(view(UpkeepVerb::VacuumAnalyse), join("vacuum"));
            assert_eq!(view(UpkeepVerb::Reindex), join("create_index"));
            assert_eq!(view(UpkeepVerb::DropLeftover), "none");
            let analyse = if version >= 130_000 { join("analyze") } else { "none".to_owned() };
            assert_eq!(view(UpkeepVerb::Analyse), analyse, "{version}");
        }
    }
}
