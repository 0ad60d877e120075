//! The reader of scraped pages: Prometheus' text format 0.0.4 and OpenMetrics 1.0. Bytes in, a whole [`Page`] out or nothing
//! at all. It opens no connection (the cap on the bytes of a body lies in the HTTP adapter too) and keeps nothing.
//!
//! What is accepted and what is refused is declared at [`read`].

mod families;
mod line;
mod meta;
mod number;
mod page;
mod refused;
mod series;

#[cfg(test)]
mod tests;

pub use families::{Families, Known};
pub use page::{Exposed, Family, Kind, Page, read};
pub use refused::Refused;
pub use series::{Pairs, labels};

/// Which of the two formats a page is written in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// `text/plain; version=0.0.4`, and whatever does not say what it is.
    Text,
    /// `application/openmetrics-text`.
    OpenMetrics,
}

impl Format {
    /// By the `Content-Type` of the answer.
    #[must_use]
    pub fn of_content_type(content_type: &str) -> Format {
        let media = content_type.split(';').next().unwrap_or_default().trim();
        if media.eq_ignore_ascii_case("application/openmetrics-text") { Format::OpenMetrics } else { Format::Text }
    }
}

/// What a page may be at most. A page past one of them is refused as a whole, with the number that broke it; only help texts
/// and families past their bound are left out, since no sample hangs on them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Bytes of the page.
    pub bytes: usize,
    /// Samples on the page.
    pub series: usize,
    /// Labels of a series, its name not counted.
    pub labels: usize,
    /// Bytes of a metric's or label's name.
    pub name: usize,
    /// Bytes of a label's value.
    pub value: usize,
    /// Families whose type, help and unit are kept.
    pub families: usize,
    /// Bytes of a help text that are kept.
    pub help: usize,
}

impl Default for Limits {
    fn default() -> Limits {
        Limits { bytes: 50 << 20, series: 50_000, labels: 64, name: 512, value: 4096, families: 10_000, help: 1024 }
    }
}
