//! How writing begins: on start the files are verified and runs without an end are found; a file that was closed, torn or
//! does not verify is left as it is, and a new one goes on from its last good record.

use crate::domain::{Moment, Safe};
use crate::remediation::audit::{AuditEvent, Chain, Entry, LINE_LIMIT, Record, Runs, Verifier, Writer};

use super::disk::Disk;
use super::error::{AuditError, AuditFault};
use super::folder::{Folder, Place, Segment};
use super::identity::operator;
use super::lock::{Alive, Turn};
use super::making::{complaint, create, find, own_user};
use super::scan::{self, Judged};
use super::segment::Open;
use super::{AuditLog, Failed, Opened};

/// A file larger than this is closed on start, when no run is open.
const LARGE: u64 = 16 * 1024 * 1024;

/// In which files are begun.
pub(super) struct Setting<'a> {
    pub disk: &'a dyn Disk,
    pub folder: &'a Folder,
    pub shared: bool,
    pub operator: &'a str,
    pub writer: &'a Writer,
    pub turn: &'a Turn,
}

/// The file that this process leaves.
pub(super) struct Left<'a> {
    pub open: &'a Open,
    pub runs: &'a Runs,
    pub unacknowledged: bool,
    /// Files that this process made to follow it, and could not write: none of them vouches for anything.
    pub in_vain: &'a mut u32,
    /// Why; `None` when it is in order.
    pub why: Option<Safe>,
}

/// A file to write.
pub(super) struct Begun {
    pub open: Open,
    pub runs: Runs,
    pub notes: Vec<Safe>,
    /// It was begun now, with a first record.
    pub wrote: bool,
}

impl AuditLog {
    /// As [`AuditLog::open`], on a disk that may fail.
    ///
    /// # Errors
    /// Nothing can be recorded there; no action may run.
    pub fn open_on(
        disk: Box<dyn Disk>,
        place: &Place,
        writer: Writer,
        now: Moment,
    ) -> Result<(AuditLog, Opened), AuditError> {
        let writer = writer.bounded();
        let user = own_user();
        let folder = Folder::for_writing(place, user)?;
        let operator = operator(&writer);
        let turn = Turn::open(&folder, disk.as_ref(), &operator, user)?;
        let held = turn.take(&folder, disk.as_ref())?;
        let alive = Alive::begin(&folder, disk.as_ref(), writer.alive.as_str(), user)?;
        let setting = Setting {
            disk: disk.as_ref(),
            folder: &folder,
            shared: place.shared,
            operator: &operator,
            writer: &writer,
            turn: &turn,
        };
        let begun = next(&setting, None, now)?;
        drop(held);
        let Begun { open, runs, notes, wrote } = begun;
        let opened = Opened { notes, wrote, file: folder.shown(&open.name), ..Opened::default() };
        let mut log = AuditLog {
            disk,
            folder,
            shared: place.shared,
            operator,
            writer,
            turn,
            _alive: alive,
            open,
            runs,
            degraded: None,
            unacknowledged: false,
            in_vain: 0,
        };
        let opened = log.recover(opened, now)?;
        Ok((log, opened))
    }

    /// Ends what nobody ends any more.
    fn recover(&mut self, mut opened: Opened, now: Moment) -> Result<Opened, AuditError> {
        let found: Vec<_> = self.runs.open().cloned().collect();
        for run in found {
            let turn = self.turn.take(&self.folder, self.disk.as_ref())?;
            let alive = Alive::is_alive(&self.folder, &self.operator, run.writer.alive.as_str());
            drop(turn);
            if alive {
                opened.elsewhere.push(run);
                continue;
            }
            match self.append(&run.recovered(), now) {
                Ok(_) => {
                    opened.wrote = true;
                    opened.recovered.push(run);
                }
                // Another process that starts now was faster, and shows it.
                Err(error) if error.fault == AuditFault::Misplaced => {}
                Err(error) => return Err(error),
            }
        }
        Ok(opened)
    }
}

/// The file that is to be written from now on: the last one, if it holds and this process does not leave it, else a new
/// one. Only under the turn.
pub(super) fn next(setting: &Setting<'_>, left: Option<Left<'_>>, now: Moment) -> Result<Begun, AuditError> {
    let folder = setting.folder;
    let unreadable = |error: std::io::Error| AuditError::unusable(format!("{}: {error}", folder.shown("")));
    let mut segments = folder.segments().map_err(unreadable)?;
    segments.retain(|segment| segment.operator == setting.operator);
    if let Some(left) = left
        && segments.last().is_none_or(|last| last.index <= left.open.segment.index.saturating_add(*left.in_vain))
    {
        return after(setting, left, now);
    }
    let mut runs = Runs::default();
    let mut judged = scan::chain(folder, &segments, &mut |_, record: &Record| runs.note(record));
    let Some((segment, verifier, verdict)) = judged.pop() else {
        let segment = Segment { operator: setting.operator.to_owned(), index: 0 };
        setting.turn.forget_doubts();
        return Ok(Begun {
            open: create(setting, segment, Verifier::new(1, None))?,
            runs,
            notes: Vec::new(),
            wrote: false,
        });
    };
    let older = judged.iter().filter_map(|(segment, _, verdict)| complaint(folder, segment, verdict));
    let mut notes: Vec<Safe> = older.collect();
    let is_doubted = verifier.until().is_some();
    let (open, sealed) = find(setting, segment, verifier)?;
    let lost = match &verdict {
        Judged::Good(_) if is_doubted => Some(Safe::of(format!("{} was closed: {}", open.shown, open.unvouched()))),
        Judged::Good(good) if good.torn.is_none() && sealed => Some(Safe::of(format!("{} was closed", open.shown))),
        Judged::Good(good) if good.records == 0 && open.segment.index > 0 => {
            Some(Safe::of(format!("{} was begun and holds nothing", open.shown)))
        }
        other => complaint(folder, &open.segment, other),
    };
    if lost.is_none() && (open.size <= LARGE || runs.count() > 0) {
        return Ok(Begun { open, runs, notes, wrote: false });
    }
    notes.extend(lost.clone());
    // A file without a good record vouches for nothing: the one before it does.
    let before = judged.iter().rev().find(|(_, v, _)| open.verifier.records() == 0 && v.records() > 0);
    let (name, chain) = before.map_or((open.name.clone(), open.chain()), |(s, v, _)| (s.name(), v.chain()));
    // Beside what stands in this file, what may not be on disk of the one before has used a number up.
    let unvouched =
        before.map_or(0, |(_, _, verdict)| u64::from(matches!(verdict, Judged::Good(good) if good.beyond > 0)));
    let skipped = open.lines_beyond() + unvouched;
    let mut from = From { name: Safe::of(name), chain, skipped, index: open.segment.index, why: lost };
    // Closed with its first record alone: that one may not be on disk, so what it goes on from vouches.
    if let Some(old) = open.verifier.continues().filter(|_| sealed && open.verifier.records() == 1) {
        from.skipped += chain.seq().saturating_sub(old.seq);
        (from.name, from.chain) = (old.file.clone(), Chain::at(old.seq, old.hash));
    }
    begin_after(&open, setting, from, runs, notes, now)
}

/// A new file after the one that this process leaves. What we know to be on disk counts, not what can be read from it.
fn after(setting: &Setting<'_>, left: Left<'_>, now: Moment) -> Result<Begun, AuditError> {
    let open = left.open;
    let from = From {
        name: Safe::of(&open.name),
        chain: open.chain(),
        // Each of those that were made in vain may hold a first record.
        skipped: open.lines_beyond().max(u64::from(left.unacknowledged)) + u64::from(*left.in_vain),
        index: open.segment.index.saturating_add(*left.in_vain),
        why: left.why.clone(),
    };
    let next = Segment { index: from.index.saturating_add(1), ..open.segment.clone() };
    let begun = begin_after(open, setting, from, left.runs.clone(), left.why.into_iter().collect(), now);
    if begun.is_err() && setting.folder.stat(&next.name()).is_some() {
        *left.in_vain += 1;
    }
    begun
}

/// A file that is lost is closed before the new one; one that is in order only when that stands.
fn begin_after(
    open: &Open,
    setting: &Setting<'_>,
    from: From,
    runs: Runs,
    notes: Vec<Safe>,
    now: Moment,
) -> Result<Begun, AuditError> {
    let is_lost = from.why.is_some();
    if is_lost {
        open.seal();
    }
    let begun = begin(setting, from, runs, notes, now)?;
    open.seal();
    Ok(begun)
}

/// What a new file goes on from.
struct From {
    name: Safe,
    chain: Chain,
    skipped: u64,
    index: u32,
    why: Option<Safe>,
}

fn begin(
    setting: &Setting<'_>,
    from: From,
    mut runs: Runs,
    mut notes: Vec<Safe>,
    now: Moment,
) -> Result<Begun, AuditError> {
    let event = if from.why.is_some() { AuditEvent::SegmentLost } else { AuditEvent::SegmentOpened };
    let entry = Entry::new(event, "")
        .with("file", &from.name)
        .with("last_good_seq", from.chain.seq())
        .with("head", from.chain.head().hex())
        .with("lines_lost", from.skipped)
        .with("why", from.why.unwrap_or_else(|| Safe::of("a new file was due")));
    let line = from.chain.first(from.skipped, &from.name, &entry, setting.writer, now);
    let segment = Segment { operator: setting.operator.to_owned(), index: from.index.saturating_add(1) };
    let mut open = create(setting, segment, Verifier::new(from.chain.seq() + 1, None))?;
    let outcomes = runs.count() as u64 * LINE_LIMIT as u64;
    let room = if outcomes > 0 { open.reserve(setting.disk, line.bytes.len() as u64 + outcomes) } else { Ok(()) };
    match room.and_then(|()| open.write(setting.disk, &line.bytes, &mut runs)) {
        Ok(()) => {
            notes.push(Safe::of(format!("{} goes on from {}", open.shown, from.name)));
            Ok(Begun { open, runs, notes, wrote: true })
        }
        Err(Failed::Nothing(error)) => Err(error),
        Err(Failed::Final(why)) => {
            setting.turn.doubt(&open);
            Err(AuditError::new(AuditFault::Degraded, why))
        }
    }
}
