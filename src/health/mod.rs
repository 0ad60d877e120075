//! Floor 1: reading health bodies, and the state machine that turns raw verdicts into debounced ones. Pure.
