//! Figures of a Redis server over one kept connection: `INFO` once per reading, and the signals that are due with it
//! in the same round trip. Only commands that read are ever sent; the one that writes stands in `flush`. Hit ratios are
//! computed above, as deltas.

mod answer;
pub mod command;
mod connection;
pub mod flush;
mod info;
mod refusal;
mod resp;
mod server;

use std::time::Duration;

use chrono::DateTime;
use tokio::time::Instant;

use self::connection::{Connection, Limit};
use self::resp::Reply;
use crate::adapters::tls::Client;
use crate::config::redis_commands;
use crate::config::resolved::{RedisCommand, RedisTarget};
use crate::domain::cache::CacheReading;
use crate::domain::signal::SignalValue;
use crate::domain::source::SignalId;
use crate::domain::{Cause, Safe};

/// A Redis server that is read in turns. A reading that is given up midway takes its connection along.
pub struct RedisSource {
    target: RedisTarget,
    scalars: Vec<Scalar>,
    tls: Option<Client>,
    connection: Option<Connection>,
}

struct Scalar {
    signal: SignalId,
    argv: Vec<String>,
    interval: Duration,
    due: Option<Instant>,
}

impl RedisSource {
    /// Nothing is connected before the first reading.
    pub fn new(target: RedisTarget, scalars: Vec<RedisCommand>) -> RedisSource {
        let scalars = scalars
            .into_iter()
            .map(|c| Scalar { signal: c.signal, argv: c.argv, interval: c.interval, due: None })
            .collect();
        RedisSource { target, scalars, tls: None, connection: None }
    }

    /// Somebody waits for what is read here: the next look carries every signal, whatever its interval.
    pub fn hasten(&mut self) {
        for scalar in &mut self.scalars {
            scalar.due = None;
        }
    }

    /// One look. `deadline` covers everything: name, connection, TLS, login and answers.
    ///
    /// # Errors
    /// A cause in words. A signal that fails alone fails inside the reading.
    pub async fn read(&mut self, deadline: Duration) -> Result<CacheReading, Cause> {
        let limit = Limit::new(deadline);
        if let Some(kept) = self.connection.take() {
            match self.ask(kept, limit).await {
                // The server restarted, or closes what is idle: that alone is no failure. Ask anew at once.
                Err(Cause::ConnectionLost(_)) => {}
                done => return done,
            }
        }
        let fresh = Connection::open(&self.target, &mut self.tls, limit).await?;
        self.ask(fresh, limit).await
    }

    async fn ask(&mut self, mut connection: Connection, limit: Limit) -> Result<CacheReading, Cause> {
        let now = Instant::now();
        let due: Vec<usize> = (0..self.scalars.len()).filter(|i| self.is_due(*i, now)).collect();
        let answers = self.exchange(&mut connection, &due, limit).await;
        let (said, scalars) = answers.and_then(|both| connection.settle().map(|()| both))?;
        let reading = self.reading(said, scalars);
        // Where the login no longer holds, the next reading logs in anew, with the secret as it is then.
        if !matches!(reading, Err(Cause::NoAuth)) {
            self.connection = Some(connection);
        }
        if reading.is_ok() {
            for index in due {
                if let Some(scalar) = self.scalars.get_mut(index) {
                    // A little early, so that readings in step with the interval are not missed by a hair.
                    scalar.due = Some(now + scalar.interval.mul_f64(0.9));
                }
            }
        }
        reading
    }

    fn is_due(&self, index: usize, now: Instant) -> bool {
        self.scalars.get(index).is_some_and(|s| s.due.is_none_or(|due| due <= now))
    }

    /// One round trip: `INFO`, then what is due. Replies are judged one by one, so that none is kept longer than needed.
    async fn exchange(
        &self,
        connection: &mut Connection,
        due: &[usize],
        limit: Limit,
    ) -> Result<(Reply, Scalars), Cause> {
        let mut scalars = Scalars::new();
        let mut sent: Vec<&Scalar> = Vec::with_capacity(due.len());
        for scalar in due.iter().filter_map(|i| self.scalars.get(*i)) {
            match redis_commands::allowed(&scalar.argv) {
                Ok(()) => sent.push(scalar),
                Err(why) => scalars.push((scalar.signal, Err(Cause::Misconfigured(why)))),
            }
        }
        let info = ["INFO".to_owned()];
        let mut commands: Vec<&[String]> = vec![&info];
        commands.extend(sent.iter().map(|s| s.argv.as_slice()));
        connection.send(&commands, limit).await?;
        let said = connection.receive(limit).await?;
        for scalar in sent {
            let reply = connection.receive(limit).await?;
            scalars.push((scalar.signal, self.figure(&scalar.argv, reply)));
        }
        Ok((said, scalars))
    }

    fn reading(&self, said: Reply, scalars: Scalars) -> Result<CacheReading, Cause> {
        let text = match said {
            Reply::Bulk(Some(text)) => text,
            Reply::Error(said) => return Err(refusal::cause(&said, &["INFO"], acl_user(&self.target))),
            _ => return Err(Cause::Protocol(Safe::of("INFO was not answered with text"))),
        };
        let info = info::parse(&text).ok_or_else(|| Cause::Protocol(Safe::of("INFO tells nothing")))?;
        if info.loading {
            return Err(Cause::Loading { percent: info.loaded_percent });
        }
        let (hits, misses) = (info.hits, info.misses);
        Ok(CacheReading { hits, misses, lifetime_ratio: None, redis: Some(info.figures), scalars })
    }

    fn figure(&self, argv: &[String], reply: Reply) -> Result<SignalValue, Cause> {
        let nothing = || Cause::NoSuchFigure { pointer: refusal::line(argv) };
        match reply {
            Reply::Integer(n) => Ok(SignalValue::Number(n as f64)),
            Reply::Bulk(Some(text)) => value(&text).ok_or_else(nothing),
            Reply::Error(said) => Err(refusal::cause(&said, argv, acl_user(&self.target))),
            Reply::Bulk(None) | Reply::Status(_) => Err(nothing()),
        }
    }
}

type Scalars = Vec<(SignalId, Result<SignalValue, Cause>)>;

/// The user that the server's ACL sees.
fn acl_user(target: &RedisTarget) -> &str {
    target.user.as_deref().unwrap_or("default")
}

/// A number, or an instant as RFC 3339 writes it.
fn value(text: &[u8]) -> Option<SignalValue> {
    let text = std::str::from_utf8(text).ok()?.trim();
    if let Ok(number) = text.parse::<f64>() {
        return number.is_finite().then_some(SignalValue::Number(number));
    }
    let instant = DateTime::parse_from_rfc3339(text).ok()?;
    Some(SignalValue::Instant(instant.timestamp_micros() as f64 / 1e6))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_that_are_figures() {
        assert_eq!(value(b" 42\n"), Some(SignalValue::Number(42.0)));
        assert_eq!(value(b"1970-01-01T00:01:00+00:00"), Some(SignalValue::Instant(60.0)));
        for text in [&b"inf"[..], b"NaN", b"", b"many", b"\xff"] {
            assert_eq!(value(text), None);
        }
    }
}
