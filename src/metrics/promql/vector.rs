//! Elements of an instant vector, and how they are told apart: keys over some of their labels, and the metric's name, which
//! most operations take away.

use std::collections::HashMap;
use std::hash::{BuildHasherDefault, DefaultHasher, Hash, Hasher};

use super::failure::Failed;
use crate::metrics::labels::{Labels, NAME};

/// Whether a label says what a metric is: its name, and the type and unit that newer servers add to it.
pub fn is_metadata(label: &str) -> bool {
    matches!(label, NAME | "__type__" | "__unit__")
}

/// One element. Its name may be gone although the labels still hold it: labels are not copied for that.
#[derive(Clone, Debug)]
pub struct Point {
    pub labels: Labels,
    pub value: f64,
    /// The name counts as absent from here on.
    pub unnamed: bool,
    /// The name counts as absent in the result.
    pub unnamed_later: bool,
}

impl Point {
    pub fn new(labels: Labels, value: f64) -> Point {
        Point { labels, value, unnamed: false, unnamed_later: false }
    }

    pub fn label(&self, name: &str) -> &str {
        if self.unnamed && is_metadata(name) { "" } else { self.labels.get(name) }
    }

    pub fn pairs(&self) -> impl Iterator<Item = (&str, &str)> {
        self.labels.iter().filter(|(name, _)| !(self.unnamed && is_metadata(name)))
    }

    /// The labels as they count now.
    pub fn own_labels(&self) -> Labels {
        if self.unnamed { unnamed(&self.labels) } else { self.labels.clone() }
    }

    /// The labels as they stand in a result.
    pub fn into_result(self) -> (Labels, f64) {
        let labels = if self.unnamed || self.unnamed_later { unnamed(&self.labels) } else { self.labels };
        (labels, self.value)
    }
}

fn unnamed(labels: &Labels) -> Labels {
    if labels.iter().any(|(name, _)| is_metadata(name)) {
        labels.filtered(|name| !is_metadata(name))
    } else {
        labels.clone()
    }
}

/// Which labels tell groups apart. Names are sorted.
#[derive(Clone, Debug)]
pub enum Grouping {
    /// These.
    By(Vec<Box<str>>),
    /// All but these and the name.
    Without(Vec<Box<str>>),
    /// All but these.
    AllBut(Vec<Box<str>>),
}

/// All labels.
pub static WHOLE: Grouping = Grouping::AllBut(Vec::new());

impl Grouping {
    pub fn by(names: impl IntoIterator<Item = Box<str>>) -> Grouping {
        Grouping::By(sorted(names))
    }

    pub fn without(names: impl IntoIterator<Item = Box<str>>) -> Grouping {
        Grouping::Without(sorted(names))
    }

    fn has(names: &[Box<str>], name: &str) -> bool {
        names.iter().any(|known| **known == *name)
    }

    fn keeps(names: &[Box<str>], name: &str) -> bool {
        name != NAME && !Self::has(names, name)
    }

    fn hash<H: Hasher + Default>(&self, point: &Point) -> u64 {
        let mut hasher = H::default();
        match self {
            Grouping::By(names) => names.iter().for_each(|name| point.label(name).hash(&mut hasher)),
            Grouping::Without(names) => {
                point
                    .labels
                    .iter()
                    .filter(|(name, _)| Self::keeps(names, name))
                    .for_each(|pair| pair.hash(&mut hasher));
            }
            Grouping::AllBut(names) => {
                point.pairs().filter(|(name, _)| !Self::has(names, name)).for_each(|pair| pair.hash(&mut hasher));
            }
        }
        hasher.finish()
    }

    fn same(&self, one: &Point, other: &Point) -> bool {
        match self {
            Grouping::By(names) => names.iter().all(|name| one.label(name) == other.label(name)),
            Grouping::Without(names) => {
                let kept = |(name, _): &(&str, &str)| Self::keeps(names, name);
                one.labels.iter().filter(kept).eq(other.labels.iter().filter(kept))
            }
            Grouping::AllBut(names) => {
                let kept = |(name, _): &(&str, &str)| !Self::has(names, name);
                one.pairs().filter(kept).eq(other.pairs().filter(kept))
            }
        }
    }

    /// The labels of a group, from one of its elements.
    pub fn labels(&self, point: &Point) -> Labels {
        match self {
            Grouping::By(names) => {
                let hidden = |name: &str| point.unnamed && is_metadata(name);
                point.labels.filtered(|name| Self::has(names, name) && !hidden(name))
            }
            Grouping::Without(names) => point.labels.filtered(|name| Self::keeps(names, name)),
            Grouping::AllBut(names) if names.is_empty() => point.own_labels(),
            Grouping::AllBut(names) => point.own_labels().filtered(|name| !Self::has(names, name)),
        }
    }
}

fn sorted(names: impl IntoIterator<Item = Box<str>>) -> Vec<Box<str>> {
    let mut names: Vec<Box<str>> = names.into_iter().collect();
    names.sort();
    names.dedup();
    names
}

/// A quick hash. Who makes labels on purpose can make them collide: then the slower one is asked.
#[derive(Clone, Copy, Debug, Default)]
struct Quick(u64);

const MIX: [u64; 2] = [0xa076_1d64_78bd_642f, 0xe703_7ed1_a0b4_28db];

impl Quick {
    fn word(&mut self, word: u64) {
        let product = u128::from(self.0 ^ word ^ MIX[0]) * u128::from(MIX[1]);
        self.0 = (product as u64 ^ (product >> 64) as u64).rotate_left(17).wrapping_add(word);
    }
}

impl Hasher for Quick {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, bytes: &[u8]) {
        let (words, rest) = bytes.as_chunks::<8>();
        for word in words {
            self.word(u64::from_le_bytes(*word));
        }
        self.word(rest.iter().fold(1, |word, byte| word << 8 | u64::from(*byte)));
    }

    /// The end of a text, which [`Quick::write`] marks already.
    fn write_u8(&mut self, _: u8) {}
}

/// Keys that are hashes already.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Hashed(u64);

impl Hasher for Hashed {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.0 = self.0.rotate_left(8) ^ u64::from(*byte);
        }
    }

    fn write_u64(&mut self, hash: u64) {
        self.0 = hash;
    }
}

/// So many others under one quick hash are no chance.
const MOST_ALIKE: u32 = 8;

/// Finds the group of an element among elements that stand elsewhere in a list.
#[derive(Debug)]
pub struct Groups<'g> {
    grouping: &'g Grouping,
    places: HashMap<u64, usize, BuildHasherDefault<Hashed>>,
}

/// Where an element belongs.
#[derive(Clone, Copy, Debug)]
pub enum Place {
    Known(usize),
    /// Nowhere yet; the key under which it can be added.
    New(u64),
}

impl<'g> Groups<'g> {
    pub fn new(grouping: &'g Grouping) -> Groups<'g> {
        Groups { grouping, places: HashMap::default() }
    }

    pub fn find<'p>(&self, point: &Point, known: impl Fn(usize) -> Option<&'p Point>) -> Place {
        let mut key = self.grouping.hash::<Quick>(point);
        let mut others = 0;
        while let Some(place) = self.places.get(&key).copied() {
            if known(place).is_some_and(|known| self.grouping.same(known, point)) {
                return Place::Known(place);
            }
            others += 1;
            key = if others == MOST_ALIKE { self.grouping.hash::<DefaultHasher>(point) } else { key.wrapping_add(1) };
        }
        Place::New(key)
    }

    pub fn add(&mut self, key: u64, place: usize) {
        self.places.insert(key, place);
    }
}

/// The element with the labels of another by this grouping, first in the list; `Err` with both where it holds two such.
pub fn unique<'g>(points: &[Point], grouping: &'g Grouping) -> Result<Groups<'g>, (usize, usize)> {
    let mut groups = Groups::new(grouping);
    for (place, point) in points.iter().enumerate() {
        match groups.find(point, |place| points.get(place)) {
            Place::Known(other) => return Err((other, place)),
            Place::New(key) => groups.add(key, place),
        }
    }
    Ok(groups)
}

/// Fails where two elements have the same labels.
pub fn distinct(points: &[Point]) -> Result<(), Failed> {
    match unique(points, &WHOLE) {
        Ok(_) => Ok(()),
        Err(_) => Err(Failed::same_labels()),
    }
}

/// Takes the names away, now or (`later`) in the result.
pub fn drop_names(points: &mut [Point], later: bool) -> Result<(), Failed> {
    if later {
        for point in points {
            point.unnamed_later = true;
        }
        return Ok(());
    }
    let one_name = match points.first() {
        Some(first) => points.iter().all(|point| point.label(NAME) == first.label(NAME)),
        None => true,
    };
    for point in points.iter_mut() {
        point.unnamed = true;
    }
    // Elements of one metric differ in other labels.
    if one_name { Ok(()) } else { distinct(points) }
}
