//! Of many whom an action touches, the card says near its top whom all of them together keep waiting.

use super::*;

#[tokio::test]
async fn many_blockers_are_told_with_all_whom_they_free() {
    let server = stage(&[]);
    server.sql("shop", "CREATE TABLE stock (id int); GRANT ALL ON stock TO app");
    let mut holders = Vec::new();
    for _ in 0..5 {
        let guest = Guest::new(&server, "app", "shop", "web").await;
        guest.runs("BEGIN; LOCK TABLE stock IN ROW EXCLUSIVE MODE").await;
        holders.push(guest);
    }
    let waiter = Guest::new(&server, "app", "shop", "web").await;
    let pid = waiter.id.pid;
    let waits =
        tokio::spawn(async move { waiter.client.batch_execute("BEGIN; LOCK TABLE stock IN EXCLUSIVE MODE").await });
    waiting(&server, 1).await;
    let mut source = ops(&server);
    let selector = SessionSelector::IdleInTransaction { older_than: MOMENT };
    let card = preview(&mut source, &selector, SessionVerb::Terminate).await;
    assert_eq!(card.objects.len(), 5);
    let first = card.remarks.first().map(ToString::to_string).unwrap_or_default();
    assert_eq!(first, format!("whom it frees: together it blocks 1 session: {pid}"), "{:?}", card.remarks);
    waits.abort();
}
