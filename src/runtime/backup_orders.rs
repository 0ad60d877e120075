//! A backup, from the look for its card to the proof: one snapshot is counted and dumped, the dump is read, restored into a
//! scratch database and counted again. Only then it bears the name of a proven one; the scratch database goes, unless the program is killed.

mod look;
mod old;
mod unfinished;

use std::path::PathBuf;
use std::time::Duration;

use tokio::sync::watch;
use tokio::time::{Instant, MissedTickBehavior, interval, sleep, timeout_at};

use crate::adapters::act::Commands;
use crate::adapters::backup::{self as files, Sealed};
use crate::adapters::postgres::{Counted, PostgresSource};
use crate::app::Event;
use crate::config::resolved::DatabaseSpec;
use crate::domain::cause::Phase;
use crate::domain::{Cause, Moment, Safe, Untrusted, figure};
use crate::remediation::backup::{BackupStep, Count, differences, file_name, scratch_name};
use crate::remediation::execution::Input;
use crate::remediation::guard::Approved;
use crate::remediation::measure::{Evidence, Measure};
use crate::remediation::step::{StepEnd, Work};
use crate::remediation::turn::Reach;

use super::clock;
use super::inbox::Inbox;
use super::turns::TAKEN_AGAIN;

pub use look::{Looked, preview};

/// Kept of the deadline for putting things away.
const PUTTING_AWAY: Duration = Duration::from_secs(20);
/// Making or dropping a database takes no longer.
const DATABASE: Duration = Duration::from_secs(60);

/// Giving the database's turn back takes no longer, also where a count was broken off.
const GIVING_BACK: Duration = Duration::from_secs(2);
/// Whether the turn is still ours is known within this, or not at all.
const TURN: Duration = Duration::from_secs(10);
/// Tables that are counted and compared: all of a database, or it is not backed up here.
const MOST_TABLES: usize = 20_000;
/// Pauses before the file is read again to see that it is as it was written.
const READ_AGAIN: [Duration; 3] = [Duration::from_secs(1), Duration::from_secs(5), Duration::from_secs(30)];

/// Does it, puts away what must not stay, and shows what came of it.
pub async fn run(
    run: u64,
    step: usize,
    approved: &Approved,
    own: Option<PostgresSource>,
    scratch: Option<DatabaseSpec>,
    mut halt: watch::Receiver<Option<u64>>,
    inbox: &Inbox,
) {
    let tell = |input: Input| inbox.tell(Event::ActionHappened { run, input: Box::new(input) });
    let (Work::Backup(work), Some(own), Some(scratch)) = (&approved.step().work, own, scratch) else {
        let end = StepEnd::Failed(Cause::Other(Safe::of("no database of the configuration")));
        return tell(Input::StepEnded { step, end });
    };
    let left = approved.left(clock::now());
    let deadline = left.saturating_sub(PUTTING_AWAY.min(left / 4));
    let mut way = Way {
        own,
        maintenance: PostgresSource::new(scratch.clone()),
        scratch,
        made: None,
        part: None,
        sealed: None,
        begun: false,
        lost: false,
    };
    let mut told = Told { run, inbox, lines: Vec::new() };
    let stopped = async {
        if halt.wait_for(|wanted| *wanted == Some(run)).await.is_err() {
            std::future::pending::<()>().await;
        }
    };
    let outcome = tokio::select! {
        biased;
        () = stopped => Err(StepEnd::Cancelled(Safe::of("it was stopped: no proven dump was kept"))),
        outcome = timeout_at(Instant::now() + deadline, stages(&mut way, approved, work, deadline, &mut told)) => {
            let late = Cause::Timeout { phase: Phase::Whole, after: deadline };
            outcome.unwrap_or(Err(StepEnd::Failed(late)))
        }
    };
    let outcome = named(&mut way, approved, outcome).await;
    let mut trouble = put_away(&mut way, outcome.is_ok()).await;
    let begun = way.begun;
    if begun && outcome.is_err() && trouble.is_empty() {
        trouble.push(Safe::of("no dump is left of it"));
    }
    if way.lost {
        trouble.push(Safe::of(TAKEN_AGAIN));
    }
    let counts = outcome.as_ref().ok().cloned();
    let Way { mut own, maintenance, sealed, .. } = way;
    let end = end_of(approved, sealed.clone(), outcome.map_err(|end| miscarried(end, begun)), trouble, work).await;
    // The snapshot holds back vacuum, and the turn other operators: both go with their connection, now.
    let end = end.and_said(own.release(GIVING_BACK.min(approved.left(clock::now()))).await.err());
    drop((own, maintenance));
    let done = matches!(end, StepEnd::Done { .. });
    tell(Input::StepEnded { step, end });
    if let (true, Some(sealed), Some(counts)) = (done, sealed, counts) {
        // Only what is begun after the end was taken note of counts; a whole file is not read every second.
        for pause in READ_AGAIN {
            sleep(pause).await;
            tell(Input::Read(evidence(&sealed, &counts).await));
        }
    }
}

/// What has been made so far, and must be put away.
struct Way {
    own: PostgresSource,
    maintenance: PostgresSource,
    scratch: DatabaseSpec,
    /// A scratch database that may be there, and on which server.
    made: Option<(String, Untrusted)>,
    /// A temporary file.
    part: Option<PathBuf>,
    /// The whole dump: under the name of a proven one only when it is.
    sealed: Option<Sealed>,
    /// The dump was begun.
    begun: bool,
    /// The turn was lost on the way, and had again.
    lost: bool,
}

impl Way {
    /// Before anything more is changed: other operators are still kept out.
    async fn stands(&mut self, approved: &Approved) -> Result<(), StepEnd> {
        self.lost |= self.own.stand(approved.identity(), Reach::Database, TURN).await?;
        Ok(())
    }
}

/// How far it is, as the view of the run shows it.
struct Told<'a> {
    run: u64,
    inbox: &'a Inbox,
    lines: Vec<Safe>,
}

impl Told<'_> {
    /// A stage ended.
    fn done(&mut self, words: &str) {
        self.lines.push(Safe::of(format!("done: {words}")));
        self.now("");
    }

    /// What is being done.
    fn now(&self, words: &str) {
        let mut lines = self.lines.clone();
        lines.extend((!words.is_empty()).then(|| Safe::of(format!("now: {words}"))));
        self.inbox.tell(Event::StepTold { run: self.run, lines });
    }
}

async fn stages(
    way: &mut Way,
    approved: &Approved,
    work: &BackupStep,
    deadline: Duration,
    told: &mut Told<'_>,
) -> Result<Vec<Count>, StepEnd> {
    let failed = StepEnd::Failed;
    let commands = Commands::here();
    told.now("looks at the scratch server once more");
    let server = way.maintenance.look_at_scratch(DATABASE).await.map_err(failed)?;
    if !approved.objects().contains(&look::key(&server)) {
        return Err(StepEnd::OtherTarget(Safe::of(format!("the scratch server is {} now", server.which.one_line()))));
    }
    let (snapshot, encoding) = way.own.export_snapshot(approved.identity(), deadline).await?;
    told.now("counts the rows of the snapshot");
    let tables = way.own.tables(MOST_TABLES, deadline).await.map_err(failed)?;
    let source = count(&mut way.own, &tables, told).await.map_err(failed)?;
    told.done(&format!("counted {} in one snapshot", rows(&source)));
    let begun = clock::now();
    let name = file_name(&work.name, begun);
    let folder = work.backup.folder.clone();
    let part = off({
        let (folder, name) = (folder.clone(), name.clone());
        move || files::begin(&folder, &name)
    })
    .await
    .map_err(failed)?;
    (way.part, way.begun) = (Some(part.clone()), true);
    let to_source = way.own.for_programs(None).map_err(failed)?;
    watched(files::dump(&commands, &snapshot, &part, &to_source, deadline), &part, told).await.map_err(failed)?;
    let entries = files::list(&commands, &part).await.map_err(failed)?;
    told.now("brings the dump to the disk");
    let sealed = off(move || files::seal(&part, &folder, &name)).await.map_err(failed)?;
    way.part = None;
    told.done(&format!(
        "dumped {}, {entries} lines of contents: {}",
        figure::bytes(sealed.size),
        sealed.path.display()
    ));
    way.sealed = Some(sealed.clone());
    let scratch = scratch_name(begun, &off(files::chance).await.map_err(failed)?);
    told.now(&format!("restores into {scratch}"));
    way.stands(approved).await?;
    way.made = Some((scratch.clone(), server.which.clone()));
    if let Err(not) = way.maintenance.make_scratch(&scratch, &encoding, &server.which, DATABASE).await {
        if !not.may_be_there {
            way.made = None;
        }
        return Err(failed(not.cause));
    }
    let to_scratch = way.maintenance.for_programs(Some(&scratch)).map_err(failed)?;
    way.stands(approved).await?;
    files::restore(&commands, &scratch, &sealed.path, &to_scratch, deadline).await.map_err(failed)?;
    told.done(&format!("restored into {scratch}"));
    let mut target = way.scratch.target.clone();
    target.database.clone_from(&scratch);
    let mut copy = PostgresSource::new(DatabaseSpec { target, ..way.scratch.clone() });
    told.now("counts the restored copy");
    let tables = copy.tables(MOST_TABLES, deadline).await.map_err(failed)?;
    let restored = count(&mut copy, &tables, told).await.map_err(failed)?;
    let different = differences(&source, &restored);
    if !different.is_empty() {
        let some: Vec<&str> = different.iter().take(5).map(Safe::as_str).collect();
        let words = format!("{} tables differ in the restored copy: {}", different.len(), some.join(", "));
        return Err(failed(Cause::Other(Safe::of(words))));
    }
    told.done(&format!("the restored copy has as many rows in every table: {}", rows(&restored)));
    Ok(restored)
}

async fn count(source: &mut PostgresSource, tables: &[Counted], told: &Told<'_>) -> Result<Vec<Count>, Cause> {
    let mut counts = Vec::with_capacity(tables.len());
    for (at, table) in tables.iter().enumerate() {
        if at % 50 == 0 {
            told.now(&format!("counts table {} of {}", at + 1, tables.len()));
        }
        counts.push(source.count(table).await?);
    }
    Ok(counts)
}

/// The dump, while its file is watched growing.
async fn watched(
    dump: impl Future<Output = Result<(), Cause>>,
    part: &std::path::Path,
    told: &Told<'_>,
) -> Result<(), Cause> {
    let mut beat = interval(Duration::from_secs(1));
    beat.set_missed_tick_behavior(MissedTickBehavior::Skip);
    tokio::pin!(dump);
    loop {
        tokio::select! {
            biased;
            end = &mut dump => return end,
            _ = beat.tick() => {
                let part = part.to_owned();
                let size = off(move || Ok(std::fs::metadata(&part).map_or(0, |found| found.len()))).await.unwrap_or(0);
                told.now(&format!("dumps the snapshot: {} so far", figure::bytes(size)));
            }
        }
    }
}

/// What was proved gets its name, and nothing can come in between any more.
async fn named(
    way: &mut Way,
    approved: &Approved,
    outcome: Result<Vec<Count>, StepEnd>,
) -> Result<Vec<Count>, StepEnd> {
    let counts = outcome?;
    way.stands(approved).await?;
    if let Some(sealed) = way.sealed.clone() {
        way.sealed = Some(off(move || files::prove(&sealed)).await.map_err(StepEnd::Failed)?);
    }
    Ok(counts)
}

/// The scratch database goes, and so does a half file; a dump that was not proved is named. What could not be put away.
async fn put_away(way: &mut Way, proved: bool) -> Vec<Safe> {
    let mut trouble = Vec::new();
    if let Some((name, on)) = way.made.take()
        && let Err(first) = way.maintenance.drop_scratch(&name, &on, DATABASE).await
    {
        // A connection that broke with the rest: once more over a new one.
        let mut anew = PostgresSource::new(way.scratch.clone());
        if anew.drop_scratch(&name, &on, DATABASE).await.is_err() {
            trouble.push(Safe::of(format!("the scratch database {name} may still be there: {first}")));
        }
    }
    if let Some(part) = way.part.take() {
        let _ = off(move || {
            files::discard(&part);
            Ok(())
        })
        .await;
    }
    if !proved && let Some(sealed) = way.sealed.take() {
        trouble.push(Safe::of(format!("the dump that was not proved is {}", sealed.path.display())));
    }
    trouble
}

/// What fails after the dump was begun did something all the same.
fn miscarried(end: StepEnd, begun: bool) -> StepEnd {
    match end {
        StepEnd::Failed(cause) if begun => StepEnd::Miscarried(cause),
        StepEnd::OtherTarget(what) if begun => {
            let words = format!("it is not the target of the card any more: {what}");
            StepEnd::Miscarried(Cause::Other(Safe::of(words)))
        }
        end => end,
    }
}

async fn end_of(
    approved: &Approved,
    sealed: Option<Sealed>,
    outcome: Result<Vec<Count>, StepEnd>,
    trouble: Vec<Safe>,
    work: &BackupStep,
) -> StepEnd {
    let told: Vec<&str> = trouble.iter().map(Safe::as_str).collect();
    let more = if told.is_empty() { String::new() } else { format!("; {}", told.join("; ")) };
    match (outcome, sealed) {
        (Ok(counts), Some(sealed)) => {
            let mut said = vec![
                Safe::of(format!("{}, {} bytes", sealed.path.display(), sealed.size)),
                Safe::of(format!("SHA-256 {}", sealed.sha256)),
                Safe::of(format!("restored and compared: {}", rows(&counts))),
            ];
            said.extend(trouble);
            let fates = old::deleted(approved, work, &mut said).await;
            StepEnd::Done { fates, said }
        }
        (Ok(_), None) => StepEnd::Failed(Cause::Other(Safe::of(format!("there is no dump{more}")))),
        (Err(end), _) => with(end, &more),
    }
}

/// What is left of it is told with it.
fn with(end: StepEnd, more: &str) -> StepEnd {
    let words = |cause: Cause| Cause::Other(Safe::of(format!("{cause}{more}")));
    if more.is_empty() {
        return end;
    }
    match end {
        StepEnd::Failed(cause) => StepEnd::Failed(words(cause)),
        StepEnd::Miscarried(cause) => StepEnd::Miscarried(words(cause)),
        StepEnd::Unknown(cause) => StepEnd::Unknown(words(cause)),
        StepEnd::Cancelled(left) => StepEnd::Cancelled(Safe::of(format!("{left}{more}"))),
        StepEnd::OtherTarget(what) => StepEnd::OtherTarget(Safe::of(format!("{what}{more}"))),
        end @ StepEnd::Done { .. } => end,
    }
}

/// The file is read once more, as it is on the disk now.
async fn evidence(sealed: &Sealed, counts: &[Count]) -> Evidence {
    let at = clock::now();
    let path = sealed.path.clone();
    let now = off(move || files::hash(&path)).await;
    let same = now.as_ref().ok().map(|now| *now == (sealed.size, sealed.sha256.clone()));
    let words = match same {
        Some(true) => format!("{}, its SHA-256 as written", rows(counts)),
        Some(false) => "the file is not as it was written".to_owned(),
        None => "the file cannot be read".to_owned(),
    };
    shown(same, words, at)
}

fn shown(same: Option<bool>, words: String, at: Moment) -> Evidence {
    let value = same.map(|same| f64::from(u8::from(same)));
    Evidence { measure: Measure::Result, value, at, words: Safe::of(words), chance: 0.0 }
}

fn rows(counts: &[Count]) -> String {
    let rows: i64 = counts.iter().map(|count| count.rows).sum();
    format!("{rows} rows in {} tables", counts.len())
}

/// What waits for a disk does not hold up the sources.
async fn off<T: Send + 'static>(work: impl FnOnce() -> Result<T, Cause> + Send + 'static) -> Result<T, Cause> {
    match tokio::task::spawn_blocking(work).await {
        Ok(outcome) => outcome,
        Err(stopped) => Err(Cause::Other(Safe::of(stopped.to_string()))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn another_target_after_the_dump_was_begun_is_no_refusal_and_what_is_left_is_told() {
        let other = || StepEnd::OtherTarget(Safe::of("the system identifier is 8"));
        let left = "; the dump that was not proved is /d/x";
        let StepEnd::Miscarried(cause) = with(miscarried(other(), true), left) else { panic!("it was begun") };
        let told = cause.to_string();
        assert!(told.contains("the system identifier is 8") && told.ends_with(left), "{told}");
        assert_eq!(miscarried(other(), false), other(), "nothing was begun");
        let StepEnd::OtherTarget(told) = with(other(), left) else { panic!("it is what it was") };
        assert!(told.as_str().ends_with(left), "{told}");
    }
}
