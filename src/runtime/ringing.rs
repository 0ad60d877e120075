//! The bytes that call a person: the bell, and a notice of the terminal (OSC 9). What they say went through the gate, and
//! holds neither a control character nor the sign that ends or begins an order to the terminal.

use crate::domain::Safe;

/// Longest notice, in characters.
const LONGEST: usize = 120;

/// The bytes; none where nothing is asked for.
pub fn bytes(bell: bool, notify: Option<&Safe>) -> Vec<u8> {
    let mut bytes = Vec::new();
    if let Some(words) = notify {
        let plain = |c: &char| *c == ' ' || c.is_ascii_graphic() && *c != ';';
        let words: String = words.as_str().chars().filter(plain).take(LONGEST).collect();
        bytes.extend(format!("\x1b]9;{words}\x07").into_bytes());
    }
    if bell {
        bytes.push(0x07);
    }
    bytes
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn only_what_is_asked_for() {
        assert!(bytes(false, None).is_empty());
        assert_eq!(bytes(true, None), b"\x07");
        assert_eq!(bytes(true, Some(&Safe::of("2 alerts"))), b"\x1b]9;2 alerts\x07\x07");
    }

    proptest! {
        /// Whatever is said, between the order's beginning and its end stand printable characters alone.
        #[test]
        fn a_notice_ends_where_it_ends(text in any::<String>()) {
            let made = bytes(false, Some(&Safe::of(&text)));
            let said = made.strip_prefix(b"\x1b]9;").and_then(|rest| rest.strip_suffix(b"\x07"));
            prop_assert!(said.is_some_and(|said| said.iter().all(|byte| (0x20..0x7f).contains(byte) && *byte != b';')));
        }
    }
}
