//! What may be a name: of a metric, of a label. Prometheus 3 takes any text; what only it takes is remarked on.

/// The nature of a name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Name {
    /// Every version takes it.
    Plain,
    /// Only Prometheus 3 takes it.
    Quoted,
    /// None does.
    Wrong,
}

/// Of a metric that is recorded.
pub fn metric(name: &str) -> Name {
    match name {
        name if name.is_empty() || name.contains(['{', '}']) => Name::Wrong,
        name if word(name, true) => Name::Plain,
        _ => Name::Quoted,
    }
}

/// Of a label; `__name__` is none that a rule may give.
pub fn label(name: &str) -> Name {
    match name {
        "" | "__name__" => Name::Wrong,
        name if word(name, false) => Name::Plain,
        _ => Name::Quoted,
    }
}

fn word(name: &str, colons: bool) -> bool {
    let fits = |(at, byte): (usize, u8)| {
        byte == b'_' || byte.is_ascii_alphabetic() || at > 0 && byte.is_ascii_digit() || colons && byte == b':'
    };
    name.bytes().enumerate().all(fits)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_every_version_of_the_newest_and_of_none() {
        assert_eq!(metric("job:rate:5m"), Name::Plain);
        assert_eq!(metric("5m:rate"), Name::Quoted);
        assert_eq!(metric("up{job=\"a\"}"), Name::Wrong);
        assert_eq!(label("severity"), Name::Plain);
        assert_eq!(label("a:b"), Name::Quoted);
        assert_eq!(label("9a"), Name::Quoted);
        assert_eq!(label("__name__"), Name::Wrong);
        assert_eq!(label(""), Name::Wrong);
    }
}
