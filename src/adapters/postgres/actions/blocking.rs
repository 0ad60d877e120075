//! Who blocks whom: from what each waiter says to everybody that one session keeps waiting, directly or through others.

use std::collections::{BTreeMap, BTreeSet};

/// Most pids that are named in words.
const NAMED: usize = 8;

/// Who waits directly for whom.
#[derive(Debug, Default)]
pub struct Blocking(BTreeMap<i32, BTreeSet<i32>>);

impl Blocking {
    /// Notes that one waits for others.
    pub fn waits(&mut self, waiter: i32, blockers: &[i32]) {
        for blocker in blockers.iter().filter(|blocker| **blocker != waiter) {
            self.0.entry(*blocker).or_default().insert(waiter);
        }
    }

    /// Everybody who waits for this one, directly or through others.
    pub fn by(&self, blocker: i32) -> BTreeSet<i32> {
        let mut found = BTreeSet::new();
        let mut open = vec![blocker];
        while let Some(pid) = open.pop() {
            let next = self.0.get(&pid).into_iter().flatten().filter(|pid| **pid != blocker);
            open.extend(next.filter(|pid| found.insert(**pid)).copied().collect::<Vec<i32>>());
        }
        found
    }

    /// Whether anybody waits for what no session holds: a prepared transaction.
    pub fn by_prepared(&self) -> usize {
        self.by(0).len()
    }
}

/// In words: `blocks 3 sessions: 11, 12, 13`.
pub fn words(blocked: &BTreeSet<i32>) -> Option<String> {
    if blocked.is_empty() {
        return None;
    }
    let named: Vec<String> = blocked.iter().take(NAMED).map(ToString::to_string).collect();
    let more = blocked.len().saturating_sub(NAMED);
    let more = if more > 0 { format!(" and {more} more") } else { String::new() };
    let noun = if blocked.len() == 1 { "session" } else { "sessions" };
    Some(format!("blocks {} {noun}: {}{more}", blocked.len(), named.join(", ")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_chain_and_a_circle() {
        let mut blocking = Blocking::default();
        blocking.waits(2, &[1]);
        blocking.waits(3, &[2, 1]);
        blocking.waits(4, &[3]);
        assert_eq!(blocking.by(1).into_iter().collect::<Vec<_>>(), [2, 3, 4]);
        assert_eq!(blocking.by(3).into_iter().collect::<Vec<_>>(), [4]);
        blocking.waits(1, &[4]);
        assert_eq!(blocking.by(1).into_iter().collect::<Vec<_>>(), [2, 3, 4], "not itself");
    }

    #[test]
    fn words_are_bounded() {
        let many: BTreeSet<i32> = (1..=10).collect();
        assert_eq!(words(&many).unwrap(), "blocks 10 sessions: 1, 2, 3, 4, 5, 6, 7, 8 and 2 more");
        assert_eq!(words(&BTreeSet::new()), None);
    }
}
