//! Values written in TOML; what is a text there is read like every other text.

use toml::de::DeValue;

use super::super::keys::Kind;
use super::super::words::in_quotes;
use super::of_text::{count_of, flag_of, of_files, of_text, ratio_of};
use super::parameters::of_tables;
use super::secrets::header;
use super::{Context, Value, wanted};

/// Reads a TOML value.
pub fn of_toml(kind: &Kind, value: &DeValue<'_>, context: &Context<'_>) -> Result<Value, String> {
    match (kind, value) {
        (Kind::Texts | Kind::Argv, DeValue::Array(items)) => {
            let texts: Option<Vec<String>> = items.iter().map(|i| i.get_ref().as_str().map(str::to_owned)).collect();
            of_list(kind, texts.ok_or("every entry is a text in quotes")?)
        }
        (Kind::Files, DeValue::Array(items)) => {
            let files: Option<Vec<&str>> = items.iter().map(|i| i.get_ref().as_str()).collect();
            of_files(&files.ok_or("every entry is a text in quotes")?, context)
        }
        (Kind::Statuses, DeValue::Array(items)) => {
            let codes: Result<Vec<u16>, String> = items.iter().map(|i| status(i.get_ref())).collect();
            Ok(Value::Statuses(codes?))
        }
        (Kind::Statuses, DeValue::Integer(_)) => Ok(Value::Statuses(vec![status(value)?])),
        (Kind::Headers, DeValue::Table(table)) => {
            let mut headers = Vec::new();
            for (name, value) in table {
                let text = value
                    .get_ref()
                    .as_str()
                    .ok_or_else(|| format!("{}: a text in quotes is wanted", name.get_ref()))?;
                headers.push(header(name.get_ref(), text, context)?);
            }
            Ok(Value::Headers(headers))
        }
        (Kind::Labels, DeValue::Table(table)) => {
            let label = |(name, value): (&_, &toml::Spanned<DeValue<'_>>)| labelled(name, value.get_ref());
            table
                .iter()
                .map(|(name, value)| label((name.get_ref(), value)))
                .collect::<Result<_, _>>()
                .map(Value::Labels)
        }
        (Kind::Parameters, DeValue::Array(items)) => of_tables(items).map(Value::Parameters),
        (Kind::Flag | Kind::Yes, DeValue::Boolean(flag)) => flag_of(kind, *flag),
        (Kind::Count { .. } | Kind::Bytes, DeValue::Integer(number)) => {
            let number = integer(number.as_str(), number.radix()).ok_or("a whole number from 0 is wanted")?;
            count_of(kind, number)
        }
        (Kind::Ratio, DeValue::Float(number)) => ratio_of(number.as_str().replace('_', "").parse().ok()),
        (Kind::Ratio, DeValue::Integer(number)) => ratio_of(number.as_str().parse().ok()),
        (Kind::Time { .. } | Kind::Days { .. }, DeValue::Integer(number)) => {
            Err(format!("a time has a unit; write it as \"{}s\"", number.as_str()))
        }
        (_, DeValue::String(text)) => of_text(kind, text, context),
        (_, other) => Err(format!("{} where {} is wanted", toml_type(other), wanted(kind))),
    }
}

/// A label of every series there might be: its name as Prometheus wants it.
fn labelled(name: &str, value: &DeValue<'_>) -> Result<(String, String), String> {
    let mut chars = name.chars();
    let begins = chars.next().is_some_and(|first| first.is_ascii_alphabetic() || first == '_');
    if !begins || !chars.all(|next| next.is_ascii_alphanumeric() || next == '_') {
        return Err(format!("{name:?} is no name of a label: letters, digits and _, not a digit first"));
    }
    let text = value.as_str().ok_or_else(|| format!("{name}: a text in quotes is wanted"))?;
    Ok((name.to_owned(), text.to_owned()))
}

fn of_list(kind: &Kind, texts: Vec<String>) -> Result<Value, String> {
    if texts.len() > 256 {
        return Err("more than 256 entries".to_owned());
    }
    if *kind == Kind::Argv {
        if texts.first().is_none_or(|program| program.trim().is_empty()) {
            return Err("empty; the program is wanted first, then its arguments".to_owned());
        }
        if let (Some(line), 1) = (texts.first(), texts.len())
            && line.contains(' ')
        {
            let parts: Vec<String> = line.split_whitespace().map(in_quotes).collect();
            return Err(format!("there is no shell that splits a line; write [{}]", parts.join(", ")));
        }
        if texts.iter().any(|t| t.contains('\0')) {
            return Err("holds a zero byte".to_owned());
        }
    }
    Ok(Value::Texts(texts))
}

fn status(value: &DeValue<'_>) -> Result<u16, String> {
    let wrong = || "a status is a number from 100 to 599".to_owned();
    let DeValue::Integer(number) = value else { return Err(wrong()) };
    number.as_str().parse().ok().filter(|n| (100..600).contains(n)).ok_or_else(wrong)
}

fn integer(text: &str, radix: u32) -> Option<u64> {
    u64::from_str_radix(&text.replace('_', ""), radix).ok()
}

pub(super) fn toml_type(value: &DeValue<'_>) -> &'static str {
    match value {
        DeValue::String(_) => "a text",
        DeValue::Integer(_) => "a whole number",
        DeValue::Float(_) => "a number",
        DeValue::Boolean(_) => "true or false",
        DeValue::Datetime(_) => "a date",
        DeValue::Array(_) => "a list",
        DeValue::Table(_) => "a table",
    }
}
