//! What pages have said of families, kept with a bound: kind, help, unit by name. The last that was said stands.

use std::collections::BTreeMap;

use super::page::{Kind, Page};
use crate::domain::untrusted::Untrusted;

/// What is known of a family.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct Known {
    /// Its kind.
    pub kind: Kind,
    /// What it is, in the target's words.
    pub help: Untrusted,
    /// Its unit.
    pub unit: Untrusted,
}

/// Families by name.
#[derive(Clone, Debug)]
pub struct Families {
    known: BTreeMap<Box<[u8]>, Known>,
    limit: usize,
    dropped: usize,
}

impl Families {
    /// None yet; at most `limit`.
    #[must_use]
    pub fn new(limit: usize) -> Families {
        Families { known: BTreeMap::new(), limit, dropped: 0 }
    }

    /// Takes in what a page says.
    pub fn learn(&mut self, page: &Page<'_>) {
        for family in &page.families {
            if !self.known.contains_key(family.name) {
                if self.known.len() >= self.limit {
                    self.dropped += 1;
                    continue;
                }
                self.known.insert(family.name.into(), Known::default());
            }
            let Some(known) = self.known.get_mut(family.name) else { continue };
            known.kind = family.kind.unwrap_or(known.kind);
            let text = |said: Option<&[u8]>, known: &mut Untrusted| {
                if let Some(said) = said.filter(|said| *said != known.as_bytes()) {
                    *known = Untrusted::new(said);
                }
            };
            text(family.help, &mut known.help);
            text(family.unit, &mut known.unit);
        }
    }

    /// What is known of the family that a series belongs to: of its own name, or without the suffix that its kind gives
    /// (`_bucket`, `_sum`, `_count`, `_total`, `_created`, `_info`).
    #[must_use]
    pub fn of(&self, metric: &str) -> Option<&Known> {
        let own = self.known.get(metric.as_bytes());
        own.or_else(|| {
            let bare = ["_bucket", "_sum", "_count", "_total", "_created", "_info", "_gsum", "_gcount"]
                .iter()
                .find_map(|suffix| metric.strip_suffix(suffix))?;
            self.known.get(bare.as_bytes())
        })
    }

    /// How often a family was not kept because of the bound.
    #[must_use]
    pub fn dropped(&self) -> usize {
        self.dropped
    }
}
