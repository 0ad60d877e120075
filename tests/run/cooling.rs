//! What the menu says beforehand of a target that cools down: by the very key that its card has, on a real server.

use super::pty::Start;
use super::{ACTION, HEADLESS, Stage};

#[tokio::test]
async fn the_menu_tells_what_cools_down() {
    let stage = Stage::new();
    stage.server.sql("postgres", "CREATE TABLE stock (id int); ALTER TABLE stock OWNER TO ops");
    let own = "[[action]]\nname = \"freshen\"\nanalyse = \"public.stock\"\ncool_down = \"10m\"";
    stage.configure("staging", &format!("allow = true\n{HEADLESS}\n{own}"));
    let text = std::fs::read_to_string(stage.config_path()).unwrap();
    std::fs::write(stage.config_path(), text.replace(HEADLESS, &format!("headless = [{ACTION:?}, \"freshen\"]")))
        .unwrap();
    let told = stage.run(&["freshen", "--target", "main"]);
    assert_eq!(told.code, 0, "{told:?}");
    let told = stage.run(&["freshen", "--target", "main", "--confirm", &super::code_in(&told.out)]);
    assert_eq!(told.code, 0, "{told:?}");

    let path = stage.config_path();
    let mut screen = Start::new(&["--config", path.to_str().unwrap()])
        .size(160, 50)
        .variable("HOME", stage.home.path().to_str().unwrap())
        .run();
    screen.wait_for("ARMED");
    screen.wait_until("the first reading", |seen| {
        seen.shows("primary") || seen.shows("slots") || seen.shows("connections")
    });
    screen.press("a", "Enter shows the card");
    screen.wait_until("the cool-down", |seen| seen.screen().lines().any(|line| line.contains("cooling down 9m")));
}
