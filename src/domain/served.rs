//! What the field's own engines tell: rules and alerts of a server with Prometheus' query API, alerts and silences of an
//! Alertmanager. All its text is outside text: who shows it passes it through the gate. Times are milliseconds of Unix.

use std::time::Duration;

/// Pairs of name and value.
pub type Pairs = Vec<(String, String)>;

/// The rules of a server.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Served {
    /// Those that alert, in its order.
    pub rules: Vec<ServedRule>,
    /// Rules that record, and of them those that fail.
    pub recording: (usize, usize),
    /// Alerts that were left out, because there are more than can be shown.
    pub left_out: usize,
    /// Rules that alert and were left out, for the same reason: how they are is not known.
    pub rules_left_out: usize,
    /// The server tells alerts alone: which rules are ok it does not say.
    pub alerts_alone: bool,
}

/// How a rule is at its server.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Health {
    /// Its last evaluation was good.
    Good,
    /// It was not evaluated yet.
    NotYet,
    /// Its last evaluation failed.
    Failed(String),
}

/// A rule that alerts.
#[derive(Clone, Debug, PartialEq)]
pub struct ServedRule {
    /// In which file.
    pub file: String,
    /// In which group.
    pub group: String,
    /// Its name.
    pub name: String,
    /// Its expression.
    pub expr: String,
    /// How long before it fires.
    pub hold: Duration,
    /// How often it is evaluated.
    pub interval: Duration,
    /// When it was last, by the clock of the server.
    pub evaluated: Option<i64>,
    /// Labels that it gives.
    pub labels: Pairs,
    /// Its annotations as they are written.
    pub annotations: Pairs,
    /// How it is.
    pub health: Health,
    /// Its alerts.
    pub alerts: Vec<ServedAlert>,
}

/// An alert that is there.
#[derive(Clone, Debug, PartialEq)]
pub struct ServedAlert {
    /// What tells it apart.
    pub labels: Pairs,
    /// What it says, expanded.
    pub annotations: Pairs,
    /// Its value.
    pub value: f64,
    /// It fires; otherwise it is pending.
    pub firing: bool,
    /// Since when it is there.
    pub active_at: Option<i64>,
    /// Since when it fires only because it is to go on for a while.
    pub kept_since: Option<i64>,
}

/// What an Alertmanager holds.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Routed {
    /// Alerts that it was sent and that are not over.
    pub alerts: Vec<RoutedAlert>,
    /// Silences that hold or will.
    pub silences: Vec<RoutedSilence>,
    /// Alerts and silences that were left out, because there are more than can be shown.
    pub left_out: usize,
}

/// An alert at an Alertmanager.
#[derive(Clone, Debug, PartialEq)]
pub struct RoutedAlert {
    /// What tells it apart.
    pub labels: Pairs,
    /// What it says.
    pub annotations: Pairs,
    /// Since when it fires.
    pub starts_at: Option<i64>,
    /// Ids of the silences that keep it back.
    pub silenced_by: Vec<String>,
    /// Another alert keeps it back.
    pub inhibited: bool,
    /// Who is told of it.
    pub receivers: Vec<String>,
}

/// A silence at an Alertmanager.
#[derive(Clone, Debug, PartialEq)]
pub struct RoutedSilence {
    /// Its id.
    pub id: String,
    /// What it keeps back, as matchers are written.
    pub matchers: String,
    /// From when.
    pub starts_at: Option<i64>,
    /// Until when.
    pub ends_at: Option<i64>,
    /// Who made it.
    pub by: String,
    /// Why.
    pub comment: String,
}
