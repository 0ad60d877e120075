//! What is evaluated, construct by construct: one that becomes refused would take every rule that has it out of force.

use super::super::Query;

const AGGREGATIONS: [&str; 8] = ["sum", "avg", "min", "max", "count", "group", "stddev", "stdvar"];
const OVER_TIME: [&str; 10] = [
    "avg_over_time",
    "min_over_time",
    "max_over_time",
    "sum_over_time",
    "count_over_time",
    "stddev_over_time",
    "stdvar_over_time",
    "last_over_time",
    "present_over_time",
    "absent_over_time",
];
const OF_RANGES: [&str; 8] = ["rate", "irate", "increase", "delta", "idelta", "changes", "resets", "deriv"];
const OF_VECTORS: [&str; 14] = [
    "abs",
    "ceil",
    "floor",
    "round",
    "sqrt",
    "exp",
    "ln",
    "log2",
    "log10",
    "sgn",
    "sort",
    "sort_desc",
    "absent",
    "timestamp",
];
const CALENDAR: [&str; 8] =
    ["minute", "hour", "day_of_week", "day_of_month", "day_of_year", "days_in_month", "month", "year"];
const OPERATORS: [&str; 12] = ["+", "-", "*", "/", "%", "^", "==", "!=", ">", "<", ">=", "<="];
const REST: [&str; 27] = [
    "topk(3, m)",
    "bottomk by (job) (3, m)",
    "quantile(0.9, m)",
    "quantile without (pod) (0.9, m)",
    "count_values(\"v\", m)",
    "quantile_over_time(0.9, m[5m])",
    "predict_linear(m[1h], 3600)",
    "clamp(m, 0, 1)",
    "clamp_min(m, 0)",
    "clamp_max(m, 1)",
    "round(m, 0.1)",
    "label_replace(m, \"a\", \"$1\", \"b\", \"(.*)\")",
    "label_join(m, \"a\", \"-\", \"b\", \"c\")",
    "histogram_quantile(0.9, sum by (le) (rate(m_bucket[5m])))",
    "vector(1)",
    "scalar(m)",
    "time() - m",
    "m and on (job) n or n unless ignoring (pod) m",
    "m * on (job) group_left (version) n",
    "m * ignoring (job) group_right n",
    "m offset 5m",
    "m offset -5m",
    "rate(m[5m] offset 1h)",
    "max_over_time(rate(m[5m])[1h:1m])",
    "avg_over_time(m[1h:] offset 1d)",
    "-m + +m",
    "{__name__=~\"a.*\", job!=\"x\", pod!~\"y|z\"}",
];

#[test]
fn all_of_it_is_evaluated() {
    let aggregations = AGGREGATIONS
        .iter()
        .flat_map(|name| [format!("{name}(m)"), format!("{name} by (job) (m)"), format!("{name} without (pod) (m)")]);
    let over_time = OVER_TIME.iter().chain(&OF_RANGES).map(|name| format!("{name}(m[5m])"));
    let of_vectors = OF_VECTORS.iter().map(|name| format!("{name}(m)"));
    let calendar = CALENDAR.iter().flat_map(|name| [format!("{name}()"), format!("{name}(m)")]);
    let comparing = |operator: &str| if operator.len() == 2 || "<>".contains(operator) { "bool " } else { "" };
    let operators = OPERATORS.iter().flat_map(|operator| {
        let told = comparing(operator);
        [format!("m {operator} 2"), format!("2 {operator} m"), format!("m {operator} {told}on (job) n")]
    });
    let rest = REST.iter().map(|expr| (*expr).to_owned());
    let all = aggregations.chain(over_time).chain(of_vectors).chain(calendar).chain(operators).chain(rest);
    let refused: Vec<String> =
        all.filter_map(|expr| Query::compile(&expr).err().map(|why| format!("{expr}: {why}"))).collect();
    assert_eq!(refused, Vec::<String>::new());
}
