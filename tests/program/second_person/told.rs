//! What the two are told: the same card, how long it waits and holds, by what they are told apart, and who else can type.

use super::*;

fn asked(world: &mut World) -> Request {
    with_card(world, 812, "shop 812");
    let effects = chord(world);
    request(world, &effects)
}

fn screen(world: &mut World, size: (u16, u16)) -> String {
    text(&drawn(world, size, false))
}

/// The lines of the overlay, without its frame and what lies beside it.
fn overlay(screen: &str) -> Vec<String> {
    let inside = |line: &str| {
        let mut parts = line.split('│').skip(1);
        // Beside it stands a pane with a frame of its own, or nothing.
        parts.by_ref().find(|part| part.chars().count() > 70).map(|part| part.trim_end().to_owned())
    };
    screen.lines().filter_map(inside).filter(|line| !line.contains(['┌', '└'])).collect()
}

#[test]
fn the_second_person_sees_the_card_as_the_requester_saw_it() {
    let mut world = bastion();
    world.tell(Event::GuardsCover(Safe::of("guards cover only this host")));
    world.tell(Event::TmuxClientsCounted(Some(2)));
    type_line(&mut world, "act flush-redis on shop");
    preview_arrives(&mut world, 812);
    let shown = overlay(&screen(&mut world, (120, 60)));
    world.write("shop 812");
    world.press("Tab");
    world.write("INC-7");
    let effects = chord(&mut world);
    let request = request(&world, &effects);
    world.model.view.overlays.clear();
    let found = Found { request: request.clone(), against: None, by_id_alone: false };
    finds(&mut world, found);
    world.tell(Event::TmuxClientsCounted(Some(0)));
    let seen = overlay(&screen(&mut world, (120, 90)));
    let begins = shown.iter().position(|line| line.contains("BREAK GLASS")).unwrap_or_else(|| panic!("{shown:#?}"));
    assert!(begins == 1 && shown[0].contains("2 clients are attached"), "{shown:#?}");
    let ends = shown.iter().position(|line| line.contains("────")).unwrap_or_else(|| panic!("{shown:#?}"));
    // Whose session it is depends on who reads.
    let crowd = "2 clients are attached to the requester's tmux session: others can type there too";
    assert!(seen.iter().any(|line| line.contains(crowd)), "{seen:#?}");
    assert!(!seen.iter().any(|line| line.contains("this tmux session")), "{seen:#?}");
    for line in &shown[begins..ends] {
        assert!(seen.contains(line), "{line:?} is not in\n{seen:#?}");
    }
    assert!(shown[..ends].iter().any(|line| line.contains("guards cover only this host")), "{shown:#?}");
}

/// What is too wide hangs under its value, as on the card of the requester.
#[test]
fn what_is_wrapped_hangs_under_its_value() {
    let mut world = bastion();
    let mut found = found(&world, None);
    found.request.card = vec![
        Safe::of(format!("{:<18} {}", "mind", "whatever asks ".repeat(12))),
        Safe::of("  1  default  redis"),
        Safe::of(format!("no field  but a text that {}", "goes on and on ".repeat(12))),
    ];
    finds(&mut world, found);
    let seen = overlay(&screen(&mut world, SIZE));
    let at = seen.iter().position(|line| line.starts_with(" mind")).unwrap_or_else(|| panic!("{seen:#?}"));
    let column = |line: &str| line.chars().take_while(|letter| *letter == ' ').count();
    assert_eq!(column(&seen[at + 1]), 20, "{seen:#?}");
    assert_eq!(seen[at].chars().nth(20), Some('w'), "{seen:#?}");
    assert!(seen.iter().any(|line| line.starts_with("   1  default")), "{seen:#?}");
    let text = seen.iter().position(|line| line.starts_with(" no field  but")).unwrap_or_else(|| panic!("{seen:#?}"));
    assert_eq!(column(&seen[text + 1]), 1, "{seen:#?}");
}

#[test]
fn the_time_that_is_left_is_in_sight_wherever_it_is_scrolled() {
    let mut world = bastion();
    let mut found = found(&world, None);
    found.request.card.extend((0..200).map(|n| Safe::of(format!("victim {n}"))));
    finds(&mut world, found);
    drawn(&mut world, SMALL, false);
    world.now += 60.0;
    let first = screen(&mut world, SMALL);
    assert!(first.contains("alice asks, 9m00s left") && first.contains("1m00s ago, 9m00s left"), "{first}");
    for _ in 0..40 {
        orders(&mut world, Event::KeyPressed(Key::plain(Code::PageDown)));
        drawn(&mut world, SMALL, false);
    }
    let last = screen(&mut world, SMALL);
    for words in ["alice asks, 9m00s left", "victim 199", "type shop 812 to approve", "Cancel"] {
        assert!(last.contains(words), "{words:?} in\n{last}");
    }
    world.now += 540.0;
    let over = screen(&mut world, SMALL);
    assert!(over.contains("alice asks, no time left") && over.contains("it waited for too long"), "{over}");
}

#[test]
fn that_user_ids_alone_tell_them_apart_is_told() {
    let words = "who logged in is not recorded here";
    for by_id_alone in [false, true] {
        let mut world = bastion();
        let found = Found { by_id_alone, ..found(&world, None) };
        finds(&mut world, found);
        assert_eq!(screen(&mut world, SMALL).contains(words), by_id_alone);
        let mut world = bastion();
        let request = asked(&mut world);
        let mut look = granted(&world, &request);
        if let OwnAnswer::Granted(granted) = &mut look.own[0].answer
            && by_id_alone
        {
            granted.approval.approver.loginuid = None;
        }
        second(&mut world, SecondEvent::Looked(look));
        type_line(&mut world, "consent");
        preview_arrives(&mut world, 812);
        let card = screen(&mut world, SIZE);
        assert!(card.contains("bob approved it 0s ago, once; 9m59s left"), "{card}");
        assert_eq!(card.contains(words), by_id_alone, "{card}");
    }
}

#[test]
fn the_requester_is_told_how_long_it_waits_and_that_nobody_came() {
    let mut world = bastion();
    let request = asked(&mut world);
    world.now += 90.0;
    // The folder answers late, or the same card is asked for once more.
    second(&mut world, SecondEvent::Asked(Ok(Box::new(request.clone()))));
    let told = screen(&mut world, SMALL);
    let until = (request.asked_at.at.wall + VALID).format("(until %H:%M:%SZ)").to_string();
    assert!(told.contains("Within 8m30s") && told.contains(&until), "{until} in\n{told}");
    world.press("Esc");
    let own = |answer| Look { own: vec![Own { request: request.clone(), answer }], ..Look::default() };
    second(&mut world, SecondEvent::Looked(own(OwnAnswer::Waiting)));
    let line = "waits 8m30s more for a second person";
    let waiting = screen(&mut world, SMALL);
    assert!(waiting.contains(line), "{waiting}");
    type_line(&mut world, "approve");
    let listed = screen(&mut world, SMALL);
    assert!(listed.contains("1m30s ago, 8m30s left"), "{listed}");
    world.press("Esc");
    // It was used or taken back.
    second(&mut world, SecondEvent::Looked(Look::default()));
    assert!(!world.message().contains("in time"), "{}", world.message());
    second(&mut world, SecondEvent::Looked(own(OwnAnswer::Waiting)));
    world.now += 511.0;
    second(&mut world, SecondEvent::Looked(Look::default()));
    assert!(world.message().contains("flush-redis on shop: nobody approved it in time"), "{}", world.message());
    // Approved at its last moment: that holds for its own ten minutes.
    let look = granted(&world, &request);
    second(&mut world, SecondEvent::Looked(look));
    world.now += 30.0;
    world.tell(Event::TimePassed);
    let line = ":consent: bob approved flush-redis on shop, 9m30s left";
    assert!(screen(&mut world, SIZE).contains(line), "{}", screen(&mut world, SIZE));
    world.now += 571.0;
    second(&mut world, SecondEvent::Looked(Look::default()));
    assert!(world.message().contains("its approval was not used in time"), "{}", world.message());
}

#[test]
fn who_else_can_type_here_is_told_to_who_arms_and_to_who_approves() {
    let mut world = bastion();
    let words = "2 clients are attached to this tmux session: others can type here too";
    for _ in 0..2 {
        let effects = type_line(&mut world, "arm");
        assert!(effects.iter().any(|effect| matches!(effect, Effect::CountTmuxClients)), "{effects:?}");
        orders(&mut world, Event::TmuxClientsCounted(Some(1)));
        assert_eq!(world.message(), "armed");
        orders(&mut world, Event::TmuxClientsCounted(Some(2)));
        assert_eq!(world.message(), format!("armed, and {words}"), "each time");
    }
    world.press("7");
    assert!(screen(&mut world, SIZE).contains(words));
    let sought = found(&world, None);
    finds(&mut world, sought);
    assert!(overlay(&screen(&mut world, SIZE))[0].contains(words));
}

/// What an approval binds stands in the card: nobody approves lines that were never on their screen.
#[test]
fn nothing_is_approved_before_its_end_was_seen() {
    let mut world = bastion();
    let mut sought = found(&world, None);
    sought.request.card.extend((0..100).map(|n| Safe::of(format!("victim {n}"))));
    finds(&mut world, sought);
    drawn(&mut world, SMALL, false);
    world.now += 0.5;
    world.write("shop 812");
    assert!(chord(&mut world).is_empty());
    let shown = screen(&mut world, SMALL);
    assert!(shown.contains("read it to its end first: PgDn scrolls") && !shown.contains("Ctrl-T approves"), "{shown}");
    for _ in 0..20 {
        orders(&mut world, Event::KeyPressed(Key::plain(Code::PageDown)));
        drawn(&mut world, SMALL, false);
    }
    let shown = screen(&mut world, SMALL);
    assert!(shown.contains("victim 99") && shown.contains("Ctrl-T approves"), "{shown}");
    assert!(matches!(chord(&mut world).as_slice(), [Effect::Second(_)]));
}
