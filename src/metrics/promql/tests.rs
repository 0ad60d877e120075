//! What is refused and why, and bounds.

use super::*;

#[test]
fn what_lies_outside_is_refused_by_name() {
    for (text, construct) in [
        ("up @ 5", "the modifier @"),
        ("limitk(2, up)", "the aggregation limitk"),
        ("info(up)", "the function info"),
        ("up + fill(0) up", "the modifier fill"),
        ("up[5m + 1m]", "a duration expression"),
        ("up offset (5m)", "a duration expression"),
        ("rate(up[5m] smoothed)", "the modifier smoothed"),
        ("mad_over_time(up[5m])", "the function mad_over_time"),
    ] {
        match Query::compile(text) {
            Err(Refused::Outside(found)) => assert_eq!(found.as_str(), construct, "{text}"),
            other => panic!("{text}: {other:?}"),
        }
    }
    for text in
        ["up[", "sum(", "rate(up)", "1 == 2", "foo[Inf]", "up offset inf", "nothing(up)", "up and 1", "exp(NaN)"]
    {
        assert!(matches!(Query::compile(text), Err(Refused::Invalid(_))), "{text}: {:?}", Query::compile(text));
    }
}
