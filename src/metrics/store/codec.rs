//! Samples as bits, exact to the last bit of a value. Times that the target's own scrapes give cost one bit; values are told
//! as decimals (most are read from short ones) by the error of a running guess, others by the bits that changed.

use super::bits::{Reader, WINDOW, Writer};
use crate::metrics::store::Sample;

/// Runs of ones longer than this are told by a length.
const LONGEST_RUN: u32 = 8;
/// Whole numbers below this are exact in a float.
const EXACT: f64 = 9007199254740992.0;
/// What a decimal is divided by.
const SCALES: [f64; 16] = [1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15];

/// What both sides know of the samples so far.
#[derive(Clone, Debug, Default)]
pub(super) struct State {
    /// Time of the last one.
    pub at: i64,
    /// Its value's bits.
    pub bits: u64,
    step: i64,
    mantissa: i64,
    guess: i64,
    /// Sixteen times the mean error of the guess.
    error: u64,
    scale: u8,
    /// A decimal stands before; two of them do, so that there is something to guess by.
    begun: bool,
    guessing: bool,
    /// The last value was the one before it.
    same: bool,
}

fn zigzag(number: i64) -> u64 {
    (number << 1 ^ number >> 63) as u64
}

fn unzigzag(number: u64) -> i64 {
    (number >> 1) as i64 ^ -((number & 1) as i64)
}

fn length(number: u64) -> u32 {
    64 - number.leading_zeros()
}

/// The whole number that gives exactly this value when divided by the scale.
fn mantissa(value: f64, scale: u8) -> Option<i64> {
    let divisor = *SCALES.get(usize::from(scale))?;
    let scaled = (value * divisor).round();
    let whole = scaled as i64; // which has no negative zero
    (scaled.abs() < EXACT && (whole as f64 / divisor).to_bits() == value.to_bits()).then_some(whole)
}

impl State {
    /// Before the first sample of a chunk, whose time stands beside the bits.
    pub fn at(at: i64) -> State {
        State { at, ..State::default() }
    }

    /// The last sample.
    pub fn sample(&self) -> Sample {
        Sample { at: self.at, value: f64::from_bits(self.bits) }
    }

    fn time(&mut self, at: i64) {
        self.step = at.wrapping_sub(self.at);
        self.at = at;
    }

    /// Bits that the error of a guess is expected to have.
    fn expected(&self) -> u32 {
        length(((self.error >> 4) * 11) >> 4)
    }

    fn follow(&mut self, mantissa: i64) {
        let delta = mantissa - self.mantissa;
        let missed = delta - self.guess;
        // Half of what it missed, rounded towards it, so that a steady rate is met exactly soon.
        self.guess += if self.guessing { missed / 2 + missed % 2 } else { missed };
        self.guessing = true;
        self.mantissa = mantissa;
    }

    fn learn(&mut self, error: u64) {
        if !self.guessing {
            return;
        }
        self.error = self.error - self.error / 8 + error * 2;
    }

    /// Writes the time of a sample; `next` is the target's first scrape after the last sample.
    pub fn write_time(&mut self, out: &mut Writer, at: i64, next: Option<i64>) {
        if next == Some(at) {
            out.put(0, 1);
        } else {
            let turn = zigzag(at.wrapping_sub(self.at).wrapping_sub(self.step));
            if turn == 0 {
                out.put(0b10, 2);
            } else {
                out.put(0b11, 2);
                out.put(u64::from(length(turn) - 1), 6);
                out.put(turn, length(turn));
            }
        }
        self.time(at);
    }

    /// Writes a value.
    pub fn write_value(&mut self, out: &mut Writer, value: f64) {
        let bits = value.to_bits();
        if bits == self.bits {
            out.put(if self.same { 0b0 } else { 0b10 }, if self.same { 1 } else { 2 });
            self.same = true;
            self.follow(self.mantissa);
            return;
        }
        if let Some(whole) = mantissa(value, self.scale).filter(|_| self.begun) {
            out.put(if self.same { 0b10 } else { 0b0 }, if self.same { 2 } else { 1 });
            self.write_error(out, zigzag(whole - self.mantissa - self.guess));
            self.follow(whole);
        } else if let Some((scale, whole)) = (0..16).find_map(|scale| Some((scale, mantissa(value, scale)?))) {
            out.put(0b110, 3);
            out.put(u64::from(scale), 4);
            let whole_bits = zigzag(whole);
            out.put(u64::from(length(whole_bits)), 6);
            out.put(whole_bits, length(whole_bits));
            self.rescale(scale, whole);
        } else {
            let changed = bits ^ self.bits;
            out.put(0b111, 3);
            let (leading, trailing) = (changed.leading_zeros(), changed.trailing_zeros());
            out.put(u64::from(leading), 6);
            out.put(u64::from(63 - leading - trailing), 6);
            out.put(changed >> trailing, 64 - leading - trailing);
        }
        self.same = false;
        self.bits = bits;
    }

    fn rescale(&mut self, scale: u8, whole: i64) {
        (self.scale, self.mantissa, self.guess, self.error) = (scale, whole, 0, 0);
        (self.begun, self.guessing) = (true, false);
    }

    fn write_error(&mut self, out: &mut Writer, error: u64) {
        let expected = self.expected();
        let run = error >> expected;
        if run < u64::from(LONGEST_RUN) {
            out.put((1 << (run + 1)) - 2, run as u32 + 1);
            out.put(error, expected);
        } else {
            out.put(0xff, LONGEST_RUN);
            out.put(u64::from(length(error) - 1), 6);
            out.put(error, length(error));
        }
        self.learn(error);
    }

    fn read_error(&mut self, bits: &mut Reader<'_>) -> u64 {
        let expected = self.expected();
        let run = bits.ones(LONGEST_RUN);
        let error = if run < LONGEST_RUN {
            u64::from(run) << expected | bits.get(expected)
        } else {
            let length = bits.get(6) as u32 + 1;
            bits.get(length)
        };
        self.learn(error);
        error
    }

    fn read_value(&mut self, bits: &mut Reader<'_>) {
        let code = bits.ones(3);
        if code == u32::from(!self.same) {
            self.same = true;
            self.follow(self.mantissa);
            return;
        }
        self.same = false;
        match code {
            0 | 1 => {
                let error = unzigzag(self.read_error(bits));
                self.follow(error.wrapping_add(self.mantissa).wrapping_add(self.guess));
                self.decimal();
            }
            2 => {
                let scale = bits.get(4) as u8;
                let length = bits.get(6) as u32;
                let whole = unzigzag(bits.get(length));
                self.rescale(scale, whole);
                self.decimal();
            }
            _ => {
                let leading = bits.get(6) as u32;
                let meaning = bits.get(6) as u32 + 1;
                self.bits ^= bits.get(meaning) << (64 - leading - meaning).min(63);
            }
        }
    }

    fn decimal(&mut self) {
        let whole = self.mantissa as f64;
        let value = match self.scale {
            0 => whole,
            scale => whole / SCALES.get(usize::from(scale)).copied().unwrap_or(1.0),
        };
        self.bits = value.to_bits();
    }

    /// Reads the two usual kinds of value, the same and a decimal near the guess, from the head of a window that has
    /// `valid` bits; how many it took. `None`: it is another kind, and nothing is changed.
    #[inline]
    fn read_usual(&mut self, window: u64, valid: u32) -> Option<u32> {
        let code = window.leading_ones();
        if code == u32::from(!self.same) {
            self.same = true;
            self.follow(self.mantissa);
            return Some(code + 1);
        }
        if code > 1 {
            return None;
        }
        let (rest, expected) = (window << (code + 1), self.expected());
        let run = rest.leading_ones();
        if run >= LONGEST_RUN || code + run + 2 + expected > valid {
            return None;
        }
        let low = if expected == 0 { 0 } else { rest << (run + 1) >> (64 - expected) };
        let error = u64::from(run) << expected | low;
        self.learn(error);
        self.same = false;
        self.follow(unzigzag(error).wrapping_add(self.mantissa).wrapping_add(self.guess));
        self.decimal();
        Some(code + run + 2 + expected)
    }
}

/// Samples of a chunk, oldest first.
#[derive(Clone, Debug)]
pub(super) struct Decoder<'a> {
    bits: Reader<'a>,
    state: State,
    ticks: &'a [i64],
    /// The first tick after the last sample.
    next: usize,
    first: bool,
    left: u16,
}

impl<'a> Decoder<'a> {
    pub fn new(bytes: &'a [u8], first: i64, count: u16, ticks: &'a [i64]) -> Decoder<'a> {
        let next = ticks.partition_point(|tick| *tick <= first);
        Decoder { bits: Reader::at(bytes, 0), state: State::at(first), ticks, next, first: true, left: count }
    }

    /// From behind a sample on: `state` is what was known with it, `at` where its bits end, `left` how many follow.
    pub fn resumed(bytes: &'a [u8], at: usize, state: State, left: u16, ticks: &'a [i64]) -> Decoder<'a> {
        let next = ticks.partition_point(|tick| *tick <= state.at);
        Decoder { bits: Reader::at(bytes, at), state, ticks, next, first: false, left }
    }

    fn sample(&self) -> Sample {
        self.state.sample()
    }

    /// Those later than `after` and not later than `until`; whether a later one was met.
    pub fn between(mut self, after: i64, until: i64, into: &mut Vec<Sample>) -> bool {
        loop {
            if self.run(after, until, into) {
                return true;
            }
            let Some(sample) = self.next() else { return false };
            if sample.at > until {
                return true;
            }
            if sample.at > after {
                into.push(sample);
            }
        }
    }

    /// The same of the usual samples that stand next: most of all time goes by here, so what changes is held apart.
    fn run(&mut self, after: i64, until: i64, into: &mut Vec<Sample>) -> bool {
        if self.first {
            return false;
        }
        into.reserve(usize::from(self.left));
        let (mut state, mut bits, mut next, mut left) = (self.state.clone(), self.bits.clone(), self.next, self.left);
        let mut beyond = false;
        while left > 0 && !beyond {
            let window = bits.window();
            let Some(tick) = self.ticks.get(next).copied().filter(|_| window >> 63 == 0) else { break };
            let Some(taken) = state.read_usual(window << 1, WINDOW - 1) else { break };
            bits.pass(taken + 1);
            state.time(tick);
            next += 1;
            left -= 1;
            beyond = tick > until;
            if tick > after && !beyond {
                into.push(state.sample());
            }
        }
        (self.state, self.bits, self.next, self.left) = (state, bits, next, left);
        beyond
    }

    fn read_time(&mut self) {
        if !self.bits.bit() {
            let tick = self.ticks.get(self.next).copied().unwrap_or(self.state.at);
            self.state.time(tick);
            self.next += 1;
            return;
        }
        let turn = if self.bits.bit() {
            let length = self.bits.get(6) as u32 + 1;
            unzigzag(self.bits.get(length))
        } else {
            0
        };
        self.state.time(self.state.at.wrapping_add(self.state.step).wrapping_add(turn));
        self.next = self.ticks.partition_point(|tick| *tick <= self.state.at);
    }
}

impl Iterator for Decoder<'_> {
    type Item = Sample;

    #[inline]
    fn next(&mut self) -> Option<Sample> {
        self.left = self.left.checked_sub(1)?;
        let window = self.bits.window();
        if !self.first && window >> 63 == 0 {
            // The usual sample is read in one go.
            let tick = self.ticks.get(self.next).copied().unwrap_or(self.state.at);
            if let Some(taken) = self.state.read_usual(window << 1, WINDOW - 1) {
                self.bits.pass(taken + 1);
                self.state.time(tick);
                self.next += 1;
                return Some(self.sample());
            }
        }
        if !std::mem::take(&mut self.first) {
            self.read_time();
        }
        self.state.read_value(&mut self.bits);
        Some(self.sample())
    }
}
