//! Values written as text: in a TOML string, a variable or a flag.

use std::time::Duration;

use super::super::keys::Kind;
use super::super::nearest;
use super::super::words;
use super::secrets::{connection, query, secret, url};
use super::{Context, Value, wanted};
use crate::domain::target::Environment;
use crate::domain::threshold::{Threshold, parse_duration};

/// Reads the text of a variable, a flag, or a TOML string.
pub fn of_text(kind: &Kind, text: &str, context: &Context<'_>) -> Result<Value, String> {
    if text.len() > 16 * 1024 {
        return Err("longer than 16 KiB".to_owned());
    }
    match kind {
        Kind::Name => name(text),
        Kind::Text | Kind::Glob => one_line(text).map(Value::Text),
        Kind::Word(allowed) => word(text, allowed),
        Kind::Flag | Kind::Yes => match text {
            "true" | "1" | "yes" => flag_of(kind, true),
            "false" | "0" | "no" => flag_of(kind, false),
            _ => Err(format!("{text:?} where true or false is wanted")),
        },
        Kind::Count { .. } => count_of(kind, text.parse().map_err(|_bad| format!("{text:?} is not a whole number"))?),
        Kind::Bytes => {
            count_of(kind, words::bytes(text).ok_or_else(|| format!("{text:?} is not a size; write 8 MiB"))?)
        }
        Kind::Ratio => {
            let (digits, factor) = text.strip_suffix('%').map_or((text, 1.0), |digits| (digits, 0.01));
            ratio_of(digits.trim().parse::<f64>().ok().map(|n| n * factor))
        }
        Kind::Time { least } => time(text, *least, Duration::from_hours(24)),
        Kind::Days { least } => time(text, *least, Duration::from_hours(365 * 24)),
        Kind::Url => url(text, context),
        Kind::UrlPath => url_path(text, context),
        Kind::Dsn | Kind::RedisUrl => connection(kind, text, context),
        Kind::Secret => secret(text, context),
        Kind::File => context.path(text).map(Value::File),
        Kind::Threshold => Threshold::parse(text).map(Value::Threshold),
        Kind::Pointer => pointer(text),
        Kind::Environment => environment(text),
        Kind::Sql => sql(text),
        Kind::Files => of_files(&[text], context),
        Kind::Texts | Kind::Argv | Kind::Statuses | Kind::Headers | Kind::Labels | Kind::Parameters => {
            Err(format!("{} where {} is wanted", "a text", wanted(kind)))
        }
    }
}

/// Files or globs, each whole or from the folder of what names it.
pub fn of_files(files: &[&str], context: &Context<'_>) -> Result<Value, String> {
    if files.len() > 256 {
        return Err("more than 256 entries".to_owned());
    }
    let whole = |file: &&str| one_line(file).and_then(|file| Ok(context.path(&file)?.to_string_lossy().into_owned()));
    files.iter().map(whole).collect::<Result<_, _>>().map(Value::Texts)
}

fn one_line(text: &str) -> Result<String, String> {
    if text.is_empty() {
        return Err("empty".to_owned());
    }
    if text.chars().any(char::is_control) {
        return Err("holds a control character or a line end".to_owned());
    }
    Ok(text.to_owned())
}

fn name(text: &str) -> Result<Value, String> {
    let text = one_line(text)?;
    if text.chars().count() > 64 || text.trim() != text {
        return Err("a name has 1 to 64 characters and no space at its ends".to_owned());
    }
    Ok(Value::Text(text))
}

fn word(text: &str, allowed: &'static [&'static str]) -> Result<Value, String> {
    if allowed.contains(&text) {
        return Ok(Value::Text(text.to_owned()));
    }
    let hint = nearest::hint(text, allowed.iter().copied());
    Err(format!("{text:?} is not known; allowed: {}{hint}", allowed.join(", ")))
}

fn environment(text: &str) -> Result<Value, String> {
    Environment::parse(text).map(Value::Environment).ok_or_else(|| {
        let allowed = ["production", "staging", "dev", "local"];
        format!("{text:?} is not known; allowed: {}{}", allowed.join(", "), nearest::hint(text, allowed))
    })
}

pub fn flag_of(kind: &Kind, flag: bool) -> Result<Value, String> {
    if *kind == Kind::Yes && !flag {
        return Err("only true has a meaning here; leave the line out, or write off = true".to_owned());
    }
    Ok(Value::Flag(flag))
}

pub fn count_of(kind: &Kind, number: u64) -> Result<Value, String> {
    let (least, most) = match kind {
        Kind::Count { least, most } => (*least, *most),
        _ => (256 * 1024, 1024 * 1024 * 1024),
    };
    if (least..=most).contains(&number) {
        Ok(Value::Count(number))
    } else {
        Err(format!("{number} is outside {least} to {most}"))
    }
}

pub fn ratio_of(number: Option<f64>) -> Result<Value, String> {
    match number {
        Some(n) if (0.0..=1.0).contains(&n) => Ok(Value::Ratio(n)),
        _ => Err("a ratio is written \"80 %\" or 0.8, from 0 to 1".to_owned()),
    }
}

fn time(text: &str, least: Duration, most: Duration) -> Result<Value, String> {
    let time =
        parse_duration(text).ok_or_else(|| format!("{text:?} is not a time; write it as 500ms, 30s, 5m, 2h or 1d"))?;
    if time < least {
        return Err(format!("{text:?} is too short; {} is the least", words::time(least)));
    }
    if time > most {
        return Err(format!("{text:?} is too long; {}d is the most", most.as_secs() / 86_400));
    }
    Ok(Value::Time(time))
}

fn url_path(text: &str, context: &Context<'_>) -> Result<Value, String> {
    let text = one_line(text)?;
    if !text.starts_with('/') || text.starts_with("//") {
        return Err(format!("{:?} is no path; it begins with one /", words::clip(&text)));
    }
    query(text.split_once('?').map(|(_, query)| query).unwrap_or_default(), context)?;
    Ok(Value::Text(text))
}

fn pointer(text: &str) -> Result<Value, String> {
    let text = one_line(text)?;
    if text.starts_with('/') {
        return Ok(Value::Text(text));
    }
    let path = text.trim_start_matches(['.', '$']).replace('.', "/");
    Err(format!("{:?} is no JSON pointer (RFC 6901); did you mean \"/{}\"?", words::clip(&text), words::clip(&path)))
}

fn sql(text: &str) -> Result<Value, String> {
    let text = text.trim().trim_end_matches(';').trim_end();
    let first = text.split(|c: char| !c.is_ascii_alphabetic()).next().unwrap_or_default().to_ascii_uppercase();
    if !matches!(first.as_str(), "SELECT" | "WITH" | "SHOW" | "TABLE" | "VALUES") {
        return Err("not a statement that only reads; it begins with SELECT, WITH, SHOW, TABLE or VALUES".to_owned());
    }
    if words::has_bare_semicolon(text) {
        return Err("more than one statement".to_owned());
    }
    Ok(Value::Text(text.to_owned()))
}
