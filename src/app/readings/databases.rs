//! What readings know of a database: state, slots, sessions, counters, statements. Sessions that may not be seen make a count
//! a least one.

use std::time::Duration;

use super::{Asked, Known};
use crate::alerts::lifecycle::Basis;
use crate::app::telemetry::database::DatabaseState;
use crate::database::judge::FEWEST_BLOCKS;
use crate::database::statements::StatementsDelta;
use crate::domain::database::{DatabaseCounters, Sessions};
use crate::domain::session::SessionState::{Active, Fastpath, Idle, IdleInTransaction, IdleInTransactionAborted};
use crate::domain::session::{Session, SessionState};
use crate::domain::{Moment, Readout, Safe, Verdict, figure};
use crate::metrics::last_minute::{LastMinute, MINUTE};
use crate::remediation::measure::Measure;
use crate::remediation::shown::Shown;

pub(super) fn known(asked: Asked<'_>, measure: &Measure) -> Option<Known> {
    let (_, at) = measure.source()?;
    let database = asked.live.databases.get(at)?;
    let now = asked.now;
    let every = database.spec.interval;
    let without = match part(measure) {
        Part::Server => match measure {
            Measure::Shown(Shown::State(_), _) => asked.state_of(&database.state(now)),
            _ => asked.without(&database.state(now)),
        },
        Part::Slots => asked.without(&database.slots.state(now, every)),
        Part::Sessions => asked.without(&database.sessions.state(now, every)),
        Part::Counters => asked.without(&database.counters.state(now, every)),
        Part::Statements => asked.without(&database.statements_state(now)),
    };
    if without.is_some() {
        return without;
    }
    match part(measure) {
        Part::Server => server(database, measure),
        Part::Slots => slots(database, measure),
        Part::Sessions => sessions(database.sessions.value()?, measure),
        Part::Counters => counters(asked, database, database.counters.value()?, measure),
        Part::Statements => statements(database, database.statements.value()?, measure),
    }
}

pub(super) fn read_at(database: &DatabaseState, measure: &Measure) -> Option<Moment> {
    fn at<T>(readout: &Readout<T>) -> Option<Moment> {
        readout.last().filter(|_| readout.cause().is_none()).map(|(_, at)| at)
    }
    match part(measure) {
        Part::Server => at(&database.server),
        Part::Slots => at(&database.slots),
        Part::Sessions => at(&database.sessions),
        Part::Counters => at(&database.counters),
        Part::Statements => at(&database.statements),
    }
}

/// Each part of a reading stands or fails alone.
enum Part {
    Server,
    Slots,
    Sessions,
    Counters,
    Statements,
}

fn part(measure: &Measure) -> Part {
    match measure {
        Measure::UsedSlots(_) | Measure::UsedShare(_) => Part::Slots,
        Measure::Blocked(_) | Measure::OldestIdleTransaction(_) => Part::Sessions,
        Measure::Statement(..) => Part::Statements,
        Measure::Shown(shown, _) => match shown {
            Shown::Sessions
            | Shown::ActiveSessions
            | Shown::IdleSessions
            | Shown::OpenTransactions
            | Shown::AbortedTransactions
            | Shown::WaitingSessions
            | Shown::HiddenSessions
            | Shown::LongestQuery
            | Shown::LongestTransaction => Part::Sessions,
            Shown::Commits
            | Shown::Rollbacks
            | Shown::BufferHit
            | Shown::Deadlocks
            | Shown::TemporaryBytes
            | Shown::Size => Part::Counters,
            Shown::SlowestStatement | Shown::SlowerStatements | Shown::StatementCalls | Shown::StatementLoad => {
                Part::Statements
            }
            _ => Part::Server,
        },
        _ => Part::Server,
    }
}

fn server(database: &DatabaseState, measure: &Measure) -> Option<Known> {
    let server = database.server.value()?;
    Some(match measure {
        Measure::Shown(Shown::DatabaseRole, _) => Known::value_of(u8::from(server.replica)),
        Measure::Shown(Shown::ClockSkew, _) => Known::Value(server.clock_skew_seconds.abs()),
        Measure::Shown(Shown::State(_), _) => judged(database),
        _ => return None,
    })
}

/// The worst that is known; where something cannot be judged, it may be worse.
fn judged(database: &DatabaseState) -> Known {
    let known = database.problems.iter().filter(|problem| problem.verdict != Verdict::Unknown);
    let worst = known.map(|problem| problem.verdict).max().unwrap_or(Verdict::Ok);
    let Some(doubt) = database.problems.iter().find(|problem| problem.verdict == Verdict::Unknown) else {
        return Known::value_of(worst as u8);
    };
    // Without its connections nobody can say that there is one left; the rest makes it degraded at most.
    let most = if database.slots.cause().is_some() { Verdict::Down } else { worst.max(Verdict::Degraded) };
    let why = Known::Failed(doubt.words.clone());
    Known::Between(f64::from(worst as u8), f64::from(most as u8), Box::new(why))
}

fn slots(database: &DatabaseState, measure: &Measure) -> Option<Known> {
    let slots = database.slots.value()?;
    Some(match measure {
        Measure::UsedSlots(_) => Known::value_of(slots.used),
        _ if slots.usable() == 0 => Known::failed("the server has no usable connections"),
        _ => Known::Value(f64::from(slots.used) / f64::from(slots.usable())),
    })
}

fn sessions(sessions: &Sessions, measure: &Measure) -> Option<Known> {
    let count = |wanted: &[SessionState]| -> f64 {
        sessions.by_state.iter().filter(|(state, _)| wanted.contains(state)).map(|(_, count)| f64::from(*count)).sum()
    };
    let seconds = |longest: Option<Duration>| longest.unwrap_or_default().as_secs_f64();
    let shown = match measure {
        Measure::Blocked(_) => return Some(blocked(sessions)),
        Measure::OldestIdleTransaction(_) => return Some(seen(sessions, seconds(sessions.oldest_idle_in_transaction))),
        Measure::Shown(shown, _) => shown,
        _ => return None,
    };
    Some(match shown {
        Shown::Sessions => Known::Value(count(&SessionState::ALL)),
        Shown::HiddenSessions => Known::value_of(sessions.unseen().map_or(0, |(count, _)| count)),
        Shown::ActiveSessions => seen(sessions, count(&[Active, Fastpath])),
        Shown::IdleSessions => seen(sessions, count(&[Idle])),
        Shown::OpenTransactions => seen(sessions, count(&[IdleInTransaction, IdleInTransactionAborted])),
        Shown::AbortedTransactions => seen(sessions, count(&[IdleInTransactionAborted])),
        Shown::WaitingSessions => least_of(sessions.hidden.clone(), f64::from(sessions.waiting)),
        Shown::LongestQuery => seen(sessions, seconds(sessions.oldest_active)),
        Shown::LongestTransaction => {
            let longest = seconds(sessions.list.iter().filter_map(open_for).max());
            match sessions.left_out {
                0 => seen(sessions, longest),
                more => Known::failed(format!("{more} sessions are not listed")).at_least(longest),
            }
        }
        _ => return None,
    })
}

fn open_for(session: &Session) -> Option<Duration> {
    session.transaction_age
}

/// Of those that were not asked each may be blocked. Who tells no state tells whom it waits for all the same.
fn blocked(sessions: &Sessions) -> Known {
    let (waiting, unasked) = (sessions.waiting, sessions.unasked);
    if sessions.hidden.is_some() || unasked == 0 {
        return least_of(sessions.hidden.clone(), f64::from(sessions.blocked));
    }
    let why = format!("{unasked} of {waiting} sessions that wait for a lock were not asked who blocks them");
    let most = sessions.blocked.saturating_add(unasked);
    Known::Between(f64::from(sessions.blocked), f64::from(most), Box::new(Known::failed(why)))
}

/// Of sessions that may not be seen, or tell no state, nobody knows what they do.
fn seen(sessions: &Sessions, least: f64) -> Known {
    least_of(sessions.unseen(), least)
}

fn least_of(unseen: Option<(u32, Safe)>, least: f64) -> Known {
    match unseen {
        None => Known::Value(least),
        Some((count, why)) => Known::failed(format!("{count} sessions are hidden; {why}")).at_least(least),
    }
}

fn counters(
    asked: Asked<'_>,
    database: &DatabaseState,
    counters: &DatabaseCounters,
    measure: &Measure,
) -> Option<Known> {
    let Measure::Shown(shown, _) = measure else { return None };
    match shown {
        Shown::Size => return Some(asked.told(counters.size_bytes.map(|bytes| bytes.max(0) as f64))),
        Shown::Deadlocks => return Some(of_minute(asked, &database.deadlocks)),
        Shown::TemporaryBytes => return Some(of_minute(asked, &database.temporary)),
        _ => {}
    }
    let Some(rates) = &database.rates else { return Some(asked.nothing("it needs two readings")) };
    Some(match shown {
        Shown::Commits => Known::Value(rates.commits_per_second),
        Shown::Rollbacks => Known::Value(rates.rollbacks_per_second),
        Shown::BufferHit => match rates.hit_ratio {
            Some(ratio) if rates.blocks >= FEWEST_BLOCKS => Known::Value(ratio),
            Some(_) => Known::no_traffic(format!("only {} blocks", rates.blocks)),
            None => Known::no_traffic("no traffic: no block was read"),
        },
        _ => return None,
    })
}

/// Too many there may be already; that there are few is known after a whole minute.
fn of_minute(asked: Asked<'_>, counted: &LastMinute) -> Known {
    match counted.sum(asked.now) {
        None => asked.nothing("it needs two readings"),
        Some((sum, have)) if have < MINUTE => {
            let why = Safe::of(format!("watched for {} of a minute", figure::age(have)));
            Known::Nothing(Basis::Warming { have, need: MINUTE }, why).at_least(sum)
        }
        Some((sum, _)) => Known::Value(sum),
    }
}

fn statements(database: &DatabaseState, delta: &StatementsDelta, measure: &Measure) -> Option<Known> {
    let seconds = delta.elapsed.as_secs_f64();
    let idle = || Known::no_traffic("no statement ran");
    // The longest lists are cut: what is not listed took less time than all that is.
    let cut = delta.active > delta.rows.len();
    let counted = |value: f64| {
        if cut { Known::failed("not all statements are listed").at_least(value) } else { Known::Value(value) }
    };
    Some(match measure {
        Measure::Statement(_, query) => {
            let rows = delta.rows.iter().filter(|row| row.id.query == *query);
            let (calls, total) = rows.fold((0, 0.0), |(calls, total), row| (calls + row.calls, total + row.total_ms));
            match calls {
                1.. => Known::Value(total / calls as f64),
                _ if cut => Known::failed("not all statements are listed, and it is not among those that are"),
                _ => Known::no_traffic("it did not run"),
            }
        }
        Measure::Shown(Shown::SlowestStatement, _) => {
            let means = delta.rows.iter().filter_map(crate::domain::statement::StatementDelta::mean_ms);
            means.max_by(f64::total_cmp).map_or_else(idle, counted)
        }
        Measure::Shown(Shown::SlowerStatements, _) => {
            let slower = delta.rows.iter().filter(|row| database.baselines.slower(row).is_some()).count();
            counted(slower as f64)
        }
        _ if seconds <= 0.0 => Known::failed("no time passed between its readings"),
        Measure::Shown(Shown::StatementCalls, _) => Known::Value(delta.calls as f64 / seconds),
        Measure::Shown(Shown::StatementLoad, _) => Known::Value(delta.total_ms / 1000.0 / seconds),
        _ => return None,
    })
}
