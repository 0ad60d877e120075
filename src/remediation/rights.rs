//! When sudo or polkit would ask somebody, and nobody can be asked: what that means, and the exact line that grants it for this
//! one command or unit and for nothing else.

use crate::domain::{Cause, Safe};

use super::command::CommandStep;
use super::service::{Manager, ServiceStep};

/// What sudo says when it would ask, or does not let this user do it.
const SUDO: [&str; 6] = [
    "a password is required",
    "a terminal is required",
    "interactive authentication is required",
    "no tty present",
    "is not allowed to execute",
    "is not in the sudoers file",
];
/// What systemctl says when polkit would ask, or does not let this user do it.
const POLKIT: [&str; 3] =
    ["Interactive authentication required", "Access denied", "requires interactive authentication"];
/// Where programs are that are named without a path; sudoers wants one.
const PROGRAMS: &str = "/usr/bin/";

/// Whether a command ended because sudo would have asked; `user` is who asked, where that is known.
#[must_use]
pub fn of_sudo(step: &CommandStep, user: Option<&str>, said: &Safe) -> Option<Cause> {
    let is_sudo = |word: &String| word == "sudo" || word.ends_with("/sudo");
    step.become_argv.as_ref()?.first().filter(|word| is_sudo(word))?;
    let told = SUDO.iter().any(|words| said.as_str().contains(words));
    let line = format!("{} ALL = (root) NOPASSWD: {}", user.unwrap_or("USER"), sudoers(&step.argv));
    told.then(|| denied(said, "sudo asks for a password, or does not allow it", "with visudo", &line))
}

/// Whether systemd refused an order because polkit would have asked.
#[must_use]
pub fn of_polkit(step: &ServiceStep, user: Option<&str>, said: &Safe) -> Option<Cause> {
    let Manager::Systemd { unit, user: false } = &step.manager else { return None };
    if step.become_argv.is_some() || !POLKIT.iter().any(|words| said.as_str().contains(words)) {
        return None;
    }
    let rule = format!(
        "polkit.addRule(function(action, subject) {{ if (action.id == \"org.freedesktop.systemd1.manage-units\" && \
         action.lookup(\"unit\") == \"{unit}\" && action.lookup(\"verb\") == \"{}\" && subject.user == \"{}\") \
         return polkit.Result.YES; }});",
        step.verb.word(),
        user.unwrap_or("USER")
    );
    let where_to = "in /etc/polkit-1/rules.d/50-quarterdeck.rules";
    Some(denied(said, "polkit asks for a password, or does not allow it", where_to, &rule))
}

fn denied(said: &Safe, what: &str, where_to: &str, line: &str) -> Cause {
    let missing = format!("{what}, and nobody is asked: {said}; this grants it, {where_to}: {line}");
    Cause::Denied { missing: Safe::of(missing), fix: vec![Safe::of(line)] }
}

/// A command as sudoers writes it: with its path, and nothing in it that means something there.
fn sudoers(argv: &[String]) -> String {
    let mut words = Vec::new();
    for (at, word) in argv.iter().enumerate() {
        let path = if at == 0 && !word.contains('/') { PROGRAMS } else { "" };
        let mut escaped = String::new();
        for letter in word.chars() {
            if matches!(letter, ',' | ':' | '=' | '\\' | ' ' | '*' | '?' | '[' | ']' | '!') {
                escaped.push('\\');
            }
            escaped.push(letter);
        }
        words.push(format!("{path}{escaped}"));
    }
    words.join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::remediation::place::Place;
    use crate::remediation::service::ServiceVerb;

    fn restart(become_argv: Option<&[&str]>) -> ServiceStep {
        ServiceStep {
            manager: Manager::Systemd { unit: "api.service".to_owned(), user: false },
            verb: ServiceVerb::Restart,
            place: Place::Local,
            become_argv: become_argv.map(|words| words.iter().map(|word| (*word).to_owned()).collect()),
        }
    }

    fn line(cause: Option<Cause>) -> String {
        cause.and_then(|cause| cause.advice().first().map(ToString::to_string)).unwrap_or_default()
    }

    #[test]
    fn a_sudoers_line_is_for_this_command_and_user_alone() {
        let step = restart(Some(&["sudo", "-n"]));
        let asked = Safe::of("sudo: a password is required");
        assert_eq!(
            line(of_sudo(&step.command().unwrap(), Some("ops"), &asked)),
            "ops ALL = (root) NOPASSWD: /usr/bin/systemctl --no-ask-password restart -- api.service"
        );
        let shown = line(of_sudo(&step.status().unwrap(), None, &asked));
        assert!(shown.starts_with("USER ALL") && shown.contains("show -p Id\\,LoadState\\,"), "{shown}");
        assert_eq!(of_sudo(&step.command().unwrap(), None, &Safe::of("Job for api.service failed")), None);
        assert_eq!(of_sudo(&restart(Some(&["doas"])).command().unwrap(), None, &asked), None);
        assert_eq!(of_sudo(&restart(None).command().unwrap(), None, &asked), None);
    }

    #[test]
    fn a_polkit_rule_is_for_this_unit_and_verb_alone() {
        for said in [
            "Failed to restart api.service: Interactive authentication required.",
            "Failed to restart api.service: Access denied",
            "Failed to restart api.service: Access denied as the requested operation requires interactive authentication. \
             However, interactive authentication has not been enabled by the calling program.",
        ] {
            let rule = line(of_polkit(&restart(None), Some("ops"), &Safe::of(said)));
            for words in
                ["\"unit\") == \"api.service\"", "\"verb\") == \"restart\"", "subject.user == \"ops\"", "Result.YES"]
            {
                assert!(rule.contains(words), "{words} in {rule}");
            }
        }
        assert_eq!(of_polkit(&restart(None), None, &Safe::of("Job for api.service failed")), None);
    }
}
