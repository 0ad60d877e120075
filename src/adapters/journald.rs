//! The head of the audit, told to journald over its own socket: a witness that whoever can rewrite the audit cannot rewrite.
//! It is told and not waited for; a machine without journald is noted once and loses nothing but the witness.

use std::os::unix::net::UnixDatagram;
use std::path::PathBuf;
use std::sync::Once;

use super::audit_log::AuditLog;

/// Where journald listens.
const SOCKET: &str = "/run/systemd/journal/socket";
/// `LOG_NOTICE` of syslog.
const NOTICE: u8 = 5;

/// Way to journald.
#[derive(Debug)]
pub struct Journal {
    socket: PathBuf,
    missing: Once,
}

impl Default for Journal {
    fn default() -> Journal {
        Journal::at(PathBuf::from(SOCKET))
    }
}

impl Journal {
    /// One that listens elsewhere.
    #[must_use]
    pub fn at(socket: PathBuf) -> Journal {
        Journal { socket, missing: Once::new() }
    }

    /// Tells number and hash of the last record.
    pub fn note_head(&self, log: &AuditLog) {
        let (chain, file) = (log.head(), log.file());
        let (records, head) = (chain.seq(), chain.head().hex());
        let message = entry(&[
            ("MESSAGE", &format!("audit {file}: {records} records, head {head}")),
            ("PRIORITY", &NOTICE.to_string()),
            ("SYSLOG_IDENTIFIER", "quarterdeck"),
            ("QUARTERDECK_AUDIT_FILE", file.as_str()),
            ("QUARTERDECK_AUDIT_RECORDS", &records.to_string()),
            ("QUARTERDECK_AUDIT_HEAD", &head),
        ]);
        if let Err(error) = self.send(&message) {
            self.missing.call_once(|| {
                tracing::warn!(
                    "the head of the audit cannot be told to journald at {}: {error}",
                    self.socket.display()
                );
            });
        }
    }

    fn send(&self, message: &[u8]) -> std::io::Result<usize> {
        let socket = UnixDatagram::unbound()?;
        // A journal that does not take it is not waited for.
        socket.set_nonblocking(true)?;
        socket.send_to(message, &self.socket)
    }
}

/// Fields as journald takes them: name, newline, length in eight bytes from the least, value, newline. So no value, whatever
/// is in it, can become a field of its own.
fn entry(fields: &[(&str, &str)]) -> Vec<u8> {
    let mut out = Vec::new();
    for (name, value) in fields {
        out.extend_from_slice(name.as_bytes());
        out.push(b'\n');
        out.extend_from_slice(&(value.len() as u64).to_le_bytes());
        out.extend_from_slice(value.as_bytes());
        out.push(b'\n');
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_stays_a_value() {
        let wire = entry(&[("MESSAGE", "one\nPRIORITY=0")]);
        assert_eq!(wire, b"MESSAGE\n\x0e\0\0\0\0\0\0\0one\nPRIORITY=0\n");
    }
}
