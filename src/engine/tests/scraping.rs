//! Pages: taken whole or not at all, what tells of the round, what bounds it, and the figures made of it.

use super::*;
use crate::alerts::lifecycle::Verdict;
use crate::metrics::store;

#[test]
fn a_page_is_taken_with_the_series_that_tell_of_it() {
    let mut stage = Stage::new(&["api"]);
    stage.page(0, "a 1\nb{x=\"y\"} 2\n", 5);
    let page = stage.told[0].clone().unwrap().page.unwrap();
    assert_eq!((page.samples, page.made, page.refused, page.bytes), (2, 2, 0, 15));
    assert_eq!(stage.values("b", 6), [("b{instance=\"here:80\", job=\"api\", x=\"y\"}".into(), 2.0)]);
    assert_eq!(stage.values("up", 6), [("up{instance=\"here:80\", job=\"api\"}".into(), 1.0)]);
    assert_eq!(stage.values("scrape_samples_scraped", 6)[0].1, 2.0);
    assert_eq!(stage.values("scrape_duration_seconds", 6)[0].1, 0.003);
}

#[test]
fn a_failed_round_ends_all_series_and_says_so() {
    let mut stage = Stage::new(&["api"]);
    stage.page(0, "a 1\n", 5);
    stage.fails(0, 10);
    assert!(matches!(stage.told[0].as_ref().unwrap().page, Err(Cause::Refused { .. })));
    assert_eq!(stage.values("a", 11), []);
    assert_eq!(stage.values("up", 11)[0].1, 0.0);
    assert_eq!(stage.values("scrape_samples_scraped", 11)[0].1, 0.0);
}

#[test]
fn a_malformed_page_is_refused_whole_with_the_line() {
    let mut stage = Stage::new(&["api"]);
    stage.page(0, "a 1\n", 5);
    stage.page(0, "a 2\nb 3\nc x\n", 10);
    let cause = stage.told[0].as_ref().unwrap().page.clone().unwrap_err();
    assert!(cause.to_string().contains("line 3"), "{cause}");
    assert_eq!(stage.values("{__name__=~\"a|b|c\"}", 11), []);
    assert_eq!(stage.values("up", 11)[0].1, 0.0);
}

#[test]
fn a_page_past_a_bound_is_refused_whole_with_the_number() {
    let mut settings = Settings { targets: vec![target("api")], ..Settings::default() };
    settings.page.series = 1000;
    let mut stage = Stage::with(settings);
    let page: String = (0..1200).map(|n| format!("a{{n=\"{n}\"}} 1\n")).collect::<Vec<_>>().concat();
    stage.page(0, &page, 5);
    let cause = stage.told[0].as_ref().unwrap().page.clone().unwrap_err();
    assert!(cause.to_string().contains("1 200 series, at most 1 000"), "{cause}");
    assert_eq!(stage.values("count(a)", 6), []);
}

#[test]
fn churn_is_bounded_and_counted() {
    let mut settings = Settings { targets: vec![target("api")], ..Settings::default() };
    settings.store = store::Limits { bytes: 2 << 20, keep: Duration::from_secs(7200) };
    let mut stage = Stage::with(settings);
    let mut last = None;
    for round in 1..40 {
        let page: String = (0..500).map(|n| format!("a{{n=\"{round}-{n}\"}} 1\n")).collect::<Vec<_>>().concat();
        let body = Body { bytes: page.into_bytes(), format: Format::Text };
        let input = Input::Scraped { target: 0, begun: moment(round * 5), took: Duration::ZERO, answer: Ok(body) };
        let told = stage.step(input, round * 5);
        last = told.into_iter().find_map(|output| if let Output::Store(told) = output { Some(told) } else { None });
    }
    let told = last.unwrap();
    assert!(told.bytes <= told.limit && told.dropped > 1000, "{told:?}");
    assert_eq!(stage.values("count(a)", 195)[0].1, 500.0, "what is scraped now is there");
    assert_eq!(stage.values("up", 195)[0].1, 1.0);
}

/// What the bound dropped may be what breaches: nothing that asks for its metric is ok, and its absence is not told.
#[test]
fn what_was_dropped_is_not_taken_for_what_is_not_there() {
    let mut settings = Settings { targets: vec![target("api")], ..Settings::default() };
    settings.store = store::Limits { bytes: 1 << 20, keep: Duration::from_secs(3600) };
    let mut stage = Stage::with(settings);
    let exprs = ["a > 5", "max_over_time(a[1m]) > 5", "absent(a{n=\"0\"})", "{n=\"0\"} > 5", "b > 5"];
    let rules = exprs.iter().map(|expr| format!("- alert: A\n  expr: '{expr}'\n")).collect::<Vec<_>>().concat();
    stage.rules(&rules, 0);
    let page = |count: usize| {
        let flood = (0..count).map(|n| format!("a{{n=\"{n}\",path=\"{}\"}} 1\n", "x".repeat(200)));
        format!("b 1\n{}", flood.collect::<Vec<_>>().concat())
    };
    let verdicts = |stage: &Stage| (0..5).map(|at| stage.rule(at).standing.verdict).collect::<Vec<_>>();
    stage.page(0, &page(10), 5);
    stage.tick(6);
    assert_eq!(stage.rule(0).standing.verdict, Verdict::Ok, "{}", stage.standing(0));
    for round in 2..20 {
        stage.page(0, &page(5000), round * 5);
        stage.tick(round * 5 + 1);
    }
    for (at, expr) in exprs.iter().enumerate().take(4) {
        assert_ne!(stage.rule(at).standing.verdict, Verdict::Ok, "{expr}: {}", stage.standing(at));
        assert!(stage.standing(at).contains("metrics_bytes is too small"), "{expr}: {}", stage.standing(at));
    }
    assert_eq!(stage.rule(4).standing.verdict, Verdict::Ok, "nothing of it went: {}", stage.standing(4));
    // What is there again is known again, when nothing that is looked at is from before.
    for round in 20..140 {
        stage.page(0, &page(10), round * 5);
        stage.tick(round * 5 + 1);
    }
    assert_eq!(verdicts(&stage), [Verdict::Ok; 5], "{}", stage.standing(0));
}

#[test]
fn odd_numbers_and_odd_times_do_no_harm() {
    let mut stage = Stage::new(&["api"]);
    let far = moment(5).wall.timestamp_millis() + 3_600_000;
    stage.page(0, &format!("a NaN\nb +Inf\nc -1e308\nd 5e-324\ne 1 {far}\nf 1 1000\nf 1 1000\n"), 5);
    let page = stage.told[0].clone().unwrap().page.unwrap();
    assert_eq!((page.samples, page.refused), (7, 2), "an hour ahead, and the second of the same time");
    assert_eq!(stage.values("e", 6), []);
}

const PAGE: &str = r#"http_request_duration_seconds_bucket{path="/",status="200",le="0.1"} {a}
http_request_duration_seconds_bucket{path="/",status="200",le="0.5"} {b}
http_request_duration_seconds_bucket{path="/",status="200",le="+Inf"} {b}
http_request_duration_seconds_count{path="/",status="200"} {b}
"#;

fn requests(a: i32, b: i32) -> String {
    PAGE.replace("{a}", &a.to_string()).replace("{b}", &b.to_string())
}

#[test]
fn requests_come_from_the_servers_own_histogram() {
    let mut stage = Stage::new(&["api"]);
    stage.page(0, &requests(1000, 1000), 0);
    assert_eq!(stage.told[0].as_ref().unwrap().requests, None, "one round says nothing");
    stage.page(0, &requests(1090, 1100), 10);
    let told = stage.told[0].clone().unwrap().requests.unwrap();
    assert_eq!((told.window.as_secs(), told.count, told.per_second), (10, 100.0, 10.0));
    assert_eq!(told.errors, Some(0.0));
    assert!((told.p50.unwrap() - 0.0556).abs() < 0.001 && (told.p95.unwrap() - 0.3).abs() < 1e-9, "{told:?}");
    // Failures whose series begins now count from zero.
    let failing = "http_request_duration_seconds_count{path=\"/\",status=\"503\"} 25\n";
    stage.page(0, &(requests(1140, 1175) + failing), 20);
    let told = stage.told[0].clone().unwrap().requests.unwrap();
    assert_eq!((told.count, told.errors), (200.0, Some(0.125)));
}

#[test]
fn a_counter_tells_of_errors_where_the_histogram_has_no_status() {
    let mut stage = Stage::new(&["api"]);
    let page = |n: i32, failed: i32| {
        format!(
            "request_milliseconds_bucket{{le=\"100\"}} {n}\nrequest_milliseconds_bucket{{le=\"+Inf\"}} {n}\n\
             request_milliseconds_count {n}\nhttp_requests_total{{code=\"2xx\"}} {n}\nhttp_requests_total{{code=\"5xx\"}} {failed}\n"
        )
    };
    stage.page(0, &page(0, 0), 0);
    stage.page(0, &page(90, 10), 10);
    let told = stage.told[0].clone().unwrap().requests.unwrap();
    assert_eq!((told.from.as_str(), told.errors), ("request_milliseconds, http_requests_total", Some(0.1)));
    assert_eq!(told.p50, Some(0.05), "milliseconds are told in seconds");
    stage.page(0, &page(90, 10), 75);
    let told = stage.told[0].clone().unwrap().requests;
    assert_eq!(told, None, "one round in the window");
    stage.page(0, &page(90, 10), 80);
    let told = stage.told[0].clone().unwrap().requests.unwrap();
    assert_eq!((told.per_second, told.errors, told.p50), (0.0, None, None), "no request is no figure");
}

#[test]
fn a_restart_makes_no_negative_rate_and_a_failure_no_rate_at_all() {
    let mut stage = Stage::new(&["api"]);
    stage.page(0, "http_requests_total 500\nhits_total 30\nmisses_total 10\n", 0);
    stage.page(0, "http_requests_total 5\nhits_total 3\nmisses_total 1\n", 5);
    stage.page(0, "http_requests_total 3\nhits_total 3\nmisses_total 1\n", 10);
    let told = stage.told[0].clone().unwrap();
    assert_eq!(told.requests.unwrap().count, 8.0, "two restarts in one window");
    assert_eq!(told.cache, Some((0.75, 4.0)));
    stage.fails(0, 15);
    let told = stage.told[0].clone().unwrap();
    assert!(told.requests.is_none() && told.cache.is_none());
}
