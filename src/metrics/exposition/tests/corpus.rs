//! Pages that are broken in one place, with what the refusal says, and odd pages that are accepted as declared.

use crate::metrics::exposition::{Exposed, Format, Limits, read};

fn refusal(page: &[u8], format: Format) -> String {
    read(page, format, &Limits::default())
        .map_or_else(|refused| refused.to_string(), |page| format!("accepted: {page:?}"))
}

#[test]
fn text_that_is_refused() {
    for (page, expected) in [
        ("a\n", "line 1: expected a value after the series, got the end of the line"),
        ("a", "line 1: expected a value after the series, got the end of the line"),
        ("a 1\nb 2\nc d\n", "line 3: expected a value after the series, got d"),
        ("a{b='c'} 1\n", "line 1: expected a label value in quotes, got 'c'} 1"),
        ("a{b=\n", "line 1: expected a label value in quotes, got the end of the line"),
        ("a{b=\"c} 1\n", "line 1: expected a closing quote, got \"c} 1"),
        ("a{b=\"c\\\"} 1\n", "line 1: expected a closing quote, got \"c\\\"} 1"),
        ("a{b=\"\\", "line 1: expected a closing quote, got \"\\"),
        ("a{=\"c\"} 1\n", "line 1: expected a label name, got =\"c\"} 1"),
        ("a{\"\"=\"c\"} 1\n", "line 1: expected a label name, got =\"c\"} 1"),
        ("a{,} 1\n", "line 1: expected a label name, got ,} 1"),
        ("a{b=\"c\",,d=\"e\"} 1\n", "line 1: expected a label name, got ,d=\"e\"} 1"),
        ("a{b:c=\"d\"} 1\n", "line 1: expected = after the label's name, got :c=\"d\"} 1"),
        ("a{1b=\"c\"} 1\n", "line 1: expected a label name, got 1b=\"c\"} 1"),
        ("a{b} 1\n", "line 1: expected = after the label's name, got } 1"),
        ("a{b=\"c\"\n", "line 1: expected a label name, got the end of the line"),
        ("a{b=\"c\"}\n", "line 1: expected a value after the series, got the end of the line"),
        ("a{b=\"c\",b=\"d\"} 1\n", "line 1: expected labels with different names, got a{b=\"c\",b=\"d\"} 1"),
        ("a{b=\"c\",\"b\"=\"d\"} 1\n", "line 1: expected labels with different names, got a{b=\"c\",\"b\"=\"d\"} 1"),
        ("a{__name__=\"d\"} 1\n", "line 1: expected labels with different names, got a{__name__=\"d\"} 1"),
        ("{} 1\n", "line 1: expected a metric name, got {} 1"),
        ("{b=\"c\"} 1\n", "line 1: expected a metric name, got {b=\"c\"} 1"),
        ("{\"\"} 1\n", "line 1: expected a metric name, got } 1"),
        ("{\"a\",\"b\"} 1\n", "line 1: expected one metric name, got } 1"),
        ("a{\"b\"} 1\n", "line 1: expected one metric name, got } 1"),
        ("9a 1\n", "line 1: expected a metric name, got 9a 1"),
        ("ä 1\n", "line 1: expected a metric name, got ä 1"),
        ("a true\n", "line 1: expected a value after the series, got true"),
        ("a 1_2\n", "line 1: expected a value after the series, got 1_2"),
        ("a 0x1p-3\n", "line 1: expected a value after the series, got 0x1p-3"),
        ("a 0x1\n", "line 1: expected a value after the series, got 0x1"),
        ("a 1e999\n", "line 1: expected a value after the series, got 1e999"),
        ("a 1\0\n", "line 1: expected a value after the series, got 1\\x00"),
        ("a\0 1\n", "line 1: expected a value after the series, got \\x00 1"),
        ("a{b\0=\"c\"} 1\n", "line 1: expected = after the label's name, got \\x00=\"c\"} 1"),
        ("a 1\n\0b 2\n", "line 2: expected a metric name, got \\x00b 2"),
        ("a 1\r\n", "line 1: expected a value after the series, got 1\\r"),
        ("a 0 1_2\n", "line 1: expected a time in milliseconds or the end of the line, got 1_2"),
        ("a 0 -1\n", "line 1: expected a time in milliseconds or the end of the line, got -1"),
        ("a 0 1.5\n", "line 1: expected a time in milliseconds or the end of the line, got 1.5"),
        ("a 0 1 2\n", "line 1: expected a time in milliseconds or the end of the line, got 1 2"),
        (
            "a 0 99999999999999999999\n",
            "line 1: expected a time in milliseconds or the end of the line, got 99999999999999999999",
        ),
        ("a 0 # {b=\"c\"} 1\n", "line 1: expected a time in milliseconds or the end of the line, got # {b=\"c\"} 1"),
        ("# TYPE a counter \n", "line 1: expected a metric type, got  counter "),
        ("# TYPE a\n", "line 1: expected a metric type, got the end of the line"),
        ("# TYPE a unknown\n", "line 1: expected a metric type, got  unknown"),
        ("# TYPE 1 counter\n", "line 1: expected a metric name, got 1 counter"),
        ("# HELP a+b c\n", "line 1: expected one blank after the metric name, got +b c"),
        ("<html>\n", "line 1: expected a metric name, got <html>"),
        ("\u{feff}a 1\n", "line 1: expected a metric name, got \\u{feff}a 1"),
    ] {
        assert_eq!(refusal(page.as_bytes(), Format::Text), expected, "{page:?}");
    }
}

#[test]
fn bytes_that_are_not_utf8() {
    let text = |page: &[u8]| refusal(page, Format::Text);
    assert_eq!(text(b"a{b=\"\xff\"} 1\n"), "line 1: expected a label value in UTF-8, got \"\\xff\"} 1");
    assert_eq!(text(b"{\"\xff\"} 1\n"), "line 1: expected a label name in UTF-8, got \"\\xff\"} 1");
    assert_eq!(text(b"a{\xff=\"b\"} 1\n"), "line 1: expected a label name, got \\xff=\"b\"} 1");
    assert_eq!(text(b"# HELP a \xff\n"), "line 1: expected a help text in UTF-8, got  \\xff");
    assert_eq!(text(b"a \xff\n"), "line 1: expected a value after the series, got \\xff");
    assert!(text(b"# comment \xff\na{b=\"c\"} 1\n").starts_with("accepted"));
}

#[test]
fn openmetrics_that_is_refused() {
    for (page, expected) in [
        ("", "line 1: expected # EOF at the end, got the end of the line"),
        ("a 1\n", "line 2: expected # EOF at the end, got the end of the line"),
        ("a 1", "line 1: expected a time in seconds, an exemplar or the end of the line, got the end of the line"),
        ("# EOF\na 1\n", "line 2: expected nothing after # EOF, got a 1"),
        ("a 1\n\n# EOF\n", "line 2: expected a metric name, got the end of the line"),
        ("a  1\n# EOF\n", "line 1: expected a value after the series, got  1"),
        ("a\t1\n# EOF\n", "line 1: expected one blank before the value, got   1"),
        ("a{b=\"c\", d=\"e\"} 1\n# EOF\n", "line 1: expected a label name, got  d=\"e\"} 1"),
        ("a{b=\"c\"d=\"e\"} 1\n# EOF\n", "line 1: expected a comma or a closing brace, got d=\"e\"} 1"),
        ("a{b=\"c\nd\"} 1\n# EOF\n", "line 1: expected a closing quote before the line ends, got \"c"),
        ("a 1 NaN\n# EOF\n", "line 1: expected a time in seconds, got NaN"),
        ("a 1 # {b=\"c\"}\n# EOF\n", "line 1: expected one blank before the value, got the end of the line"),
        ("a 1 # {b=\"c\"} x\n# EOF\n", "line 1: expected a value after the exemplar's labels, got x"),
        ("a 1 # {\"b\"} 1\n# EOF\n", "line 1: expected = after the label's name, got } 1"),
        ("# comment\n# EOF\n", "line 1: expected TYPE, HELP, UNIT or EOF after #, got comment"),
        ("# TYPE a untyped\n# EOF\n", "line 1: expected a metric type, got  untyped"),
        ("# TYPE  a counter\n# EOF\n", "line 1: expected a metric name, got  a counter"),
        ("# UNIT a_seconds bytes\n# EOF\n", "line 1: expected a unit that the metric's name ends with, got  bytes"),
        ("# HELP a b", "line 1: expected # EOF at the end, got # HELP a b"),
    ] {
        assert_eq!(refusal(page.as_bytes(), Format::OpenMetrics), expected, "{page:?}");
    }
}

/// What a page is read as: written series, value, time.
fn taken(page: &str, format: Format) -> Vec<(String, f64, Option<i64>)> {
    let page = read(page.as_bytes(), format, &Limits::default()).unwrap();
    let words = |exposed: &Exposed<'_>| String::from_utf8_lossy(exposed.series).into_owned();
    page.samples.iter().map(|exposed| (words(exposed), exposed.value, exposed.at)).collect()
}

#[test]
fn odd_text_that_is_accepted_as_declared() {
    for (page, series, value, at) in [
        ("a 1", "a", 1.0, None),
        ("a 1 # no\n", "", 0.0, None),
        ("  a\t{ b = \"c\" , } \t1  5 \n", "a\t{ b = \"c\" , }", 1.0, Some(5)),
        ("a{b=\"c\" d=\"e\"}1\n", "a{b=\"c\" d=\"e\"}", 1.0, None),
        ("a-1\n", "a", -1.0, None),
        ("a{b=\"x\ny\"} 1\n", "a{b=\"x\ny\"}", 1.0, None),
        ("a{b=\"\0\"} 1\n", "a{b=\"\0\"}", 1.0, None),
        ("{\"my.name\",a=\"b\"} 1\n", "{\"my.name\",a=\"b\"}", 1.0, None),
        ("a{b=\"\"} -0\n", "a{b=\"\"}", -0.0, None),
        (":a:b 1e308\n", ":a:b", 1e308, None),
        ("a 5e-324\n", "a", 5e-324, None),
        ("a -Inf\n", "a", f64::NEG_INFINITY, None),
        ("#TYPE a nonsense\n# TYPE\n# UNIT a b\n\n \na -3\n", "a", -3.0, None),
    ] {
        if series.is_empty() {
            assert!(read(page.as_bytes(), Format::Text, &Limits::default()).is_err());
            continue;
        }
        assert_eq!(taken(page, Format::Text), [(series.to_owned(), value, at)], "{page:?}");
    }
    assert!(taken("", Format::Text).is_empty());
}

#[test]
fn openmetrics_that_is_accepted() {
    let page = "# TYPE a_seconds counter\n# UNIT a_seconds seconds\n# HELP a_seconds \n\
                a_seconds_total{b=\"c\"} 17 1520879607.789 # {id=\"x\"} 0.5 1520879607\n\
                a_seconds_created{b=\"c\"} 1520872607.123\n# TYPE b stateset\n{\"b.c\",\"d e\"=\"f\"} 1 # {} 1\n# EOF";
    let expected = [
        ("a_seconds_total{b=\"c\"}".to_owned(), 17.0, Some(1520879607789)),
        ("a_seconds_created{b=\"c\"}".to_owned(), 1520872607.123, None),
        ("{\"b.c\",\"d e\"=\"f\"}".to_owned(), 1.0, None),
    ];
    assert_eq!(taken(page, Format::OpenMetrics), expected);
    assert_eq!(read(page.as_bytes(), Format::OpenMetrics, &Limits::default()).unwrap().exemplars, 2);
}
