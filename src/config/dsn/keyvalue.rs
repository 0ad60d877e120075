//! `host=db.example user='a b' …`: libpq's key-value form, with its quotes and backslashes.

use super::settings::{LONGEST, Settings};

/// Reads the key-value form.
pub fn read(text: &str) -> Result<Settings, String> {
    if text.len() > LONGEST {
        return Err("the connection string is longer than 16 KiB".to_owned());
    }
    let mut settings = Settings::default();
    let mut rest = text.chars().peekable();
    loop {
        while rest.next_if(|c| c.is_whitespace()).is_some() {}
        if rest.peek().is_none() {
            return Ok(settings);
        }
        let name = read_name(&mut rest)?;
        let value = read_value(&name, &mut rest)?;
        settings.push(name, value);
    }
}

type Rest<'a> = std::iter::Peekable<std::str::Chars<'a>>;

fn read_name(rest: &mut Rest<'_>) -> Result<String, String> {
    let mut name = String::new();
    while let Some(c) = rest.next_if(|c| *c != '=' && !c.is_whitespace()) {
        name.push(c);
    }
    while rest.next_if(|c| c.is_whitespace()).is_some() {}
    match rest.next() {
        Some('=') if !name.is_empty() => {}
        // The word itself is not told: it could be the second half of an unquoted password.
        _ => return Err("expected name=value pairs; quote values with spaces: password='a b'".to_owned()),
    }
    while rest.next_if(|c| c.is_whitespace()).is_some() {}
    Ok(name)
}

fn read_value(name: &str, rest: &mut Rest<'_>) -> Result<String, String> {
    let quoted = rest.next_if_eq(&'\'').is_some();
    let mut value = String::new();
    loop {
        match rest.peek() {
            None if quoted => return Err(format!("the quote after {name}= is never closed")),
            None => return Ok(value),
            Some('\'') if quoted => {
                rest.next();
                return Ok(value);
            }
            Some(c) if !quoted && c.is_whitespace() => return Ok(value),
            Some('\\') => {
                rest.next();
                value.extend(rest.next());
            }
            Some(_) => value.extend(rest.next()),
        }
    }
}
