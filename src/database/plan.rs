//! The literals of a plan hidden: conditions show values of the query. What the server says of its costs stays.

use crate::domain::Untrusted;

use super::redact::redacted;

/// Stands for a cost while the rest is hidden: of a private area, so that no scanner takes it for anything but a name.
const MARK: char = '\u{e000}';

/// A plan without the values in it. It is read as one text: a string may go over a line's end.
#[must_use]
pub fn redacted_plan(plan: &Untrusted) -> Untrusted {
    let text = String::from_utf8_lossy(plan.as_bytes());
    if text.contains(MARK) {
        return redacted(plan);
    }
    let mut costs: Vec<String> = Vec::new();
    let lines: Vec<String> = text
        .split('\n')
        .map(|line| match line.rfind("  (cost=").filter(|at| is_cost(line.get(*at..).unwrap_or_default())) {
            Some(at) => {
                costs.push(line.get(at..).unwrap_or_default().to_owned());
                format!("{}  {}", line.get(..at).unwrap_or_default(), mark(costs.len() - 1))
            }
            None => line.to_owned(),
        })
        .collect();
    let hidden = redacted(&Untrusted::from(lines.join("\n")));
    let mut out = String::from_utf8_lossy(hidden.as_bytes()).into_owned();
    for (at, cost) in costs.iter().enumerate() {
        out = out.replacen(&format!("  {}", mark(at)), cost, 1);
    }
    Untrusted::from(out)
}

/// A name for the cost of a line, in letters only: digits would be hidden.
fn mark(at: usize) -> String {
    let letter = |digit: char| char::from(b'a' + (u32::from(digit) - u32::from('0')) as u8);
    format!("{MARK}{}{MARK}", at.to_string().chars().map(letter).collect::<String>())
}

/// `  (cost=0.00..35.50 rows=2550 width=4)` and nothing else.
fn is_cost(text: &str) -> bool {
    let Some(inner) = text.strip_prefix("  (cost=").and_then(|rest| rest.strip_suffix(')')) else { return false };
    let mut parts = inner.split(' ');
    let figures = |part: Option<&str>, name: &str| {
        part.and_then(|part| part.strip_prefix(name))
            .is_some_and(|figures| !figures.is_empty() && figures.bytes().all(|b| b.is_ascii_digit() || b == b'.'))
    };
    figures(parts.next(), "")
        && figures(parts.next(), "rows=")
        && figures(parts.next(), "width=")
        && parts.next().is_none()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hidden(plan: &str) -> String {
        String::from_utf8_lossy(redacted_plan(&Untrusted::from(plan)).as_bytes()).into_owned()
    }

    #[test]
    fn costs_stay_and_values_go() {
        let plan = "Seq Scan on t  (cost=0.00..35.50 rows=2550 width=4)\n  Filter: ((a = 4711) AND (b = 'secret'::text))\n  ->  Result  (cost=0.00..0.01 rows=1 width=4)";
        let shown = hidden(plan);
        assert!(shown.contains("(cost=0.00..35.50 rows=2550 width=4)\n  Filter"), "{shown}");
        assert!(shown.ends_with("Result  (cost=0.00..0.01 rows=1 width=4)"), "{shown}");
        assert!(!shown.contains("secret") && !shown.contains("4711") && shown.contains("(b = ?::text)"), "{shown}");
    }

    #[test]
    fn a_value_over_a_line_s_end_is_hidden_whole() {
        let plan = "Seq Scan on t  (cost=0.00..1.00 rows=1 width=4)\n  Filter: (b = 'one\ntwo secret  (cost=0.00..2.00 rows=1 width=4)\nthree'::text)\n  Rows: 7";
        let shown = hidden(plan);
        assert!(!shown.contains("secret") && !shown.contains("three") && !shown.contains("2.00"), "{shown}");
        assert!(shown.starts_with("Seq Scan on t  (cost=0.00..1.00 rows=1 width=4)"), "{shown}");
    }

    #[test]
    fn nothing_but_a_cost_is_kept_as_one() {
        for line in ["x  (cost='s')", "x  (cost=1 rows=2 width=3 more=4)", "x  (cost=1 rows=abc width=3)"] {
            assert!(!hidden(line).contains("rows=2") && !hidden(line).contains("'s'"), "{line}: {}", hidden(line));
        }
        assert!(!hidden("\u{e000}a\u{e000} 'secret'").contains("secret"));
    }

    #[test]
    fn many_costs_keep_their_lines() {
        let plan: Vec<String> = (0..25).map(|n| format!("n{n}  (cost=0.00..{n}.00 rows=1 width=4)")).collect();
        assert_eq!(hidden(&plan.join("\n")), plan.join("\n"));
    }
}
