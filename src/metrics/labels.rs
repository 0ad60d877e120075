//! The labels of a series: names with values, sorted by name, never empty-valued. The metric's name is the label `__name__`.

use std::fmt;
use std::sync::Arc;

/// The label that bears the metric's name.
pub const NAME: &str = "__name__";

/// A set of labels. Cheap to clone. Values are outside text: show them through the gate only.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Default)]
pub struct Labels(Arc<[(Box<str>, Box<str>)]>);

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
        Labels(kept.into())
    }

    /// The value of a label; empty where there is none, as Prometheus has it.
    #[must_use]
    pub fn get(&self, name: &str) -> &str {
        let found = self.0.binary_search_by(|(known, _)| (**known).cmp(name)).ok().and_then(|at| self.0.get(at));
        found.map_or("", |(_, value)| value)
    }

    /// The metric's name; empty where it has none.
    #[must_use]
    pub fn metric(&self) -> &str {
        self.get(NAME)
    }

    /// Names and values, by name.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = (&str, &str)> + Clone {
        self.0.iter().map(|(name, value)| (&**name, &**value))
    }

    /// Only those with these names, or (`without`) only the others.
    #[must_use]
    pub fn filtered(&self, keep: impl Fn(&str) -> bool) -> Labels {
        Labels(self.0.iter().filter(|(name, _)| keep(name)).cloned().collect())
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
