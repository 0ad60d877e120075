//! Looks names up. A lookup that hangs is waited for again by the next attempt instead of being started anew, so that
//! a dead resolver costs one thread per name and no more.

use std::collections::HashMap;
use std::future::Future;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};

use reqwest::dns::{Addrs, Name, Resolve, Resolving};

use crate::domain::cause::Phase;
use crate::domain::{Cause, Safe};

use super::failure::Carried;
use super::redirect::is_link_local;
use super::trace;

type Found = Result<Vec<IpAddr>, Cause>;
type Lookup = Pin<Box<dyn Future<Output = Found> + Send>>;

enum Progress {
    Running(Lookup),
    Done(Found),
}

type Shared = Arc<tokio::sync::Mutex<Progress>>;

/// The system's resolver, with a table of names that are known beforehand.
#[derive(Default)]
pub struct Names {
    known: HashMap<String, Vec<IpAddr>>,
    running: Mutex<HashMap<String, Shared>>,
}

impl Names {
    /// Answers these names from the table, all others from the system.
    #[must_use]
    pub fn with(known: HashMap<String, Vec<IpAddr>>) -> Names {
        Names { known, running: Mutex::default() }
    }

    /// The addresses of a name, in the resolver's order.
    pub async fn find(&self, name: &str) -> Found {
        if let Some(addresses) = self.known.get(name) {
            return Ok(addresses.clone());
        }
        let shared = Arc::clone(
            self.running.lock().unwrap_or_else(PoisonError::into_inner).entry(name.to_owned()).or_insert_with(|| {
                Arc::new(tokio::sync::Mutex::new(Progress::Running(Box::pin(look_up(name.to_owned())))))
            }),
        );
        let mut progress = shared.lock().await;
        let found = match &mut *progress {
            Progress::Done(found) => found.clone(),
            Progress::Running(lookup) => lookup.await,
        };
        *progress = Progress::Done(found.clone());
        self.forget(name, &shared);
        found
    }

    /// A lookup of this name never ends.
    #[cfg(test)]
    pub(super) fn hang(&self, name: &str) {
        let never = Progress::Running(Box::pin(std::future::pending()));
        let mut running = self.running.lock().unwrap_or_else(PoisonError::into_inner);
        running.insert(name.to_owned(), Arc::new(tokio::sync::Mutex::new(never)));
    }

    fn forget(&self, name: &str, done: &Shared) {
        let mut running = self.running.lock().unwrap_or_else(PoisonError::into_inner);
        if running.get(name).is_some_and(|shared| Arc::ptr_eq(shared, done)) {
            running.remove(name);
        }
    }
}

async fn look_up(name: String) -> Found {
    match tokio::net::lookup_host((name.as_str(), 0)).await {
        Ok(addresses) => {
            let found: Vec<IpAddr> = addresses.map(|a| a.ip()).take(32).collect();
            if found.is_empty() { Err(Cause::NameNotFound(Safe::of(&name))) } else { Ok(found) }
        }
        Err(error) => Err(failed(&name, &error)),
    }
}

/// The standard library keeps the resolver's code only as text, which is the C library's and never translated here.
fn failed(name: &str, error: &io::Error) -> Cause {
    const NO_SUCH_NAME: [&str; 4] = [
        "Name or service not known",
        "Name does not resolve",
        "nodename nor servname provided",
        "No address associated",
    ];
    let text = error.to_string();
    if NO_SUCH_NAME.iter().any(|words| text.contains(words)) {
        return Cause::NameNotFound(Safe::of(name));
    }
    let said = text.strip_prefix("failed to lookup address information: ").unwrap_or(&text);
    Cause::NameLookupFailed(Safe::of(format!("{name}: {said}")))
}

/// The resolver as the client sees it.
pub struct Resolver(pub Arc<Names>);

impl Resolve for Resolver {
    fn resolve(&self, name: Name) -> Resolving {
        let names = Arc::clone(&self.0);
        Box::pin(async move {
            trace::note(|t| t.enter(Phase::Resolve));
            let found = names.find(name.as_str()).await.map_err(Carried)?;
            if trace::is_foreign() && found.iter().any(|ip| is_link_local(*ip)) {
                let why = format!("{} is a link-local address", name.as_str());
                return Err(Carried(Cause::RedirectRefused(Safe::of(why))).into());
            }
            trace::note(|t| {
                t.addresses(found.iter().copied());
                t.enter(Phase::Connect);
            });
            let addresses: Addrs = Box::new(found.into_iter().map(|ip| SocketAddr::new(ip, 0)));
            Ok(addresses)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_resolver_says() {
        let error = |text: &str| io::Error::other(format!("failed to lookup address information: {text}"));
        assert_eq!(failed("x", &error("Name or service not known")), Cause::NameNotFound("x".into()));
        assert_eq!(
            failed("x", &error("Temporary failure in name resolution")),
            Cause::NameLookupFailed("x: Temporary failure in name resolution".into())
        );
    }

    #[tokio::test]
    async fn a_hanging_lookup_is_joined_not_repeated() {
        let names = Names::default();
        let (send, receive) = tokio::sync::oneshot::channel::<Vec<IpAddr>>();
        let lookup: Lookup = Box::pin(async move { receive.await.map_err(|_gone| Cause::Other("gone".into())) });
        let shared = Arc::new(tokio::sync::Mutex::new(Progress::Running(lookup)));
        names.running.lock().unwrap().insert("slow".to_owned(), shared);
        let first = tokio::time::timeout(std::time::Duration::from_millis(5), names.find("slow")).await;
        assert!(first.is_err(), "the deadline of the first attempt passes");
        let address: IpAddr = [127, 0, 0, 1].into();
        send.send(vec![address]).unwrap();
        assert_eq!(
            names.find("slow").await,
            Ok(vec![address]),
            "the second attempt gets the answer of the same lookup"
        );
        assert!(names.running.lock().unwrap().is_empty());
    }
}
