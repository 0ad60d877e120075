//! Two windows of one user: what is said in the one counts in the other.

use std::collections::BTreeMap;

use quarterdeck::app::alerts::Kept;
use quarterdeck::app::alerts::kept::KeptSilence;
use quarterdeck::app::{Effect, Event};

use super::rules::{Rules, TEAM, some};
use crate::world::World;

fn window() -> World {
    let mut world = World::new("name = \"x\"");
    world.tell(Event::AlertsKept { kept: None, trouble: None, operator: "mia".into() });
    let mut rules = Rules::new(TEAM);
    rules.answer("pool > 0.9", some(&[("pool", "main")], 0.97));
    rules.tell(&mut world);
    world.press("6");
    world
}

fn kept(effects: Vec<Effect>) -> Kept {
    let kept = effects.into_iter().find_map(|effect| match effect {
        Effect::KeepAlerts(kept) => Some(*kept),
        _ => None,
    });
    kept.expect("it is kept")
}

fn silenced(world: &World) -> Vec<String> {
    let here = world.model.alerts.line.at(world.model.now);
    world.model.alerts.silences.holding(here).map(|silence| silence.comment.to_string()).collect()
}

fn silence(world: &mut World, why: &str) -> Kept {
    world.press("Z");
    world.write("2h");
    world.press("Tab");
    world.write(why);
    kept(world.act("Ctrl-t"))
}

fn shared(kept: &Kept, given: &Kept) -> Event {
    Event::AlertsShared { kept: Box::new(kept.clone()), given: Box::new(given.clone()) }
}

#[test]
fn a_silence_of_another_window_holds_here_and_ends_here_when_it_ends_there() {
    let (mut one, mut two) = (window(), window());
    let said = silence(&mut one, "deploy");
    let back = kept(two.happen(shared(&said, &Kept::default())));
    assert_eq!(silenced(&two), ["deploy"]);
    assert_eq!(back.silences, said.silences, "it is the same one");
    let timeline = |world: &mut World| {
        world.press("8");
        crate::text(&crate::drawn(world, (120, 40), false))
    };
    assert!(timeline(&mut two).contains("in another window: silenced by mia"));
    // What is said here meanwhile stays.
    two.press("6");
    let both = silence(&mut two, "mine");
    assert_eq!(silenced(&two).len(), 2);
    kept(one.happen(shared(&both, &said)));
    assert_eq!(silenced(&one), ["deploy", "mine"]);
    // It ends there.
    let ended =
        Kept { silences: both.silences.iter().filter(|s| s.comment != "deploy").cloned().collect(), ..both.clone() };
    kept(two.happen(shared(&ended, &both)));
    assert_eq!(silenced(&two), ["mine"]);
}

#[test]
fn who_saw_an_alert_in_one_window_saw_it_in_the_other() {
    let (mut one, mut two) = (window(), window());
    let said = kept(one.act("A"));
    assert_eq!(said.acknowledged.len(), 1);
    two.happen(shared(&said, &Kept::default()));
    assert_eq!(two.model.alerts.acknowledged.len(), 1);
}

#[test]
fn what_is_not_written_yet_was_not_ended_by_another_window() {
    let mut one = window();
    let seen = kept(one.act("A"));
    let first = Kept { acknowledged: BTreeMap::new(), ..silence(&mut one, "deploy") };
    let second = silence(&mut one, "mine");
    assert_eq!((second.silences.len(), seen.acknowledged.len()), (2, 1));
    // The disk is slow or refused all but the first: what comes was joined with that alone.
    let back = kept(one.happen(shared(&first, &first)));
    assert_eq!(silenced(&one), ["deploy", "mine"]);
    assert_eq!((back.silences.len(), back.acknowledged.len()), (2, 1), "it is given again");
}

#[test]
fn a_silence_that_is_refused_here_is_told_once_and_begins_no_quarrel() {
    let mut one = window();
    let mine = silence(&mut one, "mine");
    let mut theirs = mine.clone();
    let wide = theirs.silences[0].clone();
    theirs.silences.push(KeptSilence { id: 7, matchers: "alertname=~\".*\"".into(), by: "joe".into(), ..wide });
    let told = |world: &World| {
        world.model.timeline.shown(None).iter().filter(|note| note.what.as_str().contains("and not here")).count()
    };
    for _ in 0..3 {
        let effects = one.happen(shared(&theirs, &mine));
        assert!(!effects.iter().any(|effect| matches!(effect, Effect::KeepAlerts(_))), "nothing new is said");
        assert_eq!((silenced(&one), told(&one)), (vec!["mine".to_owned()], 1));
    }
    // It ended there; said again, it is told again.
    one.happen(shared(&mine, &mine));
    one.happen(shared(&theirs, &mine));
    assert_eq!(told(&one), 2);
}
