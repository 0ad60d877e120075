//! The HTTP clients: one shared by all plain targets, and one for each pair of extra roots and own certificate.
//! Clients are made at first use and keep their connections.

use std::collections::HashMap;
use std::fs;
use std::future::Future;
use std::net::IpAddr;
use std::path::PathBuf;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll};
use std::time::{Duration, SystemTime};

use tower_layer::Layer;
use tower_service::Service;

use crate::config::resolved::ClientCertificate;
use crate::domain::cause::Phase;
use crate::domain::{Cause, Safe};

use super::names::{Names, Resolver};
use super::{tls, trace};

/// Idle connections live a little longer than the longest usual interval between two probes.
const IDLE: Duration = Duration::from_secs(90);
/// Probes of one target never overlap; but many services may share a host behind a gateway.
const IDLE_PER_HOST: usize = 16;

/// What sets one client apart from another.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Identity {
    /// Certificates trusted beside the system's.
    pub ca_file: Option<PathBuf>,
    /// Our own certificate and key, in that order.
    pub own: Option<(PathBuf, PathBuf)>,
}

impl Identity {
    /// From a specification.
    #[must_use]
    pub fn new(ca_file: Option<&PathBuf>, own: Option<&ClientCertificate>) -> Identity {
        let own = own.map(|c| (c.certificate.clone(), c.key.clone()));
        Identity { ca_file: ca_file.cloned(), own }
    }

    fn is_plain(&self) -> bool {
        self.ca_file.is_none() && self.own.is_none()
    }

    /// When the newest of the files changed: a renewed certificate makes a new client.
    fn changed(&self) -> Option<SystemTime> {
        let own = self.own.iter().flat_map(|(certificate, key)| [certificate, key]);
        self.ca_file.iter().chain(own).filter_map(|p| fs::metadata(p).ok()?.modified().ok()).max()
    }
}

/// All clients. Cloning shares them.
#[derive(Clone, Default)]
pub struct HttpClients {
    shared: Arc<Shared>,
}

#[derive(Default)]
struct Shared {
    plain: Mutex<Option<reqwest::Client>>,
    special: Mutex<HashMap<Identity, (Option<SystemTime>, reqwest::Client)>>,
    names: Arc<Names>,
}

impl HttpClients {
    /// No client is made yet.
    #[must_use]
    pub fn new() -> HttpClients {
        HttpClients::default()
    }

    /// As [`HttpClients::new`], with names that are answered from a table instead of by the system's resolver.
    #[must_use]
    pub fn with_names(known: HashMap<String, Vec<IpAddr>>) -> HttpClients {
        HttpClients { shared: Arc::new(Shared { names: Arc::new(Names::with(known)), ..Shared::default() }) }
    }

    /// The client for an identity.
    pub fn get(&self, identity: &Identity) -> Result<reqwest::Client, Cause> {
        if identity.is_plain() {
            let mut plain = self.shared.plain.lock().unwrap_or_else(PoisonError::into_inner);
            if let Some(client) = &*plain {
                return Ok(client.clone());
            }
            let client = self.build(identity)?;
            *plain = Some(client.clone());
            return Ok(client);
        }
        let changed = identity.changed();
        let mut special = self.shared.special.lock().unwrap_or_else(PoisonError::into_inner);
        match special.get(identity) {
            Some((made_of, client)) if *made_of == changed => Ok(client.clone()),
            _ => {
                let client = self.build(identity)?;
                special.insert(identity.clone(), (changed, client.clone()));
                Ok(client)
            }
        }
    }

    /// A client of its own, without a connection that was kept: for what must not be sent twice.
    pub fn fresh(&self, identity: &Identity) -> Result<reqwest::Client, Cause> {
        self.build(identity)
    }

    fn build(&self, identity: &Identity) -> Result<reqwest::Client, Cause> {
        let own = identity
            .own
            .as_ref()
            .map(|(certificate, key)| ClientCertificate { certificate: certificate.clone(), key: key.clone() });
        reqwest::Client::builder()
            .tls_backend_preconfigured(tls::config(identity.ca_file.as_deref(), own.as_ref())?)
            .http1_only()
            .no_proxy()
            .redirect(reqwest::redirect::Policy::none())
            .referer(false)
            .user_agent(concat!("quarterdeck/", env!("CARGO_PKG_VERSION")))
            .pool_idle_timeout(IDLE)
            .pool_max_idle_per_host(IDLE_PER_HOST)
            .dns_resolver(Arc::new(Resolver(Arc::clone(&self.shared.names))))
            .connector_layer(PhaseLayer)
            .build()
            .map_err(|e| Cause::Misconfigured(Safe::of(format!("HTTP client: {e}"))))
    }
}

type BoxError = Box<dyn std::error::Error + Send + Sync>;

/// Notes when a connection is being made, and when it stands.
#[derive(Clone, Copy)]
struct PhaseLayer;

#[derive(Clone)]
struct Phased<S>(S);

impl<S> Layer<S> for PhaseLayer {
    type Service = Phased<S>;

    fn layer(&self, inner: S) -> Phased<S> {
        Phased(inner)
    }
}

impl<S, R> Service<R> for Phased<S>
where
    S: Service<R, Error = BoxError>,
    S::Future: Send + 'static,
{
    type Response = S::Response;
    type Error = BoxError;
    type Future = Pin<Box<dyn Future<Output = Result<S::Response, BoxError>> + Send>>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), BoxError>> {
        self.0.poll_ready(context)
    }

    fn call(&mut self, request: R) -> Self::Future {
        trace::note(trace::Trace::connecting);
        let connecting = self.0.call(request);
        Box::pin(async move {
            let made = connecting.await?;
            trace::ask_leave().map_err(|late| BoxError::from(late.to_string()))?;
            trace::note(|t| t.enter(Phase::Answer));
            Ok(made)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::adapters::http::exchange::{Ask, BODY_LIMIT, exchange};

    #[tokio::test]
    async fn a_resolver_that_hangs_is_named() {
        let clients = HttpClients::new();
        clients.shared.names.hang("slow.test");
        let url = url::Url::parse("http://slow.test/health").unwrap();
        let after = Duration::from_millis(50);
        let ask = Ask {
            url: &url,
            head_only: false,
            form: None,
            headers: &[],
            bearer: None,
            identity: &Identity::default(),
            expected_status: &[],
            deadline: after,
            enough: None,
            limit: BODY_LIMIT,
        };
        let cause = exchange(&clients, &ask).await.result.unwrap_err();
        assert_eq!(cause, Cause::Timeout { phase: Phase::Resolve, after });
    }

    #[test]
    fn plain_targets_share_one_client_and_files_make_others() {
        let clients = HttpClients::new();
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("ca.pem");
        let special = Identity { ca_file: Some(file.clone()), own: None };
        clients.get(&Identity::default()).unwrap();
        assert!(matches!(clients.get(&special), Err(Cause::Misconfigured(_))), "no such file");
        fs::write(&file, "no certificate").unwrap();
        assert!(matches!(clients.get(&special), Err(Cause::Misconfigured(_))));
        assert!(clients.shared.special.lock().unwrap().is_empty());
    }
}
