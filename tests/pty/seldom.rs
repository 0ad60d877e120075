//! Fault 1 for what is asked over HTTP: who fails is asked more and more rarely, and shows as failed meanwhile.

use std::fs;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use crate::fake_http::{FakeHttp, Step};
use crate::pty::{PATIENCE, Start};

#[test]
fn a_service_that_hangs_up_each_time_is_asked_more_and_more_rarely() {
    let asked: Arc<Mutex<Vec<Instant>>> = Arc::default();
    let theirs = Arc::clone(&asked);
    let http = FakeHttp::start(move |_| {
        theirs.lock().unwrap().push(Instant::now());
        vec![Step::Close]
    });
    let start = Start::new(&["--config", "wall.toml"]);
    let service = format!("[[service]]\nname = \"api\"\nurl = {:?}\ninterval = \"500ms\"\n", http.url("/health"));
    fs::write(start.world().join("wall.toml"), service).unwrap();
    let mut session = start.run();
    session.wait_for("Services");
    let begun = Instant::now();
    while asked.lock().unwrap().len() < 5 {
        assert!(begun.elapsed() < PATIENCE, "nobody asks any more\n{}", session.screen());
        std::thread::sleep(Duration::from_millis(10));
    }
    // 0.5 s, 1 s, 2 s, 4 s, each a quarter shorter at most; without growing it would be 2 s.
    let times = asked.lock().unwrap().clone();
    let took = times[4] - times[0];
    assert!(took > Duration::from_secs(4), "five times within {took:?}");
    session.wait_for("down");
    assert_eq!(http.connections(), http.requests().len(), "one connection each time");
    session.send("q");
    assert_eq!(session.exit_code(), 0);
}
