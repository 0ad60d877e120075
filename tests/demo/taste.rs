//! The sample is watched on the screen as its person likes it.

use crate::pty::Start;

#[test]
fn the_persons_own_taste_of_a_screen_holds_for_the_sample_too() {
    let start = Start::new(&["demo"]).variable("QUARTERDECK_ASCII", "true").variable("QUARTERDECK_EVERY", "7s");
    let mut session = start.run();
    session.wait_for("Connections");
    let screen = session.seen().screen();
    assert!(screen.is_ascii(), "{screen}");
    assert!(screen.contains("every 1s"), "what is watched, and how often, is the sample's own: {screen}");
    session.send("\x03");
    assert_eq!(session.exit_code(), 0);
    session.assert_restored();
}
