//! A whole page: every sample on it and what it says of its families, or why it is refused.

use super::line::{Broken, Cursor, Fault};
use super::meta::Meta;
use super::{Format, Limits, Refused};
use crate::domain::safe::Safe;

/// One sample as it stands on the page.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Exposed<'a> {
    /// Name and labels as they are written: enough to know the series again without taking it apart (see [`super::labels`]).
    pub series: &'a [u8],
    /// The value.
    pub value: f64,
    /// The time that the page itself gives, in milliseconds since the epoch.
    pub at: Option<i64>,
}

/// What kind of figure a family is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum Kind {
    /// Only grows, until it starts anew.
    Counter,
    /// Goes up and down.
    Gauge,
    /// Counts by buckets.
    Histogram,
    /// Buckets that may shrink (OpenMetrics).
    GaugeHistogram,
    /// Quantiles, computed by the target.
    Summary,
    /// Labels that describe, value 1 (OpenMetrics).
    Info,
    /// One series per state (OpenMetrics).
    StateSet,
    /// Not said.
    #[default]
    Unknown,
}

impl Kind {
    pub(super) fn of(text: &[u8], format: Format) -> Option<Kind> {
        match (text, format) {
            (b"counter", _) => Some(Kind::Counter),
            (b"gauge", _) => Some(Kind::Gauge),
            (b"histogram", _) => Some(Kind::Histogram),
            (b"summary", _) => Some(Kind::Summary),
            (b"untyped", Format::Text) | (b"unknown", Format::OpenMetrics) => Some(Kind::Unknown),
            (b"gaugehistogram", Format::OpenMetrics) => Some(Kind::GaugeHistogram),
            (b"info", Format::OpenMetrics) => Some(Kind::Info),
            (b"stateset", Format::OpenMetrics) => Some(Kind::StateSet),
            _ => None,
        }
    }
}

/// What a page says of a family.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub struct Family<'a> {
    /// Its name, as written.
    pub name: &'a [u8],
    /// Its kind, where the page says one.
    pub kind: Option<Kind>,
    /// What it is, cut to the limit.
    pub help: Option<&'a [u8]>,
    /// Its unit (OpenMetrics).
    pub unit: Option<&'a [u8]>,
}

/// A page that was accepted as a whole.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Page<'a> {
    /// Its samples, in its order.
    pub samples: Vec<Exposed<'a>>,
    /// What it says of families, in its order.
    pub families: Vec<Family<'a>>,
    /// How often something was said of a family past the limit; it is left out.
    pub families_dropped: usize,
    /// Exemplars, which are checked and not kept.
    pub exemplars: usize,
}

/// Reads a page. As Prometheus' scraper has it, one malformed line refuses all of it. Declared, beyond the formats' own words:
///
/// - Values: whatever Go's reader takes. `1_2`, hexadecimal floats, a sign on NaN and what is too large for a float are refused;
///   a NaN is always the plain one, so that no page can forge the staleness marker.
/// - NUL: allowed within label values, help and comments; anywhere else it refuses the page, also at the head of a line, where
///   Prometheus would silently stop reading.
/// - The last line end may be missing in the text format (Prometheus adds one); OpenMetrics has to end with `# EOF`.
/// - Several TYPE, HELP or UNIT lines for one family, wherever they stand: accepted, the last stands (see [`super::Families`]).
/// - A series that stands twice: accepted here, in both places; the store takes the first and counts the others.
/// - Histograms without `+Inf` or with buckets that shrink: accepted as they are; judging them is the evaluator's matter.
/// - `_created` lines are series like others, as in Prometheus; exemplars are checked and dropped; times are milliseconds in the
///   text format (digits only) and seconds in OpenMetrics. Values of `le` and `quantile` stay as they are written.
/// - Two labels with one name, an empty name, bytes that are not UTF-8 in names, values or help: refused.
pub fn read<'a>(bytes: &'a [u8], format: Format, limits: &Limits) -> Result<Page<'a>, Refused> {
    if bytes.len() > limits.bytes {
        return Err(Refused::TooMany { what: "bytes", found: bytes.len(), limit: limits.bytes, line: None });
    }
    let utf8 = std::str::from_utf8(bytes).is_ok();
    let mut cursor = Cursor { bytes, at: 0, format, limits: *limits, utf8, exemplars: 0 };
    let mut page = Page { samples: Vec::with_capacity((bytes.len() / 64).min(limits.series)), ..Page::default() };
    let count = cursor.lines(&mut page).map_err(|broken| broken.words(bytes))?;
    if count > limits.series {
        return Err(Refused::TooMany { what: "series", found: count, limit: limits.series, line: None });
    }
    page.exemplars = cursor.exemplars;
    Ok(page)
}

impl<'a> Cursor<'a> {
    /// All lines; past the limit samples are still checked and counted, but not kept.
    fn lines(&mut self, page: &mut Page<'a>) -> Result<usize, Broken> {
        let mut count = 0;
        while self.at < self.bytes.len() {
            self.blanks();
            match self.peek() {
                Some(b'\n') if self.format == Format::Text => self.at += 1,
                None => break,
                Some(b'#') => match self.meta()? {
                    Meta::End if self.at == self.bytes.len() => return Ok(count),
                    Meta::End => return self.expected("nothing after # EOF"),
                    meta => page.describe(&meta, &self.limits),
                },
                Some(_) => {
                    let sample = self.sample()?;
                    count += 1;
                    if count <= self.limits.series {
                        page.samples.push(sample);
                    }
                }
            }
        }
        if self.format == Format::OpenMetrics { self.expected("# EOF at the end") } else { Ok(count) }
    }
}

impl<'a> Page<'a> {
    fn describe(&mut self, meta: &Meta<'a>, limits: &Limits) {
        let (Meta::Type(name, _) | Meta::Help(name, _) | Meta::Unit(name, _)) = *meta else { return };
        if self.families.last().is_none_or(|last| last.name != name) {
            if self.families.len() >= limits.families {
                self.families_dropped += 1;
                return;
            }
            self.families.push(Family { name, ..Family::default() });
        }
        let Some(family) = self.families.last_mut() else { return };
        match *meta {
            Meta::Type(_, kind) => family.kind = Some(kind),
            Meta::Help(_, text) => family.help = Some(text.get(..limits.help).unwrap_or(text)),
            Meta::Unit(_, text) => family.unit = Some(text.get(..limits.help).unwrap_or(text)),
            Meta::Comment | Meta::End => {}
        }
    }
}

impl Broken {
    fn words(self, bytes: &[u8]) -> Refused {
        let before = bytes.get(..self.at).unwrap_or(bytes);
        let line = 1 + memchr::memchr_iter(b'\n', before).count();
        match self.what {
            Fault::TooMany { what, found, limit } => Refused::TooMany { what, found, limit, line: Some(line) },
            Fault::Expected(expected) => {
                let rest = bytes.get(self.at..).unwrap_or_default();
                let rest = rest.split(|b| *b == b'\n').next().unwrap_or_default();
                let glimpse = rest.get(..60).unwrap_or(rest);
                Refused::Malformed { line, expected, found: Safe::of_bytes(glimpse) }
            }
        }
    }
}
