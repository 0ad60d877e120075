//! What holds for any expression over any small store: it ends within its bounds, a range is its instants, parts sum up.

use std::collections::BTreeMap;

use proptest::prelude::*;

use super::*;
use crate::metrics::store::STALE;

const FUNCTIONS: &[&str] =
    &["abs", "round", "ceil", "sgn", "sort", "sort_desc", "timestamp", "minute", "absent", "ln", "year"];
const OVER: &[&str] = &[
    "rate",
    "increase",
    "delta",
    "irate",
    "idelta",
    "deriv",
    "changes",
    "resets",
    "avg_over_time",
    "min_over_time",
    "max_over_time",
    "sum_over_time",
    "count_over_time",
    "last_over_time",
    "stddev_over_time",
    "absent_over_time",
];
const SUMMARIES: &[&str] = &["sum", "avg", "min", "max", "count", "group", "stddev", "stdvar"];
const OPERATORS: &[&str] = &[
    "+",
    "-",
    "*",
    "/",
    "%",
    "^",
    "atan2",
    "==",
    "!= bool",
    "> bool",
    "<",
    ">=",
    "+ on (a)",
    "/ ignoring (b)",
    "* on (a) group_left (b)",
    "> on (a) group_right ()",
    "and",
    "or",
    "unless",
    "or on (a)",
    "and ignoring (b)",
];

fn selector() -> impl Strategy<Value = String> {
    let matchers = prop::sample::select(vec!["", "{a=\"1\"}", "{a!=\"2\"}", "{b=~\"x|y\"}", "{a!~\"1|2\", b=\"\"}"]);
    let offset = prop::sample::select(vec!["", "", "", " offset 1m", " offset -90s"]);
    let metric = prop::sample::select(vec!["m", "n_total", "h_bucket"]);
    (metric, matchers, offset).prop_map(|(metric, matchers, offset)| format!("{metric}{matchers}§{offset}"))
}

fn one_of(names: &'static [&'static str]) -> impl Strategy<Value = &'static str> {
    prop::sample::select(names.to_vec())
}

fn scalar() -> impl Strategy<Value = String> {
    let literals = vec!["0", "1", "2.5", "-1", "NaN", "Inf", "time()", "scalar(m)", "1e10", "3"];
    prop::sample::select(literals).prop_map(str::to_owned)
}

fn grouping() -> impl Strategy<Value = &'static str> {
    one_of(&["", " by (a)", " without (b)", " by (__name__)", " by ()", " without ()"])
}

/// Expressions that give a vector.
fn vector() -> impl Strategy<Value = String> {
    let leaf = prop_oneof![
        4 => selector().prop_map(|selector| selector.replace('§', "")),
        3 => (one_of(OVER), selector(), 1u32..500).prop_map(|(name, selector, seconds)| {
            format!("{name}({})", selector.replacen('§', &format!("[{seconds}s]"), 1))
        }),
        1 => scalar().prop_map(|scalar| format!("vector({scalar})")),
    ];
    leaf.prop_recursive(4, 24, 3, |inner| {
        prop_oneof![
            (one_of(FUNCTIONS), inner.clone()).prop_map(|(name, of)| format!("{name}({of})")),
            (one_of(SUMMARIES), grouping(), inner.clone()).prop_map(|(name, by, of)| format!("{name}{by}({of})")),
            (one_of(&["topk", "bottomk", "quantile"]), grouping(), scalar(), inner.clone())
                .prop_map(|(name, by, scalar, of)| format!("{name}{by}({scalar}, {of})")),
            inner.clone().prop_map(|of| format!("count_values(\"b\", {of})")),
            (inner.clone(), one_of(OPERATORS), inner.clone()).prop_map(|(l, op, r)| format!("({l}) {op} ({r})")),
            (inner.clone(), one_of(&["+", "<", ">= bool", "^"]), scalar())
                .prop_map(|(l, op, r)| format!("({l}) {op} {r}")),
            (one_of(OVER), inner.clone(), 1u32..400, 1u32..100)
                .prop_map(|(name, of, range, step)| format!("{name}(({of})[{range}s:{step}s])")),
            (scalar(), inner.clone()).prop_map(|(q, of)| format!("histogram_quantile({q}, {of})")),
            inner.clone().prop_map(|of| format!("label_replace({of}, \"a\", \"$1\", \"b\", \"(.*)\")")),
            inner.clone().prop_map(|of| format!("label_join({of}, \"b\", \"-\", \"a\", \"__name__\")")),
            inner.prop_map(|of| format!("-({of})")),
        ]
    })
}

fn stores() -> impl Strategy<Value = Store> {
    let value = prop_oneof![
        6 => (-3i32..20).prop_map(f64::from),
        1 => prop::sample::select(vec![f64::NAN, f64::INFINITY, f64::from_bits(STALE), 1e308, -0.0]),
    ];
    let name = prop::sample::select(vec!["m", "n_total", "h_bucket"]);
    let labels = (name, prop::sample::select(vec!["", "1", "2"]), prop::sample::select(vec!["", "x", "y"]));
    let le = prop::sample::select(vec!["", "0.5", "1", "+Inf", "x"]);
    let samples = prop::collection::vec((1i64..90_000, value), 0..12);
    prop::collection::vec((labels, le, samples), 0..8).prop_map(|all| {
        let mut store = Store::default();
        for ((name, a, b), le, samples) in all {
            let le = if name == "h_bucket" { le } else { "" };
            let labels = Labels::new([("__name__", name), ("a", a), ("b", b), ("le", le)]);
            let mut at = 0;
            for (step, value) in samples {
                at += step;
                store.append(&labels, Sample { at, value });
            }
        }
        store
    })
}

fn limits(late: bool) -> Limits {
    let unnamed = if late { Unnamed::InTheEnd } else { Unnamed::AtOnce };
    Limits { samples: 200_000, unnamed, ..Limits::default() }
}

/// Series by labels, with the bits of their values: NaN is to be the same NaN.
fn series(value: Value, at: i64, into: &mut BTreeMap<Labels, Vec<(i64, String)>>) {
    let elements = match value {
        Value::Matrix(series) => {
            for (labels, samples) in series {
                let told = samples.iter().map(|sample| (sample.at, sample.value.to_string()));
                into.entry(labels).or_default().extend(told);
            }
            return;
        }
        other => other.into_elements().unwrap(),
    };
    for (labels, value) in elements {
        into.entry(labels).or_default().push((at, value.to_string()));
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn a_range_is_its_instants(text in vector(), store in stores(), late: bool, from in 0i64..300_000) {
        let query = Query::compile(&text);
        prop_assert!(query.is_ok(), "{text}: {query:?}");
        let (query, limits) = (query.unwrap(), limits(late));
        let step = 47_000;
        let to = from + 5 * step;
        let range = query.range(&store, from, to, step, &Limits { samples: 2_000_000, ..limits });
        let mut instants = BTreeMap::new();
        for at in (from..=to).step_by(47_000) {
            let Ok(value) = query.instant(&store, at, &limits) else {
                prop_assert!(range.is_err(), "{text}");
                return Ok(());
            };
            series(value, at, &mut instants);
        }
        let mut ranged = BTreeMap::new();
        series(range.unwrap(), 0, &mut ranged);
        prop_assert_eq!(ranged, instants, "{}", text);
    }

    #[test]
    fn no_text_makes_it_panic(text in "[a-z(){}\\[\\]0-9 +*\"=~,:@.|_-]{0,40}") {
        let _ = Query::compile(&text);
    }

    #[test]
    fn what_only_grows_or_begins_anew_never_has_a_rate_below_zero(
        samples in prop::collection::vec((1i64..60_000, 0u32..1000, any::<bool>()), 2..40),
        ago in 0i64..300_000,
        range in 1u32..900,
    ) {
        let labels = Labels::new([("__name__", "n_total")]);
        let (mut store, mut at, mut count) = (Store::default(), 0, 0u32);
        for (step, more, anew) in samples {
            at += step;
            count = if anew { more } else { count + more };
            store.append(&labels, Sample { at, value: f64::from(count) });
        }
        for function in ["rate", "increase", "irate"] {
            let query = Query::compile(&format!("{function}(n_total[{range}s])")).unwrap();
            let value = query.instant(&store, (at - ago).max(0), &limits(false)).unwrap();
            for (_, value) in value.into_elements().unwrap() {
                prop_assert!(value >= 0.0 && value.is_finite(), "{} {}", function, value);
            }
        }
    }

    #[test]
    fn the_sums_of_parts_are_the_sum(store in stores(), at in 0i64..600_000) {
        let sum = |text: &str| Query::compile(text).unwrap().instant(&store, at, &limits(false)).unwrap();
        let clean = "(m == m) * 0 + 1 < Inf";
        let (whole, parts) = (sum(&format!("sum({clean})")), sum(&format!("sum(sum by (a) ({clean}))")));
        prop_assert_eq!(&whole, &parts);
        prop_assert_eq!(whole, sum(&format!("sum(count without (b) ({clean}))")));
        let (all, split) = (sum("count(m)"), sum("sum(count by (a) (m{a=\"1\"}) or count by (a) (m{a!=\"1\"}))"));
        prop_assert_eq!(all, split);
        prop_assert_eq!(sum("m unless m"), Value::Vector(Vec::new()));
        prop_assert_eq!(sum("count(m and m)"), sum("count(m or m)"));
    }
}
