//! Keys and words in the form in which they are compared: lower case without white space, `_` and `-`. On the stack:
//! a body has many keys, and each is compared often.

/// Longest folded text; nothing that we know is longer.
const MOST: usize = 40;

/// A folded text. What is too long, or not ASCII, equals nothing we know, and folds to nothing.
#[derive(Clone, Copy, Debug)]
pub struct Folded {
    bytes: [u8; MOST],
    length: usize,
}

impl Folded {
    /// Folds a text.
    #[must_use]
    pub fn of(text: &str) -> Folded {
        let mut folded = Folded { bytes: [0; MOST], length: 0 };
        for byte in text.bytes().filter(|b| !matches!(b, b' ' | b'_' | b'-')) {
            match folded.bytes.get_mut(folded.length) {
                Some(place) if byte.is_ascii() => *place = byte.to_ascii_lowercase(),
                _ => return Folded { length: 0, ..folded },
            }
            folded.length += 1;
        }
        folded
    }

    /// The folded text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        self.bytes.get(..self.length).and_then(|bytes| std::str::from_utf8(bytes).ok()).unwrap_or("")
    }
}

#[cfg(test)]
mod tests {
    use super::Folded;

    #[test]
    fn folds() {
        assert_eq!(Folded::of("Out_Of-Ser vice").as_str(), "outofservice");
        assert_eq!(Folded::of(&"a".repeat(40)).as_str().len(), 40);
        for nothing in ["", "größe", "__", &"a".repeat(41)] {
            assert_eq!(Folded::of(nothing).as_str(), "", "{nothing}");
        }
    }
}
