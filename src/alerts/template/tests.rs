//! Templates against what Prometheus documents and does, and against what would hurt.

use super::*;

fn labels(pairs: &[(&str, &str)]) -> Labels {
    Labels::new(pairs.iter().copied())
}

/// Expands over an alert of `instance="a"`, `job="b"` with a value.
fn expanded_with(text: &str, value: f64, found: &[(Labels, f64)]) -> String {
    let own = labels(&[("instance", "a"), ("job", "b")]);
    let external = labels(&[("zone", "z1")]);
    let data = Data {
        name: "t",
        labels: &own,
        external_labels: &external,
        external_url: "http://testhost:9090/path/prefix",
        value,
        at: 1_435_065_584_128,
    };
    expand(text, &data, &mut |expr| if expr == "fails" { Err("it failed".to_owned()) } else { Ok(found.to_vec()) })
}

fn expanded(text: &str) -> String {
    expanded_with(text, 11.0, &[])
}

fn holds(table: &[(&str, &str)]) {
    for (text, told) in table {
        assert_eq!(expanded(text), *told, "{text}");
    }
}

fn fails(table: &[(&str, &str)]) {
    for (text, why) in table {
        let told = expanded(text);
        assert!(told.starts_with("<error expanding template: ") && told.ends_with('>'), "{text}: {told}");
        assert!(told.contains(why), "{text}: {told}");
    }
}

#[test]
fn fields_variables_and_maps() {
    holds(&[
        ("plain text", "plain text"),
        ("{{ 1 }}", "1"),
        ("{{ \"<b>\" }}", "<b>"),
        ("{{ $labels.instance }}/{{ .Labels.job }}", "a/b"),
        ("{{ $labels }}", "map[instance:a job:b]"),
        ("{{$labels.nothing}}|{{ .Labels.nothing }}", "|"),
        ("{{ $value }} {{ .Value }}", "11 11"),
        (
            "{{ $externalLabels.zone }} {{ $externalURL }} {{ externalURL }} {{ pathPrefix }}",
            "z1 http://testhost:9090/path/prefix http://testhost:9090/path/prefix /path/prefix",
        ),
        ("{{ $x := \"y\" }}{{ $x }}", "y"),
        ("{{ $x := 1 }}{{ if true }}{{ $x = 2 }}{{ end }}{{ $x }}", "2"),
        ("{{ $x := 1 }}{{ if true }}{{ $x := 2 }}{{ end }}{{ $x }}", "1"),
        ("{{ index $labels \"job\" }}", "b"),
        ("{{ . }}", "{map[instance:a job:b] map[zone:z1] http://testhost:9090/path/prefix 11}"),
        ("{{ $ }}", "{map[instance:a job:b] map[zone:z1] http://testhost:9090/path/prefix 11}"),
        ("{{ now }}", "1.435065584128e+09"),
        (
            "{{ true }} {{ 'a' }} {{ 0x10 }} {{ 1e3 }} {{ -1.5 }} {{ `raw \\n` }} {{ \"\\u00e4\\x41\\n\" }}",
            "true 97 16 1000 -1.5 raw \\n äA\n",
        ),
    ]);
    assert_eq!(expanded_with("{{ $value }}", 1e6, &[]), "1e+06");
    assert_eq!(expanded_with("{{ $value }}", 0.1, &[]), "0.1");
    assert_eq!(expanded_with("{{ $value }}", f64::NAN, &[]), "NaN");
    assert_eq!(expanded_with("{{ $value }}", f64::INFINITY, &[]), "+Inf");
    assert_eq!(expanded_with("{{ $value }}", -0.000012345, &[]), "-1.2345e-05");
}

#[test]
fn blocks_trims_and_comments() {
    holds(&[
        ("{{ if true }}a{{ else }}b{{ end }}", "a"),
        ("{{ if false }}a{{ else if true }}c{{ else }}b{{ end }}", "c"),
        ("{{ if eq $labels.job \"b\" }}yes{{ end }}", "yes"),
        ("{{ if gt $value 10.0 }}hot{{ end }}", "hot"),
        ("{{ with $labels.job }}<{{ . }}>{{ end }}", "<b>"),
        ("{{ with $labels.none }}x{{ else }}none{{ end }}", "none"),
        ("{{ with $labels.none }}x{{ else with $labels.job }}{{ . }}{{ end }}", "b"),
        ("{{ range $k, $v := $labels }}{{ $k }}={{ $v }} {{ end }}", "instance=a job=b "),
        ("{{ range $labels }}{{ . }}{{ end }}", "ab"),
        ("{{ range query \"x\" }}x{{ else }}none{{ end }}", "none"),
        ("{{ range $i, $v := $labels }}{{ if eq $v \"a\" }}{{ continue }}{{ end }}{{ $v }}{{ end }}", "b"),
        ("{{ range $labels }}{{ . }}{{ break }}{{ end }}", "a"),
        ("a {{- 1 -}} b", "a1b"),
        ("a {{ 1 }} b", "a 1 b"),
        ("a {{- /* no */ -}} b", "ab"),
        ("a{{/* no */}}b", "ab"),
        ("{{define \"x\"}}{{.arg0}} {{.arg1}}{{end}}{{template \"x\" (args 1 \"2\")}}", "1 2"),
        ("{{ block \"x\" 5 }}<{{ . }}>{{ end }}", "<5>"),
        ("{{ $v := \"a\" }}{{ with $v }}{{ $v }}{{ end }}\n{{ $v }}", "a\na"),
    ]);
}

#[test]
fn logic_and_order() {
    holds(&[
        ("{{ and 1 0 }} {{ and 1 2 }} {{ or 0 \"x\" }} {{ or 0 \"\" }} {{ not 0 }}", "0 2 x  true"),
        ("{{ or true (index $labels 5) }}", "true"),
        (
            "{{ eq 1 1 }} {{ eq 1 2 1 }} {{ ne \"a\" \"b\" }} {{ lt 1 2 }} {{ le 2 2 }} {{ gt 1.5 1.0 }} {{ ge \"b\" \"a\" }}",
            "true true true true true true true",
        ),
        ("{{ len \"abc\" }} {{ len $labels }}", "3 2"),
        ("{{ eq $value 11.0 }}", "true"),
    ]);
    fails(&[
        ("{{ eq $value 11 }}", "incompatible types for comparison"),
        ("{{ lt $labels $labels }}", "invalid type for comparison"),
    ]);
    assert_eq!(expanded_with("{{ gt $value 0.0 }} {{ lt $value 0.0 }}", f64::NAN, &[]), "true false", "as Go has it");
}

#[test]
fn queries() {
    let found = [
        (labels(&[("__name__", "metric"), ("instance", "b")]), 21.0),
        (labels(&[("__name__", "metric"), ("instance", "a"), ("__value__", "v")]), 11.0),
    ];
    let told = |text: &str| expanded_with(text, 0.0, &found);
    assert_eq!(told("{{ query \"metric{instance='a'}\" | first | value }}"), "21");
    assert_eq!(told("{{ query \"metric\" | first | label \"instance\" }}"), "b");
    assert_eq!(told("{{ query \"metric\" | first | label \"foo\" }}"), "");
    assert_eq!(told("{{ $x := query \"metric\" | first }}{{ $x.Labels.foo }}{{ $x.Value }}"), "21");
    assert_eq!(told("{{ query \"metric\" | sortByLabel \"instance\" | first | strvalue }}"), "v");
    assert_eq!(
        told("{{ range query \"metric\" | sortByLabel \"instance\" }}{{.Labels.instance}}:{{.Value}}: {{end}}"),
        "a:11: b:21: "
    );
    assert_eq!(told("{{ query \"metric\" | first }}"), "{map[__name__:metric instance:b] 21}");
    assert_eq!(
        told(
            "{{ (query \"metric\" | first).Labels.instance }} {{ len (query \"metric\") }} {{ (index (query \"m\") 1).Value }}"
        ),
        "b 2 11"
    );
    assert_eq!(told("{{ with query \"metric\" }}{{ . | first | value | printf \"%.2f\" }}{{ end }}"), "21.00");
    fails(&[
        ("{{ query \"missing\" | first }}", "error calling first: first() called on vector with no elements"),
        ("{{ (query \"missing\").banana }}", "can't evaluate field banana in type template.queryResult"),
        ("{{ query \"fails\" }}", "error calling query: it failed"),
        ("{{ range $i, $x := query \"m\" }}{{ end }}{{ value 1 }}", "expected *template.sample; got int"),
    ]);
}

#[test]
fn figures_for_people() {
    for (name, value, told) in [
        ("humanize", 0.0, "0"),
        ("humanize", 1.0, "1"),
        ("humanize", 1234567.0, "1.235M"),
        ("humanize", 0.12, "120m"),
        ("humanize", -1234.0, "-1.234k"),
        ("humanize", 9223372036854775807.0, "9.223E"),
        ("humanize1024", 1048576.0, "1Mi"),
        ("humanize1024", 0.12, "0.12"),
        ("humanize1024", 18446744073709551615.0, "16Ei"),
        ("humanizeDuration", 0.0, "0s"),
        ("humanizeDuration", 60.0, "1m 0s"),
        ("humanizeDuration", 90000.0, "1d 1h 0m 0s"),
        ("humanizeDuration", -183845.0, "-2d 3h 4m 5s"),
        ("humanizeDuration", 899.99, "14m 59s"),
        ("humanizeDuration", 0.1, "100ms"),
        ("humanizeDuration", 0.0001, "100us"),
        ("humanizeDuration", 0.12345, "123.5ms"),
        ("humanizeDuration", 1.2345, "1.234s"),
        ("humanizeDuration", 12.345, "12.35s"),
        ("humanizePercentage", -0.22222, "-22.22%"),
        ("humanizePercentage", 0.1234567, "12.35%"),
        ("humanizePercentage", 1.23456, "123.5%"),
        ("humanizeTimestamp", 0.0, "1970-01-01 00:00:00 +0000 UTC"),
        ("humanizeTimestamp", -1.0, "1969-12-31 23:59:59 +0000 UTC"),
        ("humanizeTimestamp", 1435065584.128, "2015-06-23 13:19:44.128 +0000 UTC"),
    ] {
        assert_eq!(expanded_with(&format!("{{{{ $value | {name} }}}}"), value, &[]), told, "{name} {value}");
        assert_eq!(expanded(&format!("{{{{ {name} \"{value}\" }}}}")), told, "of text: {name} {value}");
    }
    for name in ["humanize", "humanize1024", "humanizeDuration", "humanizeTimestamp"] {
        for (value, told) in [(f64::INFINITY, "+Inf"), (f64::NEG_INFINITY, "-Inf"), (f64::NAN, "NaN")] {
            assert_eq!(expanded_with(&format!("{{{{ {name} $value }}}}"), value, &[]), told);
        }
    }
    fails(&[
        ("{{ humanize \"one\" }}", "error calling humanize: strconv.ParseFloat: parsing \"one\": invalid syntax"),
        ("{{ humanizeTimestamp 9223372036854775807 }}", "cannot be represented as a nanoseconds timestamp"),
    ]);
}

#[test]
fn texts() {
    holds(&[
        (
            "{{ \"aa bb CC\" | title }} {{ \"aa bb CC\" | toUpper }} {{ \"aA bB CC\" | toLower }}",
            "Aa Bb CC AA BB CC aa bb cc",
        ),
        ("{{ match \"a+\" \"aa\" }} {{ match \"a+\" \"b\" }}", "true false"),
        ("{{ reReplaceAll \"(a)b\" \"x$1\" \"ab\" }}", "xa"),
        ("{{ reReplaceAll \"(.*):(.*)\" \"${1}-$2\" \"host:90\" }}", "host-90"),
        (
            "{{ graphLink \"up == 0\" }} {{ tableLink \"up\" }}",
            "/graph?g0.expr=up+%3D%3D+0&g0.tab=0 /graph?g0.expr=up&g0.tab=1",
        ),
        (
            "{{ \"foo.example.com:12345\" | stripPort }} {{ \"[2001:0DB8::1]:1\" | stripPort }} {{ \"2001:0DB8::1\" | stripPort }}",
            "foo.example.com 2001:0DB8::1 2001:0DB8::1",
        ),
        ("{{ \"foo.example.com:12345\" | stripDomain }} {{ \"192.0.2.1:1\" | stripDomain }}", "foo:12345 192.0.2.1:1"),
        ("{{ printf \"%0.2f\" (parseDuration \"1h2m10ms\") }}", "3720.01"),
        ("{{ \"a&b\" | html }} {{ \"a b\" | urlquery }} {{ \"<\" | safeHtml }}", "a&amp;b a+b <"),
        ("{{ print 1 2 \"a\" 3 }} {{ println 1 \"a\" }}", "1 2a3 1 a\n"),
    ]);
    fails(&[("{{ match \"(\" \"a\" }}", "error parsing regexp"), ("{{ toUpper 1 }}", "expected string; got int")]);
}

#[test]
fn printf() {
    for (form, told) in [
        ("%s", "%!s(float64=1234.5)"),
        ("%d", "%!d(float64=1234.5)"),
        ("%v", "1234.5"),
        ("%.2f", "1234.50"),
        ("%f", "1234.500000"),
        ("%.0f", "1234"),
        ("%e", "1.234500e+03"),
        ("%.1e", "1.2e+03"),
        ("%g", "1234.5"),
        ("%.3g", "1.23e+03"),
        ("%10.1f|", "    1234.5|"),
        ("%-10.1f|", "1234.5    |"),
        ("%010.1f|", "00001234.5|"),
        ("%+.1f", "+1234.5"),
        ("%q", "%!q(float64=1234.5)"),
        ("%t", "%!t(float64=1234.5)"),
        ("%T", "float64"),
        ("%.1f%%", "1234.5%"),
        ("%v %v", "1234.5 %!v(MISSING)"),
        ("none", "none%!(EXTRA float64=1234.5)"),
        ("%", "%!(NOVERB)%!(EXTRA float64=1234.5)"),
    ] {
        assert_eq!(expanded_with(&format!("{{{{ printf {form:?} $value }}}}"), 1234.5, &[]), told, "{form}");
        assert_eq!(expanded_with(&format!("{{{{ $value | printf {form:?} }}}}"), 1234.5, &[]), told, "{form}");
    }
    holds(&[
        ("{{ printf \"%s-%d-%v\" \"a\" 5 true }}", "a-5-true"),
        (
            "{{ printf \"%5d|%-5d|%05d|%x|%X|%o|%b|%c|%U\" 42 42 42 255 255 8 5 65 65 }}",
            "   42|42   |00042|ff|FF|10|101|A|U+0041",
        ),
        (
            "{{ printf \"%q %x %5s| %-5s| %.2s\" \"a\\\"b\\n\" \"hi\" \"ab\" \"ab\" \"abcdef\" }}",
            "\"a\\\"b\\n\" 6869    ab| ab   | ab",
        ),
        ("{{ printf \"%*d\" 5 42 }}", "   42"),
        ("{{ printf \"%v %s\" $labels $labels }}", "map[instance:a job:b] map[instance:a job:b]"),
        ("{{ printf \"%d\" $labels }}", "map[%!d(string=instance):%!d(string=a) %!d(string=job):%!d(string=b)]"),
        ("{{ printf \"%t\" true }} {{ printf \"%d\" \"x\" }} {{ printf \"%d\" nil }}", "true %!d(string=x) %!d(<nil>)"),
        ("{{ printf \"%99999d\" 1 }}", "%!(BADWIDTH)1"),
    ]);
}

#[test]
fn what_cannot_be_read_is_told_and_nothing_else_is_made() {
    fails(&[
        ("{{", "error parsing template t: template: t:1: unclosed action"),
        ("x\n{{ nope 1 }}", "template: t:2: function \"nope\" not defined"),
        ("{{ $nope }}", "undefined variable \"$nope\""),
        ("{{ }}", "missing value for command"),
        ("{{\u{a0}}}", "unrecognized character in action: U+00A0"),
        ("{{ if true }}x", "unexpected EOF"),
        ("{{ end }}", "unexpected {{end}}"),
        ("{{ else }}", "unexpected {{else}}"),
        ("{{ if true }}{{ else }}{{ else }}{{ end }}", "expected end; found {{else}}"),
        ("{{ \"a }}", "unterminated quoted string"),
        ("{{ (1 }}", "unclosed left paren"),
        ("{{ 1 ) }}", "unexpected right paren"),
        ("{{ 1 | 2 }}", "non executable command in pipeline"),
        ("{{ 1 2 }}", "can't give argument to non-function"),
        ("{{ break }}", "{{break}} outside {{range}}"),
        ("{{ /* }}", "unclosed comment"),
        ("{{ nil }}", "nil is not a command"),
        ("{{ .Foo }}", "can't evaluate field Foo"),
        ("{{ $labels.a.b }}", "can't evaluate field b in type string"),
        ("{{ range $value }}{{ end }}", "range can't iterate over 11"),
        ("{{ template \"x\" }}", "template \"x\" not defined"),
        ("{{ len 1 }}", "len of type int"),
        ("{{ index (query \"x\") 0 }}", "index out of range: 0"),
        ("{{ toTime 1.0 }}", "toTime is not supported here"),
        ("{{ humanize 1 2 }}", "wrong number of args for humanize"),
        ("kept {{ $labels.job }} {{ len 1 }}", "len of type int"),
    ]);
}

#[test]
fn values_are_never_read_as_templates() {
    let own = labels(&[("job", "{{ $value }}{{ nope }}")]);
    let data =
        Data { name: "t", labels: &own, external_labels: &Labels::default(), external_url: "", value: 1.0, at: 0 };
    let told = expand("{{ $labels.job }} {{ $labels }} {{ .Labels.job | title | printf \"%s\" }}", &data, &mut |_| {
        Ok(Vec::new())
    });
    assert_eq!(told, "{{ $value }}{{ nope }} map[job:{{ $value }}{{ nope }}] {{ $Value }}{{ Nope }}");
}

#[test]
fn steps_texts_depth_and_queries_are_bounded() {
    let doubling =
        format!("{{{{ $x := \"0123456789\" }}}}{}{{{{ $x }}}}", "{{ $x = printf \"%s%s\" $x $x }}".repeat(40));
    let nested = format!("{}1{}", "{{ if 1 }}".repeat(100), "{{ end }}".repeat(100));
    let parens = format!("{{{{ {}1{} }}}}", "(".repeat(5000), ")".repeat(5000));
    let loops = format!("{}{}", "{{ range $labels }}".repeat(20), "{{ end }}".repeat(20));
    fails(&[
        (&doubling, "a text of more than 65536 bytes"),
        (&nested, "nested deeper than 50 levels"),
        (&parens, "nested deeper than 50 levels"),
        (&loops, "more than 20000 steps"),
        (&"{{ query \"x\" }}".repeat(33), "more than 32 queries"),
        (&"{{ 1 }}".repeat(20_001), "longer than"),
        ("{{ define \"x\" }}{{ template \"x\" }}{{ end }}{{ template \"x\" }}", "templates call one another"),
        ("{{ range 20000 }}{{ printf \"%5000d\" 1 }}{{ end }}", "bytes of text"),
        (&"x".repeat(MOST_BYTES + 1), "longer than"),
    ]);
}

proptest::proptest! {
    #[test]
    fn no_text_breaks_the_reader(text in "([ a$.|()\"`'{}=:,0-9%\\-/*\n]|\\{\\{|\\}\\}|if|end|range|with|else|printf|labels|value|\\$labels\\.x){0,60}") {
        let told = expanded(&text);
        proptest::prop_assert!(told.len() <= 2 * MOST_BYTES);
    }

    /// Go's floats are told apart again: what is printed with the fewest digits reads back as the same number.
    #[test]
    fn the_fewest_digits_tell_the_number(value in proptest::num::f64::NORMAL) {
        let told = expanded_with("{{ $value }}", value, &[]);
        proptest::prop_assert_eq!(told.parse::<f64>().unwrap(), value);
    }
}
