//! Keys of what is watched by asking it: origins, services, databases, caches.

use super::{Form, Key, Kind, Section, beside, deadline, environment, interval, key, live, off};

/// `[[origin]]`
pub static ORIGIN: Section = Section {
    name: "origin",
    form: Form::Named,
    doc: "Scheme, host and port that entries below share. A bare URL on the command line replaces that of the first origin.",
    one_of: &[],
    keys: &[
        live("name", Kind::Name, "\"api\"", "Name, used by `origin = …` below."),
        live(
            "url",
            Kind::Url,
            "\"https://api.example.com\"",
            "Scheme, host and port; a path is put before every path.",
        ),
        key(
            "variable",
            Kind::Name,
            "\"API_URL\"",
            "none",
            "Environment variable that replaces the URL, or only its port, when it is set.",
        ),
        key("discover", Kind::Flag, "false", "false", "Look for the well-known health, cache and metrics paths too."),
        environment(),
        off(),
    ],
};

/// `[[service]]`
pub static SERVICE: Section = Section {
    name: "service",
    form: Form::Named,
    doc: "An HTTP service, probed at a health endpoint.",
    one_of: &["url", "origin"],
    keys: &[
        live("name", Kind::Name, "\"api\"", "Name on screen."),
        live("origin", Kind::Name, "\"api\"", "Origin of the path."),
        live("path", Kind::UrlPath, "\"/health\"", "Path, and query if any."),
        key("url", Kind::Url, "\"https://api.example.com/health\"", "", "The whole URL, instead of origin and path."),
        key("method", Kind::Word(&["GET", "HEAD"]), "\"GET\"", "GET", "GET or HEAD: a probe never writes."),
        HEADERS,
        BEARER,
        CA_FILE,
        key("client_cert", Kind::File, "\"client.pem\"", "none", "Our own certificate chain, PEM."),
        key("client_key", Kind::File, "\"client.key\"", "none", "Its key, PEM."),
        key("expect_status", Kind::Statuses, "[200, 204]", "200 to 299", "Statuses that count as success."),
        key("required", Kind::Texts, "[\"database\"]", "none", "Children of the body that count in full."),
        key("body_decides", Kind::Flag, "false", "false", "A 503 whose body says degraded is degraded, not down."),
        key("expect_json", Kind::Flag, "false", "false", "JSON is promised, whatever the server declares."),
        interval("10s for /health and the like, 30s for any other path; 2s for /health on loopback"),
        deadline("four fifths of the interval, at most 5s"),
        key("down_after", Kind::Count { least: 1, most: 100 }, "3", "3", "Failures in a row until it is down."),
        key("up_after", Kind::Count { least: 1, most: 100 }, "2", "2", "Successes in a row until it is up again."),
        environment(),
        off(),
    ],
};

/// `[[database]]`
pub static DATABASE: Section = Section {
    name: "database",
    form: Form::Named,
    doc: "A PostgreSQL server, watched over one kept, read-only connection.",
    one_of: &[],
    keys: &[
        live("name", Kind::Name, "\"main\"", "Name on screen."),
        live(
            "url",
            Kind::Dsn,
            "\"postgresql://monitor@db.example.com/shop?sslmode=verify-full\"",
            "URL or key-value DSN in libpq's meaning, without a password.",
        ),
        key(
            "password",
            Kind::Secret,
            "\"env:SHOP_DB_PASSWORD\"",
            "PGPASSWORD or the password file",
            "env:NAME or file:PATH.",
        ),
        interval("2s"),
        deadline("5s"),
        key(
            "statements_interval",
            Kind::Time { least: super::SHORTEST_INTERVAL },
            "\"10s\"",
            "10s; grows by itself where it costs too much",
            "Pause between readings of pg_stat_statements.",
        ),
        key("hit_target", Kind::Ratio, "\"99 %\"", "none", "Hit ratio of the buffers below which it is degraded."),
        environment(),
        off(),
    ],
};

/// `[[cache]]`
pub static CACHE: Section = Section {
    name: "cache",
    form: Form::Named,
    doc: "A cache: a Redis server, or figures of an endpoint. Hits and misses give a ratio of now, a bare ratio that of its lifetime.",
    one_of: &["redis", "url", "origin"],
    keys: &[
        live("name", Kind::Name, "\"redis\"", "Name on screen."),
        live("redis", Kind::RedisUrl, "\"redis://cache.example.com:6379/0\"", "Redis URL, without a password."),
        beside(
            &["redis"],
            key("password", Kind::Secret, "\"env:SHOP_REDIS_PASSWORD\"", "none", "env:NAME or file:PATH."),
        ),
        beside(
            &["redis"],
            key(
                "flush_replica",
                Kind::Flag,
                "true",
                "false",
                "A flush is refused on a replica, unless this says otherwise; a read-only one takes none at all.",
            ),
        ),
        beside(
            &["redis"],
            key(
                "flush_cluster",
                Kind::Flag,
                "true",
                "false",
                "A flush is refused on a node of a cluster, unless this says otherwise; it empties that node's part only.",
            ),
        ),
        key(
            "url",
            Kind::Url,
            "\"https://api.example.com/cache/stats\"",
            "",
            "Endpoint that answers JSON, instead of redis.",
        ),
        key("origin", Kind::Name, "\"api\"", "", "Origin of the path, instead of url."),
        key("path", Kind::UrlPath, "\"/cache/stats\"", "", "Path, and query if any."),
        beside(
            &["url", "origin"],
            key("hits", Kind::Pointer, "\"/hits\"", "none", "JSON pointer to the counter of hits."),
        ),
        beside(
            &["url", "origin"],
            key("misses", Kind::Pointer, "\"/misses\"", "none", "JSON pointer to the counter of misses."),
        ),
        beside(
            &["url", "origin"],
            key("ratio", Kind::Pointer, "\"/hit_rate\"", "none", "JSON pointer to a bare ratio."),
        ),
        beside(&["url", "origin"], HEADERS),
        beside(&["url", "origin"], BEARER),
        CA_FILE,
        key("target", Kind::Ratio, "\"80 %\"", "80 %", "Hit ratio below which it is degraded."),
        interval("10s; 2s on loopback"),
        deadline("5s"),
        environment(),
        off(),
    ],
};

/// Extra headers.
pub const HEADERS: Key = key(
    "headers",
    Kind::Headers,
    "{ X-Api-Key = \"env:SHOP_API_KEY\" }",
    "none",
    "Extra headers; what may be a secret only as env:NAME or file:PATH.",
);

/// Bearer token.
pub const BEARER: Key =
    key("bearer", Kind::Secret, "\"env:SHOP_TOKEN\"", "none", "Authorization: Bearer …, as env:NAME or file:PATH.");

/// Trusted certificates.
pub const CA_FILE: Key =
    key("ca_file", Kind::File, "\"ca.pem\"", "none", "Certificates trusted beside the system's, PEM.");
