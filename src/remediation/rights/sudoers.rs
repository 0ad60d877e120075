//! A line of sudoers(5) that lets one user run one command with exactly these arguments as exactly whom sudo was told, and
//! nothing else. Where no line says exactly that, there is none.

use crate::remediation::place::Place;

/// Options of sudo that only say how it behaves.
const PLAIN: [&str; 8] = ["-n", "--non-interactive", "-H", "--set-home", "-k", "--reset-timestamp", "-S", "--stdin"];

/// What would have to be granted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Grant {
    user: Option<String>,
    group: Option<String>,
    argv: Vec<String>,
}

impl Grant {
    /// Reads what stands behind `sudo`: its options, and the beginning of the command where that is named there. None where
    /// an option changes what is run or is not known.
    pub(super) fn of(options: &[String], argv: &[String]) -> Option<Grant> {
        let mut grant = Grant { user: None, group: None, argv: Vec::new() };
        let mut rest = options.iter();
        while let Some(word) = rest.next() {
            if word == "--" {
                break;
            }
            if !word.starts_with('-') {
                grant.argv.push(word.clone());
                break;
            }
            if PLAIN.contains(&word.as_str()) {
                continue;
            }
            let long = |name: &str| word == name || word.starts_with(&format!("{name}="));
            let short = word.trim_start_matches("-n").trim_start_matches('-');
            let (slot, value) = if long("--user") || long("--group") {
                let slot = if long("--user") { &mut grant.user } else { &mut grant.group };
                (slot, word.split_once('=').map(|(_, value)| value))
            } else if !word.starts_with("--") && short.starts_with(['u', 'g']) {
                let slot = if short.starts_with('u') { &mut grant.user } else { &mut grant.group };
                (slot, short.get(1..).filter(|value| !value.is_empty()))
            } else {
                return None;
            };
            let value = value.map(str::to_owned).or_else(|| rest.next().cloned())?;
            *slot = Some(value).filter(|name| is_name(name));
            slot.as_ref()?;
        }
        grant.argv.extend(rest.cloned());
        grant.argv.extend_from_slice(argv);
        // `NAME=value` before the command is for sudo, and needs another right.
        (!grant.argv.first()?.contains('=')).then_some(grant)
    }

    /// The program, where it was named without a path.
    pub(super) fn bare_program(&self) -> Option<&str> {
        self.argv.first().map(String::as_str).filter(|program| !program.contains('/'))
    }

    /// Puts the whole path of a program that was named without one, where that is known.
    pub(super) fn found(&mut self, whole_path: impl FnOnce(&str) -> Option<String>) {
        let found = self.bare_program().and_then(whole_path);
        if let (Some(program), Some(path)) = (self.argv.first_mut(), found) {
            *program = path;
        }
    }

    /// Whether exactly this is what is run.
    pub(super) fn is_of(&self, argv: &[String]) -> bool {
        self.argv == argv
    }

    /// Whether it is run as root.
    pub(super) fn is_roots(&self) -> bool {
        matches!(self.user.as_deref(), Some("root" | "#0")) || self.user.is_none() && self.group.is_none()
    }

    /// The line.
    pub(super) fn line(&self, user: Option<&str>) -> Option<String> {
        let (program, arguments) = self.argv.split_first()?;
        // sudo holds arguments against a line joined by blanks, and takes what begins so for a regular expression.
        let can_be_said = |word: &String| {
            !word.is_empty() && word.chars().all(|letter| letter.is_ascii_graphic() || letter.is_alphanumeric())
        };
        if !self.argv.iter().all(can_be_said) || arguments.first().is_some_and(|word| word.starts_with('^')) {
            return None;
        }
        let mut words =
            vec![if program.starts_with('/') { escaped(program) } else { format!("<whole path of {program}>") }];
        words.extend(arguments.iter().map(|word| escaped(word)));
        if arguments.is_empty() {
            // Without it any arguments are allowed.
            words.push("\"\"".to_owned());
        }
        let whom = match (&self.user, &self.group) {
            (user, None) => user.clone().unwrap_or_else(|| "root".to_owned()),
            (user, Some(group)) => format!("{}:{group}", user.as_deref().unwrap_or_default()),
        };
        Some(format!("{} ALL = ({whom}) NOPASSWD: {}", who(user.unwrap_or("USER")), words.join(" ")))
    }

    /// Where the line goes, and what is missing in it.
    pub(super) fn where_to(&self, place: &Place) -> String {
        match (self.argv.first(), place) {
            (Some(program), Place::Local) if !program.starts_with('/') => {
                format!("with visudo, with the program's whole path (command -v {program} here)")
            }
            (Some(program), Place::Ssh { host }) if !program.starts_with('/') => {
                format!("with visudo, with the program's whole path (command -v {program} on {host})")
            }
            _ => "with visudo".to_owned(),
        }
    }
}

/// The line that lets a user run what is granted with no terminal, and grants nothing itself.
pub(super) fn without_terminal(user: Option<&str>) -> String {
    format!("Defaults:{} !requiretty", who(user.unwrap_or("USER")))
}

/// A user or group that means nothing else in sudoers: a name, or `#` and a number.
fn is_name(name: &str) -> bool {
    let plain = |letter: char| letter.is_ascii_alphanumeric() || matches!(letter, '_' | '.' | '-');
    match name.strip_prefix('#') {
        Some(number) => !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit()),
        None => {
            name.starts_with(|c: char| c.is_ascii_alphanumeric() || c == '_')
                && name.chars().all(plain)
                && name != "ALL"
        }
    }
}

/// Who asks, as sudoers writes a user.
fn who(name: &str) -> String {
    let mut written = String::new();
    for letter in name.chars() {
        if !(letter.is_alphanumeric() || matches!(letter, '_' | '.' | '-')) {
            written.push('\\');
        }
        written.push(letter);
    }
    written
}

/// A word of the command: what means something to sudoers is escaped for it, what is a wildcard of its patterns for those.
fn escaped(word: &str) -> String {
    let mut written = String::new();
    for letter in word.chars() {
        match letter {
            // Once for sudoers and once for the pattern that it becomes.
            '\\' => written.push_str(r"\\\"),
            ',' | ':' | '=' | '#' | '*' | '?' | '[' | ']' | '!' => written.push('\\'),
            _ => {}
        }
        written.push(letter);
    }
    written
}
