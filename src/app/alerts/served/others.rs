//! Alerts that are told without an Alertmanager, so that those which one of it is are found at once, however many there are;
//! and whether it keeps them back.

use std::collections::HashMap;

use crate::app::telemetry::engines::Keeper;
use crate::domain::served::Routed;
use crate::metrics::labels::Labels;

/// Places of alerts, by their labels.
type Places = HashMap<Labels, Vec<usize>>;

/// All of them.
#[derive(Default)]
pub(super) struct Others {
    /// Their fingerprints, and whether they are kept back.
    all: Vec<(u64, Back)>,
    /// Where they stand: by the name of the rule, then by the names of their labels. Those of one rule mostly have the same.
    places: HashMap<String, HashMap<Vec<String>, Places>>,
}

impl Others {
    /// One more.
    pub(super) fn add(&mut self, rule: &str, key: u64, labels: &Labels) {
        let names = labels.iter().map(|(name, _)| name.to_owned()).collect();
        let places = self.places.entry(rule.to_owned()).or_default().entry(names).or_default();
        places.entry(labels.clone()).or_default().push(self.all.len());
        self.all.push((key, Back::NotThere));
    }

    /// An Alertmanager has an alert with these labels, which this keeps back there: whether any is it. What a server sends
    /// has its external labels beside those that it tells.
    pub(super) fn meet(&mut self, labels: &Labels, keeper: Option<Keeper<usize>>, routed: &Routed) -> bool {
        let mut is_told = false;
        for (names, places) in self.places.get(labels.get("alertname")).into_iter().flatten() {
            let is_of = |name: &str| names.binary_search_by(|known| known.as_str().cmp(name)).is_ok();
            for place in places.get(&labels.filtered(is_of)).into_iter().flatten() {
                is_told = true;
                if let Some((_, back)) = self.all.get_mut(*place) {
                    *back = back.beside(keeper, routed);
                }
            }
        }
        is_told
    }

    /// What keeps which back.
    pub(super) fn kept_back(&self) -> HashMap<u64, Keeper<usize>> {
        self.all.iter().filter_map(|(key, back)| Some((*key, back.keeper()?))).collect()
    }
}

/// Whether an Alertmanager keeps an alert back: where it has several that are it, only if it keeps them all back.
#[derive(Clone, Copy)]
enum Back {
    /// It has none that is it.
    NotThere,
    /// It calls for one of them.
    No,
    /// This ends first.
    By(Keeper<usize>),
}

impl Back {
    fn beside(self, keeper: Option<Keeper<usize>>, routed: &Routed) -> Back {
        let ends = |keeper| if let Keeper::Silence(silence) = keeper { ends(routed, silence) } else { i64::MAX };
        match (self, keeper) {
            (Back::No, _) | (_, None) => Back::No,
            (Back::NotThere, Some(keeper)) => Back::By(keeper),
            (Back::By(known), Some(keeper)) if ends(keeper) < ends(known) => Back::By(keeper),
            (Back::By(known), Some(_)) => Back::By(known),
        }
    }

    fn keeper(self) -> Option<Keeper<usize>> {
        if let Back::By(keeper) = self { Some(keeper) } else { None }
    }
}

/// When a silence ends; one of which nobody knows it after all others.
pub(super) fn ends(routed: &Routed, silence: usize) -> i64 {
    routed.silences.get(silence).and_then(|silence| silence.ends_at).unwrap_or(i64::MAX)
}
