//! The table of findings: each has a code that never changes its meaning, and how bad it is.

use serde::Serialize;

/// How bad a finding is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// It cannot do what it says.
    Error,
    /// It does something else than it seems to, in cases that come.
    Warning,
    /// Worth knowing; no reason to fail a build.
    Note,
}

impl Severity {
    /// In a word.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Severity::Error => "error",
            Severity::Warning => "warning",
            Severity::Note => "note",
        }
    }
}

macro_rules! codes {
    ($($(#[doc = $about:literal])+ $name:ident = $id:literal $severity:ident,)+) => {
        /// What was found.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Code {
            $($(#[doc = $about])+ $name,)+
        }

        impl Code {
            /// Every code, in the order of the table.
            pub const ALL: &'static [Code] = &[$(Code::$name),+];

            /// The stable name, such as `QD-R001`.
            #[must_use]
            pub fn id(self) -> &'static str {
                match self { $(Code::$name => $id,)+ }
            }

            /// How bad it is.
            #[must_use]
            pub fn severity(self) -> Severity {
                match self { $(Code::$name => Severity::$severity,)+ }
            }

            /// What the code stands for.
            #[must_use]
            pub fn about(self) -> &'static str {
                match self { $(Code::$name => concat!($($about),+).trim_ascii(),)+ }
            }
        }
    };
}

codes! {
    // rules
    /// An expression that PromQL cannot read.
    Unparsable = "QD-R001" Error,
    /// A quantile over a series that is no `_bucket`.
    QuantileWithoutBuckets = "QD-R002" Error,
    /// A quantile over everything since the start of the process: no rate or increase.
    QuantileOfLifetime = "QD-R003" Error,
    /// A quantile over an aggregation that dropped `le`.
    QuantileWithoutLe = "QD-R004" Error,
    /// A ratio in which each series is divided by itself.
    RatioOfOne = "QD-R005" Error,
    /// Two sides whose label sets can never be equal.
    SidesNeverMatch = "QD-R006" Error,
    /// A rate per second compared as if it were a share.
    RateAsShare = "QD-R007" Error,
    /// An annotation prints a label that the expression dropped.
    PrintedLabelDropped = "QD-R008" Warning,
    /// `for` is shorter than the interval of evaluation.
    ForShorterThanInterval = "QD-R009" Warning,
    /// A range shorter than the interval of evaluation: what happens in between is never seen.
    RangeShorterThanInterval = "QD-R010" Warning,
    /// A range that cannot hold two scrapes for sure.
    RangeShorterThanScrapes = "QD-R011" Warning,
    /// A division without a guard: by 0 when nothing happens, and one event decides when next to nothing does.
    UnguardedShare = "QD-R012" Note,
    /// A counter's rate of something that is a gauge by its name.
    RateOfGauge = "QD-R013" Warning,
    /// A counter compared as it stands, which only ever grows.
    RawCounter = "QD-R014" Warning,
    /// absent() over alternatives: it waits for all of them to be gone.
    AbsentOfAlternatives = "QD-R015" Warning,
    /// Two rules of one file that make the same series.
    DuplicateRule = "QD-R016" Error,
    /// A comparison with `bool` at the top: it fires always.
    BoolFiresAlways = "QD-R017" Error,
    /// A rules file that cannot be read as one.
    BrokenRules = "QD-R018" Error,
    /// A quantile that only a native histogram can answer.
    QuantileOfNative = "QD-R019" Note,
    // routing
    /// Routing needs a label that no rule sets.
    LabelNeverSet = "QD-A001" Error,
    /// A route names a receiver that is not defined.
    ReceiverMissing = "QD-A002" Error,
    /// A route that no alert can reach.
    RouteUnreachable = "QD-A003" Warning,
    /// A severity that rules set and no route handles.
    SeverityUnrouted = "QD-A004" Warning,
    /// A variable where Alertmanager expands none.
    VariableNotExpanded = "QD-A005" Error,
    /// A rule without the label that routing decides by.
    RuleWithoutRoutingLabel = "QD-A006" Warning,
    // SQL
    /// A column that the view does not have.
    NoSuchColumn = "QD-S001" Error,
    /// Idle age by the begin of the last query.
    IdleAgeByQueryStart = "QD-S002" Error,
    /// Sessions are ended without saying whose.
    TerminateUnfiltered = "QD-S003" Error,
    /// The `<idle>` text of PostgreSQL before 9.2.
    IdleText = "QD-S004" Error,
    /// Unused indexes taken for missing ones.
    UnusedTakenForMissing = "QD-S005" Error,
    /// Unused indexes, those that enforce a constraint among them.
    UnusedWithConstraints = "QD-S006" Note,
    /// Long running statements, newest first.
    NewestFirst = "QD-S007" Warning,
    /// A mean since the last reset taken for now.
    LifetimeMean = "QD-S008" Note,
    // shell
    /// curl without --fail taken as proof.
    CurlWithoutFail = "QD-H001" Error,
    /// A loop that gives up without saying so.
    LoopFallsThrough = "QD-H002" Error,
    /// Processes killed by a pattern of their command line.
    KillByPattern = "QD-H003" Warning,
    /// A pipe that hides a failed dump.
    PipeHidesDump = "QD-H004" Error,
    /// Quotes that close early.
    QuotesCloseEarly = "QD-H005" Error,
    /// A function that nobody defines.
    UndefinedFunction = "QD-H006" Warning,
    /// A driver suffix in a database URL.
    DriverInUrl = "QD-H007" Warning,
    /// A lifetime ratio read before and after taken as proof.
    LifetimeProof = "QD-H008" Warning,
    /// psql without ON_ERROR_STOP taken as proof.
    PsqlWithoutStop = "QD-H009" Error,
    /// sudo that may ask for a password in a script.
    SudoMayAsk = "QD-H010" Note,
    /// A cache is flushed whole.
    FlushesCache = "QD-H011" Warning,
    /// A URL with a variable that is set nowhere.
    UnsetInUrl = "QD-H012" Warning,
    // prose
    /// A status endpoint that returns made-up data.
    StubEndpoint = "QD-D001" Warning,
    // what is named
    /// A file that is named and cannot be read: nothing in it was looked at.
    FileUnread = "QD-F001" Error,
    /// A configuration that is refused as it stands.
    ConfigurationRefused = "QD-C001" Error,
    /// Something that the configuration names and that is off.
    NamedAndOff = "QD-C002" Note,
    // live
    /// A metric that a rule names and that nothing that is scraped has.
    MetricNeverSeen = "QD-L001" Error,
    /// A right that is missing: the lines that give it.
    GrantMissing = "QD-L002" Warning,
    /// A target that does not answer as it should.
    TargetFails = "QD-L003" Error,
    /// A rules file that is not in force.
    RulesNotInForce = "QD-L004" Error,
    /// A rule that is not evaluated here.
    RuleNotEvaluated = "QD-L005" Warning,
    /// A right that an action needs, and that is only known to be missing when it is asked for.
    RightOfAction = "QD-L006" Note,
    /// A rule whose evaluation fails.
    RuleFails = "QD-L007" Error,
    /// Since when alerts have been there does not survive a restart.
    AlertsNotKept = "QD-L008" Warning,
    /// A metric that a part of a rule names and nothing that is scraped has; the rest does not need it.
    PartNeverSeen = "QD-L009" Note,
}

#[cfg(test)]
mod tests {
    use super::Code;

    #[test]
    fn codes_are_unique_and_say_something() {
        let ids: std::collections::BTreeSet<&str> = Code::ALL.iter().map(|c| c.id()).collect();
        assert_eq!(ids.len(), Code::ALL.len());
        assert!(Code::ALL.iter().all(|c| c.about().len() > 10 && !c.about().starts_with(' ')));
    }
}
