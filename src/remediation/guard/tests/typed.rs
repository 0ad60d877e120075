//! What was typed, and when, by chance: nothing but the whole phrase of the card, within a minute of it, lets anything run.

use unicode_normalization::UnicodeNormalization;

use super::*;

/// A phrase as somebody types it who is nearly right.
fn nearly(phrase: &str, slip: usize, at: prop::sample::Index) -> String {
    let letters: Vec<char> = phrase.chars().collect();
    let place = at.index(letters.len().max(1));
    let without =
        |gone: usize| letters.iter().enumerate().filter(|(at, _)| *at != gone).map(|(_, letter)| *letter).collect();
    match slip {
        0 => phrase.to_owned(),
        1 => phrase.nfd().collect(),
        2 => without(place),
        3 => without(letters.len().saturating_sub(1)),
        4 => letters
            .iter()
            .enumerate()
            .flat_map(|(at, letter)| std::iter::repeat_n(*letter, 1 + usize::from(at == place)))
            .collect(),
        5 => format!("{phrase}x"),
        6 => format!(" {phrase}"),
        7 => format!("{phrase} "),
        8 => phrase.to_uppercase(),
        9 => phrase.split_whitespace().next().unwrap_or_default().to_owned(),
        10 => letters.iter().rev().collect(),
        _ => String::new(),
    }
}

/// The same letters, however they are composed.
fn same(one: &str, other: &str) -> bool {
    one.nfd().collect::<String>() == other.nfd().collect::<String>()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1500))]

    /// Invariant 11: exactly the target's name, and with what destroys its count.
    #[test]
    fn nothing_but_the_whole_phrase_confirms(
        name in "[a-zA-Z\u{e9}\u{fc}._-]{1,8}( [a-zA-Z0-9x]{1,4})?", slip in 0usize..12, place: prop::sample::Index, destroys: bool,
    ) {
        let mut card = card(action(if destroys { Level::L3 } else { Level::L2 }), 0..3);
        card.action.target.name = Safe::of(&name);
        let phrase = if destroys { format!("{name} 3") } else { name };
        let typed = nearly(&phrase, slip, place);
        let given = Consent { typed: typed.clone(), ..consent(&card) };
        let windows = [Window::parse("daily 00:00-24:00 UTC").unwrap()];
        let now = Situation { windows: &windows, ..situation(at(2.0)) };
        let ran = review(card, given, &now).is_ok();
        prop_assert_eq!(ran, same(&phrase, &typed), "{:?} for {:?}", typed, phrase);
    }

    /// Invariant 14: a card counts for a minute, by the clock that never steps, whatever the other one shows.
    #[test]
    fn a_card_counts_for_a_minute_whatever_the_wall_clock_shows(
        consented in 0u64..120_000, later in 0u64..120_000, wall in -100_000i64..100_000,
    ) {
        let card = plain();
        let moment = |millis: u64| {
            let at = at(millis as f64 / 1000.0);
            Moment { wall: at.wall + chrono::TimeDelta::seconds(wall), ..at }
        };
        let now = consented + later;
        let given = Consent { given_at: moment(consented), ..consent(&card) };
        prop_assert_eq!(review(card, given, &situation(moment(now))).is_ok(), now <= 60_000, "at {} ms", now);
    }
}
