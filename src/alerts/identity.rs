//! What tells one alert, or one rule, from every other: a number made of where the rule stands and of its labels. It is the
//! same after a new reading of the files and after a restart, so that what a person said of an alert stays with it.

use crate::metrics::labels::Labels;

/// Between two parts: no text holds this byte.
const BORDER: u8 = 0xff;

/// Of an alert.
#[must_use]
pub fn of_alert(file: &str, group: &str, rule: &str, labels: &Labels) -> u64 {
    let pairs = labels.iter().flat_map(|(name, value)| [name, value]);
    hash(["alert", file, group, rule].into_iter().chain(pairs))
}

/// Of a rule: two of one name in one group differ in their labels.
#[must_use]
pub fn of_rule(file: &str, group: &str, rule: &str, labels: &[(String, String)]) -> u64 {
    let pairs = labels.iter().flat_map(|(name, value)| [name.as_str(), value.as_str()]);
    hash(["rule", file, group, rule].into_iter().chain(pairs))
}

/// Of a silence, from what it says and when it was asked for.
#[must_use]
pub fn of_silence(matchers: &str, by: &str, comment: &str, at: i64) -> u64 {
    hash(["silence", matchers, by, comment, &at.to_string()].into_iter())
}

/// FNV-1a: it does not depend on how this program was built.
fn hash<'a>(parts: impl Iterator<Item = &'a str>) -> u64 {
    let bytes = parts.flat_map(|part| part.bytes().chain([BORDER]));
    bytes.fold(0xcbf2_9ce4_8422_2325, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_do_not_run_into_each_other() {
        let labels = |pairs: &[(&str, &str)]| Labels::new(pairs.iter().copied());
        let one = of_alert("f", "g", "Down", &labels(&[("a", "bc")]));
        assert_eq!(one, of_alert("f", "g", "Down", &labels(&[("a", "bc")])));
        for other in [
            of_alert("f", "g", "Down", &labels(&[("ab", "c")])),
            of_alert("f", "gD", "own", &labels(&[("a", "bc")])),
            of_alert("f", "g", "Down", &labels(&[])),
            of_rule("f", "g", "Down", &[("a".to_owned(), "bc".to_owned())]),
        ] {
            assert_ne!(one, other);
        }
    }
}
