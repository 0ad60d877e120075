//! The functions of templates: Go's own and Prometheus'. `and`, `or` and `query` are the evaluator's.

use std::cmp::Ordering;
use std::collections::BTreeMap;
use std::sync::Arc;

use regex::RegexBuilder;

use super::value::Value;
use super::{Data, MOST_BYTES, format, humanize, number};

/// Every name that a template may call.
const NAMES: &[&str] = &[
    "and",
    "args",
    "call",
    "eq",
    "externalURL",
    "first",
    "ge",
    "graphLink",
    "gt",
    "html",
    "humanize",
    "humanize1024",
    "humanizeDuration",
    "humanizePercentage",
    "humanizeTimestamp",
    "index",
    "js",
    "label",
    "le",
    "len",
    "lt",
    "match",
    "ne",
    "not",
    "now",
    "or",
    "parseDuration",
    "pathPrefix",
    "print",
    "printf",
    "println",
    "query",
    "reReplaceAll",
    "safeHtml",
    "slice",
    "sortByLabel",
    "stripDomain",
    "stripPort",
    "strvalue",
    "tableLink",
    "title",
    "toLower",
    "toTime",
    "toUpper",
    "urlQueryEscape",
    "urlquery",
    "value",
];

/// Whether there is a function of this name.
pub fn exists(name: &str) -> bool {
    NAMES.binary_search(&name).is_ok()
}

/// Calls a function.
pub fn call(name: &str, args: &[Value], data: &Data<'_>) -> Result<Value, String> {
    match (name, args) {
        ("print", args) => Ok(Value::text(format::print(args))),
        ("println", args) => Ok(Value::text(format::println(args))),
        ("printf", [form, args @ ..]) => Ok(Value::text(format::printf(text(form)?, args, MOST_BYTES))),
        ("args", args) => {
            let named = args.iter().enumerate().map(|(at, value)| (format!("arg{at}"), value.clone()));
            Ok(Value::Map(Arc::new(named.collect::<BTreeMap<_, _>>())))
        }
        ("html", args) => Ok(Value::text(html(&format::print(args)))),
        ("urlquery", args) => Ok(Value::text(url_query(&format::print(args)))),
        ("eq", [first, others @ ..]) if !others.is_empty() => {
            others.iter().try_fold(false, |any, other| Ok(same(first, other)? || any)).map(Value::Bool)
        }
        ("index", [first, keys @ ..]) => keys.iter().try_fold(first.clone(), |value, key| index(&value, key)),
        ("not", [value]) => Ok(Value::Bool(!value.truth())),
        ("ne", [a, b]) => Ok(Value::Bool(!same(a, b)?)),
        ("lt", [a, b]) => Ok(Value::Bool(order(a, b)? == Some(Ordering::Less))),
        ("le", [a, b]) => Ok(Value::Bool(matches!(order(a, b)?, Some(Ordering::Less | Ordering::Equal)))),
        // As Go has them: the other way round, so that NaN is greater than everything.
        ("gt", [a, b]) => Ok(Value::Bool(!matches!(order(a, b)?, Some(Ordering::Less | Ordering::Equal)))),
        ("ge", [a, b]) => Ok(Value::Bool(order(a, b)? != Some(Ordering::Less))),
        ("now", []) => Ok(Value::Float(data.at as f64 / 1000.0)),
        ("externalURL", []) => Ok(Value::text(data.external_url)),
        ("pathPrefix", []) => Ok(Value::text(path(data.external_url))),
        (_, [value]) => one(name, value),
        ("label", [name, sample]) => labels_of(sample)?.field(text(name)?),
        ("sortByLabel", [name, list]) => sorted(text(name)?, list),
        ("match", [pattern, on]) => Ok(Value::Bool(compiled(text(pattern)?)?.is_match(text(on)?))),
        ("reReplaceAll", [pattern, by, on]) => replaced(text(pattern)?, text(by)?, text(on)?),
        ("js" | "call" | "slice", _) => Err(unsupported(name)),
        _ => Err(format!("wrong number of args for {name}: got {}", args.len())),
    }
}

/// Functions of one value.
fn one(name: &str, value: &Value) -> Result<Value, String> {
    let told = match name {
        "humanize" => humanize::humanize(float(value)?),
        "humanize1024" => humanize::humanize_1024(float(value)?),
        "humanizeDuration" => humanize::duration(float(value)?),
        "humanizePercentage" => humanize::percentage(float(value)?),
        "humanizeTimestamp" => humanize::timestamp(float(value)?)?,
        "title" => title(text(value)?),
        "toUpper" => text(value)?.to_uppercase(),
        "toLower" => text(value)?.to_lowercase(),
        "safeHtml" => text(value)?.to_owned(),
        "urlQueryEscape" => url_query(text(value)?),
        "graphLink" => format!("/graph?g0.expr={}&g0.tab=0", url_query(text(value)?)),
        "tableLink" => format!("/graph?g0.expr={}&g0.tab=1", url_query(text(value)?)),
        "stripPort" => strip_port(text(value)?).to_owned(),
        "stripDomain" => strip_domain(text(value)?),
        "parseDuration" => {
            return crate::alerts::rules::parse_duration(text(value)?).map(|long| Value::Float(long.as_secs_f64()));
        }
        "first" => {
            let Value::List(items) = value else { return Err(expected("template.queryResult", value)) };
            return items.first().cloned().ok_or_else(|| "first() called on vector with no elements".to_owned());
        }
        "value" => return labels_of(value).and_then(|_| value.field("Value")),
        "strvalue" => return labels_of(value)?.field("__value__"),
        "len" => return length(value),
        "toTime" | "js" | "call" | "slice" => return Err(unsupported(name)),
        _ => return Err(format!("wrong number of args for {name}: got 1")),
    };
    Ok(Value::text(told))
}

fn unsupported(name: &str) -> String {
    format!("{name} is not supported here")
}

fn expected(wanted: &str, value: &Value) -> String {
    format!("wrong type for value; expected {wanted}; got {}", value.kind())
}

fn text(value: &Value) -> Result<&str, String> {
    if let Value::Text(text) = value { Ok(text) } else { Err(expected("string", value)) }
}

fn float(value: &Value) -> Result<f64, String> {
    match value {
        Value::Float(number) => Ok(*number),
        Value::Int(number) => Ok(*number as f64),
        Value::Text(text) => {
            number::float(text).ok_or_else(|| format!("strconv.ParseFloat: parsing {text:?}: invalid syntax"))
        }
        _ => Err(format!("can't convert {} to float", value.kind())),
    }
}

/// The labels of an element of a query.
fn labels_of(value: &Value) -> Result<Value, String> {
    match value {
        Value::Struct(of) if of.kind == "*template.sample" => value.field("Labels"),
        _ => Err(expected("*template.sample", value)),
    }
}

fn length(value: &Value) -> Result<Value, String> {
    let length = match value {
        Value::Text(text) => text.len(),
        Value::Labels(labels) => labels.iter().len(),
        Value::Map(map) => map.len(),
        Value::List(items) => items.len(),
        _ => return Err(format!("len of type {}", value.kind())),
    };
    Ok(Value::Int(length as i64))
}

fn index(value: &Value, key: &Value) -> Result<Value, String> {
    match (value, key) {
        (Value::Labels(_), Value::Text(name)) => value.field(name),
        (Value::Map(map), Value::Text(name)) => Ok(map.get(&**name).cloned().unwrap_or(Value::Missing)),
        (Value::List(items), Value::Int(at)) => {
            let found = usize::try_from(*at).ok().and_then(|at| items.get(at));
            found.cloned().ok_or_else(|| format!("index out of range: {at}"))
        }
        (Value::Text(text), Value::Int(at)) => {
            let found = usize::try_from(*at).ok().and_then(|at| text.as_bytes().get(at));
            found.map(|byte| Value::Int(i64::from(*byte))).ok_or_else(|| format!("index out of range: {at}"))
        }
        (Value::Labels(_) | Value::Map(_) | Value::List(_) | Value::Text(_), key) => {
            Err(format!("cannot index {} with type {}", value.kind(), key.kind()))
        }
        _ => Err(format!("can't index item of type {}", value.kind())),
    }
}

fn same(a: &Value, b: &Value) -> Result<bool, String> {
    match (a, b) {
        (Value::Bool(a), Value::Bool(b)) => Ok(a == b),
        (Value::Nil | Value::Missing, Value::Nil | Value::Missing) => Ok(true),
        _ => order(a, b).map(|order| order == Some(Ordering::Equal)),
    }
}

/// None where one of them is NaN.
fn order(a: &Value, b: &Value) -> Result<Option<Ordering>, String> {
    match (a, b) {
        (Value::Int(a), Value::Int(b)) => Ok(Some(a.cmp(b))),
        (Value::Float(a), Value::Float(b)) => Ok(a.partial_cmp(b)),
        (Value::Text(a), Value::Text(b)) => Ok(Some(a.cmp(b))),
        (
            Value::Int(_) | Value::Float(_) | Value::Text(_) | Value::Bool(_),
            Value::Int(_) | Value::Float(_) | Value::Text(_) | Value::Bool(_),
        ) if std::mem::discriminant(a) != std::mem::discriminant(b) => {
            Err(format!("incompatible types for comparison: {} and {}", a.kind(), b.kind()))
        }
        _ => Err("invalid type for comparison".to_owned()),
    }
}

fn sorted(name: &str, list: &Value) -> Result<Value, String> {
    let Value::List(items) = list else { return Err(expected("template.queryResult", list)) };
    let mut keyed = Vec::with_capacity(items.len());
    for item in items.iter() {
        keyed.push((text(&labels_of(item)?.field(name)?)?.to_owned(), item.clone()));
    }
    keyed.sort_by(|(a, _), (b, _)| a.cmp(b));
    Ok(Value::List(keyed.into_iter().map(|(_, item)| item).collect()))
}

fn compiled(pattern: &str) -> Result<regex::Regex, String> {
    let built = RegexBuilder::new(pattern).size_limit(1 << 20).dfa_size_limit(1 << 20).nest_limit(100).build();
    built.map_err(|error| {
        let told = error.to_string();
        format!("error parsing regexp: {}", told.lines().last().unwrap_or("no regular expression").trim())
    })
}

fn replaced(pattern: &str, by: &str, on: &str) -> Result<Value, String> {
    let pattern = compiled(pattern)?;
    let mut out = String::new();
    let mut end = 0;
    for found in pattern.captures_iter(on) {
        let Some(whole) = found.get(0) else { continue };
        out.push_str(on.get(end..whole.start()).unwrap_or_default());
        found.expand(by, &mut out);
        end = whole.end();
        if out.len() > MOST_BYTES {
            return Err(format!("longer than {MOST_BYTES} bytes"));
        }
    }
    out.push_str(on.get(end..).unwrap_or_default());
    Ok(Value::text(out))
}

/// The first letter of every word; letters, digits and `_` make words.
fn title(text: &str) -> String {
    let mut before = ' ';
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        let inside = before == '_' || before.is_alphanumeric() || !before.is_ascii() && !before.is_whitespace();
        if inside {
            out.push(c);
        } else {
            out.extend(c.to_uppercase());
        }
        before = c;
    }
    out
}

fn html(text: &str) -> String {
    text.replace('&', "&amp;").replace('\'', "&#39;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&#34;")
}

fn url_query(text: &str) -> String {
    url::form_urlencoded::byte_serialize(text.as_bytes()).collect::<String>().replace('*', "%2A").replace("%7E", "~")
}

/// The path of an address.
fn path(address: &str) -> String {
    url::Url::parse(address).map(|url| url.path().trim_end_matches('/').to_owned()).unwrap_or_default()
}

/// Host and port of `host:port`; none where it is no such thing.
fn host_port(text: &str) -> Option<(&str, &str)> {
    let (host, port) = text.rsplit_once(':')?;
    let bare = host.strip_prefix('[').and_then(|host| host.strip_suffix(']'));
    let clean = bare.unwrap_or(host);
    let ok = !port.contains(['[', ']']) && !clean.contains(['[', ']']) && (bare.is_some() || !clean.contains(':'));
    ok.then_some((clean, port))
}

fn strip_port(text: &str) -> &str {
    host_port(text).map_or(text, |(host, _)| host)
}

fn strip_domain(text: &str) -> String {
    let (host, port) = host_port(text).map_or((text, None), |(host, port)| (host, Some(port)));
    if host.parse::<std::net::IpAddr>().is_ok() {
        return text.to_owned();
    }
    let host = host.split('.').next().unwrap_or(host);
    port.map_or_else(|| host.to_owned(), |port| format!("{host}:{port}"))
}
