//! Every failure, in one list: what a pane, `check` and later a card say when something did not answer as it should.
//! A cause says what failed in words, what it means for the verdict, how soon to try again, and what to do.

use std::fmt;
use std::time::Duration;

use super::figure;
use super::safe::Safe;
use super::verdict::Verdict;

/// Where in an exchange the deadline passed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Phase {
    /// Looking the name up.
    Resolve,
    /// Opening the connection.
    Connect,
    /// The TLS handshake.
    Tls,
    /// Logging in.
    Login,
    /// Waiting for the first byte of an answer.
    Answer,
    /// Reading the rest of the answer.
    Body,
    /// Not known which.
    Whole,
}

impl Phase {
    fn words(self) -> &'static str {
        match self {
            Phase::Resolve => "looking up the name",
            Phase::Connect => "connecting",
            Phase::Tls => "in the TLS handshake",
            Phase::Login => "logging in",
            Phase::Answer => "waiting for an answer",
            Phase::Body => "reading the answer",
            Phase::Whole => "without an answer",
        }
    }
}

/// Why something failed.
#[derive(Clone, Debug, PartialEq)]
pub enum Cause {
    // the network
    /// Nothing listens there. `family` is `IPv4`, `IPv6`, `IPv4 and IPv6` or `socket`.
    Refused { family: &'static str },
    /// No route, network down and the like, in the system's words.
    Unreachable(Safe),
    /// The name does not exist.
    NameNotFound(Safe),
    /// The resolver failed, in its words.
    NameLookupFailed(Safe),
    /// The total deadline passed.
    Timeout { phase: Phase, after: Duration },
    /// The other side broke the connection off.
    ConnectionLost(Safe),
    // TLS
    /// The certificate's last day has passed.
    CertificateExpired { days_ago: i64 },
    /// The certificate's first day has not come.
    CertificateNotYetValid { in_days: i64 },
    /// The certificate is for another name.
    CertificateWrongHost { wanted: Safe },
    /// The certificate signed itself.
    CertificateSelfSigned,
    /// Nobody that we trust signed the certificate.
    CertificateUnknownIssuer { issuer: Safe },
    /// Signed with an algorithm that is not safe any more.
    CertificateWeakSignature,
    /// Any other failure of the handshake.
    Tls(Safe),
    // HTTP
    /// More than the allowed number of redirects.
    TooManyRedirects { limit: u8 },
    /// A redirect that we do not follow (scheme, downgrade, link-local address).
    RedirectRefused(Safe),
    /// The decompressed body is larger than the cap.
    BodyTooLarge { limit: u64 },
    /// HTTP 429.
    RateLimited { retry_after: Option<Duration> },
    /// HTTP 401 or 403.
    HttpDenied { status: u16 },
    /// Any other status that was not expected.
    HttpStatus { status: u16 },
    /// JSON was promised and something else came.
    NotJson(Safe),
    /// The pointer leads nowhere, or not to a number.
    NoSuchFigure { pointer: Safe },
    // PostgreSQL
    /// 28P01, 28000: the server refuses this user or password.
    AuthenticationFailed(Safe),
    /// 53300: no slot left for us.
    TooManyConnections(Safe),
    /// 57014: our own query was cancelled by the server's `statement_timeout` or a person.
    OurQueryCancelled,
    /// 55P03: our own query waited longer than `lock_timeout`.
    OurLockTimeout,
    /// 57P03: starting up, shutting down or in recovery.
    ServerNotReady(Safe),
    /// 57P01: an administrator ended our session (restart, failover, terminate).
    SessionTerminated(Safe),
    /// 3D000: no such database.
    NoSuchDatabase(Safe),
    /// None of the hosts is what `target_session_attrs` asks for.
    NoSuitableHost(Safe),
    /// TLS was asked for and the server offers none, or the other way round.
    TlsNotOffered,
    // PostgreSQL, Redis
    /// A right or an extension is missing; `fix` are the exact lines that give it.
    Denied { missing: Safe, fix: Vec<Safe> },
    // Redis
    /// Redis reads its dump.
    Loading { percent: Option<f64> },
    /// NOAUTH: a password is needed.
    NoAuth,
    /// WRONGPASS.
    WrongPassword,
    /// NOPERM: the ACL forbids this command.
    NoPermission { command: Safe, fix: Safe },
    /// READONLY: a replica.
    ReadOnlyReplica,
    /// MOVED: the key lives on another node of the cluster.
    Moved { to: Safe },
    /// OOM: used memory is over maxmemory.
    OutOfMemory,
    /// BUSY: a script blocks the server.
    BusyScript,
    /// MASTERDOWN: a replica that lost its primary and serves no stale data.
    PrimaryDown,
    // files and commands
    /// No such file.
    FileMissing(Safe),
    /// The file may not be read.
    PermissionDenied(Safe),
    /// The program is not installed.
    CommandMissing(Safe),
    /// The program ended with a failure.
    CommandFailed { code: Option<i32>, said: Safe },
    // anything
    /// The answer breaks the protocol.
    Protocol(Safe),
    /// More than we accept; nothing of it was used.
    TooLarge { what: Safe, limit: u64 },
    /// A secret could not be read.
    SecretMissing(Safe),
    /// What is configured cannot work.
    Misconfigured(Safe),
    /// Whatever has no word of its own yet.
    Other(Safe),
    // turns
    /// Another operator is at it.
    HeldByAnother(Safe),
    /// Another operator was at it, and is gone: what they did nobody has looked at yet.
    HeldJustNow,
    /// A session of ours whose connection was lost is still at it.
    HeldByOurs(Safe),
}

impl Cause {
    /// Whether a certificate was shown and is what is wrong.
    #[must_use]
    pub fn is_of_certificate(&self) -> bool {
        matches!(
            self,
            Cause::CertificateExpired { .. }
                | Cause::CertificateNotYetValid { .. }
                | Cause::CertificateWrongHost { .. }
                | Cause::CertificateSelfSigned
                | Cause::CertificateUnknownIssuer { .. }
                | Cause::CertificateWeakSignature
        )
    }

    /// What it means for the thing that was asked. Denied, limited and "our own fault" say nothing about the target.
    #[must_use]
    pub fn verdict(&self) -> Verdict {
        match self {
            Cause::RateLimited { .. }
            | Cause::HttpDenied { .. }
            | Cause::NoSuchFigure { .. }
            | Cause::AuthenticationFailed(_)
            | Cause::OurQueryCancelled
            | Cause::OurLockTimeout
            | Cause::NoSuchDatabase(_)
            | Cause::Denied { .. }
            | Cause::NoAuth
            | Cause::WrongPassword
            | Cause::NoPermission { .. }
            | Cause::ReadOnlyReplica
            | Cause::Moved { .. }
            | Cause::Loading { .. }
            | Cause::ServerNotReady(_)
            | Cause::TlsNotOffered
            | Cause::FileMissing(_)
            | Cause::PermissionDenied(_)
            | Cause::CommandMissing(_)
            | Cause::CommandFailed { .. }
            | Cause::Protocol(_)
            | Cause::TooLarge { .. }
            | Cause::SecretMissing(_)
            | Cause::Misconfigured(_)
            | Cause::Other(_)
            | Cause::HeldByAnother(_)
            | Cause::HeldJustNow
            | Cause::HeldByOurs(_)
            | Cause::NoSuitableHost(_) => Verdict::Unknown,
            _ => Verdict::Down,
        }
    }

    /// Whether trying again soon could do harm (a lock-out) or is pointless until a person acts.
    #[must_use]
    pub fn retry_slowly(&self) -> bool {
        matches!(
            self,
            Cause::AuthenticationFailed(_)
                | Cause::NoAuth
                | Cause::WrongPassword
                | Cause::HttpDenied { .. }
                | Cause::RateLimited { .. }
                | Cause::CommandMissing(_)
                | Cause::SecretMissing(_)
                | Cause::Misconfigured(_)
                | Cause::TlsNotOffered
        )
    }

    /// What it quotes of others: every text in it that is not our own.
    pub fn texts_mut(&mut self) -> Vec<&mut Safe> {
        match self {
            Cause::Unreachable(text)
            | Cause::NameNotFound(text)
            | Cause::NameLookupFailed(text)
            | Cause::ConnectionLost(text)
            | Cause::CertificateWrongHost { wanted: text }
            | Cause::CertificateUnknownIssuer { issuer: text }
            | Cause::Tls(text)
            | Cause::RedirectRefused(text)
            | Cause::NotJson(text)
            | Cause::NoSuchFigure { pointer: text }
            | Cause::AuthenticationFailed(text)
            | Cause::TooManyConnections(text)
            | Cause::ServerNotReady(text)
            | Cause::SessionTerminated(text)
            | Cause::NoSuchDatabase(text)
            | Cause::NoSuitableHost(text)
            | Cause::Moved { to: text }
            | Cause::FileMissing(text)
            | Cause::PermissionDenied(text)
            | Cause::CommandMissing(text)
            | Cause::CommandFailed { said: text, .. }
            | Cause::Protocol(text)
            | Cause::TooLarge { what: text, .. }
            | Cause::SecretMissing(text)
            | Cause::Misconfigured(text)
            | Cause::Other(text)
            | Cause::HeldByAnother(text)
            | Cause::HeldByOurs(text) => vec![text],
            Cause::Denied { missing, fix } => std::iter::once(missing).chain(fix).collect(),
            Cause::NoPermission { command, fix } => vec![command, fix],
            // Whatever gets a text has to be named above.
            Cause::Refused { family: _ }
            | Cause::Timeout { phase: _, after: _ }
            | Cause::CertificateExpired { days_ago: _ }
            | Cause::CertificateNotYetValid { in_days: _ }
            | Cause::CertificateSelfSigned
            | Cause::CertificateWeakSignature
            | Cause::TooManyRedirects { limit: _ }
            | Cause::BodyTooLarge { limit: _ }
            | Cause::RateLimited { retry_after: _ }
            | Cause::HttpDenied { status: _ }
            | Cause::HttpStatus { status: _ }
            | Cause::OurQueryCancelled
            | Cause::OurLockTimeout
            | Cause::TlsNotOffered
            | Cause::Loading { percent: _ }
            | Cause::NoAuth
            | Cause::WrongPassword
            | Cause::ReadOnlyReplica
            | Cause::OutOfMemory
            | Cause::BusyScript
            | Cause::PrimaryDown
            | Cause::HeldJustNow => Vec::new(),
        }
    }

    /// Two or three words for a table cell.
    #[must_use]
    pub fn short(&self) -> Safe {
        let text = match self {
            Cause::Refused { .. } => "refused",
            Cause::Unreachable(_) => "unreachable",
            Cause::NameNotFound(_) => "no such name",
            Cause::NameLookupFailed(_) => "name lookup failed",
            Cause::Timeout { .. } => "timeout",
            Cause::ConnectionLost(_) => "connection lost",
            Cause::CertificateExpired { .. } => "certificate expired",
            Cause::CertificateNotYetValid { .. } => "certificate not yet valid",
            Cause::CertificateWrongHost { .. } => "certificate: wrong host",
            Cause::CertificateSelfSigned => "certificate self-signed",
            Cause::CertificateUnknownIssuer { .. } => "certificate: unknown CA",
            Cause::CertificateWeakSignature => "certificate: weak signature",
            Cause::Tls(_) => "TLS failed",
            Cause::TooManyRedirects { .. } => "redirect loop",
            Cause::RedirectRefused(_) => "redirect refused",
            Cause::BodyTooLarge { .. } => "body too large",
            Cause::RateLimited { .. } => "limited by the target",
            Cause::HttpDenied { status } => return Safe::of(format!("denied ({status})")),
            Cause::HttpStatus { status } => return Safe::of(format!("HTTP {status}")),
            Cause::NotJson(_) => "invalid JSON",
            Cause::NoSuchFigure { .. } => "no such figure",
            Cause::AuthenticationFailed(_) => "login refused",
            Cause::TooManyConnections(_) => "connection slots exhausted",
            Cause::OurQueryCancelled => "our query was cancelled",
            Cause::OurLockTimeout => "our query met a lock",
            Cause::ServerNotReady(_) => "server not ready",
            Cause::SessionTerminated(_) => "session ended by the server",
            Cause::NoSuchDatabase(_) => "no such database",
            Cause::NoSuitableHost(_) => "no suitable host",
            Cause::TlsNotOffered => "server offers no TLS",
            Cause::Denied { .. } => "denied",
            Cause::Loading { percent: Some(p) } => return Safe::of(format!("loading {p:.0} %")),
            Cause::Loading { percent: None } => "loading",
            Cause::NoAuth => "password needed",
            Cause::WrongPassword => "wrong password",
            Cause::NoPermission { .. } => "no permission",
            Cause::ReadOnlyReplica => "read-only replica",
            Cause::Moved { .. } => "moved to another node",
            Cause::OutOfMemory => "out of memory",
            Cause::BusyScript => "busy with a script",
            Cause::PrimaryDown => "replica without primary",
            Cause::FileMissing(_) => "no such file",
            Cause::PermissionDenied(_) => "permission denied",
            Cause::CommandMissing(_) => "not installed",
            Cause::CommandFailed { .. } => "command failed",
            Cause::Protocol(_) => "broken answer",
            Cause::TooLarge { .. } => "too large",
            Cause::SecretMissing(_) => "secret missing",
            Cause::Misconfigured(_) => "misconfigured",
            Cause::Other(text) => return text.clipped(40),
            Cause::HeldByAnother(_) | Cause::HeldJustNow => "another operator is at it",
            Cause::HeldByOurs(_) => "our former session is at it",
        };
        Safe::of(text)
    }

    /// What to do about it, when there is something to say.
    #[must_use]
    pub fn advice(&self) -> Vec<Safe> {
        let line = match self {
            Cause::Denied { fix, .. } => return fix.clone(),
            Cause::NoPermission { fix, .. } => return vec![fix.clone()],
            Cause::Refused { .. } => "is the service running, and is the port right?",
            Cause::NameNotFound(_) => "is the host name right? is this machine's DNS?",
            Cause::CertificateUnknownIssuer { .. } | Cause::CertificateSelfSigned => {
                "if the issuer is yours, name its certificate: ca_file = \"/path/ca.pem\""
            }
            Cause::AuthenticationFailed(_) => {
                return vec![
                    Safe::of("check user and password"),
                    Safe::of("tried again only once a minute, so as not to lock the account"),
                ];
            }
            Cause::TooManyConnections(_) => "every slot is taken: free one, then this view returns by itself",
            Cause::HttpDenied { .. } => "give the probe a bearer token: bearer = \"env:NAME\"",
            Cause::NoAuth => "put the password into the URL as file: or env: (redis password = \"env:REDIS_PASSWORD\")",
            Cause::CommandMissing(_) => "install it, or take this source out of the configuration",
            Cause::TlsNotOffered => "turn TLS on at the server, or set sslmode=disable if the path is trusted",
            _ => return Vec::new(),
        };
        vec![Safe::of(line)]
    }
}

impl fmt::Display for Cause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Cause::Refused { family } => write!(f, "connection refused ({family}): nothing listens there"),
            Cause::Unreachable(text) => write!(f, "unreachable: {text}"),
            Cause::NameNotFound(name) => write!(f, "no such name: {name}"),
            Cause::NameLookupFailed(text) => write!(f, "name lookup failed: {text}"),
            Cause::Timeout { phase, after } => {
                write!(f, "timeout after {}, {}", figure::duration(*after), phase.words())
            }
            Cause::ConnectionLost(text) => write!(f, "connection lost: {text}"),
            Cause::CertificateExpired { days_ago } => write!(f, "certificate expired {days_ago} days ago"),
            Cause::CertificateNotYetValid { in_days } => write!(f, "certificate not valid for another {in_days} days"),
            Cause::CertificateWrongHost { wanted } => write!(f, "certificate is not for {wanted}"),
            Cause::CertificateSelfSigned => f.write_str("certificate is self-signed"),
            Cause::CertificateUnknownIssuer { issuer } => {
                write!(f, "certificate issued by an unknown authority: {issuer}")
            }
            Cause::CertificateWeakSignature => f.write_str("certificate signed with an unsafe algorithm"),
            Cause::Tls(text) => write!(f, "TLS failed: {text}"),
            Cause::TooManyRedirects { limit } => write!(f, "more than {limit} redirects"),
            Cause::RedirectRefused(text) => write!(f, "redirect not followed: {text}"),
            Cause::BodyTooLarge { limit } => write!(f, "body larger than {}", figure::bytes(*limit)),
            Cause::RateLimited { retry_after: Some(after) } => {
                write!(f, "limited by the target (429), asked to wait {}", figure::duration(*after))
            }
            Cause::RateLimited { retry_after: None } => f.write_str("limited by the target (429)"),
            Cause::HttpDenied { status } => write!(f, "the target denies us ({status})"),
            Cause::HttpStatus { status } => write!(f, "HTTP {status}"),
            Cause::NotJson(text) => write!(f, "invalid JSON: {text}"),
            Cause::NoSuchFigure { pointer } => write!(f, "no number at {pointer}"),
            Cause::AuthenticationFailed(text) => write!(f, "login refused: {text}"),
            Cause::TooManyConnections(text) => write!(f, "connection slots exhausted: {text}"),
            Cause::OurQueryCancelled => {
                f.write_str("our query was cancelled (statement_timeout or a person); the server answers")
            }
            Cause::OurLockTimeout => f.write_str("our query waited for a lock and gave up; the server answers"),
            Cause::ServerNotReady(text) => write!(f, "server not ready: {text}"),
            Cause::SessionTerminated(text) => write!(f, "the server ended our session: {text}"),
            Cause::NoSuchDatabase(text) => write!(f, "no such database: {text}"),
            Cause::NoSuitableHost(text) => write!(f, "no suitable host: {text}"),
            Cause::TlsNotOffered => f.write_str("the server offers no TLS and sslmode asks for it"),
            Cause::Denied { missing, .. } => write!(f, "denied: {missing}"),
            Cause::NoAuth => f.write_str("NOAUTH: a password is needed"),
            Cause::WrongPassword => f.write_str("WRONGPASS: user or password is wrong"),
            Cause::NoPermission { command, .. } => write!(f, "NOPERM: this user may not run {command}"),
            Cause::ReadOnlyReplica => f.write_str("READONLY: this is a replica"),
            Cause::Moved { to } => write!(f, "MOVED: the key lives on {to}"),
            Cause::OutOfMemory => f.write_str("OOM: used memory is over maxmemory"),
            Cause::BusyScript => f.write_str("BUSY: a script blocks the server"),
            Cause::PrimaryDown => f.write_str("MASTERDOWN: replica has lost its primary"),
            Cause::FileMissing(path) => write!(f, "no such file: {path}"),
            Cause::PermissionDenied(path) => write!(f, "permission denied: {path}"),
            Cause::CommandMissing(program) => write!(f, "program not installed: {program}"),
            Cause::CommandFailed { code: Some(code), said } => write!(f, "command ended with {code}: {said}"),
            Cause::CommandFailed { code: None, said } => write!(f, "command was killed: {said}"),
            Cause::Protocol(text) => write!(f, "broken answer: {text}"),
            Cause::TooLarge { what, limit } => write!(f, "{what} is larger than {}", figure::bytes(*limit)),
            Cause::SecretMissing(text) => write!(f, "secret not readable: {text}"),
            Cause::Misconfigured(text) => write!(f, "misconfigured: {text}"),
            Cause::Other(text) => f.write_str(text.as_str()),
            Cause::HeldByAnother(who) => write!(f, "held by another operator: {who}"),
            Cause::HeldJustNow => f.write_str("another operator was just at it and is done: look again"),
            Cause::HeldByOurs(which) => write!(f, "held by a former session of this program: {which}"),
            Cause::Loading { .. } => write!(f, "{}", self.short()),
        }
    }
}
