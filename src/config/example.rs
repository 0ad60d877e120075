//! `config example`: a documented configuration with every key and its default, made from the key table.

use super::keys::policy::POLICY;
use super::keys::{Form, Key, SECTIONS, Section, Stricter};
use super::watched;

/// Width of comments.
const WIDTH: usize = 100;

/// The whole example. It reads back without a problem.
#[must_use]
pub fn example() -> String {
    let mut out = String::from(
        "# Configuration of Quarterdeck. Every key is here; lines with one # in front show how it is written.\n\
         # It is read from --config FILE, the user's configuration folder or the system's, never from the current\n\
         # folder by itself. Nobody but its owner may be able to write it: it can name programs to run.\n\
         # Secrets are never written here: env:NAME reads a variable, file:PATH a file, at the moment of use.\n",
    );
    for section in SECTIONS {
        out.push('\n');
        if section.form != Form::Root {
            comment(&mut out, section.doc);
            out.push_str(&heading(section));
        }
        for key in section.keys {
            comment(&mut out, &documented(key));
            if (section.name, key.name) == ("alert", "when") {
                for (of, what) in watched::lines() {
                    comment(&mut out, &format!("- {of}: {what}"));
                }
            }
            write_key(&mut out, key);
        }
    }
    out
}

/// A documented `policy.toml` of a shared folder, from the same table.
#[must_use]
pub fn policy() -> String {
    let mut out = String::new();
    comment(&mut out, POLICY.doc);
    out.push_str(
        "# It stands in the folder that `shared` under [actions] names, belongs to root or to the folder's owner, and\n\
         # nobody else may write it (mode 0644). The folder has the sticky bit: install -d -m 3770 -g ops FOLDER\n",
    );
    for key in POLICY.keys {
        out.push('\n');
        let how = key.tightens.map_or("", Stricter::words);
        comment(&mut out, format!("{} Default: {}. {how}", key.doc, key.default).trim_end());
        out.push_str(&format!("#{} = {}\n", key.name, key.example));
    }
    out
}

fn heading(section: &Section) -> String {
    match section.form {
        Form::Root => String::new(),
        Form::Table => format!("[{}]\n", section.name),
        Form::Named | Form::Steps => format!("[[{}]]\n", section.name),
    }
}

fn documented(key: &Key) -> String {
    let default = if key.default.is_empty() { String::new() } else { format!(" Default: {}.", key.default) };
    format!("{}{default}", key.doc)
}

fn write_key(out: &mut String, key: &Key) {
    let mark = if key.live { "" } else { "#" };
    out.push_str(&format!("{mark}{} = {}\n", key.name, key.example));
}

fn comment(out: &mut String, text: &str) {
    let mut line = String::from("#");
    for word in text.split_whitespace() {
        if line.len() + word.len() >= WIDTH {
            out.push_str(&line);
            out.push('\n');
            line = String::from("#");
        }
        line.push(' ');
        line.push_str(word);
    }
    out.push_str(&line);
    out.push('\n');
}
