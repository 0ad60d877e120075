//! Fault 32: inside of tmux. Detached and attached again from a terminal of another size, it is drawn for that one, and
//! leaving gives the window back. A server of the test's own, on a private socket.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

use crate::fake_http::{FakeHttp, json};
use crate::hanging;
use crate::pty::{BINARY, PATIENCE, Session, Start};

/// The dashboard as it is run in the window: the shell stays, so that the window is there to look at.
const IN_WINDOW: &str = r#"printf 'before\n'; "$0" "$@"; echo "status $?"; read -r line"#;

/// One server of tmux with one window. Dropping it ends the server and what runs in it.
struct Tmux {
    program: PathBuf,
    folder: tempfile::TempDir,
    _watched: FakeHttp,
}

impl Tmux {
    /// The dashboard in a new, attached session of that size, under that TERM.
    fn start(term: &str, size: (u16, u16)) -> (Tmux, Session) {
        Tmux::running(term, size, hanging(), |watched, _folder| vec![watched.url("/health")])
    }

    /// The same, on what is watched there and with arguments of one's own.
    fn running(
        term: &str,
        size: (u16, u16),
        watched: FakeHttp,
        arguments: impl Fn(&FakeHttp, &Path) -> Vec<String>,
    ) -> (Tmux, Session) {
        let path = std::env::var_os("PATH").unwrap_or_default();
        let program = std::env::split_paths(&path).map(|folder| folder.join("tmux")).find(|file| file.exists());
        let program = program.expect("tmux is not installed: install the package tmux");
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("conf"), format!("set -g default-terminal {term}\n")).unwrap();
        let arguments = arguments(&watched, folder.path());
        let tmux = Tmux { program, folder, _watched: watched };
        let words = ["new-session", "sh", "-c", IN_WINDOW, BINARY];
        let words: Vec<&str> = words.into_iter().chain(arguments.iter().map(String::as_str)).collect();
        let attached = tmux.terminal(&words, size);
        (tmux, attached)
    }

    fn arguments<'a>(&'a self, command: &[&'a str]) -> Vec<&'a str> {
        let conf = self.folder.path().join("conf");
        assert!(conf.exists());
        [&["-L", "quarterdeck", "-f", "conf"], command].concat()
    }

    /// A terminal that is attached by a command.
    fn terminal(&self, command: &[&str], size: (u16, u16)) -> Session {
        let script = r#"cd "$1" && shift && exec "$@""#;
        let (folder, program) = (self.folder.path().to_str().unwrap(), self.program.to_str().unwrap());
        let arguments = [&["-c", script, "sh", folder, program], self.arguments(command).as_slice()].concat();
        Start::program("/bin/sh", &arguments).variable("TMUX_TMPDIR", folder).size(size.0, size.1).run()
    }

    /// What a command prints.
    fn ask(&self, command: &[&str]) -> String {
        let folder: &Path = self.folder.path();
        let mut tmux = Command::new(&self.program);
        tmux.args(self.arguments(command)).current_dir(folder).env_remove("TMUX").env("TMUX_TMPDIR", folder);
        String::from_utf8(tmux.output().unwrap().stdout).unwrap()
    }

    /// What stands in the window.
    fn window(&self) -> String {
        self.ask(&["capture-pane", "-p"])
    }

    /// Waits until the window is as wanted: it belongs to tmux, which tells nobody when it changes.
    #[track_caller]
    fn wait_until(&self, what: &str, wanted: impl Fn(&str) -> bool) {
        let begun = Instant::now();
        while !wanted(&self.window()) {
            assert!(begun.elapsed() < PATIENCE, "never came: {what}\n{}", self.window());
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    /// Flags of the window.
    fn flags(&self) -> String {
        let flags = "#{alternate_on} #{cursor_flag} #{mouse_any_flag} #{mouse_sgr_flag}";
        self.ask(&["display-message", "-p", flags]).trim().to_owned()
    }
}

impl Drop for Tmux {
    fn drop(&mut self) {
        self.ask(&["kill-server"]);
    }
}

/// A frame for a window of that width, with nothing of another one: every row of panes begins with a line over all
/// columns but the margin, which only narrow screens have.
fn is_drawn_for(window: &str, columns: usize) -> bool {
    let line_width = if columns < 120 { columns - 1 } else { columns };
    let width = |line: &str| line.chars().count();
    let mut lines = window.lines().filter(|line| line.starts_with(['─', '┌', '└'])).map(width);
    lines.clone().count() >= 4
        && lines.all(|width| width == line_width)
        && window.lines().all(|line| width(line) <= columns)
}

fn detached_and_attached(term: &str) {
    let (tmux, mut first) = Tmux::start(term, (120, 40));
    first.wait_for("Services");
    tmux.wait_until("the first frame", |window| is_drawn_for(window, 120));
    // The keys go through tmux.
    first.press("m", "mouse on");
    assert_eq!(tmux.flags(), "1 0 1 1", "entered, and the mouse asked for");
    tmux.ask(&["detach-client"]);
    first.wait_for("[detached");
    first.exit_code();

    // Nobody looks: it goes on.
    assert_eq!(tmux.ask(&["list-clients"]), "");
    let mut second = tmux.terminal(&["attach-session"], (100, 30));
    second.wait_for("Services");
    tmux.wait_until("drawn for the new size", |window| is_drawn_for(window, 100));
    second.press("?", "opens what is selected");
    second.send("\x1b");
    second.wait_gone("opens what is selected");
    tmux.wait_until("the frame without the overlay", |window| is_drawn_for(window, 100));

    second.send("q");
    tmux.wait_until("the end", |window| window.contains("status 0"));
    assert!(tmux.window().contains("before"), "what stood there before is not back\n{}", tmux.window());
    assert_eq!(tmux.flags(), "0 1 0 0", "the window was not given back");
    second.send("\r");
    second.exit_code();
}

#[test]
fn detached_and_attached_from_another_size_as_screen() {
    detached_and_attached("screen-256color");
}

#[test]
fn detached_and_attached_from_another_size_as_tmux() {
    detached_and_attached("tmux-256color");
}

/// Leave to act, and one action that can be asked for.
fn armed(watched: &FakeHttp, folder: &Path) -> Vec<String> {
    let (health, warm) = (watched.url("/health"), watched.url("/warm"));
    let text = format!(
        "[[service]]\nname = \"api\"\nurl = {health:?}\n[[action]]\nname = \"warm\"\nurl = {warm:?}\nlevel = \"L1\"\n\
         target = \"api\"\nwatch = \"service api\"\n[actions]\nallow = true\nheadless = [\"warm\"]\naudit = \"{}\"\n",
        folder.join("audit").display()
    );
    let file = folder.join("armed.toml");
    std::fs::write(&file, text).unwrap();
    std::fs::set_permissions(&file, std::os::unix::fs::PermissionsExt::from_mode(0o600)).unwrap();
    vec!["--config".to_owned(), file.display().to_string()]
}

/// Whoever is attached too can type here: that is said to who arms, and first of all on every card.
#[test]
fn others_who_can_type_here_are_told_of() {
    const SIZE: (u16, u16) = (120, 40);
    let words = "2 clients are attached to this tmux session: others can type here too";
    let (tmux, mut first) =
        Tmux::running("screen-256color", SIZE, FakeHttp::always(json(200, "{\"status\":\"ok\"}")), armed);
    first.wait_for("ARMED");
    let mut second = tmux.terminal(&["attach-session"], SIZE);
    second.wait_for("ARMED");
    first.press(":", "the mosaic of all panes");
    first.press("arm\r", &format!("armed, and {words}"));
    second.press(":", "the mosaic of all panes");
    second.press("act warm on api\r", "Ctrl-R reads anew");
    first.wait_until("the card says so", |seen| seen.shows(&format!("│ {words}")));
    // So does the card that is printed: it asks the same tmux.
    let place = tmux.ask(&["display-message", "-p", "#{socket_path},#{pid},#{session_id}"]).replace('$', "");
    let file = tmux.folder.path().join("armed.toml");
    let mut run = Command::new(BINARY);
    run.args(["--config".as_ref(), file.as_os_str()]).args(["run", "warm", "--target", "api", "--dry-run"]);
    run.env("TMUX", place.trim()).env("HOME", tmux.folder.path());
    let card = String::from_utf8(run.output().unwrap().stdout).unwrap();
    assert!(card.contains(words) && card.find(words) < card.find("undone by"), "{card}");
    // Alone again, the next card says nothing of it.
    first.send("\x1b");
    first.wait_gone("Ctrl-R reads anew");
    second.send("\x02d");
    second.wait_for("[detached");
    second.exit_code();
    first.press(":", "the mosaic of all panes");
    first.press("act warm on api\r", "Ctrl-R reads anew");
    first.wait_gone("clients are attached");
    first.send("\x1b");
    first.wait_gone("Ctrl-R reads anew");
    first.send("q");
    tmux.wait_until("the end", |window| window.contains("status 0"));
    first.send("\r");
    first.exit_code();
}
