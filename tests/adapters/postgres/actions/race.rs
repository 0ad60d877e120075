//! Clients come, work and leave while cards are made and carried out: whoever was ended stood on a card.

use std::collections::BTreeSet;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use super::*;

const CLIENTS: usize = 8;
const ROUNDS: usize = 150;

/// A generator of its own for each client: the same seeds each time.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 % sides
    }
}

#[derive(Default)]
struct Tally {
    stop: AtomicBool,
    ended: Mutex<BTreeSet<SessionId>>,
    untouched: AtomicUsize,
}

/// One session after the other: each idles, works, leaves or is ended.
async fn client(port: u16, mut dice: Dice, tally: Arc<Tally>) {
    while !tally.stop.load(Ordering::SeqCst) {
        let Ok(guest) = Guest::of(port, "app", "shop", "web").await else {
            // Ended within its first question: the server's word for it comes with the next ones.
            tokio::task::yield_now().await;
            continue;
        };
        let steps = dice.roll(12);
        let mut ended = false;
        for _ in 0..steps {
            let sql = ["SELECT 1", "SELECT pg_sleep(0.001)", "BEGIN", "ROLLBACK", "SELECT count(*) FROM pg_class"];
            ended = guest.client.batch_execute(sql[dice.roll(5) as usize]).await.is_err();
            if ended {
                break;
            }
            for _ in 0..dice.roll(400) {
                tokio::task::yield_now().await;
            }
        }
        let (id, end) = (guest.id, guest.end);
        drop(guest.client);
        // An error at the end is the server's: it said goodbye before we did.
        if end.await.unwrap().is_err() || ended {
            tally.ended.lock().unwrap().insert(id);
        } else {
            tally.untouched.fetch_add(1, Ordering::SeqCst);
        }
    }
}

#[tokio::test]
async fn whoever_was_ended_stood_on_a_card_and_every_card_adds_up() {
    let server = stage(&[]);
    let tally = Arc::new(Tally::default());
    let clients: Vec<_> = (1..=CLIENTS as u64)
        .map(|seed| {
            tokio::spawn(client(server.port(), Dice(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15)), Arc::clone(&tally)))
        })
        .collect();
    let mut source = ops(&server);
    let mut dice = Dice(88_172_645_463_325_252);
    let mut on_cards = BTreeSet::new();
    let mut counts: BTreeMap<Fate, usize> = BTreeMap::new();
    let mut rounds = 0;
    let enough = |counts: &BTreeMap<Fate, usize>| counts.len() >= 3 && counts.get(&Fate::Done) >= Some(&30);
    while rounds < ROUNDS || !enough(&counts) && rounds < 20 * ROUNDS {
        rounds += 1;
        let in_transaction = SessionSelector::IdleInTransaction { older_than: MOMENT };
        let selector = if dice.roll(4) == 0 { in_transaction } else { idle(MOMENT) };
        let cap = 1 + dice.roll(5) as usize;
        let card = source.preview(&selector, SessionVerb::Terminate, cap, DEADLINE).await.unwrap();
        assert!(card.objects.len() <= cap);
        for _ in 0..dice.roll(300) {
            tokio::task::yield_now().await;
        }
        let end = source.signal(&card.identity, &keys(&card), SessionVerb::Terminate, DEADLINE).await;
        let StepEnd::Done { fates, .. } = end else { panic!("{end:?}") };
        let mut told: Vec<ObjectKey> = fates.iter().map(|(key, _)| key.clone()).collect();
        let mut shown = keys(&card);
        told.sort();
        shown.sort();
        assert_eq!(told, shown, "card = done + gone + changed + refused");
        for (key, fate) in fates {
            assert!(!matches!(fate, Fate::Unknown | Fate::Refused), "{key:?} {fate:?}");
            *counts.entry(fate).or_default() += 1;
            if fate == Fate::Done {
                on_cards.insert(id(&key));
            }
        }
    }
    tally.stop.store(true, Ordering::SeqCst);
    for client in clients {
        client.await.unwrap();
    }
    let ended = tally.ended.lock().unwrap();
    let strangers: Vec<_> = ended.difference(&on_cards).collect();
    assert!(strangers.is_empty(), "ended and on no card as done: {strangers:?}");
    assert!(ended.len() >= 10 && tally.untouched.load(Ordering::SeqCst) > 0, "{counts:?} in {rounds} rounds");
}
