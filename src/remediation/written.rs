//! What will be sent, as far as the work itself says it: byte for byte, with secrets named and not shown. What it will touch
//! is not looked at here; that takes a preview that runs.

use crate::domain::{Safe, Untrusted, hidden};

use super::card::{Identity, Preview};
use super::place::{Place, quoted};
use super::step::{HttpStep, Work};

/// Where it goes, and what is sent.
#[must_use]
pub fn of(work: &Work) -> Preview {
    match work {
        Work::Http(http) | Work::Silence(http) => request(http),
        Work::Command(command) => {
            let mut preview = Preview::default();
            let program = command.argv.first().cloned().unwrap_or_default();
            preview.identity.facts = vec![
                ("host", Untrusted::from(command.place.words().as_str())),
                ("program", Untrusted::from(program)),
                ("known by", Untrusted::from(known_by(&command.place))),
            ];
            match command.whole() {
                Ok(argv) => preview.effect.push(Untrusted::from(quoted(&argv))),
                Err(cause) => preview.obstacles.push(Safe::of(cause.to_string())),
            }
            preview
        }
        Work::Sql(sql) => Preview { effect: statement(&sql.sql, &sql.binds), ..Preview::default() },
        Work::Redis(redis) => Preview {
            effect: vec![Untrusted::from(quoted(&redis.argv))],
            warnings: redis.warning().into_iter().collect(),
            ..Preview::default()
        },
        Work::Sessions(_)
        | Work::Service(_)
        | Work::Flush(_)
        | Work::WaitUntil(_)
        | Work::Look(_)
        | Work::Manual(_)
        | Work::Pause(_)
        | Work::Explain(_)
        | Work::Upkeep(_)
        | Work::Backup(_) => Preview::default(),
    }
}

/// A statement line by line, and its binds.
#[must_use]
pub fn statement(sql: &str, binds: &[String]) -> Vec<Untrusted> {
    let lines = sql.lines().map(Untrusted::from);
    let binds = (1..).zip(binds).map(|(at, bind)| Untrusted::from(format!("${at} = {bind}")));
    lines.chain(binds).collect()
}

/// What tells the target of a program before it runs: what the configuration says is no word of the target's own.
fn known_by(place: &Place) -> &'static str {
    match place {
        Place::Local => "its words alone: nothing is read of what it reaches",
        Place::Ssh { .. } => "its words, and the host by its key: nothing is read of what it reaches",
    }
}

fn request(http: &HttpStep) -> Preview {
    let mut preview = Preview::default();
    let origin = http.url.origin().ascii_serialization();
    let known = match http.url.scheme() {
        "https" => "its certificate for this name: nothing else is read from it",
        _ => "its address alone: nothing is read from it",
    };
    preview.identity =
        Identity { facts: vec![("origin", Untrusted::from(origin)), ("known by", Untrusted::from(known))] };
    preview.effect.push(Untrusted::from(format!("{} {}", http.method.word(), hidden::url_without_secrets(&http.url))));
    for (name, secret) in &http.headers {
        preview.effect.push(Untrusted::from(format!("{name}: {secret}")));
    }
    if let Some(bearer) = &http.bearer {
        preview.effect.push(Untrusted::from(format!("Authorization: Bearer {bearer}")));
    }
    if let Some(body) = &http.body {
        preview.effect.push(Untrusted::from(hidden::body_without_secrets(body)));
    }
    preview
}
