//! Services: how each is probed.

use std::time::Duration;

use url::Url;

use super::super::environments::url_is_loopback;
use super::super::layers::Item;
use super::super::resolved::{ClientCertificate, Method, OffKind, ServiceSpec};
use super::super::value::Value;
use super::builder::Builder;
use super::given::{count, file, flag, provenance, text, texts, time};
use super::reach::{Reach, known_name};
use crate::domain::Safe;

/// Longest deadline that is taken without being asked for.
const DEADLINE: Duration = Duration::from_secs(5);

/// Last parts of paths that only say "I am alive": cheap to ask.
const LIVENESS: [&str; 12] =
    ["", "health", "healthz", "healthy", "live", "livez", "liveness", "alive", "ping", "up", "status", "heartbeat"];

impl<'a> Builder<'a> {
    pub fn services(&mut self) {
        let merged = self.merged;
        for item in merged.of("service") {
            if self.switched_off(OffKind::Service, item) {
                continue;
            }
            match self.reach(item) {
                Reach::At(url, origin) => self.service(item, url, origin),
                Reach::Off(why, turn_on) => self.off(OffKind::Service, item, why, turn_on),
                Reach::Wrong => {}
            }
        }
    }

    fn service(&mut self, item: &'a Item, mut url: Url, origin: Option<&'a Item>) {
        let (headers, bearer) = self.credentials(item, &mut url);
        let loopback = url_is_loopback(&url);
        if let Some(twin) = known_name(&self.resolved.services, &url) {
            self.note(format!("service {:?} asks the same URL as {twin:?}", item.name));
        }
        let client_certificate = self.client_certificate(item);
        let interval = time(item, "interval").unwrap_or_else(|| gentle_interval(&url, loopback));
        let deadline = time(item, "deadline").unwrap_or_else(|| interval.mul_f64(0.8).min(DEADLINE));
        let expected_status = match item.given("expect_status").map(|g| &g.value) {
            Some(Value::Statuses(codes)) => codes.clone(),
            _ => Vec::new(),
        };
        let service = ServiceSpec {
            name: Safe::of(&item.name),
            method: if text(item, "method") == Some("HEAD") { Method::Head } else { Method::Get },
            headers,
            bearer,
            ca_file: file(item, "ca_file"),
            client_certificate,
            expected_status,
            required: texts(item, "required").unwrap_or_default(),
            body_decides: flag(item, "body_decides"),
            expect_json: flag(item, "expect_json"),
            interval,
            deadline,
            down_after: count(item, "down_after").unwrap_or(3),
            up_after: count(item, "up_after").unwrap_or(2),
            environment: self.environment(item, origin, loopback),
            provenance: provenance(item, "url"),
            url,
        };
        if service.method == Method::Head && (service.expect_json || !service.required.is_empty()) {
            self.wrong(item, "method", "HEAD brings no body; expect_json and required want GET");
        }
        self.resolved.services.push(service);
    }

    fn client_certificate(&mut self, item: &Item) -> Option<ClientCertificate> {
        match (file(item, "client_cert"), file(item, "client_key")) {
            (Some(certificate), Some(key)) => Some(ClientCertificate { certificate, key }),
            (None, None) => None,
            (Some(_), None) => {
                self.missing_beside(item, "client_cert", "wants client_key beside it");
                None
            }
            (None, Some(_)) => {
                self.missing_beside(item, "client_key", "wants client_cert beside it");
                None
            }
        }
    }
}

/// Health every 10 s (2 s on loopback); deep, readiness and provider checks every 30 s: they cost their target more.
#[must_use]
pub fn gentle_interval(url: &Url, loopback: bool) -> Duration {
    let last = url.path().trim_end_matches('/').rsplit('/').next().unwrap_or_default().to_ascii_lowercase();
    let cheap = LIVENESS.contains(&last.as_str());
    Duration::from_secs(match (cheap, loopback) {
        (true, true) => 2,
        (true, false) => 10,
        (false, _) => 30,
    })
}
