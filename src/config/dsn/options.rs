//! `options=-c search_path=app,public`: the settings a client asks the server for at login. Only the search path
//! matters to us; the rest is named in a note.

use super::settings::Settings;

/// Takes the search path out of libpq's `options` (blanks separate, a backslash keeps a blank).
pub fn search_path(options: &str, settings: &mut Settings) -> Option<String> {
    let mut found = None;
    let mut words = words(options).into_iter();
    while let Some(word) = words.next() {
        let setting = if word == "-c" { words.next() } else { word.strip_prefix("-c").map(str::to_owned) };
        let setting = setting.or_else(|| word.strip_prefix("--").map(str::to_owned));
        match setting.as_deref().and_then(|s| s.split_once('=')) {
            Some((name, value)) if name.replace('-', "_").eq_ignore_ascii_case("search_path") => {
                found = Some(value.to_owned());
            }
            Some((name, _)) => settings.note(format!("options: {name} is not passed on; our session sets its own")),
            None => settings.note("options: what is not \"-c name=value\" is ignored"),
        }
    }
    found
}

fn words(text: &str) -> Vec<String> {
    let mut words = Vec::new();
    let mut word = String::new();
    let mut rest = text.chars();
    while let Some(c) = rest.next() {
        match c {
            '\\' => word.extend(rest.next()),
            c if c.is_whitespace() => {
                if !word.is_empty() {
                    words.push(std::mem::take(&mut word));
                }
            }
            c => word.push(c),
        }
    }
    if !word.is_empty() {
        words.push(word);
    }
    words
}
