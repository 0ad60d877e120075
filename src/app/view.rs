//! What the person looks at: page, focus, cursors, overlays, the line being typed. A mode is an enum, never flags.

use std::collections::HashMap;
use std::time::Duration;

use crate::app::actions::approving::Approving;
use crate::app::actions::dialog::Dialog;
use crate::app::actions::menu::Pointer;
use crate::app::actions::reading::Reading;
use crate::app::alerts::muting::Muting;
use crate::app::document::Document;
use crate::app::pane::PaneId;
use crate::app::series::SeriesView;
use crate::app::table::{RowKey, Sort, Tone};
use crate::domain::{Moment, Safe};
use crate::input::dialog::{Ask, Hint};

/// The pages, by their number keys.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Page {
    /// 1
    #[default]
    Overview,
    /// 2
    Services,
    /// 3
    Database,
    /// 4
    Cache,
    /// 5
    Logs,
    /// 6
    Alerts,
    /// 7
    Actions,
    /// 8
    Timeline,
    /// 9
    Metrics,
    /// 0
    Doctor,
}

impl Page {
    /// All, in the order of the tabs.
    pub const ALL: [Page; 10] = [
        Page::Overview,
        Page::Services,
        Page::Database,
        Page::Cache,
        Page::Logs,
        Page::Alerts,
        Page::Actions,
        Page::Timeline,
        Page::Metrics,
        Page::Doctor,
    ];

    /// Its number key.
    #[must_use]
    pub fn digit(self) -> u8 {
        (self as u8 + 1) % 10
    }

    /// The page behind a number key.
    #[must_use]
    pub fn from_digit(digit: u8) -> Option<Page> {
        Page::ALL.into_iter().find(|page| page.digit() == digit)
    }

    /// Its name in the tabs.
    #[must_use]
    pub fn title(self) -> &'static str {
        match self {
            Page::Overview => "Overview",
            Page::Services => "Services",
            Page::Database => "Database",
            Page::Cache => "Cache",
            Page::Logs => "Logs",
            Page::Alerts => "Alerts",
            Page::Actions => "Actions",
            Page::Timeline => "Timeline",
            Page::Metrics => "Metrics",
            Page::Doctor => "Doctor",
        }
    }

    /// The same where there is little room.
    #[must_use]
    pub fn short_title(self) -> &'static str {
        match self {
            Page::Overview => "Over",
            Page::Services => "Svc",
            Page::Database => "DB",
            Page::Cache => "Cache",
            Page::Logs => "Logs",
            Page::Alerts => "Alert",
            Page::Actions => "Act",
            Page::Timeline => "Time",
            Page::Metrics => "Metr",
            Page::Doctor => "Doc",
        }
    }

    /// The panes that can have the focus on it, in the order of `Tab`.
    #[must_use]
    pub fn panes(self) -> &'static [PaneId] {
        match self {
            Page::Overview => &[
                PaneId::Services,
                PaneId::Latency,
                PaneId::Connections,
                PaneId::SlowQueries,
                PaneId::Cache,
                PaneId::Signals,
                PaneId::Logs,
            ],
            Page::Services => &[PaneId::Services, PaneId::Latency],
            Page::Database => &[PaneId::Sessions, PaneId::SlowQueries, PaneId::Connections, PaneId::Database],
            Page::Cache => &[PaneId::Cache, PaneId::Signals],
            Page::Logs => &[PaneId::Logs],
            Page::Actions => &[PaneId::Actions],
            Page::Timeline => &[PaneId::Timeline],
            Page::Metrics => &[PaneId::Series, PaneId::Targets, PaneId::Course],
            Page::Alerts => &[PaneId::Alerts],
            Page::Doctor => &[PaneId::Findings],
        }
    }
}

/// Where one looks in a table: the row by its identity, never by its number.
#[derive(Clone, Debug, Default)]
pub struct Cursor {
    /// Selected row.
    pub selected: Option<RowKey>,
    /// First row shown.
    pub offset: usize,
    /// Order.
    pub sort: Sort,
    /// `/` filter.
    pub filter: String,
}

/// Something that lies over the page. Esc closes the topmost.
#[derive(Clone, Debug)]
pub enum Overlay {
    /// A text to read: detail, help, notice, problems.
    Document {
        /// The text.
        document: Document,
        /// First line shown.
        scroll: usize,
    },
    /// The menu of actions.
    Menu {
        /// Which is chosen.
        chosen: Pointer,
    },
    /// What is read for a card, or for a request of somebody else.
    Reading(Box<Reading>),
    /// The card of an action, to be decided on.
    Card(Box<Dialog>),
    /// The action that runs, or ran last.
    Progress {
        /// First line shown; none as long as nobody scrolled: the step at hand stays in sight.
        scroll: Option<usize>,
    },
    /// The command line with its completions.
    Palette {
        /// What was typed.
        typed: String,
        /// Which completion is chosen.
        chosen: usize,
    },
    /// The request of somebody else, to be approved.
    Approval(Box<Approving>),
    /// An alert or a rule, with its chart: what it says grows older while one reads.
    Alert {
        /// Its fingerprint.
        key: u64,
        /// First line shown.
        scroll: usize,
    },
    /// A silence that is being written, or one that holds.
    Silence(Box<Muting>),
}

/// A line of text being typed at the bottom.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Prompt {
    /// `/` on a table: filters while typing.
    TableFilter(PaneId),
    /// `/` on the log: searches.
    LogSearch,
    /// `&` on the log: filters.
    LogFilter,
    /// The text of a mark.
    Mark {
        /// Where it stands: when the key was pressed.
        at: Moment,
    },
}

impl Prompt {
    /// What the keys do to the line.
    #[must_use]
    pub fn keys(self) -> &'static [Hint] {
        match self {
            Prompt::TableFilter(_) | Prompt::LogFilter => &[(Ask::Choose, "keep"), (Ask::Leave, "clear")],
            Prompt::LogSearch => &[(Ask::Choose, "find"), (Ask::Leave, "clear")],
            Prompt::Mark { .. } => &[(Ask::Choose, "mark"), (Ask::Leave, "leave")],
        }
    }

    /// What stands before the text.
    #[must_use]
    pub fn sign(self) -> &'static str {
        match self {
            Prompt::TableFilter(_) | Prompt::LogSearch => "/",
            Prompt::LogFilter => "&",
            Prompt::Mark { .. } => "mark: ",
        }
    }
}

/// One line that is shown at the bottom for a while.
#[derive(Clone, Debug)]
pub struct Message {
    /// Text.
    pub text: Safe,
    /// What it means.
    pub tone: Tone,
    /// When it came.
    pub at: Moment,
}

/// How long a message stays.
pub const MESSAGE_STAYS: Duration = Duration::from_secs(6);

/// Everything about looking.
#[derive(Clone, Debug, Default)]
pub struct View {
    /// The page.
    pub page: Page,
    /// The pane with the focus, on each page its own.
    pub focus: HashMap<Page, PaneId>,
    /// One pane over the whole page.
    pub zoomed: bool,
    /// Cursors of tables.
    pub cursors: HashMap<PaneId, Cursor>,
    /// What lies over the page, topmost last. Bounded by what keys can open: at most eight.
    pub overlays: Vec<Overlay>,
    /// The line being typed.
    pub prompt: Option<(Prompt, String)>,
    /// The newest message.
    pub message: Option<Message>,
    /// Times are shown in local time instead of UTC.
    pub local_time: bool,
    /// The mouse is ours.
    pub mouse: bool,
    /// Which of several databases the database page shows.
    pub database: usize,
    /// Columns scrolled to the right in text.
    pub scroll_right: usize,
    /// What is looked at on the page of metrics.
    pub series: SeriesView,
}

impl View {
    /// The pane with the focus.
    #[must_use]
    pub fn focused(&self) -> PaneId {
        let panes = self.page.panes();
        self.focus
            .get(&self.page)
            .copied()
            .filter(|p| panes.contains(p))
            .or(panes.first().copied())
            .unwrap_or(PaneId::Services)
    }

    /// The cursor of a pane.
    #[must_use]
    pub fn cursor(&self, pane: PaneId) -> Cursor {
        self.cursors.get(&pane).cloned().unwrap_or_default()
    }
}
