//! The field's own engines: where they are, and how they are asked.

use std::time::Duration;

use crate::alerts::rules::By;

use super::super::environments::url_is_loopback;
use super::super::resolved::{EndpointSpec, EngineSpec};
use super::super::value::Value;
use super::builder::Builder;
use super::credentials;
use super::given::{file, secret};

/// Pause between readings; on loopback the shorter one.
const PAUSES: (Duration, Duration) = (Duration::from_secs(15), Duration::from_secs(2));
/// Deadline of one reading.
const DEADLINE: Duration = Duration::from_secs(10);

/// The keys of one engine.
struct Keys {
    url: &'static str,
    headers: &'static str,
    bearer: &'static str,
    ca_file: &'static str,
}

const PROMETHEUS: Keys = Keys {
    url: "prometheus",
    headers: "prometheus_headers",
    bearer: "prometheus_bearer",
    ca_file: "prometheus_ca_file",
};

const ALERTMANAGER: Keys = Keys {
    url: "alertmanager",
    headers: "alertmanager_headers",
    bearer: "alertmanager_bearer",
    ca_file: "alertmanager_ca_file",
};

impl Builder<'_> {
    pub fn engines(&mut self) {
        self.resolved.know.prometheus = self.engine(&PROMETHEUS);
        self.resolved.know.alertmanager = self.engine(&ALERTMANAGER);
        self.judge();
    }

    /// Who evaluates rules: the server where one is named, unless somebody says otherwise.
    fn judge(&mut self) {
        let named = self.resolved.know.prometheus.is_some();
        let word = self.merged.given("", "rules_by").and_then(|given| match &given.value {
            Value::Text(word) => Some(word.clone()),
            _ => None,
        });
        self.resolved.know.rules_by = match word.as_deref() {
            Some("prometheus") if !named => {
                if let Some(item) = self.merged.of("").next() {
                    self.wrong(item, "rules_by", "wants the key prometheus: who is to be asked");
                }
                By::Scrape
            }
            Some("scrape") => By::Scrape,
            _ if named => By::Server,
            _ => By::Scrape,
        };
    }

    fn engine(&mut self, keys: &Keys) -> Option<EngineSpec> {
        let item = self.merged.of("").next()?;
        let Some(Value::Url(url)) = item.given(keys.url).map(|given| &given.value) else { return None };
        let mut url = url.clone();
        if url.query().is_some() || url.fragment().is_some() {
            self.wrong(item, keys.url, "it is scheme, host, port and perhaps a path, without a query");
        }
        let mut headers = match item.given(keys.headers).map(|given| &given.value) {
            Some(Value::Headers(headers)) => headers.clone(),
            _ => Vec::new(),
        };
        let bearer = secret(item, keys.bearer);
        let has = headers.iter().any(|(name, _)| name.eq_ignore_ascii_case("authorization"));
        let basic = credentials::take_user_info(&mut url);
        if usize::from(has) + usize::from(bearer.is_some()) + usize::from(basic.is_some()) > 1 {
            let words = format!(
                "user and password in the URL, {} and an Authorization among {} exclude each other; keep one of them",
                keys.bearer, keys.headers
            );
            self.wrong(item, keys.url, &words);
        }
        headers.extend(basic.map(|basic| ("Authorization".to_owned(), basic)));
        let on_loopback = url_is_loopback(&url);
        let interval = if on_loopback { PAUSES.1 } else { PAUSES.0 };
        let environment = self.environment(item, None, on_loopback);
        let request = EndpointSpec { url, headers, bearer, ca_file: file(item, keys.ca_file) };
        Some(EngineSpec { request, interval, deadline: DEADLINE, environment, on_loopback })
    }
}
