//! The nearest right name to a wrong one: edit distance with swaps, small and only near enough to be meant.

/// The candidate that was most likely meant, if any is near enough.
#[must_use]
pub fn nearest<'a>(wrong: &str, right: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let wrong = wrong.to_lowercase();
    if wrong.chars().count() > 64 {
        return None;
    }
    right
        .into_iter()
        .map(|candidate| (distance(&wrong, &candidate.to_lowercase()), candidate))
        .filter(|(away, candidate)| *away <= (candidate.chars().count().max(3) / 3).max(1))
        .min_by_key(|(away, _)| *away)
        .map(|(_, candidate)| candidate)
}

/// `; did you mean "x"?` or nothing.
#[must_use]
pub fn hint<'a>(wrong: &str, right: impl IntoIterator<Item = &'a str>) -> String {
    nearest(wrong, right).map_or_else(String::new, |name| format!("; did you mean {name:?}?"))
}

/// Insertions, deletions, replacements and swaps of neighbours.
fn distance(a: &str, b: &str) -> usize {
    let b: Vec<char> = b.chars().collect();
    let mut before: Vec<usize> = Vec::new();
    let mut last: Vec<usize> = (0..=b.len()).collect();
    let mut previous = None;
    for (i, x) in a.chars().enumerate() {
        let mut row = Vec::with_capacity(b.len() + 1);
        row.push(i + 1);
        for (j, y) in b.iter().enumerate() {
            let at = |list: &[usize], k: usize| list.get(k).copied().unwrap_or(usize::MAX / 2);
            let replaced = at(&last, j) + usize::from(x != *y);
            let mut best = replaced.min(at(&last, j + 1) + 1).min(at(&row, j) + 1);
            if j > 0 && previous == Some(*y) && b.get(j - 1) == Some(&x) {
                best = best.min(at(&before, j - 1) + 1);
            }
            row.push(best);
        }
        before = std::mem::replace(&mut last, row);
        previous = Some(x);
    }
    last.last().copied().unwrap_or(usize::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn typing_slips_are_found_and_strangers_are_not() {
        let names = ["interval", "deadline", "expect_status", "url"];
        assert_eq!(nearest("intervall", names), Some("interval"));
        assert_eq!(nearest("deadlien", names), Some("deadline"));
        assert_eq!(nearest("expected_status", names), Some("expect_status"));
        assert_eq!(nearest("uri", names), Some("url"));
        assert_eq!(nearest("password", names), None);
        assert_eq!(nearest("", names), None);
    }

    #[test]
    fn a_swap_is_one_slip() {
        assert_eq!(distance("ulr", "url"), 1);
        assert_eq!(distance("", "url"), 3);
        assert_eq!(distance("url", ""), 3);
    }
}
