//! Tables that say what an action is given when it is asked for: strict like all others, each with its name in the words.

use toml::de::{DeTable, DeValue};

use super::super::nearest;
use super::super::words::in_quotes;
use super::toml_type;
use crate::domain::Safe;
use crate::remediation::parameter::{LONGEST, Otherwise, Parameter, ParameterKind, USUAL_LENGTH};

/// Most parameters of one action.
const MOST: usize = 8;
/// What a table may hold.
const KEYS: [&str; 7] = ["name", "type", "one_of", "doc", "longest", "default", "optional"];
const TYPES: [&str; 3] = ["integer", "text", "uuid"];

/// Reads the list.
pub fn of_tables(items: &[toml::Spanned<DeValue<'_>>]) -> Result<Vec<Parameter>, String> {
    if items.len() > MOST {
        return Err(format!("{} parameters; {MOST} are the most", items.len()));
    }
    let mut parameters: Vec<Parameter> = Vec::new();
    for item in items {
        let DeValue::Table(table) = item.get_ref() else { return Err("every entry is a table".to_owned()) };
        let parameter = of_table(table)?;
        if parameters.iter().any(|known| known.name == parameter.name) {
            return Err(format!("there are two named {}", parameter.name));
        }
        parameters.push(parameter);
    }
    Ok(parameters)
}

fn of_table(table: &DeTable<'_>) -> Result<Parameter, String> {
    let value = |key: &str| table.iter().find(|(name, _)| name.get_ref() == key).map(|(_, value)| value.get_ref());
    let text = |key: &str| match value(key) {
        None => Ok(None),
        Some(DeValue::String(text)) => Ok(Some(text.to_string())),
        Some(other) => Err(format!("{key}: {} where a text in quotes is wanted", toml_type(other))),
    };
    let name = text("name")?.ok_or("every parameter has a name")?;
    if !Parameter::is_name(&name) {
        return Err(format!("{name:?}: a name has small letters, digits and _, a letter first, and 32 at most"));
    }
    let of = |words: String| format!("{name}: {words}");
    if let Some((wrong, _)) = table.iter().find(|(key, _)| !KEYS.contains(&&**key.get_ref())) {
        let hint = nearest::hint(wrong.get_ref(), KEYS);
        return Err(of(format!("no such key {:?}; allowed: {}{hint}", wrong.get_ref(), KEYS.join(", "))));
    }
    let longest = match value("longest") {
        None => None,
        Some(DeValue::Integer(number)) => match number.as_str().parse::<usize>() {
            Ok(number) if (1..=LONGEST).contains(&number) => Some(number),
            _ => return Err(of(format!("longest is 1 to {LONGEST}"))),
        },
        Some(other) => return Err(of(format!("longest: {} where a whole number is wanted", toml_type(other)))),
    };
    let kind = match (text("type").map_err(of)?.as_deref(), value("one_of")) {
        (None, Some(DeValue::Array(words))) => ParameterKind::OneOf(one_of(words).map_err(of)?),
        (_, Some(_)) => return Err(of("one_of is a list of texts, and stands instead of type".to_owned())),
        (Some("integer"), None) => ParameterKind::Integer,
        (Some("uuid"), None) => ParameterKind::Uuid,
        (Some("text"), None) => ParameterKind::Text(longest.unwrap_or(USUAL_LENGTH)),
        (Some(other), None) => {
            let hint = nearest::hint(other, TYPES);
            return Err(of(format!("type {other:?} is not known; allowed: {}{hint}", TYPES.join(", "))));
        }
        (None, None) => return Err(of(format!("missing: type ({}) or one_of = [\"a\", \"b\"]", TYPES.join(", ")))),
    };
    if longest.is_some() && !matches!(kind, ParameterKind::Text(_)) {
        return Err(of("longest means something only with type = \"text\"".to_owned()));
    }
    let optional = match value("optional") {
        None => false,
        Some(DeValue::Boolean(optional)) => *optional,
        Some(other) => return Err(of(format!("optional: {} where true or false is wanted", toml_type(other)))),
    };
    let otherwise = match (text("default").map_err(of)?, optional) {
        (Some(_), true) => return Err(of("optional and default exclude each other; keep one of them".to_owned())),
        (Some(value), false) => Otherwise::Value(value),
        (None, true) => Otherwise::LeftOut,
        (None, false) => Otherwise::Refused,
    };
    let doc = Safe::of(text("doc").map_err(of)?.unwrap_or_default()).clipped(100);
    let parameter = Parameter { name: name.clone(), kind, doc, otherwise };
    if let Otherwise::Value(value) = &parameter.otherwise {
        let checked = parameter.checked(value).map_err(|why| of(format!("default: {why}")))?;
        return Ok(Parameter { otherwise: Otherwise::Value(checked), ..parameter });
    }
    Ok(parameter)
}

fn one_of(words: &[toml::Spanned<DeValue<'_>>]) -> Result<Vec<String>, String> {
    let texts: Option<Vec<String>> = words.iter().map(|word| word.get_ref().as_str().map(str::to_owned)).collect();
    let words = texts.filter(|words| !words.is_empty() && words.len() <= 50);
    let words = words.ok_or("one_of is a list of 1 to 50 texts")?;
    let plain = |word: &String| !word.trim().is_empty() && !word.chars().any(char::is_control);
    if words.iter().all(plain) {
        Ok(words)
    } else {
        Err("one_of holds an empty text or a control character".to_owned())
    }
}

/// As `config show` writes one.
pub fn shown(parameter: &Parameter) -> String {
    let kind = match &parameter.kind {
        ParameterKind::Integer => "type = \"integer\"".to_owned(),
        ParameterKind::Text(longest) => format!("type = \"text\", longest = {longest}"),
        ParameterKind::Uuid => "type = \"uuid\"".to_owned(),
        ParameterKind::OneOf(words) => {
            format!("one_of = [{}]", words.iter().map(|word| in_quotes(word)).collect::<Vec<_>>().join(", "))
        }
    };
    let otherwise = match &parameter.otherwise {
        Otherwise::Refused => String::new(),
        Otherwise::LeftOut => ", optional = true".to_owned(),
        Otherwise::Value(value) => format!(", default = {}", in_quotes(value)),
    };
    let doc = parameter.doc.as_str();
    let doc = if doc.is_empty() { String::new() } else { format!(", doc = {}", in_quotes(doc)) };
    format!("{{ name = {}, {kind}{otherwise}{doc} }}", in_quotes(&parameter.name))
}
