//! How many people see, and type into, the tmux session that we run in. Asked of tmux itself; nothing is changed there.

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;
use std::time::Duration;

use super::brief_command;

/// Clients that are attached to our tmux session, or to another of its group, which shows the same windows. `variable` is
/// the value of `$TMUX`: socket, process id, number of the session; without it there is no tmux, and nobody else. `None`: it cannot
/// be known.
#[must_use]
pub fn clients(variable: Option<&OsStr>, deadline: Duration) -> Option<usize> {
    let Some(variable) = variable else { return Some(0) };
    let (socket, session) = place(variable)?;
    let arguments =
        ["-S".as_ref(), socket, "list-clients".as_ref(), "-F".as_ref(), "#{session_id} #{session_group}".as_ref()];
    let said = brief_command::ask("tmux".as_ref(), &arguments, deadline)?;
    count(&String::from_utf8_lossy(&said), &session)
}

/// The path of a socket may hold commas; the two numbers do not.
fn place(variable: &OsStr) -> Option<(&OsStr, String)> {
    let mut parts = variable.as_bytes().rsplitn(3, |byte| *byte == b',');
    let session: u32 = std::str::from_utf8(parts.next()?).ok()?.parse().ok()?;
    let _process: u32 = std::str::from_utf8(parts.next()?).ok()?.parse().ok()?;
    let socket = parts.next().filter(|path| path.starts_with(b"/"))?;
    Some((OsStr::from_bytes(socket), format!("${session}")))
}

/// Lines are `$ID GROUP`, the group empty for a session that is in none.
fn count(lines: &str, ours: &str) -> Option<usize> {
    let clients: Option<Vec<(&str, &str)>> =
        lines.lines().map(|line| line.split_once(' ').filter(|(id, _)| id.starts_with('$'))).collect();
    let clients = clients?;
    let group = clients.iter().find(|(id, _)| *id == ours).map(|(_, group)| *group).filter(|group| !group.is_empty());
    Some(clients.iter().filter(|(id, of)| *id == ours || Some(*of) == group).count())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_variable_holds_socket_and_session() {
        let read = |text: &str| place(OsStr::new(text)).map(|(socket, id)| (socket.to_owned(), id));
        assert_eq!(read("/tmp/tmux-0/default,812,3"), Some(("/tmp/tmux-0/default".into(), "$3".to_owned())));
        assert_eq!(read("/tmp/a,b,1,2"), Some(("/tmp/a,b".into(), "$2".to_owned())));
        for wrong in ["", "/tmp/x", "/tmp/x,1", "/tmp/x,1,y", "tmp/x,1,2", "-f/x,1,2"] {
            assert_eq!(read(wrong), None, "{wrong:?}");
        }
    }

    #[test]
    fn sessions_of_one_group_show_the_same() {
        assert_eq!(count("$0 \n$0 \n$1 \n", "$0"), Some(2));
        assert_eq!(count("$0 ops\n$2 ops\n$1 other\n$3 \n", "$0"), Some(2));
        assert_eq!(count("$1 \n", "$0"), Some(0));
        assert_eq!(count("", "$0"), Some(0));
        assert_eq!(count("an error\n", "$0"), None);
    }
}
