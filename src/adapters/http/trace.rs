//! What one exchange learns on its way: the phase it is in, the addresses of the name, the certificate presented.
//! The parts that know (resolver, connector, verifier) belong to the shared client; a task-local tells whose turn it is.

use std::future::Future;
use std::net::IpAddr;
use std::sync::atomic::{AtomicBool, AtomicU8, Ordering};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use crate::adapters::leave::Leave;
use crate::domain::Cause;
use crate::domain::cause::Phase;
use crate::domain::certificate::Certificate;

tokio::task_local! {
    static CURRENT: Arc<Trace>;
}

const PHASES: [Phase; 6] = [Phase::Whole, Phase::Resolve, Phase::Connect, Phase::Tls, Phase::Answer, Phase::Body];
const V4: u8 = 1;
const V6: u8 = 2;

/// Notes of one exchange.
#[derive(Debug, Default)]
pub struct Trace {
    phase: AtomicU8,
    families: AtomicU8,
    first: AtomicU8,
    connects: AtomicBool,
    foreign: AtomicBool,
    certificate: Mutex<Option<Certificate>>,
    leave: Option<Leave>,
    late: OnceLock<Cause>,
}

/// Runs `future` so that [`note`] reaches `trace`.
pub async fn within<F: Future>(trace: Arc<Trace>, future: F) -> F::Output {
    CURRENT.scope(trace, future).await
}

/// Notes something on the exchange that is being driven, if one is.
pub fn note(what: impl FnOnce(&Trace)) {
    let _nobody_asks = CURRENT.try_with(|trace| what(trace));
}

/// Whether the exchange being driven goes to a place that only a redirect named.
pub fn is_foreign() -> bool {
    CURRENT.try_with(|trace| trace.foreign.load(Ordering::Relaxed)).unwrap_or(false)
}

/// Whether the exchange being driven may still begin, now that its connection stands.
pub fn ask_leave() -> Result<(), Cause> {
    CURRENT.try_with(|trace| trace.ask_leave()).unwrap_or(Ok(()))
}

impl Trace {
    /// Of an exchange that may only begin as long as there is leave.
    pub fn until(leave: Leave) -> Trace {
        Trace { leave: Some(leave), ..Trace::default() }
    }

    fn ask_leave(&self) -> Result<(), Cause> {
        let asked = self.leave.as_ref().map_or(Ok(()), |leave| leave.ask().map(|_left| ()));
        asked.inspect_err(|cause| {
            let _first = self.late.set(cause.clone());
        })
    }

    /// Why nothing was sent, where the leave was over when the connection stood.
    pub fn late(&self) -> Option<Cause> {
        self.late.get().cloned()
    }

    /// Enters a phase.
    pub fn enter(&self, phase: Phase) {
        let at = PHASES.iter().position(|p| *p == phase).unwrap_or(0);
        self.phase.store(at as u8, Ordering::Relaxed);
    }

    /// The phase it is in.
    pub fn phase(&self) -> Phase {
        PHASES.get(usize::from(self.phase.load(Ordering::Relaxed))).copied().unwrap_or(Phase::Whole)
    }

    /// A new connection is being made.
    pub fn connecting(&self) {
        self.connects.store(true, Ordering::Relaxed);
        self.enter(Phase::Connect);
    }

    /// Whether a new connection was made; otherwise a kept one was used.
    pub fn made_connection(&self) -> bool {
        self.connects.load(Ordering::Relaxed)
    }

    /// From now on the target is one that only a redirect named.
    pub fn goes_foreign(&self) {
        self.foreign.store(true, Ordering::Relaxed);
    }

    /// The addresses that are tried, in order.
    pub fn addresses(&self, addresses: impl Iterator<Item = IpAddr>) {
        let mut families = 0;
        for address in addresses {
            let family = family_of(address);
            if families == 0 {
                self.first.store(family, Ordering::Relaxed);
            }
            families |= family;
        }
        self.families.store(families, Ordering::Relaxed);
    }

    /// The families that were tried, in words.
    pub fn families(&self) -> &'static str {
        match self.families.load(Ordering::Relaxed) {
            V4 => "IPv4",
            V6 => "IPv6",
            _ => "IPv4 and IPv6",
        }
    }

    /// Where the name has addresses of both families and the second one had to answer: the dead one and the one used.
    pub fn fallback(&self, answered: IpAddr) -> Option<(&'static str, &'static str)> {
        let both = self.families.load(Ordering::Relaxed) == V4 | V6;
        let first = self.first.load(Ordering::Relaxed);
        (both && family_of(answered) != first).then_some(if first == V6 { ("IPv6", "IPv4") } else { ("IPv4", "IPv6") })
    }

    /// The leaf certificate, as presented; the first one of the exchange stays.
    pub fn presented(&self, certificate: Certificate) {
        self.certificate.lock().unwrap_or_else(PoisonError::into_inner).get_or_insert(certificate);
    }

    /// The leaf certificate, if a handshake came that far.
    pub fn certificate(&self) -> Option<Certificate> {
        self.certificate.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

fn family_of(address: IpAddr) -> u8 {
    if address.is_ipv4() { V4 } else { V6 }
}
