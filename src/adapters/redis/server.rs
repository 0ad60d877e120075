//! What a Redis server says it is and holds, in one round trip over a connection of its own: what whoever changes something
//! there looks at for a card, and once more in the connection over which the change then goes.

use super::connection::{Connection, Limit};
use super::info::{self, Info};
use super::resp::Reply;
use super::{acl_user, refusal};
use crate::config::resolved::RedisTarget;
use crate::domain::{Cause, Safe, Untrusted};
use crate::remediation::card::Identity;
use crate::remediation::step::StepEnd;

/// What the server says.
pub struct Look {
    /// Which server, in which role, which of its databases, as whom.
    pub identity: Identity,
    /// Its figures.
    pub info: Info,
    /// The text of `INFO`.
    pub text: Vec<u8>,
    /// The database that the connection is in.
    pub database: u16,
    /// The user that the connection is.
    pub user: String,
    /// Keys of the database.
    pub keys: u64,
}

/// Whether the user may send a command, as far as the server tells beforehand.
pub enum May {
    /// It may.
    Yes,
    /// It may not, in words, with what would let it.
    No(Safe),
    /// The server cannot be asked.
    NotTold,
}

/// A connection of its own, and what the server says in it.
pub async fn look(target: &RedisTarget, limit: Limit) -> Result<(Connection, Look), Cause> {
    let mut connection = Connection::open(target, &mut None, limit).await?;
    let look = told(&mut connection, target, limit).await?;
    connection.settle()?;
    Ok((connection, look))
}

/// The same, where it still is the server of a card; nothing that changes anything was sent.
pub async fn look_again(
    target: &RedisTarget,
    identity: &Identity,
    limit: Limit,
) -> Result<(Connection, Look), StepEnd> {
    let (connection, look) = look(target, limit).await.map_err(StepEnd::Failed)?;
    match difference(identity, &look.identity) {
        Some(what) => Err(StepEnd::OtherTarget(what)),
        None => Ok((connection, look)),
    }
}

/// Sends one command; its reply.
pub async fn ask(connection: &mut Connection, argv: &[&str], limit: Limit) -> Result<Reply, Cause> {
    connection.send(&[argv], limit).await?;
    connection.receive(limit).await
}

/// Asks whether a command would be let through. Sends nothing but the question.
pub async fn may(connection: &mut Connection, user: &str, argv: &[&str], limit: Limit) -> Result<May, Cause> {
    let dry: Vec<&str> = ["ACL", "DRYRUN", user].into_iter().chain(argv.iter().copied()).collect();
    Ok(match ask(connection, &dry, limit).await? {
        Reply::Status(_) => May::Yes,
        Reply::Bulk(Some(_)) => {
            let cause = refusal::cause(b"NOPERM this user has no permissions", argv, user);
            let fix: Vec<String> = cause.advice().iter().map(Safe::to_string).collect();
            May::No(Safe::of(format!("{cause}: {}", fix.join("; "))))
        }
        // Before version 7, or without leave to ask: the server says so when it is sent.
        _ => May::NotTold,
    })
}

async fn told(connection: &mut Connection, target: &RedisTarget, limit: Limit) -> Result<Look, Cause> {
    let commands: [&[&str]; 4] = [&["INFO"], &["DBSIZE"], &["CLIENT", "INFO"], &["ACL", "WHOAMI"]];
    connection.send(&commands, limit).await?;
    let mut replies = Vec::with_capacity(commands.len());
    for _ in &commands {
        replies.push(connection.receive(limit).await?);
    }
    let [said, size, client, user] = <[Reply; 4]>::try_from(replies).map_err(|_more| odd("a look"))?;
    let text = match said {
        Reply::Bulk(Some(text)) => text,
        Reply::Error(said) => return Err(refusal::cause(&said, &["INFO"], acl_user(target))),
        _ => return Err(odd("INFO")),
    };
    let info = info::parse(&text).ok_or_else(|| odd("INFO"))?;
    if info.loading {
        return Err(Cause::Loading { percent: info.loaded_percent });
    }
    let keys = match size {
        Reply::Integer(keys) => u64::try_from(keys).map_err(|_negative| odd("DBSIZE"))?,
        Reply::Error(said) => return Err(refusal::cause(&said, &["DBSIZE"], acl_user(target))),
        _ => return Err(odd("DBSIZE")),
    };
    // Older servers, and users without leave, do not tell these two; then they are as the login asked for.
    let database = match &client {
        Reply::Bulk(Some(line)) => {
            word(line, "db=").and_then(|db| db.parse().ok()).ok_or_else(|| odd("CLIENT INFO"))?
        }
        _ => target.database,
    };
    let user = match user {
        Reply::Bulk(Some(name)) => String::from_utf8_lossy(&name).into_owned(),
        _ => acl_user(target).to_owned(),
    };
    if info.figures.run_id.as_str().is_empty() || info.figures.role.as_str().is_empty() {
        return Err(Cause::Misconfigured(Safe::of("the server does not say which one it is (run_id, role)")));
    }
    let identity = Identity {
        facts: vec![
            ("server", Untrusted::from(server(target))),
            ("run id", Untrusted::from(info.figures.run_id.as_str())),
            ("role", Untrusted::from(info.figures.role.as_str())),
            ("cluster", Untrusted::from(if field(&text, "cluster_enabled") == Some("1") { "yes" } else { "no" })),
            ("database", Untrusted::from(database.to_string())),
            ("user", Untrusted::from(user.clone())),
        ],
    };
    Ok(Look { identity, info, text, database, user, keys })
}

/// What is not as the card shows it.
pub fn difference(then: &Identity, now: &Identity) -> Option<Safe> {
    if then == now {
        return None;
    }
    let pairs = then.facts.iter().zip(&now.facts);
    let differing = pairs.filter(|(then, now)| then != now);
    let words: Vec<String> = differing
        .map(|((name, then), (_, now))| format!("{name} is {} and was {}", now.one_line(), then.one_line()))
        .collect();
    Some(Safe::of(if words.is_empty() { "it tells other things of itself".to_owned() } else { words.join(", ") }))
}

/// Where it is.
pub fn server(target: &RedisTarget) -> String {
    match &target.unix {
        Some(path) => path.display().to_string(),
        None => format!("{}:{}", target.host, target.port),
    }
}

/// The value of a line of `INFO`.
pub fn field<'a>(text: &'a [u8], name: &str) -> Option<&'a str> {
    let value = |line: &'a [u8]| line.strip_prefix(name.as_bytes())?.strip_prefix(b":");
    let found = text.split(|byte| *byte == b'\n').find_map(value)?;
    std::str::from_utf8(found).ok().map(str::trim)
}

/// What follows `name` in a line of words, up to a blank or a comma.
pub fn word<'a>(line: &'a [u8], name: &str) -> Option<&'a str> {
    let mut words = line.split(|byte| matches!(byte, b' ' | b',' | b'\n' | b'\r'));
    let found = words.find_map(|word| word.strip_prefix(name.as_bytes()))?;
    std::str::from_utf8(found).ok()
}

fn odd(what: &str) -> Cause {
    Cause::Protocol(Safe::of(format!("{what} was not answered as it should be")))
}
