//! Whom a request reaches: it is sent for those of its card alone. Who came between code and card, or between card and request,
//! cannot be left out of it, so it is not sent then; and where nobody can be asked who they are, it is not sent either.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use super::fake_http::{FakeHttp, Step, json};
use super::{Stage, Told, code_in};

/// A queue in the database, and a service that retries all of it.
struct Queue {
    stage: Stage,
    api: FakeHttp,
    /// How often an endpoint was asked whom it reaches.
    asked: Arc<AtomicUsize>,
}

impl Queue {
    /// `preview` is what reads the receivers; of the endpoint, from the `comes`th answer on one more is there.
    fn new(preview: &str, comes: usize) -> Queue {
        let stage = Stage::new();
        stage.server.sql(
            "postgres",
            "CREATE TABLE queue (name text); INSERT INTO queue VALUES ('billing'), ('billing'), ('search')",
        );
        stage.server.sql("postgres", "GRANT SELECT ON queue TO ops");
        let asked = Arc::new(AtomicUsize::new(0));
        let counts = Arc::clone(&asked);
        let api = FakeHttp::start(move |head| {
            if !head.starts_with("GET /receivers") {
                return json(200, "{}");
            }
            let came = counts.fetch_add(1, Ordering::SeqCst) + 1 >= comes;
            json(200, if came { r#"{"billing": 2, "mail": 1}"# } else { r#"{"billing": 2}"# })
        });
        let own = format!(
            "allow = true\nheadless = [\"retry\"]\n[[action]]\nname = \"retry\"\nurl = \"{}\"\nlevel = \"L2\"\n\
             target = \"api\"\nwatch = \"connections main\"\nexpect = \"> 0\"\n{preview}\n",
            api.url("/retry")
        );
        stage.configure("staging", &own);
        Queue { stage, api, asked }
    }

    fn run(&self, more: &[&str]) -> Told {
        self.stage.run(&[&["retry", "--target", "api"][..], more].concat())
    }

    #[track_caller]
    fn code(&self) -> String {
        let told = self.run(&[]);
        assert_eq!(told.code, 0, "{told:?}");
        code_in(&told.out)
    }

    fn sent(&self) -> usize {
        self.api.requests().iter().filter(|head| head.starts_with("POST /retry")).count()
    }
}

const SQL: &str = "preview_sql = \"SELECT name, count(*) FROM queue GROUP BY name\"";

#[test]
fn who_left_is_no_reason_and_who_came_is_one() {
    let queue = Queue::new(SQL, 0);
    let code = queue.code();
    queue.stage.server.sql("postgres", "DELETE FROM queue WHERE name = 'search'");
    let told = queue.run(&["--confirm", &code]);
    assert_eq!((told.code, queue.sent()), (0, 1), "{told:?}");
    queue.stage.server.sql("postgres", "INSERT INTO queue VALUES ('search')");
}

#[test]
fn who_came_after_the_code_was_printed_gets_nothing() {
    let queue = Queue::new(SQL, 0);
    let code = queue.code();
    queue.stage.server.sql("postgres", "INSERT INTO queue VALUES ('mail')");
    queue.run(&["--confirm", &code]).refused("it would reach mail too, who came since it was agreed to");
    assert_eq!(queue.sent(), 0);
}

#[test]
fn who_came_after_the_last_card_gets_nothing() {
    // The third look is the one just before the request.
    let queue = Queue::new("preview_path = \"/receivers\"", 3);
    let code = queue.code();
    let told = queue.run(&["--confirm", &code]);
    assert_eq!((queue.sent(), queue.asked.load(Ordering::SeqCst)), (0, 3), "{told:?}");
    assert_eq!(told.code, 10, "{told:?}");
    assert!(told.out.contains("it would reach mail too, who came since the card"), "{told:?}");
    assert_eq!(queue.stage.events(), ["intent", "refused"]);
}

#[test]
fn where_whom_it_reaches_cannot_be_read_it_is_not_sent() {
    let queue = Queue::new(SQL, 0);
    let code = queue.code();
    queue.stage.server.sql("postgres", "REVOKE SELECT ON queue FROM ops");
    queue.run(&["--confirm", &code]).refused("is NOT KNOWN");
    queue.run(&[]).refused("is NOT KNOWN");
    assert_eq!(queue.sent(), 0);
}

/// What a request reaches and nothing is ever read of is waited for, for so long and no longer.
#[test]
fn what_never_answers_is_waited_for_and_then_nothing_starts() {
    let stage = Stage::new();
    let silent = FakeHttp::always(vec![Step::Hang]);
    let own = format!(
        "allow = true\nheadless = [\"drain\"]\n[[service]]\nname = \"worker\"\nurl = {:?}\ninterval = \"60s\"\n\
         deadline = \"50s\"\n[[action]]\nname = \"drain\"\nurl = {:?}\nlevel = \"L2\"\ntarget = \"main\"\n\
         watch = \"connections main\"\nexpect = \"> 0\"\n",
        silent.url("/health"),
        silent.url("/drain")
    );
    stage.configure("staging", &own);
    stage.run(&["drain", "--target", "main"]).refused("nothing was read of worker yet");
    assert!(!silent.requests().iter().any(|head| head.contains("/drain")), "{:?}", silent.requests());
}
