//! Keys of the field's own engines: a server with Prometheus' query API, and an Alertmanager.

use super::{Key, Kind, beside, key};

/// The server.
pub const PROMETHEUS: Key = key(
    "prometheus",
    Kind::Url,
    "\"http://prometheus.example.com:9090\"",
    "none",
    "A server with Prometheus' query API (Prometheus, Thanos, Mimir, VictoriaMetrics), before /api/v1: its rules and alerts stand beside yours, and series are asked of it.",
);

/// Its extra headers.
pub const PROMETHEUS_HEADERS: Key = beside(
    &["prometheus"],
    key(
        "prometheus_headers",
        Kind::Headers,
        "{ X-Scope-OrgID = \"env:TENANT\" }",
        "none",
        "Extra headers for it, such as the tenant's; what may be a secret only as env:NAME or file:PATH.",
    ),
);

/// Its bearer token.
pub const PROMETHEUS_BEARER: Key = beside(
    &["prometheus"],
    key(
        "prometheus_bearer",
        Kind::Secret,
        "\"env:PROMETHEUS_TOKEN\"",
        "none",
        "Authorization: Bearer … for it, as env:NAME or file:PATH.",
    ),
);

/// Certificates for it.
pub const PROMETHEUS_CA_FILE: Key = beside(
    &["prometheus"],
    key(
        "prometheus_ca_file",
        Kind::File,
        "\"ca.pem\"",
        "none",
        "Certificates trusted for it beside the system's, PEM.",
    ),
);

/// The Alertmanager.
pub const ALERTMANAGER: Key = key(
    "alertmanager",
    Kind::Url,
    "\"http://alertmanager.example.com:9093\"",
    "none",
    "An Alertmanager, before /api/v2: its alerts and silences are shown, and silences can be made and ended there.",
);

/// Its extra headers.
pub const ALERTMANAGER_HEADERS: Key = beside(
    &["alertmanager"],
    key(
        "alertmanager_headers",
        Kind::Headers,
        "{ X-Scope-OrgID = \"env:TENANT\" }",
        "none",
        "Extra headers for it; what may be a secret only as env:NAME or file:PATH.",
    ),
);

/// Its bearer token.
pub const ALERTMANAGER_BEARER: Key = beside(
    &["alertmanager"],
    key(
        "alertmanager_bearer",
        Kind::Secret,
        "\"env:ALERTMANAGER_TOKEN\"",
        "none",
        "Authorization: Bearer … for it, as env:NAME or file:PATH.",
    ),
);

/// Certificates for it.
pub const ALERTMANAGER_CA_FILE: Key = beside(
    &["alertmanager"],
    key(
        "alertmanager_ca_file",
        Kind::File,
        "\"ca.pem\"",
        "none",
        "Certificates trusted for it beside the system's, PEM.",
    ),
);
