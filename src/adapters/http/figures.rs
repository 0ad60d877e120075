//! Guesses where the figures of a cache stand in a body of unknown shape: counters under their usual names, at the top
//! or below; where there are none, a bare ratio.

use serde_json::{Map, Value};

use crate::adapters::endpoint::figure_at;
use crate::health::fold::Folded;

/// Objects within objects that are looked into.
const DEPTH: usize = 4;

const HITS: [&str; 7] = ["hits", "hit", "hitcount", "cachehits", "totalhits", "keyspacehits", "numhits"];
const MISSES: [&str; 8] =
    ["misses", "miss", "misscount", "missescount", "cachemisses", "totalmisses", "keyspacemisses", "nummisses"];
const RATIO: [&str; 6] = ["hitrate", "hitratio", "cachehitrate", "cachehitratio", "hitpercentage", "hitratepercent"];

/// RFC 6901 pointers.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CachePointers {
    /// Counter of hits.
    pub hits: Option<String>,
    /// Counter of misses.
    pub misses: Option<String>,
    /// A bare ratio.
    pub ratio: Option<String>,
}

/// The pointers, if the body holds figures of a cache at all.
#[must_use]
pub fn of_cache(value: &Value) -> Option<CachePointers> {
    let counters = |object: &Map<String, Value>, at: &str| {
        Some(CachePointers {
            hits: Some(named(object, at, &HITS)?),
            misses: Some(named(object, at, &MISSES)?),
            ratio: None,
        })
    };
    let ratio = |object: &Map<String, Value>, at: &str| {
        Some(CachePointers { ratio: Some(named(object, at, &RATIO)?), ..CachePointers::default() })
    };
    search(value, counters).or_else(|| search(value, ratio))
}

/// The first object, by breadth, in which `find` finds something.
fn search(value: &Value, find: impl Fn(&Map<String, Value>, &str) -> Option<CachePointers>) -> Option<CachePointers> {
    let mut level: Vec<(String, &Map<String, Value>)> =
        value.as_object().map(|o| (String::new(), o)).into_iter().collect();
    for _ in 0..DEPTH {
        if let Some(found) = level.iter().find_map(|(at, object)| find(object, at)) {
            return Some(found);
        }
        level = level
            .iter()
            .flat_map(|(at, object)| object.iter().map(move |(key, node)| (format!("{at}/{}", escape(key)), node)))
            .filter_map(|(at, node)| node.as_object().map(|o| (at, o)))
            .take(200)
            .collect();
    }
    None
}

/// The pointer of the first member with one of the names that is a figure.
fn named(object: &Map<String, Value>, at: &str, names: &[&str]) -> Option<String> {
    object.iter().find_map(|(key, node)| {
        let folded = Folded::of(key);
        (names.contains(&folded.as_str()) && figure_at(node, "").is_ok()).then(|| format!("{at}/{}", escape(key)))
    })
}

fn escape(key: &str) -> String {
    key.replace('~', "~0").replace('/', "~1")
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn counters_first_then_a_ratio() {
        let both = of_cache(&json!({"hit_rate": 0.71, "cache_stats": {"hits": 7, "misses": 3, "p99_ms": 4}})).unwrap();
        assert_eq!(
            (both.hits.as_deref(), both.misses.as_deref()),
            (Some("/cache_stats/hits"), Some("/cache_stats/misses"))
        );
        let data = of_cache(&json!({"success": true, "data": {"stats": {"hitCount": "7", "missCount": 3}}})).unwrap();
        assert_eq!(data.hits.as_deref(), Some("/data/stats/hitCount"));
        let bare = of_cache(&json!({"a/b": {"hit_rate": "71.4%"}})).unwrap();
        assert_eq!((bare.hits, bare.ratio.as_deref()), (None, Some("/a~1b/hit_rate")));
        assert_eq!(
            of_cache(&json!({"hits": 3, "l2": {"misses": 4}})),
            None,
            "counters of different things do not pair"
        );
        assert_eq!(of_cache(&json!({"hits": "many", "misses": 1})), None);
    }
}
