//! Floor 4, the pure program: model, events, effects and the one `update`.
