//! The chain against every kind of change, and the record against every kind of text.

use proptest::prelude::*;

use super::*;
use crate::domain::{Moment, Safe};

#[path = "../../../tests/support/hostile.rs"]
mod hostile;

fn writer() -> Writer {
    let claims = [("SSH_CONNECTION".to_owned(), Safe::of("10.0.0.1 5 10.0.0.2 22"))].into();
    Writer { user: "alice".into(), host: "bastion".into(), uid: 1000, pid: 7, claims, ..Writer::default() }
}

fn lines(count: u64) -> Vec<Vec<u8>> {
    let mut chain = Chain::default();
    (0..count)
        .map(|n| {
            let entry = Entry::new(AuditEvent::Step, format!("run-{n}")).with("n", n).with("text", "é\u{1b}[2J");
            let line = chain.next(&entry, &writer(), Moment::fixed(n as f64));
            chain = line.then;
            line.bytes
        })
        .collect()
}

fn first_bad(bytes: &[u8]) -> u64 {
    verify(bytes).unwrap_err().seq
}

#[test]
fn a_chain_holds_and_says_its_head() {
    let all = lines(5);
    let good = verify(&all.concat()).unwrap();
    assert_eq!((good.records, good.chain.seq(), good.torn), (5, 5, None));
    assert_eq!(verify(b"").unwrap().records, 0);
    let first = String::from_utf8(all[0].clone()).unwrap();
    assert!(first.starts_with("{\"schema\":1,\"seq\":1,\"prev\":\"00000000"), "{first}");
    assert!(first.contains("\"at\":\"2026-01-02T12:00:00.000000000Z\",\"boot_ns\":1000000000000,"), "{first}");
    assert!(first.contains("\"claims\":{\"SSH_CONNECTION\":\"10.0.0.1 5 10.0.0.2 22\"}"), "{first}");
    assert!(first.contains("\"fields\":{\"n\":0,\"text\":\"\\u00e9\\\\x1b[2J\"},\"hash\":\""), "{first}");
}

#[test]
fn a_torn_last_line_is_no_record_and_no_damage() {
    let all = lines(3).concat();
    let last = lines(3)[2].len();
    for cut in 1..last {
        let good = verify(&all[..all.len() - cut]).unwrap();
        assert_eq!((good.records, good.torn), (2, Some((last - cut) as u64)));
    }
}

#[test]
fn what_stands_in_a_line_of_its_own_is_named() {
    let all = lines(4);
    let with = |at: usize, line: &[u8]| {
        let mut changed = all.clone();
        changed.insert(at, line.to_vec());
        verify(&changed.concat()).unwrap_err()
    };
    assert_eq!(with(2, b"\n"), Bad { seq: 3, why: Why::NotARecord });
    assert_eq!(with(2, b"{}\n"), Bad { seq: 3, why: Why::NotARecord });
    assert_eq!(with(1, b"\0\0\0\n"), Bad { seq: 2, why: Why::Nul });
    assert_eq!(with(0, &[b"x".repeat(LINE_LIMIT), b"\n".to_vec()].concat()), Bad { seq: 1, why: Why::Oversized });
    assert_eq!(with(3, &all[1]), Bad { seq: 4, why: Why::Repeated { found: 2 } });
    // A record that somebody made anew, with a hash that is right: the next one does not follow it.
    let forged = Chain::at(1, Hash::of(&[])).next(&Entry::new(AuditEvent::Outcome, "x"), &writer(), Moment::fixed(0.0));
    let mut changed = all.clone();
    changed[1].clone_from(&forged.bytes);
    assert_eq!(verify(&changed.concat()).unwrap_err(), Bad { seq: 2, why: Why::PrevWrong });
}

#[test]
fn a_file_goes_on_from_another_and_is_held_against_it() {
    let all = lines(3);
    let good = verify(&all.concat()).unwrap();
    let entry = Entry::new(AuditEvent::SegmentLost, "");
    let first = good.chain.first(2, &"audit-a.jsonl".into(), &entry, &writer(), Moment::fixed(9.0));
    let next = verify(&first.bytes).unwrap();
    assert_eq!((next.chain.seq(), next.records), (6, 1));
    let continues = next.continues.unwrap();
    let held = |bytes: &[u8], until: &Continues| {
        let mut verifier = Verifier::new(1, Some(until.clone()));
        verifier.push(bytes, &mut |_| {})?;
        verifier.finish()
    };
    assert_eq!(held(&[all.concat(), b"{torn".to_vec()].concat(), &continues).unwrap().beyond, 5);
    // Whether a record that was written, and not acknowledged, is on the disk nobody knows: it may be there.
    let more = lines(5);
    assert_eq!(held(&more[..4].concat(), &continues).unwrap().records, 3);
    assert_eq!(held(&more.concat(), &continues).unwrap_err(), Bad { seq: 4, why: Why::LeftOut });
    // Whoever changes a record is not forgiven by whoever starts then and goes on before it.
    let mut changed = more.clone();
    changed[3][40] ^= 1;
    assert_eq!(held(&changed.concat(), &continues).unwrap_err(), Bad { seq: 4, why: Why::HashWrong });
    assert_eq!(held(&changed[..4].concat(), &continues).unwrap_err(), Bad { seq: 4, why: Why::HashWrong });
    let short = held(&all[..2].concat(), &continues).unwrap_err();
    assert_eq!(short, Bad { seq: 3, why: Why::Missing });
    let other = Continues { hash: Hash::of(b"other"), ..continues };
    assert_eq!(held(&all.concat(), &other).unwrap_err(), Bad { seq: 3, why: Why::HashWrong });
}

#[test]
fn hostile_text_is_inert_in_the_file_and_on_the_screen() {
    for bytes in hostile::corpus() {
        let text = Safe::of_bytes(&bytes);
        let name = String::from_utf8_lossy(&bytes).into_owned();
        let hostile_writer = Writer { tty: Some(text.clone()), host: text.clone(), ..writer() }.bounded();
        let entry = Entry::new(AuditEvent::Refused, text.clone())
            .with("text", text.clone())
            .with(&name, vec![text.clone()])
            .with("map", vec![(name.clone(), Value::from(true))]);
        let line = Chain::default().next(&entry, &hostile_writer, Moment::fixed(0.0));
        let (end, rest) = line.bytes.split_last().unwrap();
        assert_eq!(*end, b'\n');
        assert!(rest.iter().all(|b| (0x20..0x7f).contains(b)), "{bytes:?}");
        let mut records = Vec::new();
        Verifier::new(1, None).push(&line.bytes, &mut |record| records.push(record.clone())).unwrap();
        let record = &records[0];
        assert_eq!(record.run, text.clipped(128));
        if text.as_str().chars().count() < 1000 {
            assert_eq!(record.fields[0], ("text".to_owned(), Value::Text(text)), "{bytes:?}");
        }
        for told in [record.words(), record.json()] {
            assert_eq!(Safe::of(told.as_str()), told);
            assert!(!told.as_str().chars().any(char::is_control));
        }
    }
}

#[test]
fn what_is_too_large_is_cut_with_a_mark_and_fits() {
    let big = "\u{1f600}".repeat(100_000);
    let nested = (0..300).fold(Value::from(true), |inner, _| Value::List(vec![inner]));
    let safe = Safe::of(&big);
    let entry = (0..3000).fold(Entry::new(AuditEvent::Intent, safe.clone()), |entry, n| {
        entry.with(&format!("{n}{big:.100}"), safe.clone())
    });
    let huge = Writer { host: safe.clone(), user: safe.clone(), tty: Some(safe.clone()), ..writer() };
    for entry in [entry, Entry::new(AuditEvent::Intent, "r").with("deep", nested).with("text", safe)] {
        let line = Chain::default().next(&entry, &huge.clone().bounded(), Moment::fixed(0.0));
        assert!(line.bytes.len() <= LINE_LIMIT, "{}", line.bytes.len());
        assert_eq!(verify(&line.bytes).unwrap().records, 1);
        assert!(String::from_utf8(line.bytes).unwrap().contains("[cut: "));
    }
}

#[test]
fn whatever_is_recorded_its_outcome_can_be_read() {
    let big = Safe::of("\u{1f600}".repeat(20_000));
    let texts =
        |count: usize| Value::List(vec![Value::Map(vec![("name".to_owned(), big.clone().into()); count]); count]);
    let hostile = Writer { user: big.clone(), host: big.clone(), tty: Some(big.clone()), ..writer() };
    // What an action touches is kept to the last letter as long as a record can hold it.
    for (keys, is_kept) in
        [("7@1 ".repeat(12_000), true), ("7@1 ".repeat(50_000), false), ("\u{e9}".repeat(300_000), false)]
    {
        for width in [0, 40] {
            let fields = (0..13)
                .fold(Entry::new(AuditEvent::Outcome, "r"), |entry, n| entry.with(&format!("f{n}"), texts(width)));
            let entry = fields.with("keys", Value::Whole(Safe::of(&keys))).with("outcome", "verified");
            let line = Chain::default().next(&entry, &hostile.clone().bounded(), Moment::fixed(0.0));
            assert!(line.bytes.len() <= LINE_LIMIT, "{}", line.bytes.len());
            let record = Record::read(line.bytes.strip_suffix(b"\n").unwrap()).expect("a record");
            let field =
                |name: &str| record.fields.iter().find(|(known, _)| known == name).map(|(_, value)| value.clone());
            assert_eq!(field("outcome"), Some(Value::from("verified")));
            let Some(Value::Text(found)) = field("keys") else { panic!("no keys") };
            assert_eq!(found.as_str() == keys, is_kept, "{} of {}", found.as_str().len(), keys.len());
            assert!(is_kept || found.as_str().contains("[cut: "), "{found}");
        }
    }
}

#[test]
fn a_run_is_open_from_its_intent_to_its_end() {
    let (mut chain, mut runs) = (Chain::default(), Runs::default());
    let mut verifier = Verifier::new(1, None);
    let mut say = |event, run: &str| {
        let line = chain.next(&Entry::new(event, run).with("target", "api"), &writer(), Moment::fixed(0.0));
        chain = line.then;
        verifier.push(&line.bytes, &mut |record| runs.note(record)).unwrap();
        runs.open().map(|open| open.run.to_string()).collect::<Vec<_>>().join(" ")
    };
    assert_eq!(say(AuditEvent::Refused, "a"), "");
    assert_eq!(say(AuditEvent::Intent, "a"), "a");
    assert_eq!(say(AuditEvent::Intent, "b"), "a b");
    assert_eq!(say(AuditEvent::Cancelled, "a"), "a b", "the outcome follows");
    assert_eq!(say(AuditEvent::Outcome, "b"), "a");
    assert_eq!(say(AuditEvent::Recovered, "a"), "");
}

fn value() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        any::<String>().prop_map(Value::from),
        any::<i64>().prop_map(Value::Number),
        any::<i32>().prop_map(|n| Value::Figure(Some(f64::from(n) + 0.5))),
        Just(Value::Figure(None)),
        any::<bool>().prop_map(Value::Flag),
    ];
    leaf.prop_recursive(3, 12, 4, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::List),
            prop::collection::vec(("[a-z]{1,6}", inner), 0..4).prop_map(Value::Map),
        ]
    })
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(400) })]

    /// Invariant 4: a byte.
    #[test]
    fn any_other_byte_anywhere_is_found(at in any::<prop::sample::Index>(), flip in 1..=255_u8) {
        let all = lines(6);
        let mut bytes = all.concat();
        // The last line's end is the head itself: without it that line is torn.
        let at = at.index(bytes.len() - 1);
        bytes[at] ^= flip;
        let mut ends = 0;
        let line = all.iter().position(|line| { ends += line.len(); at < ends }).unwrap();
        prop_assert_eq!(first_bad(&bytes), line as u64 + 1);
    }

    /// Invariant 4: a byte more, a byte less.
    #[test]
    fn any_byte_put_in_or_taken_out_is_found(at in any::<prop::sample::Index>(), byte in any::<Option<u8>>()) {
        let all = lines(6);
        let mut bytes = all.concat();
        let at = at.index(bytes.len() - 1);
        let before = bytes.clone();
        match byte {
            Some(byte) => bytes.insert(at, byte),
            None => drop(bytes.remove(at)),
        }
        prop_assume!(bytes != before);
        let mut ends = 0;
        let line = all.iter().position(|line| { ends += line.len(); at < ends }).unwrap() as u64 + 1;
        let found = first_bad(&bytes);
        // A line end put in before a line's own stands for an empty line after it.
        let doubled = byte == Some(b'\n') && before[at] == b'\n';
        prop_assert_eq!(found, line + u64::from(doubled));
    }

    /// Invariant 4: lines.
    #[test]
    fn any_line_taken_out_put_in_or_moved_is_found(from in 0..7_usize, to in 0..8_usize, how in 0..4) {
        let mut all = lines(8);
        let bad = match how {
            0 => { all.remove(from); from }
            1 => { let line = all[from].clone(); all.insert(to, line); if to == from { from + 1 } else { to } }
            2 => { prop_assume!(from != to); all.swap(from, to); from.min(to) }
            _ => { prop_assume!(from != to); let line = all.remove(from); all.insert(to, line); from.min(to) }
        };
        prop_assert_eq!(first_bad(&all.concat()), bad as u64 + 1);
    }

    /// However the bytes come in.
    #[test]
    fn pieces_make_no_difference(size in 1..500_usize, cut in 0..2000_usize) {
        let bytes = lines(4).concat();
        let bytes = &bytes[..bytes.len().saturating_sub(cut)];
        let mut verifier = Verifier::new(1, None);
        for piece in bytes.chunks(size) {
            verifier.push(piece, &mut |_| {}).unwrap();
        }
        prop_assert_eq!(verifier.finish(), verify(bytes));
    }

    /// Invariant 9: what goes in comes out.
    #[test]
    fn fields_come_back_as_they_were(value in value(), name in any::<String>()) {
        let entry = Entry::new(AuditEvent::Step, "r").with(&name, value);
        let line = Chain::default().next(&entry, &writer(), Moment::fixed(0.0));
        let mut back = Vec::new();
        Verifier::new(1, None).push(&line.bytes, &mut |record| back.clone_from(&record.fields)).unwrap();
        prop_assert_eq!(entry.fields(), back);
    }

    #[test]
    fn bytes_of_any_kind_never_panic(bytes in prop::collection::vec(any::<u8>(), 0..400)) {
        let _ = verify(&bytes);
    }
}
