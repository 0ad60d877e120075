//! The real sudo: what it says when it would ask, that the line which we then print is enough and grants one order on one
//! unit, and that nobody is asked. sudoers and the manager are a systemd's own, in namespaces; this machine's stay as they are.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use super::pty::Start;
use super::systemd_lab::Lab;
use super::{Told, code_in, skipped};

/// Our program in the lab, and the home of who runs it.
const PROGRAM: &str = "/run/lab/quarterdeck";
const HOME: &str = "/run/lab/home";
const CONFIG: &str = "/run/lab/home/quarterdeck.toml";
/// What is written as sudoers, and where more of it goes.
const SUDOERS: &str = "Defaults env_reset, !syslog, !mailerpath\nDefaults secure_path=\"/usr/sbin:/usr/bin:/sbin:/bin\"\n\
                       root ALL=(ALL:ALL) ALL\n@includedir /etc/sudoers.d\n";
const DROP_IN: &str = "/etc/sudoers.d/quarterdeck";
/// Folders and files of the lab's own in place of the machine's, and a bus, by which everybody may ask systemd.
const PREPARE: &str = r#"
set -e
mount -t tmpfs -o mode=755 tmpfs /etc/sudoers.d
mount --bind /run/lab/sudoers /etc/sudoers
cd /etc/systemd/system
printf '%s\n' '[Unit]' DefaultDependencies=no '[Socket]' ListenStream=/run/dbus/system_bus_socket > dbus.socket
printf '%s\n' '[Unit]' DefaultDependencies=no Requires=dbus.socket '[Service]' Type=notify \
  "ExecStart=$(command -v dbus-daemon) --system --address=systemd: --nofork --nopidfile --systemd-activation" > dbus.service
systemctl daemon-reload
systemctl start dbus.service
"#;

/// Somebody without rights, in a lab with the real sudo.
struct Person {
    lab: Lab,
    name: String,
    ids: (u32, u32),
}

impl Person {
    fn arrive() -> Option<Person> {
        let skip = |why: &str| skipped("the real sudo", why);
        for program in ["sudo", "visudo", "dbus-daemon", "setpriv"] {
            let folders = ["/usr/sbin", "/usr/bin", "/sbin", "/bin"];
            if !folders.iter().any(|folder| Path::new(folder).join(program).exists()) {
                skip(&format!("{program} is not installed"));
                return None;
            }
        }
        let lab = Lab::boot().map_err(|why| skip(&why)).ok()?;
        let users = fs::read_to_string("/etc/passwd").unwrap();
        let found = ["postgres", "nobody"].into_iter().find_map(|name| {
            let line = users.lines().find(|line| line.starts_with(&format!("{name}:")))?;
            let mut ids = line.split(':').skip(2).map(|id| id.parse().unwrap());
            Some((name.to_owned(), (ids.next()?, ids.next()?)))
        });
        let (name, ids) = found.expect("a user without rights");
        let person = Person { lab, name, ids };
        fs::write(person.at("/run/lab/sudoers"), SUDOERS).unwrap();
        fs::set_permissions(person.at("/run/lab/sudoers"), std::os::unix::fs::PermissionsExt::from_mode(0o440))
            .unwrap();
        let prepared = person.lab.run(&["sh", "-c", PREPARE]);
        assert!(prepared.status.success(), "{prepared:?}");
        crate::program_copy::copied(env!("CARGO_BIN_EXE_quarterdeck"), person.at(PROGRAM));
        fs::create_dir(person.at(HOME)).unwrap();
        std::os::unix::fs::chown(person.at(HOME), Some(ids.0), Some(ids.1)).unwrap();
        person.configure("[\"sudo\", \"-n\"]");
        Some(person)
    }

    /// A file of the lab, seen from outside.
    fn at(&self, path: &str) -> PathBuf {
        PathBuf::from(format!("/proc/{}/root{path}", self.lab.init()))
    }

    fn configure(&self, prefix: &str) {
        self.cooling(prefix, "0s");
    }

    fn cooling(&self, prefix: &str, cool_down: &str) {
        let text = format!(
            "[actions]\nallow = true\naudit = \"{HOME}/audit\"\nheadless = [\"restart\"]\n\
             [[action]]\nname = \"restart\"\nunit = \"api.service\"\nstable = \"1s\"\nwithin = \"10s\"\n\
             environment = \"staging\"\ncool_down = \"{cool_down}\"\nbecome = {prefix}\n"
        );
        fs::write(self.at(CONFIG), text).unwrap();
    }

    /// What else is in sudoers, which has to be right. The first file ever written there would be the machine's own
    /// otherwise: only a folder of the lab's is written to.
    fn grant(&self, text: &str) {
        let script = "test \"$(stat -f -c %T /etc/sudoers.d)\" = tmpfs && umask 0337 && rm -f \"$2\" && printf '%s\\n' \"$1\" > \"$2\" \
                      && chmod 0440 \"$2\" && visudo -c";
        let checked = self.lab.run(&["sh", "-c", script, "sh", text, DROP_IN]);
        assert!(checked.status.success(), "{text}: {checked:?}");
    }

    /// A program that runs as this person.
    fn words(&self, argv: &[&str]) -> Vec<String> {
        let (user, group) = (format!("--reuid={}", self.ids.0), format!("--regid={}", self.ids.1));
        let mut words = self.lab.way_in();
        words.extend(["setpriv", &user, &group, "--clear-groups", "env", "-i"].map(str::to_owned));
        words.extend([format!("HOME={HOME}"), "PATH=/usr/bin:/bin:/usr/sbin:/sbin".to_owned(), "LC_ALL=C".to_owned()]);
        words.extend(argv.iter().map(|word| (*word).to_owned()));
        words
    }

    fn tries(&self, argv: &[&str]) -> Output {
        let words = self.words(argv);
        Command::new(&words[0]).args(&words[1..]).stdin(std::process::Stdio::null()).output().unwrap()
    }

    fn run(&self, more: &[&str]) -> Told {
        let argv = [&[PROGRAM, "--config", CONFIG, "run", "restart", "--target", "api.service"], more].concat();
        Told::of(self.tries(&argv))
    }

    fn restart(&self) -> Told {
        let card = self.run(&["--dry-run"]);
        assert_eq!(card.code, 0, "{card:?}");
        self.run(&["--confirm", &code_in(&card.out)])
    }

    fn process(&self) -> String {
        self.lab.ask(&["show", "api.service", "--property=MainPID,InvocationID"])
    }

    /// The line that lets this person restart the one unit.
    fn line(&self) -> String {
        let systemctl = ["/usr/bin/systemctl", "/bin/systemctl"].into_iter().find(|file| Path::new(file).exists());
        let argv = "--no-ask-password restart -- api.service";
        format!("{} ALL = (root) NOPASSWD: {} {argv}", self.name, systemctl.unwrap())
    }

    /// Refused, in sudo's words, and with these lines; nothing was done.
    #[track_caller]
    fn is_refused(&self, words: &str, lines: &[&str]) {
        let before = self.process();
        let told = self.restart();
        assert_ne!(told.code, 0, "{told:?}");
        let all = format!("{}{}", told.out, told.err);
        for words in [&[words], lines].concat() {
            assert!(all.contains(words), "{words:?} in\n{all}");
        }
        assert_eq!(self.process(), before, "nothing was done");
    }
}

#[test]
fn the_line_that_we_print_is_enough_and_grants_one_order_on_one_unit() {
    let Some(person) = Person::arrive() else { return };
    let line = person.line();
    person.is_refused("sudo: a password is required", &[&line]);
    person.grant(&line);
    let before = person.process();
    let ended = person.restart();
    assert_eq!(ended.code, 0, "{ended:?}");
    assert!(ended.out.contains("a new process that stays"), "{ended:?}");
    assert_ne!(person.process(), before);
    let order = |words: &[&str]| {
        let argv = [&["sudo", "-n", "systemctl"], words].concat();
        person.tries(&argv).status.success()
    };
    for other in [
        &["--no-ask-password", "restart", "--", "web.service"][..],
        &["--no-ask-password", "restart", "--", "api.service", "web.service"],
        &["--no-ask-password", "stop", "--", "api.service"],
        &["restart", "api.service"],
        &["show", "api.service"],
    ] {
        assert!(!order(other), "{other:?}");
    }
    assert!(order(&["--no-ask-password", "restart", "--", "api.service"]));
}

/// What sudo refused was not done: it can be ordered again as soon as it is granted, and cools down from there.
#[test]
fn what_was_refused_does_not_cool_down() {
    let Some(person) = Person::arrive() else { return };
    person.cooling("[\"sudo\", \"-n\"]", "10m");
    let line = person.line();
    person.is_refused("sudo: a password is required", &[&line]);
    person.is_refused("sudo: a password is required", &[&line]);
    person.grant(&line);
    let ended = person.restart();
    assert_eq!(ended.code, 0, "{ended:?}");
    // Nor does a start that is refused since it cools down take that back.
    person.is_refused("it cools down for another", &[]);
    person.is_refused("it cools down for another", &[]);
}

/// By what it says of whom it knows, and where it wants a terminal.
#[test]
fn every_refusal_of_sudo_is_answered_with_the_line() {
    let Some(person) = Person::arrive() else { return };
    let (line, name) = (person.line(), person.name.clone());
    let asks = format!("{name} ALL = (root) /usr/bin/systemctl");
    let free = format!("Defaults:{name} !authenticate");
    let knows = format!("{free}\n{name} ALL = (root) /usr/bin/true");
    for (sudoers, words) in [
        (&asks, "sudo: a password is required"),
        (&free, "is not in the sudoers file"),
        (&knows, "is not allowed to execute"),
    ] {
        person.grant(sudoers);
        person.is_refused(words, &[&line]);
    }
    let without = format!("Defaults:{name} !requiretty");
    person.grant("Defaults requiretty");
    person.is_refused("you must have a tty to run sudo", &[&line, &without]);
    person.grant(&format!("Defaults requiretty\n{line}\n{without}"));
    let ended = person.restart();
    assert_eq!(ended.code, 0, "{ended:?}");
}

/// Not even a sudo that was not told to be silent finds the terminal on which we run.
#[test]
fn nobody_is_asked_on_the_terminal() {
    let Some(person) = Person::arrive() else { return };
    person.configure("[\"sudo\"]");
    let card = person.run(&["--dry-run"]);
    let code = code_in(&card.out);
    let argv =
        person.words(&[PROGRAM, "--config", CONFIG, "run", "restart", "--target", "api.service", "--confirm", &code]);
    let told = Start::program(&argv[0], &argv[1..]).size(200, 60).run();
    assert_ne!(told.exit_code(), 0, "{}", told.screen());
    let screen = told.screen();
    assert!(screen.contains("a terminal is required") && screen.contains("NOPASSWD"), "{screen}");
    assert!(!screen.contains("[sudo]") && !screen.contains("assword for"), "{screen}");
}
