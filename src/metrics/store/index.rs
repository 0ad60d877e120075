//! Which series there are: by metric name, then by labels, in order.

use std::collections::BTreeMap;

use crate::metrics::labels::Labels;

/// Slots of series.
#[derive(Debug, Default)]
pub(super) struct Index {
    names: BTreeMap<Box<str>, BTreeMap<Labels, u32>>,
    entries: usize,
    name_bytes: usize,
}

impl Index {
    pub fn find(&self, labels: &Labels) -> Option<u32> {
        self.names.get(labels.metric())?.get(labels).copied()
    }

    pub fn insert(&mut self, labels: Labels, slot: u32) {
        if !self.names.contains_key(labels.metric()) {
            self.name_bytes += labels.metric().len();
            self.names.insert(labels.metric().into(), BTreeMap::new());
        }
        if let Some(series) = self.names.get_mut(labels.metric()) {
            self.entries += usize::from(series.insert(labels, slot).is_none());
        }
    }

    pub fn remove(&mut self, labels: &Labels) {
        let Some(series) = self.names.get_mut(labels.metric()) else { return };
        self.entries -= usize::from(series.remove(labels).is_some());
        if series.is_empty() {
            self.name_bytes -= labels.metric().len();
            self.names.remove(labels.metric());
        }
    }

    pub fn named(&self, metric: &str) -> impl Iterator<Item = (&Labels, u32)> {
        self.names.get(metric).into_iter().flatten().map(|(labels, slot)| (labels, *slot))
    }

    /// All, by their labels.
    pub fn all(&self) -> Vec<(&Labels, u32)> {
        let mut all: Vec<_> = self.names.values().flatten().map(|(labels, slot)| (labels, *slot)).collect();
        all.sort_unstable();
        all
    }

    pub fn metrics(&self) -> impl Iterator<Item = (&str, usize)> {
        self.names.iter().map(|(name, series)| (&**name, series.len()))
    }

    /// Bytes that it takes up. Nodes of a tree are two thirds full and hold eleven entries; each name has a tree of its own.
    pub fn bytes(&self) -> usize {
        let entry = size_of::<(Labels, u32)>() * 3 / 2 + 4;
        let name = size_of::<(Box<str>, BTreeMap<Labels, u32>)>() * 3 / 2 + 16 + 11 * size_of::<(Labels, u32)>();
        self.entries * entry + self.names.len() * name + self.name_bytes
    }
}
