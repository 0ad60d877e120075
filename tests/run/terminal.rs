//! On a terminal, where nothing has to be allowed beside the actions themselves.

use super::pty::Start;
use super::{ACTION, Stage, code_in};

fn start(stage: &Stage, more: &[&str]) -> Start {
    let path = stage.config_path();
    let arguments = [&["--config", path.to_str().unwrap(), "run", ACTION, "--target", "main"], more].concat();
    Start::new(&arguments).size(160, 100).variable("HOME", stage.home.path().to_str().unwrap())
}

#[tokio::test]
async fn a_person_reads_the_card_and_passes_its_code() {
    let stage = Stage::new();
    stage.configure("staging", "allow = true");
    let guest = stage.idle_in_transaction().await;
    let card = start(&stage, &[]).run();
    assert_eq!(card.exit_code(), 0, "{}", card.screen());
    let screen = card.screen();
    assert!(screen.contains("What it touches: 1") && screen.contains("run it with"), "{screen}");
    let done = start(&stage, &["--confirm", &code_in(&screen)]).run();
    assert_eq!(done.exit_code(), 0, "{}", done.screen());
    assert!(done.screen().contains("verified"), "{}", done.screen());
    assert!(!guest.is_alive().await);
    assert_eq!(stage.events(), ["intent", "outcome"]);
}
