//! Output is bounded in bytes and lines, whatever a program prints and however it comes (invariant 35): in what is kept of it,
//! and through the whole program in its records and on its screen.

use proptest::prelude::*;
use proptest::test_runner::TestCaseError;
use quarterdeck::adapters::act::{CommandEnd, Ending, Heard};
use quarterdeck::app::{Effect, Event};
use quarterdeck::domain::Safe;
use quarterdeck::remediation::audit::{Chain, Entry, Writer};
use quarterdeck::remediation::command::CommandStep;
use quarterdeck::remediation::execution::Input;
use quarterdeck::remediation::place::Place;
use quarterdeck::remediation::step::StepEnd;

use crate::cards::CHORD;
use crate::stage::{Stage, configuration};

/// Lines of each pipe that are kept for people, the word on what was left out, and characters of a line.
const LINES: usize = 40 + 1;
const LINE: usize = 400;
/// No record of a run with so much output is longer than this, in bytes.
const RECORD: usize = 8 * 1024;

/// Pieces of output: lines of all lengths, none at all, bytes of no text.
fn piece() -> impl Strategy<Value = Vec<u8>> {
    prop_oneof![
        3 => (any::<u8>(), 0usize..3000).prop_map(|(byte, count)| vec![byte; count]),
        2 => (1usize..3000).prop_map(|count| b"a line\n".repeat(count)),
        2 => (1usize..200).prop_map(|count| [vec![b'y'; 900], b"\n".to_vec()].concat().repeat(count)),
        1 => prop::collection::vec(any::<u8>(), 0..300),
        1 => (0usize..200_000).prop_map(|count| vec![b'x'; count]),
        1 => Just(b"\x1b[2J\x1b]0;title\x07\r\n".to_vec()),
    ]
}

fn heard(pieces: &[Vec<u8>], at_once: usize) -> Heard {
    let mut heard = Heard::default();
    pieces.concat().chunks(at_once.max(1)).for_each(|piece| heard.take(piece));
    heard
}

/// What a program that printed all this comes to.
fn end(output: Heard, errors: Heard, code: i32) -> StepEnd {
    let step = CommandStep {
        argv: vec!["ctl".into()],
        place: Place::Local,
        become_argv: None,
        expected_exit: Vec::new(),
        reads: false,
    };
    CommandEnd::with(Ending::Exited(code), output, errors).step_end(&step)
}

fn bounded(lines: &[Safe]) -> Result<(), TestCaseError> {
    prop_assert!(lines.len() <= 2 * LINES, "{} lines", lines.len());
    prop_assert!(lines.iter().all(|line| line.as_str().chars().count() <= LINE));
    prop_assert!(lines.iter().all(|line| !line.as_str().contains(char::is_control)));
    Ok(())
}

/// Runs `restart` of one command to its end, with this end of its step; every record that it wrote.
fn whole(end: &StepEnd) -> (Stage, Vec<Entry>) {
    let book =
        "[[runbook]]\nname = \"book\"\ntarget = \"api\"\nlevel = \"L2\"\n[[runbook.step]]\ncommand = [\"ctl\"]\n";
    let mut stage = Stage::new(&configuration("staging", book));
    assert!(stage.open_card("book"), "{}", stage.world.message());
    stage.fill_in();
    let mut orders: std::collections::VecDeque<Effect> = stage.tell(Event::KeyPressed(CHORD)).into();
    let mut records = Vec::new();
    while let Some(effect) = orders.pop_front() {
        let (run, input) = match effect {
            Effect::Hold { run, .. } => (run, Input::Held(Ok(()))),
            Effect::Record { run, entry, .. } => {
                records.push(*entry);
                let Some(run) = run else { continue };
                (run, Input::Recorded(Ok(())))
            }
            Effect::RunAction { run, step, .. } => (run, Input::StepEnded { step, end: end.clone() }),
            _ => continue,
        };
        orders.extend(stage.tell(Event::ActionHappened { run, input: Box::new(input) }));
    }
    (stage, records)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(120))]

    /// The same bytes in other pieces are the same output; it is counted whole and kept in part.
    #[test]
    fn what_is_kept_does_not_depend_on_how_it_came(
        pieces in prop::collection::vec(piece(), 0..8), one in 1usize..70_000, other in 1usize..5000, most in 1usize..50,
    ) {
        let (one, other) = (heard(&pieces, one), heard(&pieces, other));
        let all = pieces.concat();
        prop_assert_eq!((one.bytes, one.lines), (other.bytes, other.lines));
        prop_assert_eq!(one.bytes, all.len() as u64);
        prop_assert_eq!(one.lines, memchr::memchr_iter(b'\n', &all).count() as u64);
        prop_assert_eq!(one.said(most), other.said(most));
        prop_assert!(one.said(most).len() <= most + 1);
        bounded(&one.said(LINES - 1))?;
    }

    /// Through the whole program: what a program printed makes no record long and no screen wrong.
    #[test]
    fn no_output_is_too_much_for_records_and_screen(
        output in prop::collection::vec(piece(), 0..6), errors in prop::collection::vec(piece(), 0..6), code in 0i32..2,
    ) {
        let end = end(heard(&output, 4096), heard(&errors, 4096), code);
        if let StepEnd::Done { said, .. } = &end {
            bounded(said)?;
        }
        let (stage, records) = whole(&end);
        prop_assert!(records.len() >= 3, "{records:?}");
        for record in &records {
            let line = Chain::default().next(record, &Writer::default(), stage.world.moment()).bytes;
            prop_assert!(line.len() <= RECORD, "{} bytes: {record:?}", line.len());
        }
        prop_assert!(!stage.picture().contains(char::is_control));
    }
}
