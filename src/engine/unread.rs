//! Which recording rules nothing reads: neither a rule that alerts nor one whose record is read itself. Only what is asked of
//! somebody else is spared by it: what is recorded here costs nobody.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use crate::metrics::promql::Read;

/// The metrics that are recorded and not read. Of rules come the expressions, with the metric that each records, if it does;
/// what each expression asks for stands in `reads`.
pub fn unread<'r>(
    rules: impl Iterator<Item = (&'r str, Option<&'r str>)>,
    reads: &HashMap<String, Vec<Read>>,
) -> BTreeSet<String> {
    let mut unread: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    let mut open = Vec::new();
    for (expr, metric) in rules {
        match metric {
            Some(metric) => unread.entry(metric).or_default().push(expr),
            None => open.push(expr),
        }
    }
    while let Some(expr) = open.pop() {
        for read in reads.get(expr).into_iter().flatten() {
            let read: Vec<&str> = match read {
                Read::Metric(name) => unread.get_key_value(name.as_str()).map(|(name, _)| *name).into_iter().collect(),
                _ => unread.keys().copied().filter(|name| read.means(name)).collect(),
            };
            open.extend(read.into_iter().filter_map(|name| unread.remove(name)).flatten());
        }
    }
    unread.into_keys().map(str::to_owned).collect()
}
