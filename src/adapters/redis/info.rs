//! Reads the text of `INFO`. Pure and tolerant: what is missing or not a number is "not told", never zero, because
//! versions, forks and providers differ in what they tell.

use crate::domain::Safe;
use crate::domain::cache::RedisFigures;

/// Most databases listed one by one; all are counted.
const DATABASES: usize = 64;
/// Longest text figure that is kept, in characters.
const TEXT: usize = 64;

/// What `INFO` told.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Info {
    /// `keyspace_hits`
    pub hits: Option<u64>,
    /// `keyspace_misses`
    pub misses: Option<u64>,
    /// The server reads its dump.
    pub loading: bool,
    /// How much of it was read, where it tells.
    pub loaded_percent: Option<f64>,
    /// Everything else.
    pub figures: RedisFigures,
}

/// Reads `INFO`; `None` when it holds not one line of the kind.
pub fn parse(text: &[u8]) -> Option<Info> {
    let mut info = Info::default();
    let mut keys = 0u64;
    let mut known = false;
    for line in text.split(|b| *b == b'\n') {
        let line = line.strip_suffix(b"\r").unwrap_or(line);
        let Some(colon) = memchr::memchr(b':', line).filter(|_| !line.starts_with(b"#")) else { continue };
        let (name, value) = (line.get(..colon).unwrap_or_default(), line.get(colon + 1..).unwrap_or_default());
        known = true;
        match name {
            b"keyspace_hits" => info.hits = number(value),
            b"keyspace_misses" => info.misses = number(value),
            b"loading" => info.loading = value == b"1",
            b"loading_loaded_perc" => info.loaded_percent = decimal(value).map(|p| p.clamp(0.0, 100.0)),
            _ => match database(name, value) {
                Some(of) => {
                    keys = keys.saturating_add(of.1);
                    if info.figures.keyspace.len() < DATABASES {
                        info.figures.keyspace.push(of);
                    }
                }
                None => figure(&mut info.figures, name, value),
            },
        }
    }
    // An empty server lists no database at all: then the section's headline says that it was told.
    if memchr::memmem::find(text, b"# Keyspace").is_some() || !info.figures.keyspace.is_empty() {
        info.figures.keys = Some(keys);
    }
    known.then_some(info)
}

fn figure(figures: &mut RedisFigures, name: &[u8], value: &[u8]) {
    match name {
        b"redis_version" if figures.version.as_str().is_empty() => figures.version = text(value),
        b"valkey_version" => figures.version = Safe::of(format!("valkey {}", text(value))),
        b"dragonfly_version" => figures.version = Safe::of(format!("dragonfly {}", text(value))),
        b"run_id" => figures.run_id = text(value),
        b"role" => figures.role = text(value),
        b"instantaneous_ops_per_sec" => figures.ops_per_second = decimal(value),
        b"used_memory" => figures.used_memory = number(value),
        b"maxmemory" => figures.max_memory = number(value),
        b"connected_clients" => figures.clients = number(value),
        b"blocked_clients" => figures.blocked_clients = number(value),
        b"evicted_keys" => figures.evicted_keys = number(value),
        b"expired_keys" => figures.expired_keys = number(value),
        b"uptime_in_seconds" => figures.uptime_seconds = number(value),
        b"maxmemory_policy" => figures.eviction_policy = Some(text(value)),
        b"master_link_status" => figures.primary_link = Some(text(value)),
        _ => {}
    }
}

/// `db0:keys=12,expires=0,avg_ttl=0`
fn database(name: &[u8], value: &[u8]) -> Option<(u16, u64)> {
    let index = std::str::from_utf8(name.strip_prefix(b"db")?).ok()?.parse().ok()?;
    let keys = value.split(|b| *b == b',').find_map(|part| part.strip_prefix(b"keys="))?;
    Some((index, number(keys)?))
}

fn number(value: &[u8]) -> Option<u64> {
    std::str::from_utf8(value).ok()?.trim().parse().ok()
}

fn decimal(value: &[u8]) -> Option<f64> {
    std::str::from_utf8(value).ok()?.trim().parse().ok().filter(|n: &f64| n.is_finite())
}

fn text(value: &[u8]) -> Safe {
    Safe::one_line(value.get(..TEXT * 4).unwrap_or(value)).clipped(TEXT)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const SAMPLE: &[u8] = b"# Server\r\nredis_version:7.0.15\r\nrun_id:abc\r\nuptime_in_seconds:12\r\n\r\n# Clients\r\n\
        connected_clients:3\r\nblocked_clients:1\r\n# Memory\r\nused_memory:1048576\r\nmaxmemory:0\r\n\
        maxmemory_policy:noeviction\r\n# Stats\r\ninstantaneous_ops_per_sec:14\r\nkeyspace_hits:71\r\nkeyspace_misses:29\r\n\
        evicted_keys:0\r\nexpired_keys:4\r\n# Replication\r\nrole:master\r\n# Keyspace\r\ndb0:keys=5,expires=0,avg_ttl=0\r\n\
        db7:keys=2,expires=1,avg_ttl=0,subexpiry=0\r\n";

    #[test]
    fn the_figures() {
        let info = parse(SAMPLE).unwrap();
        assert_eq!((info.hits, info.misses, info.loading), (Some(71), Some(29), false));
        let f = info.figures;
        assert_eq!((f.version.as_str(), f.run_id.as_str(), f.role.as_str()), ("7.0.15", "abc", "master"));
        assert_eq!((f.ops_per_second, f.used_memory, f.max_memory), (Some(14.0), Some(1_048_576), Some(0)));
        assert_eq!(
            (f.clients, f.blocked_clients, f.evicted_keys, f.expired_keys),
            (Some(3), Some(1), Some(0), Some(4))
        );
        assert_eq!((f.keys, f.keyspace, f.uptime_seconds), (Some(7), vec![(0, 5), (7, 2)], Some(12)));
        assert_eq!((f.eviction_policy, f.primary_link), (Some("noeviction".into()), None));
    }

    #[test]
    fn what_is_missing_is_not_zero() {
        let info = parse(b"redis_version:6.0\nkeyspace_hits:many\nused_memory:-5\n").unwrap();
        assert_eq!((info.hits, info.misses, info.figures.used_memory, info.figures.keys), (None, None, None, None));
        assert_eq!(parse(b"# Keyspace\r\nrole:master\r\n").unwrap().figures.keys, Some(0));
        assert_eq!(parse(b""), None);
        assert_eq!(parse(b"hello"), None);
    }

    #[test]
    fn loading_and_forks() {
        let loading = parse(b"loading:1\r\nloading_loaded_perc:43.20\r\n").unwrap();
        assert_eq!((loading.loading, loading.loaded_percent), (true, Some(43.2)));
        assert_eq!(parse(b"loading:1\r\n").map(|i| (i.loading, i.loaded_percent)), Some((true, None)));
        assert!(!parse(b"loading:0\r\nloading_loaded_perc:43\r\n").unwrap().loading);
        let valkey = parse(b"redis_version:7.2.4\r\nvalkey_version:8.0.1\r\n").unwrap();
        assert_eq!(valkey.figures.version.as_str(), "valkey 8.0.1");
    }

    #[test]
    fn hostile_text_goes_through_the_gate() {
        let info = parse(b"role:\x1b]52;c;x\x07\r\nredis_version:9\xff\r\n").unwrap();
        assert_eq!(info.figures.role.as_str(), "\\x1b]52;c;x\\x07");
        assert_eq!(info.figures.version.as_str(), "9\\xff");
    }

    proptest! {
        #[test]
        fn never_panics(text in prop::collection::vec(any::<u8>(), 0..400), at in 0usize..600, byte in any::<u8>()) {
            let _ = parse(&text);
            let mut damaged = SAMPLE.to_vec();
            let at = at % damaged.len();
            damaged[at] = byte;
            prop_assert!(parse(&damaged).is_some());
        }

        #[test]
        fn databases_are_bounded(count in 0u16..500) {
            let text = (0..count).map(|n| format!("db{n}:keys=1,expires=0\r\n")).collect::<Vec<_>>().concat();
            let keys = parse(text.as_bytes()).map(|i| (i.figures.keys, i.figures.keyspace.len() <= DATABASES));
            prop_assert_eq!(keys, (count > 0).then_some((Some(u64::from(count)), true)));
        }
    }
}
