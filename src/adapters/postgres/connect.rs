//! Finds the host to watch: tries the target's hosts in order until one lets us in and is what the target asks for.

use std::time::Duration;
use tokio::time::{Instant, timeout_at};
use tokio_postgres::{Client, Config, Error};

use super::capabilities::{self, Capabilities};
use super::dial::{self, Address};
use super::link::{Driver, Link, Origin};
use super::login::{self, Offer};
use super::password::{self, Password};
use super::wire::{Allowance, Wire};
use super::{cause, tls};
use crate::adapters::mask::Mask;
use crate::adapters::tls::Client as TlsClient;
use crate::config::dsn;
use crate::config::resolved::{DatabaseHost, DatabaseTarget, SessionAttributes, SslMode};
use crate::domain::cause::Phase;
use crate::domain::secret::Secret;
use crate::domain::{Cause, Safe};

/// How our sessions call themselves.
pub const APPLICATION: &str = "quarterdeck";

/// A connection and what it may.
pub type Session = (Link, Capabilities);

/// Connects within the deadline; each host gets an equal share of what is left.
pub async fn connect(target: &DatabaseTarget, until: Instant, statement_timeout_ms: u32) -> Result<Session, Cause> {
    let tls = if target.ssl_mode == SslMode::Disable { None } else { Some(tls::client(target)?) };
    let passes = if target.session_attributes == SessionAttributes::PreferStandby { 2 } else { 1 };
    let mut attempt = Attempt { target, tls, statement_timeout_ms };
    let mut failed: Option<Cause> = None;
    let mut unsuitable = Vec::new();
    let total = target.hosts.len() * passes;
    for (at, host) in target.hosts.iter().cycle().take(total).enumerate() {
        let share = share(until, total - at);
        match attempt.host(host, share).await {
            Ok(session) => match session.1.suits(target.session_attributes, at >= target.hosts.len()) {
                Ok(()) => return Ok(session),
                Err(what) => unsuitable.push(format!("{} {what}", dsn::display_host(host))),
            },
            Err(cause) => failed = Some(dial::joined(failed.as_ref(), cause)),
        }
        if failed.as_ref().is_some_and(|cause| !try_next(cause)) {
            break;
        }
    }
    match failed {
        Some(cause) if unsuitable.is_empty() => Err(cause),
        Some(cause) => Err(Cause::NoSuitableHost(Safe::of(format!("{}; another: {cause}", unsuitable.join(", "))))),
        None => Err(Cause::NoSuitableHost(Safe::of(unsuitable.join(", ")))),
    }
}

fn share(until: Instant, left: usize) -> Instant {
    let now = Instant::now();
    now + until.saturating_duration_since(now) / u32::try_from(left.max(1)).unwrap_or(u32::MAX)
}

/// Whether another host may do better: not after a refused login, which another attempt could turn into a lock-out.
fn try_next(cause: &Cause) -> bool {
    !matches!(
        cause,
        Cause::AuthenticationFailed(_) | Cause::NoSuchDatabase(_) | Cause::SecretMissing(_) | Cause::Misconfigured(_)
    )
}

struct Attempt<'a> {
    target: &'a DatabaseTarget,
    tls: Option<TlsClient>,
    statement_timeout_ms: u32,
}

/// Where an attempt stands, for the words of a timeout.
struct Progress(Phase);

impl Attempt<'_> {
    async fn host(&mut self, host: &DatabaseHost, until: Instant) -> Result<Session, Cause> {
        let addresses = dial::resolve(host, until).await?;
        let mut failed = None;
        let total = addresses.len();
        for (at, address) in addresses.into_iter().enumerate() {
            let share = share(until, total - at);
            match self.address(host, &address, share).await {
                Ok(session) => return Ok(session),
                Err(
                    cause @ (Cause::Refused { .. }
                    | Cause::Unreachable(_)
                    | Cause::Timeout { phase: Phase::Connect, .. }),
                ) => {
                    failed = Some(dial::joined(failed.as_ref(), cause));
                }
                Err(cause) => return Err(cause),
            }
        }
        Err(failed.unwrap_or_else(|| Cause::NameNotFound(Safe::of(dsn::display_host(host)))))
    }

    async fn address(&mut self, host: &DatabaseHost, address: &Address, until: Instant) -> Result<Session, Cause> {
        let started = Instant::now();
        let mut progress = Progress(Phase::Connect);
        let outcome = timeout_at(until, self.session(host, address, until, &mut progress)).await;
        outcome.unwrap_or_else(|_late| Err(Cause::Timeout { phase: progress.0, after: round(started.elapsed()) }))
    }

    async fn session(
        &mut self,
        host: &DatabaseHost,
        address: &Address,
        until: Instant,
        progress: &mut Progress,
    ) -> Result<Session, Cause> {
        let password = password::find(self.target, host)?;
        let mut config = self.config(&password);
        let allowance = Allowance::default();
        let made = self.log_in(host, address, until, &mut config, &allowance, progress).await;
        // A server, or a proxy before it, may repeat what it was told.
        let mask = Mask::of(password.secret.as_ref().map(Secret::expose));
        let (client, driver, tls) = made.map_err(|cause| match (cause, password.refused_file) {
            (Cause::AuthenticationFailed(_), Some(why)) => Cause::SecretMissing(why),
            (Cause::AuthenticationFailed(said), None) => Cause::AuthenticationFailed(mask.words(&said)),
            (Cause::Other(said), _) => Cause::Other(mask.words(&said)),
            (Cause::Protocol(said), _) => Cause::Protocol(mask.words(&said)),
            (cause, _) => cause,
        })?;
        let shown = Safe::of(dsn::display_host(host));
        let origin = Origin { address: address.clone(), shown, tls, user: self.target.user.clone() };
        let mut link = Link::new(client, driver, allowance, origin);
        progress.0 = Phase::Answer;
        let found = capabilities::probe(&mut link, self.target, self.statement_timeout_ms).await?;
        Ok((link, found))
    }

    fn config(&self, password: &Password) -> Config {
        let mut config = Config::new();
        config.user(&self.target.user).dbname(&self.target.database).application_name(APPLICATION);
        if let Some(secret) = &password.secret {
            config.password(secret.expose());
        }
        config
    }

    /// `sslmode` in libpq's order: `allow` begins bare, `prefer` with TLS, and both try the other way when refused.
    async fn log_in(
        &mut self,
        host: &DatabaseHost,
        address: &Address,
        until: Instant,
        config: &mut Config,
        allowance: &Allowance,
        progress: &mut Progress,
    ) -> Result<LoggedIn, Cause> {
        let name = tls_name(host);
        let tls = self.tls.clone().zip(name);
        let bare_first = matches!(self.target.ssl_mode, SslMode::Disable | SslMode::Allow);
        let fallback = matches!(self.target.ssl_mode, SslMode::Allow | SslMode::Prefer);
        let orders: &[bool] = match (&tls, bare_first, fallback) {
            (None, ..) | (_, true, false) => &[false],
            (_, true, true) => &[false, true],
            (_, false, true) => &[true, false],
            (_, false, false) => &[true],
        };
        let mut outcome = Err(Cause::TlsNotOffered);
        for encrypt in orders {
            progress.0 = Phase::Connect;
            let wire = dial::open(address, allowance, until).await?;
            let tls = tls.as_ref().filter(|_| *encrypt);
            outcome = self.one_login(wire, tls, config, progress).await;
            match &outcome {
                // Only what the other way can change is worth a second try.
                // A wrong password is not tried twice: the account could be locked.
                Err(Cause::AuthenticationFailed(told)) if told.as_str().contains("pg_hba.conf") => {}
                Err(Cause::Tls(_) | Cause::TlsNotOffered) => {}
                _ => return outcome,
            }
        }
        outcome
    }

    async fn one_login(
        &self,
        wire: Wire,
        tls: Option<&(TlsClient, String)>,
        config: &mut Config,
        progress: &mut Progress,
    ) -> Result<LoggedIn, Cause> {
        let told = |e: Error| cause::of(&e, &self.target.user);
        let Some((tls, name)) = tls else {
            progress.0 = Phase::Login;
            let (client, driver) = login::plain(wire, config).await.map_err(told)?;
            return Ok((client, driver, None));
        };
        match login::negotiate(wire, tls, name, &mut progress.0).await? {
            Offer::Encrypted(stream) => {
                progress.0 = Phase::Login;
                let (client, driver) = login::encrypted(*stream, config).await.map_err(told)?;
                Ok((client, driver, Some((tls.clone(), name.clone()))))
            }
            Offer::Plain(wire) if self.target.ssl_mode == SslMode::Prefer => {
                progress.0 = Phase::Login;
                let (client, driver) = login::plain(wire, config).await.map_err(told)?;
                Ok((client, driver, None))
            }
            Offer::Plain(_) => Err(Cause::TlsNotOffered),
        }
    }
}

type LoggedIn = (Client, Driver, Option<(TlsClient, String)>);

/// The name that the certificate must be for; a socket never has TLS.
fn tls_name(host: &DatabaseHost) -> Option<String> {
    match host {
        DatabaseHost::Tcp { host, .. } => Some(host.clone()),
        DatabaseHost::Unix { .. } => None,
    }
}

fn round(passed: Duration) -> Duration {
    Duration::from_millis(u64::try_from(passed.as_millis()).unwrap_or(u64::MAX))
}
