//! One scraped endpoint: a page of metrics in one exchange, decompressed within a bound, under one deadline. What stands on the
//! page is the engine's matter.

use std::time::Duration;

use crate::config::resolved::MetricsSpec;
use crate::domain::Cause;
use crate::domain::secret::{Secret, SecretRef};
use crate::engine::Body;
use crate::metrics::exposition::Format;

use super::http::client::{HttpClients, Identity};
use super::http::exchange::{Answer, Ask, exchange};

/// Largest page that is read, decompressed.
pub const PAGE_LIMIT: u64 = 50 << 20;
/// What is understood, as Prometheus asks for it.
const ACCEPT: &str = "application/openmetrics-text;version=1.0.0,application/openmetrics-text;version=0.0.1;q=0.75,\
                      text/plain;version=0.0.4;q=0.5,*/*;q=0.1";

/// One endpoint.
pub struct Scrape {
    spec: MetricsSpec,
    headers: Vec<(String, SecretRef)>,
    clients: HttpClients,
    identity: Identity,
}

impl Scrape {
    /// An endpoint; nothing is asked yet.
    #[must_use]
    pub fn new(spec: MetricsSpec, clients: &HttpClients) -> Scrape {
        let identity = Identity::new(spec.request.ca_file.as_ref(), None);
        let seconds = spec.deadline.as_secs_f64();
        let mut headers = vec![
            ("Accept".to_owned(), SecretRef::Inline(Secret::new(ACCEPT))),
            ("X-Prometheus-Scrape-Timeout-Seconds".to_owned(), SecretRef::Inline(Secret::new(seconds.to_string()))),
        ];
        // What the configuration says of a header stands.
        headers.extend(spec.request.headers.iter().cloned());
        Scrape { spec, headers, clients: clients.clone(), identity }
    }

    /// One round. Anything but success is a cause.
    pub async fn read(&mut self, deadline: Duration) -> Result<Body, Cause> {
        let ask = Ask {
            url: &self.spec.request.url,
            head_only: false,
            form: None,
            headers: &self.headers,
            bearer: self.spec.request.bearer.as_ref(),
            identity: &self.identity,
            expected_status: &[],
            deadline,
            enough: None,
            limit: PAGE_LIMIT,
        };
        body_of(exchange(&self.clients, &ask).await.result?)
    }
}

fn body_of(answer: Answer) -> Result<Body, Cause> {
    match answer.status {
        200..300 => {}
        429 => return Err(Cause::RateLimited { retry_after: answer.retry_after }),
        status @ (401 | 403) => return Err(Cause::HttpDenied { status }),
        status => return Err(Cause::HttpStatus { status }),
    }
    let content_type = answer.content_type.as_deref().map(String::from_utf8_lossy).unwrap_or_default();
    Ok(Body { format: Format::of_content_type(&content_type), bytes: answer.body })
}
