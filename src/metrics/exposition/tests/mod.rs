//! What holds for every page: it never panics, what a writer wrote is read back, limits refuse the whole with their number.

mod corpus;

use proptest::prelude::*;

use super::*;
use crate::domain::cause::Cause;
use crate::metrics::labels::{Labels, NAME};

fn escaped(text: &str) -> String {
    text.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n")
}

/// A series as a client writes it; the name in quotes where it has to be.
fn written(name: &str, labels: &[(String, String)]) -> String {
    let plain = |text: &str| {
        text.chars().all(|c| c.is_ascii_alphanumeric() || c == '_') && !text.starts_with(|c: char| c.is_ascii_digit())
    };
    let word = |text: &str| if plain(text) { text.to_owned() } else { format!("\"{}\"", escaped(text)) };
    let pairs = labels.iter().map(|(name, value)| format!("{}=\"{}\"", word(name), escaped(value)));
    if plain(name) {
        return format!("{name}{{{}}}", pairs.collect::<Vec<_>>().join(","));
    }
    format!("{{{}}}", std::iter::once(word(name)).chain(pairs).collect::<Vec<_>>().join(","))
}

fn pieces() -> impl Strategy<Value = Vec<u8>> {
    let words: &[&[u8]] = &[
        b"a",
        b"{",
        b"}",
        b"\"",
        b"\\",
        b",",
        b"=",
        b"\n",
        b" ",
        b"\t",
        b"1",
        b"# ",
        b"TYPE ",
        b"HELP ",
        b"UNIT ",
        b"# EOF\n",
        b"counter",
        b"NaN",
        b"\0",
        b"\xff",
        b"e",
        b"_",
        b".",
        b"-",
        b"a{b=\"c\"} 1",
        b" # {",
        b"le=\"+Inf\"",
    ];
    proptest::collection::vec(proptest::sample::select(words), 0..40).prop_map(|words| words.concat())
}

fn never_panics(bytes: &[u8]) {
    for format in [Format::Text, Format::OpenMetrics] {
        match read(bytes, format, &Limits { labels: 3, name: 9, value: 9, series: 5, ..Limits::default() }) {
            Ok(page) => {
                for exposed in page.samples {
                    assert!(!labels(exposed.series).metric().is_empty(), "{:?}", String::from_utf8_lossy(bytes));
                }
            }
            Err(refused) => drop(Cause::from(refused).to_string()),
        }
    }
}

proptest! {
    #[test]
    fn any_bytes_never_panic(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
        never_panics(&bytes);
    }

    #[test]
    fn any_mixture_of_words_never_panics(bytes in pieces()) {
        never_panics(&bytes);
    }

    #[test]
    fn what_is_written_is_read_back(
        series in proptest::collection::vec(("[a-z_é.\" ]{1,8}", proptest::collection::btree_map("[a-z_\\\\.\n\"]{1,5}", "(?s).{0,8}", 0..5), any::<f64>(), proptest::option::of(0i64..1 << 50)), 0..9),
        open: bool,
    ) {
        let mut page = String::new();
        for (name, labels, value, at) in &series {
            let labels: Vec<(String, String)> = labels.clone().into_iter().collect();
            let time = match at {
                Some(at) if open => format!(" {}.{:03}", at / 1000, at % 1000),
                Some(at) => format!(" {at}"),
                None => String::new(),
            };
            let value = if value.is_infinite() { if *value > 0.0 { "+Inf".to_owned() } else { "-Inf".to_owned() } } else { value.to_string() };
            page += &format!("{} {value}{time}\n", written(name, &labels));
        }
        if open {
            page += "# EOF\n";
        }
        let format = if open { Format::OpenMetrics } else { Format::Text };
        let read = read(page.as_bytes(), format, &Limits::default()).unwrap();
        prop_assert_eq!(read.samples.len(), series.len());
        for (exposed, (name, pairs, value, at)) in read.samples.iter().zip(&series) {
            let expected = Labels::new(pairs.iter().map(|(n, v)| (n.as_str(), v.as_str())).chain([(NAME, name.as_str())]));
            prop_assert_eq!(labels(exposed.series), expected);
            prop_assert!(exposed.value == *value || exposed.value.is_nan() && value.is_nan());
            prop_assert!(exposed.at.zip(*at).is_none_or(|(read, written)| (read - written).abs() <= i64::from(open)));
            prop_assert_eq!(exposed.at.is_some(), at.is_some());
        }
    }
}

#[test]
fn escapes() {
    let read = labels(r#"a{b="x\\y\"z\nw\tv",c="é"}"#.as_bytes());
    assert_eq!(read, Labels::new([(NAME, "a"), ("b", "x\\y\"z\nw\\tv"), ("c", "é")]));
    assert_eq!(labels(br#"{"my.name",a="b"}"#), Labels::new([(NAME, "my.name"), ("a", "b")]));
    assert_eq!(labels(br#"{a="b","my.name"}"#), Labels::new([(NAME, "my.name"), ("a", "b")]));
}

/// Fault 19: a page that grew past what we take is refused with its number, and nothing of it is given out.
#[test]
fn limits_refuse_the_whole_page_with_the_number() {
    let lines: Vec<String> = (0..90_000).map(|at| format!("requests_total{{path=\"/{at}\"}} {at}\n")).collect();
    let page = lines.concat();
    let refused = read(page.as_bytes(), Format::Text, &Limits::default()).unwrap_err();
    assert_eq!(refused.to_string(), "90 000 series, at most 50 000");
    let cause = Cause::from(refused);
    assert_eq!(cause.to_string(), "metrics refused: 90 000 series, at most 50 000");
    assert!(cause.short().as_str().starts_with("metrics refused: 90 000 series"), "{}", cause.short());
    let is = |page: &str, limits: Limits, expected: &str| {
        assert_eq!(read(page.as_bytes(), Format::Text, &limits).unwrap_err().to_string(), expected);
    };
    let usual = Limits::default();
    is("a 1\na 2\n", Limits { bytes: 7, ..usual }, "8 bytes, at most 7");
    is("a 1\na{b=\"1\",c=\"2\",d=\"3\"} 1\n", Limits { labels: 2, ..usual }, "line 2: 3 labels, at most 2");
    is("abc 1\n", Limits { name: 2, ..usual }, "line 1: 3 bytes in a name, at most 2");
    is("a{bcd=\"1\"} 1\n", Limits { name: 2, ..usual }, "line 1: 3 bytes in a name, at most 2");
    is("a{b=\"12345\"} 1\n", Limits { value: 4, ..usual }, "line 1: 5 bytes in a label value, at most 4");
    assert_eq!(read(b"a 1\na 2\n", Format::Text, &Limits { series: 2, bytes: 8, ..usual }).unwrap().samples.len(), 2);
}

/// Fault 20: what is odd and accepted is given out as it stands.
#[test]
fn histograms_and_duplicates_are_given_out_as_they_are() {
    let page =
        b"# TYPE a histogram\na_bucket{le=\"1\"} 5\na_bucket{le=\"2\"} 3\na_bucket{le=\"2\"} 4\na_sum 1\na_count 5\n";
    let page = read(page, Format::Text, &Limits::default()).unwrap();
    let values: Vec<f64> = page.samples.iter().map(|exposed| exposed.value).collect();
    assert_eq!(values, [5.0, 3.0, 4.0, 1.0, 5.0]);
}

/// Fault 21: a NaN of a page is never the staleness marker.
#[test]
fn a_page_cannot_say_stale() {
    let page = read(b"a NaN\nb nan\n", Format::Text, &Limits::default()).unwrap();
    for exposed in page.samples {
        assert!(exposed.value.is_nan() && !crate::metrics::store::is_stale(exposed.value));
    }
}

#[test]
fn of_repeated_descriptions_the_last_stands_and_families_are_bounded() {
    let text =
        b"# TYPE a counter\n# HELP a one\n# TYPE b gauge\n# TYPE a gauge\n# HELP a two words\n# TYPE c summary\n";
    let page = read(text, Format::Text, &Limits { help: 5, ..Limits::default() }).unwrap();
    let mut families = Families::new(2);
    families.learn(&page);
    let known = families.of("a_total").unwrap();
    assert_eq!((known.kind, known.help.as_bytes()), (Kind::Gauge, &b"two w"[..]));
    assert_eq!((families.of("c"), families.dropped()), (None, 1));
    let page = read(text, Format::Text, &Limits { families: 2, ..Limits::default() }).unwrap();
    assert_eq!((page.families.len(), page.families_dropped), (2, 3));
}

#[test]
fn the_content_type_says_the_format() {
    assert_eq!(
        Format::of_content_type("application/openmetrics-text; version=1.0.0; charset=utf-8"),
        Format::OpenMetrics
    );
    assert_eq!(Format::of_content_type("text/plain; version=0.0.4"), Format::Text);
    assert_eq!(Format::of_content_type(""), Format::Text);
}
