//! Of a long table only the rows that can be seen are put into words: wherever one goes, none of them is blank.

use quarterdeck::app::view::Page;

use crate::world::World;
use crate::world::readings::answer;
use crate::{drawn, text};

const SERVICES: usize = 200;
/// Rows of the services' page at 80x24.
const SIZE: (u16, u16) = (80, 24);

fn fleet() -> World {
    let mut watched = String::new();
    for n in 0..SERVICES {
        watched += &format!("[[service]]\nname = \"fleet-{n:03}\"\nurl = \"http://{n}.example.com/health\"\n");
    }
    let mut world = World::new(&watched);
    for n in 0..SERVICES {
        world.service(&format!("fleet-{n:03}"), answer(200, r#"{"status":"ok"}"#, 12.0));
    }
    world.press("2 z");
    assert_eq!(world.model.view.page, Page::Services);
    world
}

/// The rows of the table as drawn.
fn rows(world: &mut World) -> Vec<String> {
    let screen = text(&drawn(world, SIZE, false));
    let inside = screen.lines().filter(|line| line.contains("fleet-"));
    inside.map(|line| line.split("fleet-").nth(1).unwrap_or_default().chars().take(3).collect()).collect()
}

proptest::proptest! {
    #![proptest_config(proptest::prelude::ProptestConfig::with_cases(24))]
    #[test]
    fn every_row_on_the_screen_is_whole(keys in proptest::collection::vec(0usize..9, 1..40)) {
        const KEYS: [&str; 9] = ["j", "k", "G", "g", "Ctrl-d", "Ctrl-u", "S", "j j j j j j j", "s"];
        let mut world = fleet();
        let full = rows(&mut world).len();
        assert!(full > 15, "{full}");
        for at in keys {
            world.press(KEYS[at]);
            let shown = rows(&mut world);
            proptest::prop_assert_eq!(shown.len(), full, "after {}: {:?}", KEYS[at], shown);
        }
    }
}
