//! Floor 1: log lines: immutable shared segments, parsing, filters, histograms. Pure.
