//! Clients come, work and leave while cards are made and carried out: whoever was ended stood on a card, and was still as it
//! stood there.

use std::collections::BTreeSet;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use tokio::sync::watch;

use super::*;

const CLIENTS: usize = 8;
const ROUNDS: usize = 150;
/// So many of those on cards have to have worked between card and effect.
const MOVED: usize = 10;
/// Ticks within which one of those on a card has worked, at the latest.
const LATE: u64 = 2_000;
/// Of so many rounds one at most may come to nothing because the server was too slow for it.
const SLOW: usize = 10;

/// Time passes by what the server answers: a session of a superuser, whom nobody may touch, asks and asks, and each answer is
/// a tick. Whoever waits for ticks sleeps, however few processors there are.
#[derive(Clone)]
struct Ticks(watch::Receiver<u64>);

impl Ticks {
    async fn start(server: &PostgresServer) -> (Ticks, tokio::task::JoinHandle<()>) {
        let guest = Guest::new(server, "admin", "shop", "metronome").await;
        let (sender, receiver) = watch::channel(0);
        let asking = tokio::spawn(async move {
            loop {
                guest.runs("SELECT").await;
                sender.send_modify(|ticks| *ticks += 1);
            }
        });
        (Ticks(receiver), asking)
    }

    async fn pass(&mut self, ticks: u64) {
        let end = *self.0.borrow() + ticks;
        self.0.wait_for(|now| *now >= end).await.expect("the metronome is asked until the end");
    }
}

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
    /// The card that was made last.
    card: AtomicUsize,
    /// Who has worked since it was made, from the beginning of a statement to its end: they are not as they stand on it.
    moved: Mutex<BTreeSet<SessionId>>,
}

impl Tally {
    fn card_is_made(&self) {
        self.card.fetch_add(1, Ordering::SeqCst);
        self.moved.lock().unwrap().clear();
    }

    fn has_worked(&self, id: SessionId, since: usize) {
        if self.card.load(Ordering::SeqCst) == since {
            self.moved.lock().unwrap().insert(id);
        }
    }
}

/// One session after the other: each idles, works, leaves or is ended.
async fn client(port: u16, mut dice: Dice, mut ticks: Ticks, tally: Arc<Tally>) {
    while !tally.stop.load(Ordering::SeqCst) {
        let Ok(guest) = Guest::of(port, "app", "shop", "web").await else {
            // Ended within its first question: the server's word for it comes with the next ones.
            ticks.pass(1).await;
            continue;
        };
        let steps = dice.roll(12);
        let mut ended = false;
        for _ in 0..steps {
            let sql = ["SELECT 1", "SELECT pg_sleep(0.001)", "BEGIN", "ROLLBACK", "SELECT count(*) FROM pg_class"];
            let since = tally.card.load(Ordering::SeqCst);
            ended = guest.client.batch_execute(sql[dice.roll(5) as usize]).await.is_err();
            if ended {
                break;
            }
            tally.has_worked(guest.id, since);
            // Now for a moment, now for longer than a card is looked at and carried out.
            let most = [10, 300][dice.roll(2) as usize];
            ticks.pass(dice.roll(most)).await;
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
    let (mut ticks, metronome) = Ticks::start(&server).await;
    let clients: Vec<_> = (1..=CLIENTS as u64)
        .map(|seed| {
            let dice = Dice(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15));
            tokio::spawn(client(server.port(), dice, ticks.clone(), Arc::clone(&tally)))
        })
        .collect();
    let mut source = ops(&server);
    let mut dice = Dice(88_172_645_463_325_252);
    let mut on_cards = BTreeSet::new();
    let mut counts: BTreeMap<Fate, usize> = BTreeMap::new();
    let (mut rounds, mut moved_on_cards) = (0, 0);
    // The server ends what takes it longer than two seconds, and on a busy machine that happens: told, and no fault of a card.
    let mut slow = Vec::new();
    let enough = |counts: &BTreeMap<Fate, usize>| counts.len() >= 3 && counts.get(&Fate::Done) >= Some(&30);
    while rounds < ROUNDS || !(enough(&counts) && moved_on_cards >= MOVED) && rounds < 20 * ROUNDS {
        rounds += 1;
        let in_transaction = SessionSelector::IdleInTransaction { older_than: MOMENT };
        let selector = if dice.roll(4) == 0 { in_transaction } else { idle(MOMENT) };
        let cap = 1 + dice.roll(5) as usize;
        let card = match source.preview(&selector, SessionVerb::Terminate, cap, DEADLINE).await {
            Ok(card) => card,
            Err(cause) => {
                slow.push(cause.to_string());
                continue;
            }
        };
        tally.card_is_made();
        assert!(card.objects.len() <= cap);
        ticks.pass(dice.roll(8)).await;
        // Now and then so late that one of them is not as it stands there any more.
        let mut patience = if dice.roll(3) == 0 { LATE } else { 0 };
        let shown: BTreeSet<SessionId> = keys(&card).iter().map(id).collect();
        while patience > 0 && tally.moved.lock().unwrap().is_disjoint(&shown) {
            patience -= 1;
            ticks.pass(1).await;
        }
        let moved = tally.moved.lock().unwrap().clone();
        let end = source.signal(&card.identity, &keys(&card), SessionVerb::Terminate, DEADLINE).await;
        let fates = match end {
            StepEnd::Done { fates, .. } => fates,
            StepEnd::Failed(cause) => {
                slow.push(cause.to_string());
                continue;
            }
            // Whoever stands on it may have been ended, and it says so.
            StepEnd::Unknown(cause) => {
                on_cards.extend(shown);
                slow.push(cause.to_string());
                continue;
            }
            end => panic!("{end:?}"),
        };
        let mut told: Vec<ObjectKey> = fates.iter().map(|(key, _)| key.clone()).collect();
        let mut shown = keys(&card);
        told.sort();
        shown.sort();
        assert_eq!(told, shown, "card = done + gone + changed + refused");
        for (key, fate) in fates {
            assert!(!matches!(fate, Fate::Unknown | Fate::Refused), "{key:?} {fate:?}");
            *counts.entry(fate).or_default() += 1;
            if moved.contains(&id(&key)) {
                moved_on_cards += 1;
                assert!(matches!(fate, Fate::Changed | Fate::Gone), "it had worked since the card: {key:?} {fate:?}");
            }
            if fate == Fate::Done {
                on_cards.insert(id(&key));
            }
        }
    }
    tally.stop.store(true, Ordering::SeqCst);
    for client in clients {
        client.await.unwrap();
    }
    metronome.abort();
    assert!(slow.len() * SLOW <= rounds, "{} of {rounds} rounds came to nothing: {slow:?}", slow.len());
    let ended = tally.ended.lock().unwrap();
    let strangers: Vec<_> = ended.difference(&on_cards).collect();
    assert!(strangers.is_empty(), "ended and on no card as done: {strangers:?}");
    assert!(moved_on_cards >= MOVED, "{moved_on_cards} of the cards had worked meanwhile in {rounds} rounds");
    assert!(ended.len() >= 10 && tally.untouched.load(Ordering::SeqCst) > 0, "{counts:?} in {rounds} rounds");
}
