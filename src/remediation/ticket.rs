//! The consent to a card that was printed: a code that stands for the typed phrase, bound to the card's digest, good for a
//! minute of this boot and once. Where tickets are kept, and that each is taken once, is not known here.

use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use crate::domain::{Moment, Safe, figure};

use super::agreed::Agreed;
use super::card::{Card, Digest};
use super::cooldown::{BootId, BootMoment};
use super::guard::CONSENT_LASTS;

/// Hexadecimal digits of a ticket's name.
pub const ID_DIGITS: usize = 12;
/// Hexadecimal digits that bind the code to the digest.
const BOUND_DIGITS: usize = 8;

/// What is kept of a card until its code comes back.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Ticket {
    id: String,
    digest: String,
    action: String,
    target: String,
    boot: String,
    boot_ns: u64,
    /// How much the card destroys, where that is counted: the card that is made anew may stand for as much.
    count: Option<u64>,
    /// What it touches: the card that is made anew is for these.
    agreed: Agreed,
}

impl Ticket {
    /// For a card, made now. `None` where the system does not say in which boot it is: no age could be told from it.
    #[must_use]
    pub fn new(id: &str, card: &Card, now: &BootMoment) -> Option<Ticket> {
        Some(Ticket {
            id: id.to_owned(),
            digest: card.digest().hex(),
            action: card.action.id.to_string(),
            target: card.action.target.name.to_string(),
            boot: now.boot.as_ref()?.as_str().to_owned(),
            boot_ns: u64::try_from(now.at.boot.as_nanos()).ok()?,
            count: card.preview.count,
            agreed: Agreed::of(card),
        })
    }

    /// What a person passes on.
    #[must_use]
    pub fn code(&self) -> Safe {
        Safe::of(format!("{}-{}", self.id, self.bound()))
    }

    /// The name of the ticket that a code is of; nothing but digits, so that it can be the name of a file.
    #[must_use]
    pub fn id_of(code: &str) -> Option<&str> {
        let (id, bound) = code.split_once('-')?;
        let hex =
            |text: &str, digits| text.len() == digits && text.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'));
        (hex(id, ID_DIGITS) && hex(bound, BOUND_DIGITS)).then_some(id)
    }

    /// How much was agreed to, where that is counted.
    #[must_use]
    pub fn count(&self) -> Option<u64> {
        self.count
    }

    /// What was agreed to be touched.
    #[must_use]
    pub fn agreed(&self) -> &Agreed {
        &self.agreed
    }

    /// The digest that was agreed to, if the code is of this ticket, the ticket of this order, and its time not over.
    pub fn redeem(self, code: &str, action: &str, target: &str, now: &BootMoment) -> Result<Digest, Safe> {
        if self.code().as_str() != code {
            return Err(Safe::of("it is not the code that was printed"));
        }
        if (self.action.as_str(), self.target.as_str()) != (action, target) {
            return Err(Safe::of(format!("it is of {} on {}", self.action, self.target)));
        }
        if now.boot != Some(BootId::new(&self.boot)) {
            return Err(Safe::of("it is from before the machine was started"));
        }
        let made = Moment { boot: std::time::Duration::from_nanos(self.boot_ns), ..now.at };
        if made.boot > now.at.boot {
            return Err(Safe::of("its time lies ahead of the clock"));
        }
        let age = now.at.since(made);
        if age > CONSENT_LASTS {
            return Err(Safe::of(format!(
                "it is {} old, and good for {}",
                figure::age(age),
                figure::span(CONSENT_LASTS)
            )));
        }
        Digest::parse(&self.digest).ok_or_else(|| Safe::of("the ticket is damaged"))
    }

    fn bound(&self) -> String {
        let mut all = Sha256::new();
        for part in [&self.id, &self.digest] {
            all.update((part.len() as u64).to_be_bytes());
            all.update(part);
        }
        let digest = all.finalize();
        format!("{:0BOUND_DIGITS$x}", u32::from_be_bytes(digest.first_chunk().copied().unwrap_or_default()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(boot: &str, secs: f64) -> BootMoment {
        BootMoment { boot: Some(BootId::new(boot)), at: Moment::fixed(secs) }
    }

    fn ticket() -> Ticket {
        let now = at("a", 0.0);
        Ticket {
            id: "0123456789ab".to_owned(),
            digest: "5f".repeat(32),
            action: "terminate-idle".to_owned(),
            target: "main".to_owned(),
            boot: "a".to_owned(),
            boot_ns: now.at.boot.as_nanos() as u64,
            count: None,
            agreed: Agreed::default(),
        }
    }

    fn redeemed(code: &str, action: &str, target: &str, now: &BootMoment) -> Result<String, String> {
        let digest = ticket().redeem(code, action, target, now);
        digest.map(|digest| digest.hex()).map_err(|why| why.to_string())
    }

    #[test]
    fn it_is_good_for_its_order_for_a_minute_of_this_boot() {
        let code = ticket().code();
        let ask = |action, target, now: BootMoment| redeemed(code.as_str(), action, target, &now);
        assert_eq!(ask("terminate-idle", "main", at("a", 60.0)), Ok("5f".repeat(32)));
        for (action, target, now, why) in [
            ("terminate-idle", "main", at("a", 60.1), "1m00s old, and good for 1m"),
            ("terminate-idle", "main", at("b", 1.0), "before the machine was started"),
            ("terminate-idle", "other", at("a", 1.0), "it is of terminate-idle on main"),
            ("cancel-root-blocker", "main", at("a", 1.0), "it is of terminate-idle on main"),
        ] {
            let told = ask(action, target, now).unwrap_err();
            assert!(told.contains(why), "{told}");
        }
        let unknown = BootMoment { boot: None, at: Moment::fixed(1.0) };
        assert!(ask("terminate-idle", "main", unknown).is_err());
        let early = BootMoment { at: Moment { boot: std::time::Duration::ZERO, ..Moment::fixed(0.0) }, ..at("a", 0.0) };
        assert!(ask("terminate-idle", "main", early).is_err());
    }

    #[test]
    fn the_code_is_bound_to_the_digest() {
        let other = Ticket { digest: "60".repeat(32), ..ticket() };
        assert_ne!(other.code(), ticket().code());
        assert!(redeemed(other.code().as_str(), "terminate-idle", "main", &at("a", 1.0)).is_err());
    }

    #[test]
    fn only_digits_name_a_ticket() {
        assert_eq!(Ticket::id_of(ticket().code().as_str()), Some("0123456789ab"));
        for wrong in ["", "-", "../../../etc-00000000", "0123456789AB-00000000", "0123456789ab-0000000", "0123456789ab"]
        {
            assert_eq!(Ticket::id_of(wrong), None, "{wrong}");
        }
    }
}
