//! Silences of this program's own: who asked, for which labels, how long and why. They keep pages back and nothing else: what
//! an alert is they do not know. Every one ends, on a clock that no one sets.

use std::time::Duration;

use super::identity;
use super::matcher::{self, Matcher};
use crate::domain::Safe;
use crate::domain::threshold::parse_duration;
use crate::metrics::labels::Labels;

/// Most silences at a time.
pub const MOST: usize = 100;
/// Longest comment, in characters.
const COMMENT: usize = 300;

/// One silence.
#[derive(Clone, Debug, PartialEq)]
pub struct Silence {
    /// Its number, the same for all who know it.
    pub id: u64,
    /// What it is about: all of them must match.
    pub matchers: Vec<Matcher>,
    /// Since when, on the line of time.
    pub from: i64,
    /// Until when: then it is no more.
    pub until: i64,
    /// Who asked for it.
    pub by: Safe,
    /// Why.
    pub comment: Safe,
}

impl Silence {
    /// Whether it holds at a time.
    #[must_use]
    pub fn holds(&self, at: i64) -> bool {
        (self.from..self.until).contains(&at)
    }

    /// Whether it is about an alert with these labels.
    #[must_use]
    pub fn is_about(&self, labels: &Labels) -> bool {
        self.matchers.iter().all(|matcher| matcher.matches(labels))
    }

    /// How long it still holds.
    #[must_use]
    pub fn left(&self, at: i64) -> Duration {
        Duration::from_millis(u64::try_from(self.until.saturating_sub(at)).unwrap_or(0))
    }
}

/// What is asked for, as it was typed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Wish {
    /// Matchers.
    pub matchers: String,
    /// For how long.
    pub lasts: String,
    /// Why.
    pub comment: String,
}

/// What is asked for and can be had.
#[derive(Clone, Debug, PartialEq)]
pub struct Asked {
    /// Matchers, at least one of which narrows.
    pub matchers: Vec<Matcher>,
    /// For how long.
    pub lasts: Duration,
    /// Why.
    pub comment: Safe,
}

impl Wish {
    /// The matchers alone, for a look at what they are about.
    ///
    /// # Errors
    /// Why they are none.
    pub fn matchers(&self) -> Result<Vec<Matcher>, String> {
        let matchers = matcher::parse(&self.matchers)?;
        if matchers.iter().any(Matcher::narrows) {
            return Ok(matchers);
        }
        Err("at least one matcher says what a label is: alertname=\"…\"; a pattern that most values have says nothing"
            .into())
    }

    /// Judges all of it.
    ///
    /// # Errors
    /// The first thing that is missing or wrong.
    pub fn judged(&self, longest: Duration) -> Result<Asked, String> {
        let matchers = self.matchers()?;
        let lasts = parse_duration(&self.lasts).filter(|lasts| *lasts >= Duration::from_secs(1));
        let Some(lasts) = lasts else {
            return Err("for how long? write 30m, 2h; a silence that does not end is none".to_owned());
        };
        if lasts > longest {
            let most = crate::domain::figure::span(longest);
            return Err(format!("{most} is the longest that a silence may last (longest_silence under [alerts])"));
        }
        let comment = Safe::of(self.comment.trim()).clipped(COMMENT);
        if comment.as_str().is_empty() {
            return Err("why? whoever comes next wants to know".to_owned());
        }
        Ok(Asked { matchers, lasts, comment })
    }
}

/// All of them.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Silences {
    list: Vec<Silence>,
}

impl Silences {
    /// One more, from now on; its number.
    ///
    /// # Errors
    /// There are too many.
    pub fn add(&mut self, asked: Asked, by: Safe, now: i64) -> Result<u64, String> {
        let lasts = i64::try_from(asked.lasts.as_millis()).unwrap_or(0);
        let (matchers, comment) = (asked.matchers, asked.comment);
        let id = identity::of_silence(&matcher::text(&matchers), by.as_str(), comment.as_str(), now);
        self.put(Silence { id, matchers, from: now, until: now.saturating_add(lasts), by, comment }, now)
    }

    /// One of an earlier run. It never holds for longer than one may that begins now, whatever the clock said meanwhile.
    ///
    /// # Errors
    /// It is over, narrows nothing, or there are too many.
    pub fn restore(&mut self, silence: Silence, longest: Duration, now: i64) -> Result<u64, String> {
        let latest = now.saturating_add(i64::try_from(longest.as_millis()).unwrap_or(0));
        let silence = Silence { from: silence.from.min(now), until: silence.until.min(latest), ..silence };
        if !silence.holds(now) {
            return Err("it is over".to_owned());
        }
        if !silence.matchers.iter().any(Matcher::narrows) {
            return Err("no matcher says what a label is".to_owned());
        }
        self.put(silence, now)
    }

    fn put(&mut self, silence: Silence, now: i64) -> Result<u64, String> {
        let _over = self.expire(now);
        if self.list.len() >= MOST {
            return Err(format!("{MOST} silences are the most"));
        }
        let mut id = silence.id;
        while self.find(id).is_some() {
            id = id.wrapping_add(1);
        }
        self.list.push(Silence { id, ..silence });
        Ok(id)
    }

    /// Ends one before its time.
    pub fn end(&mut self, id: u64) -> Option<Silence> {
        let at = self.list.iter().position(|silence| silence.id == id)?;
        Some(self.list.remove(at))
    }

    /// Takes out what is over; what that was.
    pub fn expire(&mut self, now: i64) -> Vec<Silence> {
        self.list.extract_if(.., |silence| !silence.holds(now)).collect()
    }

    /// Those that hold, in the order in which they were asked for.
    pub fn holding(&self, now: i64) -> impl Iterator<Item = &Silence> {
        self.list.iter().filter(move |silence| silence.holds(now))
    }

    /// The one that keeps the pages of such an alert back longest.
    #[must_use]
    pub fn of(&self, labels: &Labels, now: i64) -> Option<&Silence> {
        self.holding(now).filter(|silence| silence.is_about(labels)).max_by_key(|silence| silence.until)
    }

    /// By its number.
    #[must_use]
    pub fn find(&self, id: u64) -> Option<&Silence> {
        self.list.iter().find(|silence| silence.id == id)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const HOUR: i64 = 3_600_000;
    const LONGEST: Duration = Duration::from_secs(24 * 3600);

    fn wish(matchers: &str, lasts: &str, comment: &str) -> Wish {
        Wish { matchers: matchers.into(), lasts: lasts.into(), comment: comment.into() }
    }

    #[test]
    fn nothing_is_silenced_without_a_label_an_end_and_a_reason() {
        let why = |w: Wish| w.judged(LONGEST).unwrap_err();
        assert!(why(wish("", "1h", "x")).contains("at least one matcher"));
        assert!(why(wish("a=~\".*\" b!=c", "1h", "x")).contains("at least one matcher"));
        assert!(why(wish("a=b", "", "x")).contains("for how long"));
        assert!(why(wish("a=b", "0s", "x")).contains("for how long"));
        assert!(why(wish("a=b", "for ever", "x")).contains("for how long"));
        assert!(why(wish("a=b", "2d", "x")).contains("longest"));
        assert!(why(wish("a=b", "1h", "  ")).contains("why?"));
        assert!(wish("a=b", "1h", "deploy").judged(LONGEST).is_ok());
    }

    #[test]
    fn one_of_an_earlier_run_ends_when_it_would_have_ended_and_never_later_than_a_new_one() {
        let silence = |until| Silence {
            id: 9,
            matchers: matcher::parse("a=b").unwrap(),
            from: 0,
            until,
            by: "mia".into(),
            comment: "x".into(),
        };
        let mut all = Silences::default();
        assert!(all.restore(silence(5), LONGEST, 5).is_err(), "it is over");
        all.restore(silence(10 * HOUR), LONGEST, HOUR).unwrap();
        all.restore(silence(i64::MAX), LONGEST, HOUR).unwrap();
        let ends: Vec<i64> = all.holding(HOUR).map(|silence| silence.until).collect();
        assert_eq!(ends, [10 * HOUR, 25 * HOUR]);
        let mut wild = silence(10 * HOUR);
        wild.matchers = matcher::parse("a=~\".*\"").unwrap();
        assert!(all.restore(wild, LONGEST, HOUR).is_err());
    }

    proptest! {
        /// Silences always end, each no later than asked for, and hold only for what all their matchers match.
        #[test]
        fn silences_always_expire(
            asked in proptest::collection::vec((0u8..4, 1u64..90_000, 0i64..50_000_000), 1..20),
            looks in proptest::collection::vec((0u8..4, 0i64..200_000_000), 1..20),
        ) {
            let mut all = Silences::default();
            let mut given: Vec<(u8, i64, i64)> = Vec::new();
            let mut now = 0;
            for (value, lasts, later) in asked {
                now += later;
                let wish = wish(&format!("team=t{value}"), &format!("{lasts}s"), "because");
                match wish.judged(LONGEST) {
                    Ok(asked) => {
                        all.add(asked, "mia".into(), now).unwrap();
                        given.push((value, now, now + lasts as i64 * 1000));
                    }
                    Err(why) => prop_assert!(lasts > 86_400, "{}", why),
                }
            }
            for (value, at) in looks {
                let labels = Labels::new([("team", format!("t{value}"))]);
                let expected = given.iter().any(|(of, from, until)| *of == value && (*from..*until).contains(&at));
                // What was over when another began is not kept; before that time nobody looks again.
                if at >= now {
                    prop_assert_eq!(all.of(&labels, at).is_some(), expected);
                }
                prop_assert!(all.of(&Labels::new([("team", "another")]), at).is_none());
            }
            let last = now + 24 * HOUR;
            prop_assert_eq!(all.holding(last).count(), 0, "a day after the last nothing is silenced");
            all.expire(last);
            prop_assert_eq!(all, Silences::default());
        }
    }
}
