//! Floor 1: what PostgreSQL's counters mean: deltas, resets, judgements. Pure.
