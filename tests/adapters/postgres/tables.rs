//! The tables of a backup: all of them are compared, or none is said to be.

use quarterdeck::domain::Cause;

use super::*;

#[tokio::test]
async fn a_part_of_the_tables_is_never_taken_for_all() {
    let server = database("many_tables");
    server.sql("many_tables", "CREATE TABLE a (n int); CREATE TABLE b (n int); CREATE TABLE c (n int)");
    let mut source = source(&url(server, SUPERUSER, "many_tables"));
    assert_eq!(source.tables(3, DEADLINE).await.unwrap().len(), 3);
    let cut = source.tables(2, DEADLINE).await;
    assert!(matches!(cut, Err(Cause::TooLarge { limit: 2, .. })), "{cut:?}");
}
