//! Lines without end, without form, and in no encoding; the hostile corpus, at every split.

use std::fs;
use std::io::Write;
use std::path::Path;

use quarterdeck::domain::Safe;
use quarterdeck::logs::{Entry, Filter, Level};

use super::{Watch, append, is_alone, resident_mib};

/// A line of so many MiB, written in pieces.
fn endless(path: &Path, mib: usize) {
    let mut file = fs::OpenOptions::new().append(true).create(true).open(path).unwrap();
    let piece = vec![b'x'; 1 << 20];
    (0..mib).for_each(|_| file.write_all(&piece).unwrap());
}

#[test]
fn a_huge_line_takes_bounded_memory_and_is_counted() {
    if !is_alone("logs::hostile::a_huge_line_takes_bounded_memory_and_is_counted") {
        return;
    }
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("app.log");
    append(&path, "before\n");
    let mut watch = Watch::file(&path);
    watch.look();
    let before = resident_mib();
    endless(&path, 200);
    append(&path, "\nafter\n");
    while watch.turn().is_zero() {
        assert!(resident_mib() < before + 4, "{} MiB, before {before}", resident_mib());
    }
    let lines = watch.lines();
    assert_eq!((lines.len(), lines[1].len(), lines[2].as_str()), (3, 64 * 1024, "after"));
    assert_eq!(watch.store().counters(0).cut_bytes, (200 << 20) - 64 * 1024);
}

#[test]
fn a_file_that_is_one_huge_line_from_the_start() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("app.log");
    append(&path, "ERROR: first\n");
    endless(&path, 20);
    append(&path, "\nERROR: last\n");
    let mut watch = Watch::file(&path);
    watch.look();
    assert_eq!(watch.lines(), ["ERROR: last"]);
    let counters = watch.store().counters(0);
    assert_eq!((counters.lines, counters.errors()), (3, 2));
}

#[test]
fn a_partial_line_for_ever_is_shown_once_and_costs_nothing() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("app.log");
    append(&path, "ERROR: half");
    let mut watch = Watch::file(&path);
    watch.look();
    assert!(watch.lines().is_empty());
    watch.pass(60.0);
    assert_eq!(watch.lines(), ["ERROR: half"]);
    append(&path, " and the rest\nnext\n");
    watch.look();
    assert_eq!(watch.lines(), ["ERROR: half", " and the rest", "next"]);
    let rest = watch.segments[1].line(0).unwrap();
    assert!(rest.continuation && rest.level == Level::Error);
}

#[test]
fn mixed_encodings_are_kept_as_they_are_and_shown_escaped() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("app.log");
    let text: &[u8] = b"\xef\xbb\xbfINFO: bom\nlatin \xe9\xe8\nbroken \xc3( \xed\xa0\x80\nutf16 h\0i\0\r\nend\n";
    append(&path, text);
    let mut watch = Watch::file(&path);
    watch.look();
    let segment = &watch.segments[0];
    let raw: Vec<_> = segment.lines().map(|l| l.raw.to_vec()).collect();
    assert_eq!(raw[1], b"latin \xe9\xe8");
    assert_eq!(raw[3], b"utf16 h\0i\0");
    assert_eq!(segment.line(0).unwrap().raw, b"INFO: bom");
    assert_eq!(Safe::log_line(&raw[2]).as_str(), "broken \\xc3( \\xed\\xa0\\x80");
}

/// Bytes that would do something to a terminal, or hide something in it.
const HOSTILE: &[&[u8]] = &[
    b"\x1b[2J\x1b[H\x1b[3J",
    b"\x1b[?1049l\x1b[?25l\x1b[?1000h\x1b[?2004l\x1b[?2026h",
    b"\x1bc\x1b#8\x1b[1;5r",
    b"\x1b]0;title\x07\x1b]2;t\x1b\\",
    b"\x1b]52;c;eA==\x07\x1b]52;c;?\x07",
    b"\x1b]8;;http://x\x1b\\link\x1b]8;;\x1b\\",
    b"\x1b]9;n\x07\x1b]777;notify;a;b\x07\x1b]1337;x\x07",
    b"\x1bP$qm\x1b\\\x1bPtmux;\x1b\x1b[2J\x1b\\",
    b"\x1b_Gf=24\x1b\\\x1b^pm\x1b\\\x1bXsos\x1b\\",
    b"\x1b[21t\x1b[c\x1b[6n\x05",
    b"\x9b2J\x9d0;t\x9c\x90q\x9c",
    b"\xc2\x9b2J\xc2\x9d0;t\xc2\x9c",
    b"\x07\x07\x07OK\rFAIL\x08\x08\x0b\x0c\x00\x7f",
    b"\x1b(0\x0e\x0f",
    b"\x1b[8mhidden\x1b[38;5;0;48;5;0m",
    b"\x1b[",
    b"\x1b]0;never ended",
    b"\x1b[99999999999999999999999999m",
    b"\xc0\xaf\xed\xa0\x80\xff\xfe",
    "pr\u{200b}od \u{202e}dorp\u{202c} \u{2066}x\u{2069} \u{feff}\u{e0041}".as_bytes(),
    "\u{2028}\u{2029}\u{85}".as_bytes(),
    br#"{"level":"error","message":"\u001b[2J\u009b2J\u202e","\u001b]0;k\u0007":{"\u0007":"\u0000"}}"#,
    br#"{"level":"info","level":"error","message":"forged\n{\"audit\":1}"}"#,
    b"level=error msg=\"\x1b[2J\" \x1b[2J=x",
    b"app-1  | \x1b[2J{}",
    b"{{ printf \"%n%s\" }} <script>",
];

#[test]
fn nothing_hostile_gets_through_at_any_split() {
    let dir = tempfile::tempdir().unwrap();
    let whole: Vec<u8> = HOSTILE.iter().flat_map(|line| [*line, b"\n"].concat()).collect();
    let mut reference = None;
    for split in (1..whole.len()).step_by(7) {
        let path = dir.path().join(format!("{split}.log"));
        append(&path, &whole[..split]);
        let mut watch = Watch::file(&path);
        watch.look();
        append(&path, &whole[split..]);
        watch.look();
        let mut shown = Vec::new();
        for segment in &watch.segments {
            for line in segment.lines() {
                let entry = Entry::parse(&line);
                shown.push(Safe::log_line(line.raw));
                shown.push(Safe::log_line(&line.message()));
                shown.push(entry.message.one_line());
                shown.extend(entry.tree());
                shown.extend(entry.service);
            }
        }
        for text in &shown {
            let bad = text.as_str().chars().find(|c| {
                c.is_control() || matches!(u32::from(*c), 0x200b..=0x200f | 0x2028..=0x202e | 0x2066..=0x2069 | 0xfeff | 0xe0000..=0xe0fff)
            });
            assert_eq!(bad, None, "{text:?}");
        }
        assert_eq!(&shown, reference.get_or_insert(shown.clone()), "split at {split}");
    }
}

#[test]
fn filters_look_at_the_whole_kept_log() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("app.log");
    append(&path, "");
    let mut watch = Watch::file(&path);
    watch.look();
    for n in 0..200 {
        append(&path, format!("ERROR: number {n}\n  at frame\nINFO: fine\n"));
        watch.look();
    }
    let store = watch.store();
    let found = Filter::new(Level::Error, "number 1", "", None).unwrap().run(&store.segments());
    // 1, 10 to 19, 100 to 199, each with its frame.
    assert_eq!(found.total, 222);
}
