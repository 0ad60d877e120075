//! A probe of one service: one exchange, read as a health report. It never overlaps itself: reading needs `&mut`.

use crate::config::resolved::{Method, ServiceSpec};
use crate::domain::certificate::Certificate;
use crate::domain::health::{HealthReading, HealthReport};
use crate::domain::{Cause, Safe, Verdict};
use crate::health::{Asked, Expectation, Response, is_health_path, read_body};

use super::client::{HttpClients, Identity};
use super::exchange::{Answer, Ask, BODY_LIMIT, exchange};

/// One service and what is remembered of it between probes.
pub struct HealthProbe {
    spec: ServiceSpec,
    clients: HttpClients,
    identity: Identity,
    asked: Asked,
    certificate: Option<Certificate>,
    fallback: Option<(&'static str, &'static str)>,
}

impl HealthProbe {
    /// A probe; nothing is asked yet.
    #[must_use]
    pub fn new(spec: ServiceSpec, clients: &HttpClients) -> HealthProbe {
        let asked = match spec.method {
            Method::Head => Asked::Head,
            Method::Get if is_health_path(spec.url.path()) => Asked::Health,
            Method::Get => Asked::Page,
        };
        let identity = Identity::new(spec.ca_file.as_ref(), spec.client_certificate.as_ref());
        HealthProbe { spec, clients: clients.clone(), identity, asked, certificate: None, fallback: None }
    }

    /// What is probed.
    #[must_use]
    pub fn spec(&self) -> &ServiceSpec {
        &self.spec
    }

    /// One probe, within the deadline of the specification.
    pub async fn read(&mut self) -> HealthReading {
        let ask = Ask {
            url: &self.spec.url,
            head_only: self.asked == Asked::Head,
            form: None,
            headers: &self.spec.headers,
            bearer: self.spec.bearer.as_ref(),
            identity: &self.identity,
            expected_status: &self.spec.expected_status,
            deadline: self.spec.deadline,
            enough: None,
            limit: BODY_LIMIT,
        };
        let outcome = exchange(&self.clients, &ask).await;
        // A kept connection shows no certificate again: the one it was opened with still holds.
        if outcome.certificate.is_some() {
            self.certificate = outcome.certificate;
        }
        let latency = outcome.result.as_ref().ok().map(|answer| answer.latency);
        let result = outcome.result.and_then(|answer| self.judge(&answer));
        HealthReading { result, latency, certificate: self.certificate.clone() }
    }

    fn judge(&mut self, answer: &Answer) -> Result<HealthReport, Cause> {
        let spec = &self.spec;
        if !spec.expected_status.contains(&answer.status) {
            match answer.status {
                429 => return Err(Cause::RateLimited { retry_after: answer.retry_after }),
                status @ (401 | 403) => return Err(Cause::HttpDenied { status }),
                _ => {}
            }
        }
        let expectation = Expectation {
            expected_status: &spec.expected_status,
            required: &spec.required,
            body_decides: spec.body_decides,
            expect_json: spec.expect_json,
            asked: self.asked,
        };
        let content_type = answer.content_type.as_deref();
        let mut report = read_body(&Response { status: answer.status, content_type, body: &answer.body }, &expectation);
        if answer.made_connection {
            self.fallback = answer.fallback;
        }
        if let (Some((dead, used)), Verdict::Ok) = (self.fallback, report.verdict) {
            report.detail = Safe::of(format!("{dead} does not answer, {used} does"));
        }
        Ok(report)
    }
}
