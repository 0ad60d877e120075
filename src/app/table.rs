//! Tables as data: columns, rows, cells with a tone and a value to sort by. One generic widget draws them all, and
//! `check` prints them; a pane adds only its columns and how a row is made.

use std::cmp::Ordering;
use std::sync::Arc;

use crate::app::limit::Limit;
use crate::domain::{Safe, Verdict};

/// What a piece of text means. The theme gives each a colour; none is told by colour alone.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Tone {
    /// Plain text.
    #[default]
    Plain,
    /// Less important.
    Dim,
    /// A name, a heading.
    Strong,
    /// Good.
    Ok,
    /// Past a threshold.
    Warn,
    /// Bad.
    Bad,
    /// Not known, stale.
    Unknown,
    /// A figure that stands out without being good or bad.
    Accent,
}

impl From<Verdict> for Tone {
    fn from(verdict: Verdict) -> Tone {
        match verdict {
            Verdict::Ok => Tone::Ok,
            Verdict::Degraded => Tone::Warn,
            Verdict::Unknown => Tone::Unknown,
            Verdict::Down => Tone::Bad,
        }
    }
}

/// Where the text of a column stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Align {
    /// Text.
    Left,
    /// Figures.
    Right,
    /// Charts: they get what texts do not want.
    Chart,
}

/// One column.
#[derive(Clone, Copy, Debug)]
pub struct Column {
    /// Heading, in the field's words.
    pub title: &'static str,
    /// Width below which the column is left out; a figure is shown in its ideal width or not at all.
    pub min: u16,
    /// Width it wants; texts share what there is by it.
    pub ideal: u16,
    /// Takes what is left over.
    pub grows: bool,
    /// Where its text stands.
    pub align: Align,
    /// Lower goes first when the width runs out; 0 is never left out.
    pub drop_order: u8,
}

/// What a row is about; selection follows it when the list re-sorts.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum RowKey {
    /// A place in one of the model's lists.
    Index(usize),
    /// A session.
    Session(crate::domain::session::SessionId),
    /// A statement.
    Statement(crate::domain::statement::StatementId),
    /// A group, by its text.
    Text(Safe),
    /// An alert or its rule, by its fingerprint.
    Alert(u64),
    /// What the doctor found, by a hash of what and where.
    Finding(u64),
}

/// What a cell sorts by: by value, never by its text.
#[derive(Clone, Debug, PartialEq)]
pub enum SortValue {
    /// Not known: always last.
    None,
    /// A number.
    Number(f64),
    /// Text.
    Text(Safe),
}

impl SortValue {
    fn compare(&self, other: &SortValue) -> Ordering {
        match (self, other) {
            (SortValue::Number(a), SortValue::Number(b)) => a.total_cmp(b),
            (SortValue::Text(a), SortValue::Text(b)) => a.cmp(b),
            (SortValue::None, SortValue::None) => Ordering::Equal,
            (SortValue::None, _) => Ordering::Greater,
            (_, SortValue::None) => Ordering::Less,
            (SortValue::Number(_), SortValue::Text(_)) => Ordering::Less,
            (SortValue::Text(_), SortValue::Number(_)) => Ordering::Greater,
        }
    }
}

/// A sparkline in a cell.
#[derive(Clone, Debug)]
pub struct Spark {
    /// One value a bucket, oldest first; `None` is a gap, drawn as a gap.
    pub values: Arc<[Option<f32>]>,
    /// Values on its bad side stand out.
    pub limit: Option<Limit>,
    /// Top of the scale; `None` fits the values.
    pub top: Option<f32>,
}

/// What stands in a cell.
#[derive(Clone, Debug)]
pub enum Content {
    /// Text.
    Text(Safe),
    /// A name: where it is cut, both its ends stay.
    Name(Safe),
    /// A sparkline.
    Spark(Spark),
    /// A part of a whole, 0..1.
    Bar(f64),
}

/// One cell.
#[derive(Clone, Debug)]
pub struct Cell {
    /// What stands in it.
    pub content: Content,
    /// What it means.
    pub tone: Tone,
    /// What it sorts by.
    pub sort: SortValue,
}

impl Cell {
    /// Text that sorts as text.
    #[must_use]
    pub fn text(text: Safe, tone: Tone) -> Cell {
        Cell { sort: SortValue::Text(text.clone()), content: Content::Text(text), tone }
    }

    /// A name that sorts as text.
    #[must_use]
    pub fn name(name: Safe) -> Cell {
        Cell { sort: SortValue::Text(name.clone()), content: Content::Name(name), tone: Tone::Strong }
    }

    /// A figure that sorts by its value; `None` is shown as `-`, never as zero.
    #[must_use]
    pub fn figure(value: Option<f64>, words: impl FnOnce(f64) -> String, tone: Tone) -> Cell {
        match value {
            Some(v) => Cell { content: Content::Text(Safe::of(words(v))), tone, sort: SortValue::Number(v) },
            None => Cell { content: Content::Text(Safe::of("-")), tone: Tone::Dim, sort: SortValue::None },
        }
    }

    /// A verdict as its badge; worse sorts first in the default order.
    #[must_use]
    pub fn verdict(verdict: Verdict) -> Cell {
        Cell {
            content: Content::Text(Safe::of(verdict.badge())),
            tone: verdict.into(),
            sort: SortValue::Number(-f64::from(verdict as u8)),
        }
    }

    /// A sparkline, sorted by its newest value.
    #[must_use]
    pub fn spark(values: Arc<[Option<f32>]>, tone: Tone) -> Cell {
        let newest = values
            .iter()
            .rev()
            .flatten()
            .find(|v| v.is_finite())
            .map_or(SortValue::None, |v| SortValue::Number(f64::from(*v)));
        Cell { content: Content::Spark(Spark { values, limit: None, top: None }), tone, sort: newest }
    }

    /// The same sparkline, on a scale of its own.
    #[must_use]
    pub fn scaled(mut self, wanted: Option<f32>) -> Cell {
        if let Content::Spark(Spark { top, .. }) = &mut self.content {
            *top = wanted;
        }
        self
    }

    /// The same sparkline, with its values on the bad side of a limit marked.
    #[must_use]
    pub fn limited(mut self, wanted: Option<Limit>) -> Cell {
        if let Content::Spark(Spark { limit, .. }) = &mut self.content {
            *limit = wanted;
        }
        self
    }
}

/// One row.
#[derive(Clone, Debug)]
pub struct Row {
    /// What it is about.
    pub key: RowKey,
    /// As many cells as there are columns.
    pub cells: Vec<Cell>,
}

impl Row {
    /// Whether a cell holds this text, given in lower case.
    fn holds(&self, wanted: &str) -> bool {
        self.cells.iter().any(|cell| match &cell.content {
            Content::Text(text) | Content::Name(text) => text.as_str().to_lowercase().contains(wanted),
            Content::Spark(_) | Content::Bar(_) => false,
        })
    }
}

/// A table, ready to be drawn or printed.
#[derive(Clone, Debug)]
pub struct Table {
    /// Columns.
    pub columns: &'static [Column],
    /// Rows, sorted and filtered.
    pub rows: Vec<Row>,
    /// Rows before the filter.
    pub total: usize,
}

/// How a table is sorted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Sort {
    /// Column; `None` is the order of the table itself.
    pub column: Option<usize>,
    /// Turned round.
    pub reverse: bool,
}

impl Table {
    /// Filters by text (case is ignored) and sorts. The order is stable.
    #[must_use]
    pub fn arranged(columns: &'static [Column], mut rows: Vec<Row>, filter: &str, sort: Sort) -> Table {
        let total = rows.len();
        if !filter.is_empty() {
            let wanted = filter.to_lowercase();
            rows.retain(|row| row.holds(&wanted));
        }
        if let Some(column) = sort.column {
            rows.sort_by(|a, b| match (a.cells.get(column), b.cells.get(column)) {
                (Some(a), Some(b)) => a.sort.compare(&b.sort),
                _ => Ordering::Equal,
            });
        }
        if sort.reverse {
            rows.reverse();
        }
        Table { columns, rows, total }
    }
}
