//! The labels of a series: names with values, sorted by name, never empty-valued. The metric's name is the label `__name__`.

use std::cmp::Ordering;
use std::fmt;
use std::sync::Arc;

/// The label that bears the metric's name.
pub const NAME: &str = "__name__";

/// A set of labels. Cheap to clone. Values are outside text: show them through the gate only.
///
/// One piece of text, since a store holds very many: the number of pairs, then each name and value behind its length.
#[derive(Clone, PartialEq, Eq, Hash, Default)]
pub struct Labels(Arc<str>);

/// A number as characters below 128: six bits each, the lowest first, the seventh says that more follow.
fn push_number(out: &mut String, mut number: usize) {
    while number >= 64 {
        out.push(char::from((number & 63) as u8 | 64));
        number >>= 6;
    }
    out.push(char::from(number as u8));
}

/// Names and values, by name.
#[derive(Clone, Debug)]
struct Pairs<'a> {
    text: &'a str,
    at: usize,
    left: usize,
}

impl<'a> Pairs<'a> {
    fn number(&mut self) -> usize {
        let (mut number, mut shift) = (0, 0);
        while let Some(byte) = self.text.as_bytes().get(self.at) {
            self.at += 1;
            number |= usize::from(byte & 63) << shift;
            shift += 6;
            if byte & 64 == 0 || shift >= 60 {
                break;
            }
        }
        number
    }

    fn word(&mut self) -> &'a str {
        let length = self.number();
        let from = self.at;
        self.at += length;
        self.text.get(from..self.at).unwrap_or_default()
    }
}

impl<'a> Iterator for Pairs<'a> {
    type Item = (&'a str, &'a str);

    fn next(&mut self) -> Option<Self::Item> {
        self.left = self.left.checked_sub(1)?;
        Some((self.word(), self.word()))
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        (self.left, Some(self.left))
    }
}

impl ExactSizeIterator for Pairs<'_> {}

impl Labels {
    /// Of these pairs, in any order; a label without a value is no label, and of two with one name the last stands.
    pub fn new<N: Into<Box<str>>, V: Into<Box<str>>>(pairs: impl IntoIterator<Item = (N, V)>) -> Labels {
        let mut kept: Vec<(Box<str>, Box<str>)> = Vec::new();
        for (name, value) in pairs {
            let (name, value) = (name.into(), value.into());
            match kept.binary_search_by(|(known, _)| known.cmp(&name)) {
                Ok(at) if value.is_empty() => drop(kept.remove(at)),
                Ok(at) => kept.get_mut(at).into_iter().for_each(|pair| pair.1.clone_from(&value)),
                Err(_) if value.is_empty() => {}
                Err(at) => kept.insert(at, (name, value)),
            }
        }
        Labels::of_sorted(kept.iter().map(|(name, value)| (&**name, &**value)))
    }

    fn of_sorted<'a>(pairs: impl Iterator<Item = (&'a str, &'a str)> + Clone) -> Labels {
        let (count, bytes) = pairs
            .clone()
            .fold((0, 0), |(count, bytes), (name, value)| (count + 1, bytes + name.len() + value.len() + 4));
        if count == 0 {
            return Labels::default();
        }
        let mut text = String::with_capacity(bytes + 2);
        push_number(&mut text, count);
        for word in pairs.flat_map(|(name, value)| [name, value]) {
            push_number(&mut text, word.len());
            text.push_str(word);
        }
        Labels(text.into())
    }

    /// The value of a label; empty where there is none, as Prometheus has it.
    #[must_use]
    pub fn get(&self, name: &str) -> &str {
        for (known, value) in self.pairs() {
            match known.cmp(name) {
                Ordering::Less => {}
                Ordering::Equal => return value,
                Ordering::Greater => break,
            }
        }
        ""
    }

    /// The metric's name; empty where it has none.
    #[must_use]
    pub fn metric(&self) -> &str {
        self.get(NAME)
    }

    /// Names and values, by name.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = (&str, &str)> + Clone {
        self.pairs()
    }

    fn pairs(&self) -> Pairs<'_> {
        let mut pairs = Pairs { text: &self.0, at: 0, left: 0 };
        pairs.left = pairs.number();
        pairs
    }

    /// Bytes that they take up in memory, once for all clones.
    #[must_use]
    pub fn bytes(&self) -> usize {
        self.0.len() + 2 * size_of::<usize>()
    }

    /// Only those with these names, or (`without`) only the others.
    #[must_use]
    pub fn filtered(&self, keep: impl Fn(&str) -> bool) -> Labels {
        Labels::of_sorted(self.pairs().filter(|(name, _)| keep(name)))
    }

    /// The same with one more, or another value of one; an empty value takes it away.
    #[must_use]
    pub fn with(&self, name: &str, value: &str) -> Labels {
        Labels::new(self.iter().chain([(name, value)]))
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

/// By their pairs, as they stand.
impl Ord for Labels {
    fn cmp(&self, other: &Labels) -> Ordering {
        self.pairs().cmp(other.pairs())
    }
}

impl PartialOrd for Labels {
    fn partial_cmp(&self, other: &Labels) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

/// As PromQL writes it: `name{a="b"}`.
impl fmt::Display for Labels {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(self.metric())?;
        let others: Vec<String> =
            self.iter().filter(|(name, _)| *name != NAME).map(|(name, value)| format!("{name}={value:?}")).collect();
        if others.is_empty() && !self.metric().is_empty() { Ok(()) } else { write!(out, "{{{}}}", others.join(", ")) }
    }
}

impl fmt::Debug for Labels {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{self}")
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;

    proptest::proptest! {
        /// They hold what a sorted map would hold, and stand in its order.
        #[test]
        fn they_are_a_sorted_map(
            pairs in proptest::collection::vec(("[a-c_é]{0,2}", "(?s).{0,3}|x{70}"), 0..9),
            others in proptest::collection::vec(("[a-c_é]{0,2}", "(?s).{0,3}|x{70}"), 0..9),
        ) {
            let map = |pairs: &[(String, String)]| {
                let mut map: BTreeMap<String, String> = BTreeMap::new();
                for (name, value) in pairs {
                    if value.is_empty() { map.remove(name) } else { map.insert(name.clone(), value.clone()) };
                }
                map
            };
            let (known, labels) = (map(&pairs), Labels::new(pairs));
            let held: Vec<(String, String)> = labels.iter().map(|(n, v)| (n.to_owned(), v.to_owned())).collect();
            proptest::prop_assert_eq!(held, known.clone().into_iter().collect::<Vec<_>>());
            proptest::prop_assert_eq!(labels.iter().len(), known.len());
            for name in ["", "a", "b", "c", "é", "zz"] {
                proptest::prop_assert_eq!(labels.get(name), known.get(name).map_or("", String::as_str));
            }
            let (other_known, other) = (map(&others), Labels::new(others));
            proptest::prop_assert_eq!(labels.cmp(&other), known.iter().cmp(other_known.iter()));
            proptest::prop_assert_eq!(labels == other, known == other_known);
            proptest::prop_assert_eq!(labels.filtered(|_| false), Labels::default());
            proptest::prop_assert_eq!(labels.filtered(|name| name != "a").with("a", labels.get("a")), labels);
        }
    }
}
