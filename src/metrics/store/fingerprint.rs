//! A fingerprint of the written form of a series: 128 bits, so that a target's series are known again without keeping their
//! text. Two that are alike by chance do not happen; a target that makes them on purpose mixes up only its own series.

use std::hash::{BuildHasherDefault, Hasher};

const MIX: [u64; 4] = [0xa076_1d64_78bd_642f, 0xe703_7ed1_a0b4_28db, 0x8ebc_6af0_9c88_c6e3, 0x5899_65cc_7537_4cc3];

fn fold(a: u64, b: u64) -> u64 {
    let product = u128::from(a) * u128::from(b);
    product as u64 ^ (product >> 64) as u64
}

pub(super) fn of(bytes: &[u8]) -> u128 {
    let mut low = MIX[0] ^ bytes.len() as u64;
    let mut high = MIX[1];
    let (words, rest) = bytes.as_chunks::<8>();
    let last = rest.iter().fold(1u64, |word, byte| word << 8 | u64::from(*byte));
    for word in words.iter().map(|word| u64::from_le_bytes(*word)).chain([last]) {
        low = fold(low ^ word, MIX[2]).wrapping_add(MIX[0]);
        high = fold(high.rotate_left(23) ^ word, MIX[3]).wrapping_add(low);
    }
    u128::from(fold(low, MIX[1])) << 64 | u128::from(fold(high, MIX[0]))
}

/// A fingerprint is its own hash.
#[derive(Clone, Debug, Default)]
pub(super) struct Itself(u64);

impl Hasher for Itself {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.0 = self.0.rotate_left(8) ^ u64::from(*byte);
        }
    }

    fn write_u128(&mut self, number: u128) {
        self.0 = number as u64;
    }
}

pub(super) type AsItself = BuildHasherDefault<Itself>;

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    #[test]
    fn alike_texts_have_different_fingerprints() {
        let mut seen = HashSet::new();
        for number in 0..10_000 {
            for text in [format!("a{{b=\"{number}\"}}"), format!("{number}"), format!("{number}\0")] {
                let fingerprint = super::of(text.as_bytes());
                assert!(seen.insert(fingerprint as u64), "{text:?}: lower half");
                assert!(seen.insert((fingerprint >> 64) as u64), "{text:?}: upper half");
            }
        }
        assert_ne!(super::of(b""), super::of(b"\0"));
    }
}
