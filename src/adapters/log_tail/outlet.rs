//! The way out for events during one turn: numbers segments, and keeps what the receiver gave back.

use std::collections::VecDeque;
use std::sync::Arc;

use crate::domain::moment::Moment;
use crate::domain::safe::Safe;
use crate::logs::segment::{SegmentBuilder, Stream};

use super::{Flow, LogEvent};

/// What sources need during a turn: shared buffers, the receiver, the time.
pub struct Outlet<'a> {
    pub sink: &'a mut dyn FnMut(LogEvent) -> Flow,
    pub pending: &'a mut VecDeque<LogEvent>,
    pub builder: &'a mut SegmentBuilder,
    pub buffer: &'a mut Vec<u8>,
    pub sequence: &'a mut u64,
    pub now: Moment,
    /// A block of an old part was counted in this turn.
    pub counted: bool,
    /// Something was read or told in this source's turn.
    pub stirred: bool,
}

impl Outlet<'_> {
    /// Offers what was given back before.
    pub fn offer_pending(&mut self) {
        while let Some(event) = self.pending.pop_front() {
            if let Flow::Full(event) = (self.sink)(event) {
                self.pending.push_front(event);
                return;
            }
        }
    }

    /// Whether the receiver has no room. Files are not read then: they keep.
    pub fn is_full(&self) -> bool {
        !self.pending.is_empty()
    }

    /// How many events wait for room.
    pub fn waiting(&self) -> usize {
        self.pending.len()
    }

    /// Hands an event over, behind those that wait.
    pub fn emit(&mut self, event: LogEvent) {
        self.stirred = true;
        if self.is_full() {
            self.wait(event);
        } else if let Flow::Full(event) = (self.sink)(event) {
            self.pending.push_back(event);
        }
    }

    /// Lets an event wait for room. States replace each other and losses add up, so that only segments, which their
    /// sources bound, can pile up.
    fn wait(&mut self, event: LogEvent) {
        for waiting in self.pending.iter_mut() {
            match (waiting, &event) {
                (LogEvent::State { log, state }, LogEvent::State { log: same, state: newer }) if log == same => {
                    state.clone_from(newer);
                    return;
                }
                (
                    LogEvent::Loss { log, lines, bytes, why },
                    LogEvent::Loss { log: same, lines: more, bytes: further, why: also },
                ) if log == same && why == also => {
                    *lines += more;
                    *bytes += further;
                    return;
                }
                _ => {}
            }
        }
        self.pending.push_back(event);
    }

    /// Reports a loss.
    pub fn lose(&mut self, log: u16, lines: u64, bytes: u64, why: String) {
        self.emit(LogEvent::Loss { log, lines, bytes, why: Safe::of(why) });
    }

    /// Makes a segment of what `builder` holds and hands it over.
    pub fn seal(&mut self, stream: Stream, builder: &mut SegmentBuilder) {
        if let Some(segment) = builder.seal_stream(stream, *self.sequence + 1, self.now) {
            *self.sequence += 1;
            self.emit(LogEvent::Segment(Arc::new(segment)));
        }
    }

    /// Runs `work` with the shared buffer and builder, and seals what it left in the builder.
    pub fn with_buffers<R>(
        &mut self,
        stream: Stream,
        work: impl FnOnce(&mut Self, &mut Vec<u8>, &mut SegmentBuilder) -> R,
    ) -> R {
        let mut buffer = std::mem::take(self.buffer);
        let mut builder = std::mem::take(self.builder);
        let result = work(self, &mut buffer, &mut builder);
        self.seal(stream, &mut builder);
        *self.buffer = buffer;
        *self.builder = builder;
        result
    }
}
