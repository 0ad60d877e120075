//! Bodies that are broken, huge or meant to harm.

use proptest::prelude::*;

use super::{read, verdict};
use crate::domain::Verdict::{Down, Ok, Unknown};
use crate::health::{Asked, Expectation, Response, read_body};

fn declared(content_type: Option<&str>, body: &[u8], expect_json: bool) -> crate::domain::health::HealthReport {
    let response = Response { status: 200, content_type: content_type.map(str::as_bytes), body };
    read_body(&response, &Expectation { expect_json, ..Expectation::default() })
}

/// Fault 14: JSON promised and not delivered.
#[test]
fn promised_json_that_is_none() {
    let utf16: Vec<u8> = "\u{feff}{\"status\":\"ok\"}".encode_utf16().flat_map(u16::to_le_bytes).collect();
    let bare_utf16: Vec<u8> = "{\"status\":\"ok\"}".encode_utf16().flat_map(u16::to_be_bytes).collect();
    for body in
        [b"".as_slice(), b"OK", b"{\"status\":\"ok\"", b"<html>502</html>", b"{'status':'ok'}", &utf16, &bare_utf16]
    {
        let report = declared(Some("application/json"), body, false);
        assert_eq!(report.verdict, Down, "{body:?}");
        assert!(report.detail.as_str().starts_with("invalid JSON"), "{}", report.detail);
        assert_eq!(declared(None, body, true).verdict, Down, "promised by configuration");
    }
    for body in [b"{\"status\":\"ok\"".as_slice(), &utf16, &bare_utf16, b"<html>oops</html>"] {
        assert_eq!(declared(None, body, false).verdict, Down, "it can only be meant as JSON");
    }
    assert_eq!(declared(Some("application/health+json; charset=utf-8"), b"OK", false).verdict, Down);
}

#[test]
fn a_byte_order_mark_is_skipped_and_told() {
    let report = declared(Some("application/json"), b"\xef\xbb\xbf{\"status\":\"ok\"}", false);
    assert_eq!(report.verdict, Ok);
    assert!(report.rule.as_str().contains("byte order mark"), "{}", report.rule);
}

#[test]
fn numbers_of_every_kind() {
    assert_eq!(verdict(200, r#"{"status":"ok","a":NaN,"b":1e999,"c":-1e308,"d":1e-320,"e":99999999999999999999}"#), Ok);
    assert_eq!(verdict(200, r#"{"status":1e999}"#), Unknown);
    assert_eq!(verdict(200, r#"{"status":NaN}"#), Unknown);
}

#[test]
fn depth_and_count_are_capped() {
    let deep = format!("{}{}", "{\"checks\":".repeat(5000), "1");
    assert_eq!(read(200, &deep).verdict, Unknown);
    let wide = format!("{{\"checks\":{{{}\"last\":\"down\"}}}}", "\"a\":1,".repeat(30_000));
    assert_eq!(read(200, &wide).verdict, Unknown, "what was not read is not ok");
    let many = (0..2000).map(|n| format!("\"c{n}\":\"ok\"")).collect::<Vec<_>>().join(",");
    let report = read(200, &format!("{{\"status\":\"ok\",\"checks\":{{{many},\"last\":\"down\"}}}}"));
    assert_eq!(report.checks.len(), 256);
    assert_eq!(report.checks[0].name.as_str(), "last", "worst first, so that the cap hides only good news");
}

#[test]
fn long_names_do_not_multiply() {
    let key = "k".repeat(100_000);
    let nested = format!("{{\"{key}\":").repeat(60);
    let report = read(200, &format!("{{\"checks\":{nested}\"down\"{}}}", "}".repeat(60)));
    assert!(report.checks.iter().all(|c| c.name.as_str().len() <= 120));
}

#[test]
fn controls_never_get_through() {
    let report = read(
        200,
        "{\"status\":\"ok\",\"version\":\"\\u001b]0;x\\u0007\",\"checks\":{\"a\\u001b[2J\":\"\\u202edown\"}}",
    );
    for text in
        [report.detail.as_str(), report.rule.as_str(), report.checks[0].name.as_str(), report.checks[0].detail.as_str()]
    {
        assert!(!text.contains(['\u{1b}', '\u{7}', '\u{202e}']), "{text:?}");
    }
}

#[test]
fn the_excerpt_is_short_and_the_hash_is_of_everything() {
    let long = format!("{{\"status\":\"ok\",\"pad\":\"{}\"}}", "x".repeat(5000));
    let other = format!("{}z\"}}", &long[..long.len() - 3]);
    assert_eq!(read(200, &long).excerpt.as_bytes().len(), 2048);
    assert_ne!(read(200, &long).body_hash, read(200, &other).body_hash);
    assert_eq!(read(200, &long).body_hash, read(200, &long).body_hash);
}

proptest! {
    #[test]
    fn arbitrary_bytes_never_panic(status in 0u16..1000, body in prop::collection::vec(any::<u8>(), 0..400), kind in 0..4usize) {
        let content_type = [None, Some(b"application/json".as_slice()), Some(b"text/html"), Some(b"text/plain")][kind];
        for asked in [Asked::Health, Asked::Page, Asked::Head] {
            let _ = read_body(&Response { status, content_type, body: &body }, &Expectation { asked, ..Expectation::default() });
        }
    }

    #[test]
    fn broken_documents_never_panic_nor_pass(cut in 1usize..60, flip in any::<u8>()) {
        let body = br#"{"status":"DOWN","checks":{"db":[{"status":"fail"}],"n":1e5}}"#;
        let mut bytes = body.to_vec();
        let at = cut % bytes.len();
        bytes[at] = flip;
        let _ = read_body(&Response::json(200, &bytes), &Expectation::default());
        let short = read_body(&Response::json(200, &body[..cut.min(body.len() - 1)]), &Expectation::default());
        prop_assert_eq!(short.verdict, Down);
    }

    #[test]
    fn an_unlisted_word_is_never_healthy(word in "[a-z]{1,12}") {
        prop_assume!(crate::health::words::meaning(&word).is_none());
        prop_assert_eq!(verdict(200, &format!("{{\"status\":\"{word}\"}}")), Unknown);
    }
}
