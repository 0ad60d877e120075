//! Floor 1: series with gaps, percentiles over a window.
