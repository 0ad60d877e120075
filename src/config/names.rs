//! Names for what was given without one: from host and path, short enough for a column.

use url::Url;

use super::environments;

/// Longest derived name.
const LONGEST: usize = 40;

/// `http://api.example.com/health/deep` is `api deep`, `http://localhost:8000/health` is `localhost:8000`.
#[must_use]
pub fn of_url(url: &Url) -> String {
    let host = url.host_str().unwrap_or("?");
    let address = matches!(url.host(), Some(url::Host::Ipv4(_) | url::Host::Ipv6(_)));
    let mut name = if address || environments::is_loopback(host) {
        url.port().map_or_else(|| host.to_owned(), |port| format!("{host}:{port}"))
    } else {
        let first = host.split('.').next().unwrap_or(host);
        url.port().map_or_else(|| first.to_owned(), |port| format!("{first}:{port}"))
    };
    let dull = ["", "health", "healthz", "api", "v1", "v2", "-", "actuator"];
    for part in url.path().split('/').filter(|part| !dull.contains(part)) {
        name.push(' ');
        name.push_str(part);
    }
    short(&name)
}

/// The last part of a path, without `.log`.
#[must_use]
pub fn of_path(path: &str) -> String {
    let last = path.rsplit('/').find(|part| !part.is_empty()).unwrap_or(path);
    short(last.strip_suffix(".log").filter(|stem| !stem.is_empty() && *stem != "*").unwrap_or(last))
}

/// `database@host`, from a URL or key-value DSN; whatever cannot be told is left out.
#[must_use]
pub fn of_connection(text: &str) -> String {
    let (host, database) = if let Some((_, rest)) = text.split_once("://") {
        let rest = rest.rsplit_once('@').map_or(rest, |(_, after)| after);
        let rest = rest.split('?').next().unwrap_or(rest);
        let (host, database) = rest.split_once('/').unwrap_or((rest, ""));
        (host.split(',').next().unwrap_or(host), database)
    } else {
        let value = |key: &str| {
            text.split_whitespace().find_map(|pair| pair.strip_prefix(key)?.strip_prefix('=')).unwrap_or_default()
        };
        (value("host"), value("dbname"))
    };
    short(match (database, host) {
        ("", "") => "main",
        ("", host) => host,
        (database, _) if database.parse::<u16>().is_err() => database,
        (_, host) => host,
    })
}

fn short(name: &str) -> String {
    let name: String = name.trim().chars().filter(|c| !c.is_control()).take(LONGEST).collect();
    let name = name.trim().to_owned();
    if name.is_empty() { "main".to_owned() } else { name }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_come_from_host_and_path() {
        for (url, name) in [
            ("http://api.example.com/health", "api"),
            ("https://api.example.com/health/deep", "api deep"),
            ("http://localhost:8000/health", "localhost:8000"),
            ("http://127.0.0.1:9000/", "127.0.0.1:9000"),
            ("http://shop:8080/api/v1/status", "shop:8080 status"),
        ] {
            assert_eq!(of_url(&Url::parse(url).unwrap()), name, "{url}");
        }
        assert_eq!(of_path("/var/log/shop/api.log"), "api");
        assert_eq!(of_path("/var/log/*.log"), "*.log");
        assert_eq!(of_connection("postgresql+asyncpg://u:p@db:5432/shop?ssl=x"), "shop");
        assert_eq!(of_connection("host=/run/pg dbname=shop"), "shop");
        assert_eq!(of_connection("redis://:pw@cache:6379/0"), "cache:6379");
        assert_eq!(of_connection(""), "main");
    }
}
