//! What the conditions of an expression have before them: every element that is there now, whether it passes or not. An element
//! that left a result and is among these was judged; one that is not has lost its series, and nobody knows how it is.

use super::binary;
use super::failure::Failed;
use super::plan::{Binary, Node, Operator, Summary};
use super::query::Limits;
use super::run::{Out, Run};
use super::vector::Point;
use crate::metrics::labels::Labels;
use crate::metrics::store::Store;

/// The labels of what is there; twice where both sides of an `or` have it.
pub fn of(root: &Node, store: &Store, at: i64, limits: &Limits) -> Result<Vec<Labels>, Failed> {
    let mut run = Run::new(store, limits);
    run.loose = true;
    let points = points(&mut run, root, at)?;
    Ok(points.into_iter().map(|point| point.into_result().0).collect())
}

fn points<'a>(run: &mut Run<'a>, node: &'a Node, at: i64) -> Result<Vec<Point>, Failed> {
    match node {
        Node::Binary(operation) if operation.operator.is_set() => set(run, operation, at),
        Node::Binary(operation) if !operation.as_bool => {
            match (is_scalar(&operation.left), is_scalar(&operation.right)) {
                (false, true) => points(run, &operation.left, at),
                (true, false) => points(run, &operation.right, at),
                _ => whole(run, node, at),
            }
        }
        // One series decides: where fewer are there than before, it may be the one that has gone.
        Node::Aggregate(aggregate) if matches!(aggregate.summary, Summary::Maximum | Summary::Minimum) => {
            let of = run.vector(&aggregate.of, at)?;
            Ok(of.iter().map(|point| Point::new(aggregate.grouping.labels(point), point.value)).collect())
        }
        _ => whole(run, node, at),
    }
}

fn set<'a>(run: &mut Run<'a>, operation: &'a Binary, at: i64) -> Result<Vec<Point>, Failed> {
    let mut left = points(run, &operation.left, at)?;
    Ok(match operation.operator {
        Operator::Unless => left,
        Operator::And => binary::filtered(left, &points(run, &operation.right, at)?, operation),
        _ => {
            left.append(&mut points(run, &operation.right, at)?);
            left
        }
    })
}

fn whole<'a>(run: &mut Run<'a>, node: &'a Node, at: i64) -> Result<Vec<Point>, Failed> {
    Ok(match run.eval(node, at)? {
        Out::Scalar(value) => vec![Point::new(Labels::default(), value)],
        Out::Text(_) => Vec::new(),
        Out::Vector(points) => points,
    })
}

/// Whether a node gives a figure without labels: what is compared with it keeps its own.
fn is_scalar(node: &Node) -> bool {
    use super::plan::Call;
    match node {
        Node::Number(_) | Node::Time => true,
        Node::Negate(of) => is_scalar(of),
        Node::Binary(operation) => is_scalar(&operation.left) && is_scalar(&operation.right),
        Node::Call(call) => matches!(**call, Call::Scalar(_)),
        Node::Text(_) | Node::Select(_) | Node::Window(_) | Node::Aggregate(_) => false,
    }
}

#[cfg(test)]
mod tests {
    use super::super::Query;
    use super::*;
    use crate::metrics::store::Sample;

    const STALE: f64 = f64::from_bits(0x7ff0_0000_0000_0002);

    fn store() -> Store {
        let mut store = Store::default();
        for (metric, of, ended) in [("a", "x", false), ("a", "y", true), ("b", "x", true), ("b", "y", false)] {
            let labels = Labels::new([("__name__", metric), ("of", of)]);
            for at in 1..=6 {
                let value = if ended && at == 6 { STALE } else { at as f64 };
                store.append(&labels, Sample { at: at * 10_000, value });
            }
        }
        store
    }

    fn judged(expr: &str) -> Vec<String> {
        let found = Query::compile(expr).unwrap().judged(&store(), 60_000, &Limits::default()).unwrap();
        let mut found: Vec<String> = found.iter().map(|labels| labels.get("of").to_owned()).collect();
        found.sort();
        found
    }

    #[test]
    fn what_is_there_is_judged_whether_a_condition_holds_or_not() {
        for expr in ["a > 100", "100 < a", "a", "a > 1", "rate(a[1m]) > 100", "a == b or a > 100", "topk(1, a) > 100"] {
            assert_eq!(judged(expr), ["x"], "{expr}");
        }
        assert_eq!(judged("max_over_time((a > 100)[30s:10s])"), ["x"]);
        assert_eq!(judged("a unless a"), ["x"], "what is taken away is there");
        assert_eq!(judged("sum without (of) (a > 100)"), [""]);
        assert_eq!(judged("max(b) * 2 > 5"), [""]);
        assert_eq!(judged("min({of=~\"x|y\"}) > 5"), ["", ""], "one for each series that could decide");
        assert_eq!(judged("absent(a)"), [""], "that something is there is known");
        assert_eq!(judged("absent_over_time(a[1m])"), [""]);
    }

    #[test]
    fn what_lost_a_series_is_not_judged() {
        assert_eq!(judged("a > b"), [""; 0]);
        assert_eq!(judged("a > 1 and b > 1"), [""; 0]);
        assert_eq!(judged("sum by (of) (rate(a[1m])) > 100"), ["x"], "a range that still holds samples is no evidence");
        assert_eq!(judged("a > 1 or b > 1"), ["x", "y"]);
        assert_eq!(judged("a > 1 or a > 2"), ["x", "x"]);
    }
}
