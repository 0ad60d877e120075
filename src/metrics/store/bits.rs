//! Bits behind each other, the highest of a number first.

/// Bytes by which a buffer grows: few, since very many grow at once.
const GROWTH: usize = 32;

/// Bits that can always be looked at without moving on.
pub(super) const WINDOW: u32 = 57;

/// Takes bits in.
#[derive(Debug, Default)]
pub(super) struct Writer {
    bytes: Vec<u8>,
    /// Bits of the last byte that are still free.
    free: u32,
}

impl Writer {
    /// The lowest `count` (at most 64) bits of a number.
    pub fn put(&mut self, number: u64, count: u32) {
        let mut left = count;
        while left > 0 {
            if self.free == 0 {
                if self.bytes.len() == self.bytes.capacity() {
                    self.bytes.reserve_exact(GROWTH);
                }
                self.bytes.push(0);
                self.free = 8;
            }
            let taken = left.min(self.free);
            left -= taken;
            self.free -= taken;
            let part = (number >> left) as u8 & (0xff >> (8 - taken));
            if let Some(last) = self.bytes.last_mut() {
                *last |= part << self.free;
            }
        }
    }

    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// How many bits were written.
    pub fn position(&self) -> usize {
        self.bytes.len() * 8 - self.free as usize
    }

    /// Bytes that it takes up.
    pub fn capacity(&self) -> usize {
        self.bytes.capacity()
    }

    /// What was written; it is empty again afterwards.
    pub fn take(&mut self) -> Box<[u8]> {
        self.free = 0;
        std::mem::take(&mut self.bytes).into_boxed_slice()
    }
}

/// Gives bits out; past the end there are only zeros.
#[derive(Clone, Debug)]
pub(super) struct Reader<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl<'a> Reader<'a> {
    /// From a position on.
    pub fn at(bytes: &'a [u8], at: usize) -> Reader<'a> {
        Reader { bytes, at }
    }

    /// The next 64 bits or, where it does not stand at the head of a byte, at least [`WINDOW`] of them.
    #[inline]
    pub fn window(&self) -> u64 {
        let rest = self.bytes.get(self.at / 8..).unwrap_or_default();
        let word = match rest.first_chunk::<8>() {
            Some(eight) => u64::from_be_bytes(*eight),
            None => rest.iter().enumerate().fold(0, |word, (at, byte)| word | u64::from(*byte) << (56 - 8 * at)),
        };
        word << (self.at % 8)
    }

    /// A number of `count` (at most 64) bits.
    pub fn get(&mut self, count: u32) -> u64 {
        if count == 0 {
            return 0;
        }
        if count > WINDOW {
            let high = self.get(count - 32);
            return high << 32 | self.get(32);
        }
        let number = self.window() >> (64 - count);
        self.at += count as usize;
        number
    }

    /// Passes over bits that were looked at in the window.
    #[inline]
    pub fn pass(&mut self, count: u32) {
        self.at += count as usize;
    }

    pub fn bit(&mut self) -> bool {
        self.get(1) == 1
    }

    /// How many ones stand before the next zero; no more than `most` are looked at, and behind those no zero is.
    pub fn ones(&mut self, most: u32) -> u32 {
        let ones = self.window().leading_ones().min(most);
        self.at += (ones + u32::from(ones < most)) as usize;
        ones
    }
}
