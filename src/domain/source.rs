//! Names of sources: what a reading came from, and which place in the model it goes to.

/// The kinds of sources that are read in turns. Logs are streams and have their own way in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum SourceKind {
    /// An HTTP health endpoint.
    Service,
    /// A PostgreSQL server.
    Database,
    /// A cache: an HTTP endpoint with counters, or a Redis server.
    Cache,
    /// A signal that has a source of its own (not one carried by a database or cache connection).
    Signal,
    /// The rules of a server with Prometheus' query API.
    Prometheus,
    /// An Alertmanager.
    Alertmanager,
}

/// One source: its kind and its index in the resolved configuration's list of that kind.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SourceId {
    /// Which list.
    pub kind: SourceKind,
    /// Which place in it.
    pub index: u16,
}

impl SourceId {
    /// The source at `index` of the list of `kind`; indexes past 65 535 do not occur, configuration caps the lists.
    #[must_use]
    pub fn new(kind: SourceKind, index: usize) -> SourceId {
        SourceId { kind, index: u16::try_from(index).unwrap_or(u16::MAX) }
    }

    /// The index as a list index.
    #[must_use]
    pub fn at(self) -> usize {
        usize::from(self.index)
    }
}

/// A signal's index in the resolved configuration's list of signals.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SignalId(pub u16);
