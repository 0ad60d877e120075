//! Floor 6: the only impure glue: loop, terminal, sources' tasks, compute thread, signals.

pub mod clock;
pub mod terminal;
