//! A terminal shows a synchronized update at once or not at all. So does the one of the tests: a test that could see half a
//! frame would answer what is not on the screen yet.

const BEGIN: &[u8] = b"\x1b[?2026h";
const END: &[u8] = b"\x1b[?2026l";

/// How many of these bytes can be shown: all but a frame that has not ended, and what may be the beginning of one.
pub fn whole(bytes: &[u8]) -> usize {
    let mut shown = 0;
    while let Some(begun) = find(&bytes[shown..], BEGIN) {
        let Some(length) = find(&bytes[shown + begun..], END) else { return shown + begun };
        shown += begun + length + END.len();
    }
    let tail = (1..BEGIN.len()).rev().find(|&length| bytes[shown..].ends_with(&BEGIN[..length]));
    bytes.len() - tail.unwrap_or(0)
}

fn find(bytes: &[u8], wanted: &[u8]) -> Option<usize> {
    bytes.windows(wanted.len()).position(|window| window == wanted)
}
