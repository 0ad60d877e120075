//! `--watch`: after the verdict it stays, and says when something got worse that the action itself does not look at.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use super::fake_http::{FakeHttp, Step};
use super::{Stage, Told, code_in};

/// A service that is well until something is posted to `/break`.
fn shop() -> FakeHttp {
    let broken = Arc::new(AtomicBool::new(false));
    FakeHttp::start(move |head| {
        if head.starts_with("POST /break") {
            broken.store(true, Ordering::SeqCst);
        }
        let status = if head.starts_with("GET") && broken.load(Ordering::SeqCst) { "500 Broken" } else { "200 OK" };
        let answer = format!("HTTP/1.1 {status}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
        vec![Step::Bytes(answer.into_bytes()), Step::Close]
    })
}

fn configure(stage: &Stage, shop: &FakeHttp, path: &str) {
    let at = shop.address();
    stage.configure(
        "dev",
        &format!(
            "allow = true\nheadless = [\"touch\"]\n\
             [[service]]\nname = \"api\"\nurl = \"http://{at}/health\"\n\
             [[action]]\nname = \"touch\"\nlevel = \"L1\"\ncool_down = \"0s\"\nurl = \"http://{at}{path}\"\n\
             watch = \"connections main\"\nexpect = \"> 0\"\n"
        ),
    );
}

fn run(stage: &Stage, time: &str) -> Told {
    let card = stage.run(&["touch", "--target", "127.0.0.1"]);
    assert_eq!(card.code, 0, "{card:?}");
    stage.run(&["touch", "--target", "127.0.0.1", "--confirm", &code_in(&card.out), "--watch", time])
}

#[test]
fn what_got_worse_is_said_and_is_no_success() {
    let (stage, shop) = (Stage::new(), shop());
    configure(&stage, &shop, "/break");
    let told = run(&stage, "5m");
    assert_eq!(told.code, 12, "{told:?}");
    assert!(told.out.contains("verified") && told.out.contains("watches for 5m"), "{told:?}");
    assert!(told.err.contains("worse: ") && told.err.contains(" api "), "{told:?}");
    assert_eq!(stage.events(), ["intent", "outcome", "tripped"]);
}

#[test]
fn nothing_got_worse_and_what_was_not_read_often_enough_is_not_known() {
    let (stage, shop) = (Stage::new(), shop());
    configure(&stage, &shop, "/touch");
    let told = run(&stage, "12s");
    assert_eq!(told.code, 0, "{told:?}");
    assert!(told.out.contains("watched for 12s: of 4 figures none got worse"), "{told:?}");
    let short = run(&stage, "1s");
    assert_eq!(short.code, 13, "{short:?}");
    assert!(short.err.contains("not known: ") && short.err.contains("5 in a row are needed"), "{short:?}");
}

#[test]
fn a_watch_belongs_to_a_confirmed_action_and_ends() {
    let stage = Stage::new();
    stage.configure("dev", "allow = true");
    assert_eq!(stage.run(&["terminate-idle", "--target", "main", "--watch", "5m"]).code, 64);
    for time in ["10m", "0s", "soon"] {
        let told = stage.run(&["terminate-idle", "--target", "main", "--confirm", "x", "--watch", time]);
        assert!(told.code == 64 && told.err.contains("write a time from 1s to 5m"), "{told:?}");
    }
}
