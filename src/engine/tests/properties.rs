//! What always holds: the same inputs give the same history, missing data is never ok, and no bytes make it panic.

use proptest::prelude::*;

use super::*;
use crate::alerts::lifecycle::Verdict;
use crate::engine::Question;

/// What happens in one second of a run.
#[derive(Clone, Debug)]
enum Happens {
    Page(usize, Vec<(usize, i32)>),
    Fails(usize),
    Bytes(usize, Vec<u8>),
    Rules(usize),
}

const RULES: [&str; 3] = [
    "- record: r\n  expr: sum by (x) (rate(m0[20s]))\n- alert: A\n  expr: m1 > 5\n  for: 10s\n- alert: B\n  expr: r > 1\n- alert: C\n  expr: m0 / m1 > 2\n  labels: {severity: '{{ $value }}'}\n- alert: D\n  expr: absent(m2)\n  keep_firing_for: 10s\n",
    "- alert: A\n  expr: m1 > 5\n  for: 1m\n- alert: E\n  expr: m0 * on(x) m1 > 3\n  annotations: {s: '{{ range query \"m1\" }}{{ .Value }} {{ end }}'}\n",
    "- alert: broken\n  expr: m1 >\n",
];

fn happens() -> impl Strategy<Value = Vec<Happens>> {
    let page =
        (0..2_usize, proptest::collection::vec((0..6_usize, -3..20_i32), 0..8)).prop_map(|(t, s)| Happens::Page(t, s));
    let one = prop_oneof![
        6 => page,
        2 => (0..2_usize).prop_map(Happens::Fails),
        1 => (0..2_usize, proptest::collection::vec(any::<u8>(), 0..80)).prop_map(|(t, b)| Happens::Bytes(t, b)),
        1 => (0..3_usize).prop_map(Happens::Rules),
    ];
    proptest::collection::vec(one, 0..60)
}

fn text(samples: &[(usize, i32)]) -> String {
    samples
        .iter()
        .map(|(series, value)| format!("m{}{{x=\"{}\"}} {value}\n", series % 3, series / 3))
        .collect::<Vec<_>>()
        .concat()
}

fn run(happens: &[Happens]) -> Vec<String> {
    let mut stage = Stage::new(&["one", "two"]);
    stage.rules(RULES[0], 0);
    for (second, what) in (1..).zip(happens) {
        match what {
            Happens::Page(target, samples) => stage.page(*target, &text(samples), second),
            Happens::Fails(target) => stage.fails(*target, second),
            Happens::Bytes(target, bytes) => {
                let answer = Ok(Body { bytes: bytes.clone(), format: Format::OpenMetrics });
                let input = Input::Scraped { target: *target, begun: moment(second), took: Duration::ZERO, answer };
                stage.step(input, second);
            }
            Happens::Rules(which) => stage.rules(RULES[*which], second),
        }
        stage.tick(second);
    }
    stage.history
}

proptest! {
    /// Invariant 42.
    #[test]
    fn replaying_the_same_inputs_gives_the_same_history(happens in happens()) {
        prop_assert_eq!(run(&happens).join("\n").into_bytes(), run(&happens).join("\n").into_bytes());
    }

    /// Invariant 40: whatever the targets do, a rule that asks for a series that is not there is not ok.
    #[test]
    fn missing_data_is_never_ok(happens in happens(), needs in 0..3_usize) {
        let mut stage = Stage::new(&["one", "two"]);
        let name = format!("m{needs}");
        let exprs = [
            format!("{name} > 1000"), format!("rate({name}[10s]) > 1000"), format!("sum({name}) > 1000"),
            format!("max_over_time({name}[5s]) > 1000"), format!("{name} / {name} > 1000"), format!("count({name}) > 1000 and up"),
        ];
        let rules: String = exprs.iter().map(|expr| format!("- alert: A\n  expr: {expr:?}\n")).collect::<Vec<_>>().concat();
        stage.rules(&rules, 0);
        // Which targets showed it in their last round.
        let mut shows = [false; 2];
        // Which of those that did has not answered since.
        let mut lost = [false; 2];
        for (second, what) in (1..).zip(&happens) {
            match what {
                Happens::Page(target, samples) => {
                    stage.page(*target, &text(samples), second * 5);
                    shows[*target] = samples.iter().any(|(series, _)| series % 3 == needs);
                    lost[*target] = false;
                }
                Happens::Fails(target) | Happens::Bytes(target, _) => {
                    stage.fails(*target, second * 5);
                    lost[*target] |= shows[*target];
                    shows[*target] = false;
                }
                Happens::Rules(_) => {}
            }
            stage.tick(second * 5);
            if shows == [false; 2] || lost != [false; 2] {
                for at in [0, 2, 4, 5] {
                    prop_assert!(stage.rule(at).standing.verdict != Verdict::Ok, "{} at {second}: {}", exprs[at], stage.standing(at));
                }
            }
        }
    }

    /// Whatever comes, the engine goes on.
    #[test]
    fn no_bytes_stop_it(
        bytes in proptest::collection::vec(any::<u8>(), 0..200),
        rules in "(?s).{0,80}",
        expr in "[a-z0-9(){}\\[\\]=~\"><+*/ ,:@-]{0,40}",
        points in any::<usize>(),
        span in any::<u64>(),
        seconds in any::<i32>(),
        open in any::<bool>(),
    ) {
        let mut stage = Stage::new(&["one"]);
        let format = if open { Format::OpenMetrics } else { Format::Text };
        stage.step(Input::RulesRead(vec![("f".to_owned(), Ok(rules))]), 1);
        stage.alert(&format!("{expr:?}"), 2);
        for target in [0, 9] {
            let answer = Ok(Body { bytes: bytes.clone(), format });
            stage.step(Input::Scraped { target, begun: moment(seconds), took: Duration::MAX, answer }, 3);
        }
        stage.tick(4);
        let span = Duration::from_millis(span);
        let series = Labels::new([("__name__", "up")]);
        for question in [
            Question::Find { words: expr.clone(), most: points },
            Question::Course { series, span, points },
            Question::Range { expr, span, points: points % 50, most: points },
        ] {
            stage.step(Input::Asked { id: 1, question }, 5);
        }
        stage.step(Input::TimePassed, seconds);
        let _ = stage.engine.next();
    }
}
