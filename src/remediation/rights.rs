//! When sudo or polkit would ask somebody, and nobody can be asked: what that means, and the exact line that grants it for this
//! one command or unit and for nothing else.

use crate::domain::{Cause, Safe};

use super::command::CommandStep;
use super::place::Place;
use super::service::{Manager, ServiceStep};

mod sudoers;

/// Most that is repeated of what was said.
const SAID: usize = 400;

/// What sudo says when it would ask, or does not let this user do it.
const SUDO: [&str; 7] = [
    "a password is required",
    "a terminal is required",
    "interactive authentication is required",
    "no tty present",
    "is not allowed to execute",
    "is not in the sudoers file",
    NO_TERMINAL,
];
/// What it says where it is told to run nothing without a terminal (`requiretty`), which what we start never has.
const NO_TERMINAL: &str = "you must have a tty to run sudo";
/// What systemctl says when polkit would ask, or does not let this user do it.
const POLKIT: [&str; 3] =
    ["Interactive authentication required", "Access denied", "requires interactive authentication"];
/// How a line of sudo's own begins, beside the one on who is not in its file.
const SUDO_SAYS: [&str; 4] = ["sudo: ", "sudo-rs: ", "Sorry, user ", "This incident "];

/// What sudo refused, and how sure that is.
#[derive(Clone, Debug, PartialEq)]
pub struct Refused {
    /// Why, with the line that grants it where there is one.
    pub cause: Cause,
    /// Nothing was run. Not so for rights of somebody else than root: a program that had them may itself have called sudo.
    pub surely: bool,
}

/// Whether a command ended because sudo itself would have asked: `said` is all that was printed, and nothing but sudo's own
/// words. A program that ran under sudo and called another sudo says more than that. `user`: who asked, where that is known.
/// `whole_path`: which file of this machine sudo would run by a bare name.
#[must_use]
pub fn of_sudo(
    step: &CommandStep,
    user: impl FnOnce() -> Option<String>,
    whole_path: impl FnOnce(&str) -> Option<String>,
    code: i32,
    said: &[Safe],
) -> Option<Refused> {
    let (program, options) = step.become_argv.as_ref()?.split_first()?;
    let own = |line: &Safe| {
        let line = line.as_str();
        SUDO_SAYS.iter().any(|begins| line.starts_with(begins)) || line.contains(" is not in the sudoers file")
    };
    let says = |words: &str| said.iter().any(|line| line.as_str().contains(words));
    let told = SUDO.iter().any(|words| says(words));
    if !is_sudo(program) || code != 1 || !told || !said.iter().all(own) {
        return None;
    }
    let mut grant = sudoers::Grant::of(options, &step.argv);
    if let (Some(grant), Place::Local) = (&mut grant, &step.place) {
        grant.found(whole_path);
    }
    let user = user();
    let words = Safe::of(said.iter().map(Safe::as_str).collect::<Vec<_>>().join(" | ")).clipped(SAID);
    let what = "sudo asks for a password, or does not allow it";
    let line = grant.as_ref().and_then(|grant| grant.line(user.as_deref()));
    let cause = match (&grant, line) {
        (Some(grant), Some(line)) => {
            let mut lines = vec![line];
            lines.extend(says(NO_TERMINAL).then(|| sudoers::without_terminal(user.as_deref())));
            denied(&words, what, &grant.where_to(&step.place), lines)
        }
        _ => Cause::Denied {
            missing: Safe::of(format!(
                "{what}, and nobody is asked: {words}; no line of sudoers grants exactly these words: put them into a script \
                 that root alone may write, and grant that with visudo"
            )),
            fix: Vec::new(),
        },
    };
    Some(Refused { cause, surely: grant.is_some_and(|grant| grant.is_roots()) })
}

/// Whether systemd refused an order because polkit would have asked.
#[must_use]
pub fn of_polkit(step: &ServiceStep, user: impl FnOnce() -> Option<String>, said: &Safe) -> Option<Cause> {
    let Manager::Systemd { unit, user: false } = &step.manager else { return None };
    if step.become_argv.is_some() || !POLKIT.iter().any(|words| said.as_str().contains(words)) {
        return None;
    }
    let rule = polkit_rule(unit, step.verb.word(), user().as_deref());
    Some(denied(said, "polkit asks for a password, or does not allow it", POLKIT_FILE, vec![rule]))
}

/// Where rules of polkit go.
const POLKIT_FILE: &str = "in /etc/polkit-1/rules.d/50-quarterdeck.rules";

/// The rule that lets one user give one order to one unit.
fn polkit_rule(unit: &str, verb: &str, user: Option<&str>) -> String {
    format!(
        "polkit.addRule(function(action, subject) {{ if (action.id == \"org.freedesktop.systemd1.manage-units\" && \
         action.lookup(\"unit\") == \"{unit}\" && action.lookup(\"verb\") == \"{verb}\" && subject.user == \"{}\") \
         return polkit.Result.YES; }});",
        user.unwrap_or("USER")
    )
}

/// What lets this order be given without anybody being asked, and nothing else: where it goes, and the lines. None where it needs
/// no right of its own, or no line says exactly that. `whole_path` is as for [`of_sudo`].
#[must_use]
pub fn granting(
    step: &ServiceStep,
    user: Option<&str>,
    whole_path: impl FnOnce(&str) -> Option<String>,
) -> Option<(String, Vec<String>)> {
    let user = user.filter(|_| step.place == Place::Local);
    match (&step.become_argv, &step.manager) {
        (Some(_), _) => {
            let mut grant = grant(step)?;
            if step.place == Place::Local {
                grant.found(whole_path);
            }
            Some((grant.where_to(&step.place), vec![grant.line(user)?]))
        }
        (None, Manager::Systemd { unit, user: false }) => {
            Some((POLKIT_FILE.to_owned(), vec![polkit_rule(unit, step.verb.word(), user)]))
        }
        (None, _) => None,
    }
}

/// The program of an order here that sudo is asked to run by a bare name: its file has to be found for a line of sudoers.
#[must_use]
pub fn sought(step: &ServiceStep) -> Option<String> {
    let grant = grant(step).filter(|_| step.place == Place::Local)?;
    grant.bare_program().map(str::to_owned)
}

/// What has to be granted for an order behind sudo.
fn grant(step: &ServiceStep) -> Option<sudoers::Grant> {
    let (program, options) = step.become_argv.as_ref()?.split_first()?;
    let argv = step.manager.argv(step.verb).ok()?;
    sudoers::Grant::of(options, &argv).filter(|_| is_sudo(program))
}

/// The same step as it may look without rights: systemd tells everybody how a unit is, and where sudo stands before the
/// order, a line of sudoers lets it give that order and nothing else.
#[must_use]
pub fn without_sudo(step: &ServiceStep) -> Option<ServiceStep> {
    let Manager::Systemd { user: false, .. } = &step.manager else { return None };
    let argv = step.manager.argv(step.verb).ok()?;
    let grant = grant(step)?;
    (grant.is_roots() && grant.is_of(&argv)).then(|| ServiceStep { become_argv: None, ..step.clone() })
}

fn is_sudo(program: &str) -> bool {
    program == "sudo" || program.ends_with("/sudo")
}

fn denied(said: &Safe, what: &str, where_to: &str, lines: Vec<String>) -> Cause {
    let missing = format!("{what}, and nobody is asked: {said}; this grants it, {where_to}: {}", lines.join(" and "));
    Cause::Denied { missing: Safe::of(missing), fix: lines.into_iter().map(Safe::of).collect() }
}

#[cfg(test)]
mod tests {
    use super::*;
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

    /// Who asks.
    const OPS: fn() -> Option<String> = || Some("ops".to_owned());

    fn command(argv: &[&str], prefix: &[&str]) -> CommandStep {
        let words = |argv: &[&str]| argv.iter().map(|word| (*word).to_owned()).collect::<Vec<_>>();
        CommandStep {
            argv: words(argv),
            place: Place::Ssh { host: "web1".to_owned() },
            become_argv: Some(words(prefix)),
            expected_exit: Vec::new(),
            reads: false,
        }
    }

    fn refused(step: &CommandStep) -> Option<Refused> {
        of_sudo(step, OPS, |_| panic!("of another machine"), 1, &["sudo: a password is required".into()])
    }

    /// On this machine, where the program is in `/usr/bin`.
    fn told_here(step: &CommandStep, code: i32, said: &[&str]) -> Option<Refused> {
        let said: Vec<Safe> = said.iter().map(Safe::of).collect();
        of_sudo(step, OPS, |name| Some(format!("/usr/bin/{name}")), code, &said)
    }

    fn granted(argv: &[&str], prefix: &[&str]) -> String {
        line(refused(&command(argv, prefix)).map(|refused| refused.cause))
    }

    #[test]
    fn a_sudoers_line_is_for_this_command_and_user_alone() {
        let sudo = &["sudo", "-n"][..];
        assert_eq!(granted(&["/opt/x", "a"], sudo), "ops ALL = (root) NOPASSWD: /opt/x a");
        assert_eq!(
            granted(&["/usr/bin/reload-all"], sudo),
            "ops ALL = (root) NOPASSWD: /usr/bin/reload-all \"\"",
            "without it any arguments were allowed"
        );
        assert_eq!(
            granted(&["/opt/x", "a,b:c=d", "#e*?[f]!", "g\\h"], sudo),
            "ops ALL = (root) NOPASSWD: /opt/x a\\,b\\:c\\=d \\#e\\*\\?\\[f\\]\\! g\\\\\\\\h"
        );
        // sudo joins the words by blanks: others would be allowed with them.
        for words in [&["/opt/x", ""][..], &["/opt/x", "a b"], &["/opt/x", "a\nb"], &["/opt/x", "^a$"], &["/opt /x"]] {
            let told = refused(&command(words, sudo)).unwrap().cause;
            assert!(told.advice().is_empty() && told.to_string().contains("put them into a script"), "{told}");
        }
    }

    #[test]
    fn a_sudoers_line_is_for_whom_the_prefix_names() {
        for (prefix, whom) in [
            (&["sudo"][..], "root"),
            (&["/usr/bin/sudo", "-n", "-u", "deploy"], "deploy"),
            (&["sudo", "-nudeploy", "--"], "deploy"),
            (&["sudo", "--non-interactive", "--user=deploy", "--group", "adm"], "deploy:adm"),
            (&["sudo", "-n", "-g", "adm"], ":adm"),
            (&["sudo", "-u", "#1001"], "#1001"),
        ] {
            assert_eq!(granted(&["/opt/x", "a"], prefix), format!("ops ALL = ({whom}) NOPASSWD: /opt/x a"));
            assert_eq!(refused(&command(&["/opt/x"], prefix)).unwrap().surely, whom == "root", "{whom}");
        }
        let through = granted(&["x", "a"], &["sudo", "-n", "/usr/bin/nice", "-n", "5"]);
        assert_eq!(through, "ops ALL = (root) NOPASSWD: /usr/bin/nice -n 5 x a");
        for prefix in [&["sudo", "-i"][..], &["sudo", "-E"], &["sudo", "A=1"], &["sudo", "-u"], &["sudo", "-u", "a)b"]]
        {
            assert_eq!(granted(&["/opt/x"], prefix), "", "{prefix:?}");
        }
    }

    #[test]
    fn a_path_is_never_guessed() {
        let told = refused(&command(&["reload-all", "x"], &["sudo", "-n"])).unwrap().cause;
        let words = told.to_string();
        assert!(words.contains("with the program's whole path (command -v reload-all on web1)"), "{words}");
        assert!(!words.contains("/usr/bin"), "{words}");
        assert_eq!(line(Some(told)), "ops ALL = (root) NOPASSWD: <whole path of reload-all> x");
    }

    #[test]
    fn here_the_line_is_whole() {
        let step = restart(Some(&["sudo", "-n"])).command().unwrap();
        let line = "ops ALL = (root) NOPASSWD: /usr/bin/systemctl --no-ask-password restart -- api.service";
        let told = told_here(&step, 1, &["sudo: a password is required"]).unwrap().cause;
        assert_eq!(told.advice(), [Safe::of(line)]);
        assert!(told.to_string().contains("with visudo: ops ALL"), "{told}");
        // Such a sudo runs nothing without a terminal either, and does not say whether the line is there already.
        let told = told_here(&step, 1, &["sudo: sorry, you must have a tty to run sudo"]).unwrap().cause;
        assert_eq!(told.advice(), [Safe::of(line), "Defaults:ops !requiretty".into()]);
    }

    #[test]
    fn a_unit_is_looked_at_without_sudo() {
        let looks = |step: &ServiceStep| without_sudo(step).map(|step| step.become_argv);
        for prefix in [&["sudo", "-n"][..], &["/usr/bin/sudo", "-n", "-u", "root", "--"]] {
            assert_eq!(looks(&restart(Some(prefix))), Some(None), "{prefix:?}");
        }
        // What else stands before it may lead to another machine or another systemd.
        for prefix in [&["sudo", "-n", "nsenter", "-t1", "-a"][..], &["sudo", "-u", "ops"], &["doas"], &["sudo", "-i"]]
        {
            assert_eq!(looks(&restart(Some(prefix))), None, "{prefix:?}");
        }
        assert_eq!(looks(&restart(None)), None);
    }

    #[test]
    fn only_sudo_itself_is_believed() {
        let step = restart(Some(&["sudo", "-n"])).command().unwrap();
        let said = |code, lines: &[&str]| told_here(&step, code, lines).is_some();
        assert!(said(1, &["sudo: a terminal is required to read the password", "sudo: a password is required"]));
        assert!(said(
            1,
            &["sudo: unable to resolve host web1", "Sorry, user ops is not allowed to execute 'x' as root on web1."]
        ));
        assert!(said(1, &["ops is not in the sudoers file.", "This incident has been reported to the administrator."]));
        assert!(!said(1, &["half of it is done", "sudo: a password is required"]));
        assert!(!said(2, &["sudo: a password is required"]));
        assert!(!said(1, &["Job for api.service failed"]));
        assert!(!said(1, &["sudo: unable to resolve host web1"]));
        assert!(!said(1, &[]));
        assert_eq!(refused(&restart(Some(&["doas"])).command().unwrap()), None);
        assert_eq!(refused(&restart(None).command().unwrap()), None);
    }

    #[test]
    fn what_would_be_needed_is_said_before_anybody_refuses() {
        let granted = |step: &ServiceStep| granting(step, Some("ops"), |_| None).map(|(_, lines)| lines.join("\n"));
        let sudo = granted(&restart(Some(&["sudo", "-n"]))).unwrap();
        assert_eq!(
            sudo, "ops ALL = (root) NOPASSWD: <whole path of systemctl> --no-ask-password restart -- api.service",
            "for this unit and verb alone"
        );
        let step = restart(Some(&["sudo", "-n"]));
        assert_eq!((sought(&step).as_deref(), sought(&restart(None))), (Some("systemctl"), None));
        let (where_to, lines) = granting(&step, Some("ops"), |name| Some(format!("/usr/bin/{name}"))).unwrap();
        assert_eq!(where_to, "with visudo");
        assert_eq!(lines, ["ops ALL = (root) NOPASSWD: /usr/bin/systemctl --no-ask-password restart -- api.service"]);
        // Which file it is there is not known here.
        let there = ServiceStep { place: Place::Ssh { host: "web1".to_owned() }, ..step };
        assert_eq!(sought(&there), None);
        let (_, lines) = granting(&there, Some("ops"), |name| Some(format!("/usr/bin/{name}"))).unwrap();
        assert!(lines[0].contains("<whole path of systemctl>"), "{lines:?}");
        let polkit = granted(&restart(None)).unwrap();
        assert!(polkit.contains("== \"api.service\"") && polkit.contains("subject.user == \"ops\""), "{polkit}");
        // Who it is on another machine is not known here.
        let far = ServiceStep { place: Place::Ssh { host: "web1".to_owned() }, ..restart(None) };
        assert!(granted(&far).unwrap().contains("subject.user == \"USER\""));
        let own =
            ServiceStep { manager: Manager::Systemd { unit: "a.service".to_owned(), user: true }, ..restart(None) };
        assert_eq!((granted(&own), granted(&restart(Some(&["doas"])))), (None, None));
    }

    #[test]
    fn a_polkit_rule_is_for_this_unit_and_verb_alone() {
        for said in [
            "Failed to restart api.service: Interactive authentication required.",
            "Failed to restart api.service: Access denied",
            "Failed to restart api.service: Access denied as the requested operation requires interactive authentication. \
             However, interactive authentication has not been enabled by the calling program.",
        ] {
            let rule = line(of_polkit(&restart(None), OPS, &Safe::of(said)));
            for words in
                ["\"unit\") == \"api.service\"", "\"verb\") == \"restart\"", "subject.user == \"ops\"", "Result.YES"]
            {
                assert!(rule.contains(words), "{words} in {rule}");
            }
        }
        assert_eq!(of_polkit(&restart(None), OPS, &Safe::of("Job for api.service failed")), None);
    }
}
