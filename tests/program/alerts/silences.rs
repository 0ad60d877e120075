//! The same history twice, once with silences and acknowledgements: they change no count, state or verdict of evaluation,
//! only who is called, and the mark on what is silenced.

use std::time::Duration;

use proptest::prelude::*;
use quarterdeck::alerts::lifecycle::{Failure, Outcome};
use quarterdeck::alerts::matcher;
use quarterdeck::alerts::silence::Asked;
use quarterdeck::app::alerts::counts::Counts;
use quarterdeck::app::alerts::listing;
use quarterdeck::app::report::Report;
use quarterdeck::app::{Effect, Event};

use super::rules::{Rules, TEAM, basis, none, several, some};
use crate::world::World;
use crate::world::readings::{answer, cause, silence};

const WATCHED: &str = "name = \"x\"\n[alerts]\nbell = true\n[[service]]\nname = \"api\"\nurl = \"https://api.example.com/health\"\ninterval = \"5s\"\n[[alert]]\nname = \"ApiDown\"\nwhen = \"service api down for 30s\"\nseverity = \"critical\"\n";
const EXPRESSIONS: [&str; 4] = ["errors > 0.05", "pool > 0.9", "backlog > 1000", "slow > 1"];
const SILENCES: [&str; 5] =
    ["alertname=~\"High.*|Pool.*\"", "severity=critical", "severity=warning", "team=web", "service=api"];

fn outcome(kind: u8) -> Outcome {
    match kind {
        0 => none(),
        1 => some(&[("instance", "a")], 0.9),
        2 => several(&[(&[("instance", "a")], 0.9), (&[("instance", "b")], 0.7)]),
        3 => Err(Failure::Failed("it stumbled".into())),
        4 => Err(Failure::NotEvaluated("it lies outside".into())),
        5 => basis::missing("errors"),
        _ => basis::no_traffic(),
    }
}

/// All that evaluation says, whatever a person did.
fn truth(world: &World) -> String {
    let model = &world.model;
    let stands: Vec<_> =
        listing::all(&model.live, model.now).map(|entry| (entry.key(), entry.stand, entry.unlooked)).collect();
    let counts = Counts::of(&model.live, &model.alerts, model.now);
    let known =
        (counts.active(), counts.error, counts.not_evaluated, counts.no_data, counts.quiet, counts.ok, counts.resolved);
    let report = Report::of(model);
    let thresholds = model.live.thresholds.as_ref().map(|own| &own.told);
    format!(
        "{stands:?}\n{known:?}\n{}\n{:?}\n{:?}\n{thresholds:?}",
        report.json(),
        report.verdict,
        model.live.metrics.alerts
    )
}

/// A world with its rules, and what it rang for.
struct Side(World, Rules);

impl Side {
    fn new() -> Side {
        let mut world = World::new(WATCHED);
        world.tell(Event::AlertsKept { kept: None, trouble: None, operator: "mia".into() });
        Side(world, Rules::new(TEAM))
    }

    fn step(&mut self, (which, kind, up, pause): Step) -> Vec<Effect> {
        let Side(world, rules) = self;
        world.now += pause;
        let mut effects = world.happen(Event::TimePassed);
        assert_called(world, &effects);
        rules.answer(EXPRESSIONS[which], outcome(kind));
        world.service("api", if up { answer(200, r#"{"status":"ok"}"#, 12.0) } else { silence(cause("refused")) });
        let told = rules.tell(world);
        assert_called(world, &told);
        effects.extend(told);
        effects
    }

    fn mute(&mut self, which: usize, minutes: u64) {
        let model = &mut self.0.model;
        let now = model.alerts.line.at(model.now);
        let matchers = matcher::parse(SILENCES[which]).unwrap();
        let asked = Asked { matchers, lasts: Duration::from_secs(60 * minutes), comment: "x".into() };
        model.alerts.silences.add(asked, "mia".into(), now).unwrap();
    }
}

/// Whoever is called is called for something that nobody silenced or saw.
fn assert_called(world: &World, effects: &[Effect]) {
    let model = &world.model;
    let counts = Counts::of(&model.live, &model.alerts, model.now);
    let rings = effects.iter().any(|effect| matches!(effect, Effect::Ring { .. }));
    assert!(!rings || counts.firing > 0, "it rang for what is silenced or seen alone");
}

type Step = (usize, u8, bool, f64);

/// What is ordered beside ringing and keeping what a person said.
fn orders(effects: &[Effect]) -> Vec<String> {
    let told = effects.iter().filter(|effect| !matches!(effect, Effect::Ring { .. } | Effect::KeepAlerts(_)));
    told.map(|effect| format!("{effect:?}")).collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(32))]
    #[test]
    fn a_silence_changes_nothing_but_who_is_called(
        steps in proptest::collection::vec(
            ((0usize..4, 0u8..7, any::<bool>(), 1.0f64..400.0), proptest::option::of((0usize..5, 1u64..600)), any::<bool>()),
            1..16,
        ),
    ) {
        let (mut loud, mut muted) = (Side::new(), Side::new());
        for (step, mute, sees) in steps {
            if let Some((which, minutes)) = mute {
                muted.mute(which, minutes);
            }
            if sees {
                muted.0.press("6 A 1");
            }
            let (heard, kept_back) = (loud.step(step), muted.step(step));
            prop_assert_eq!(truth(&loud.0), truth(&muted.0));
            prop_assert_eq!(orders(&heard), orders(&kept_back));
        }
    }
}
