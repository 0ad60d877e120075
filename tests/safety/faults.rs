//! Faults of section 7 that show only through the whole program: a request whose answer is lost, and what then counts.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use crate::fake_http::{FakeHttp, Step};
use crate::kills::{Home, Kind, ends_of_runs};

/// An endpoint that does what it is asked and never says so.
struct Mute {
    http: FakeHttp,
    done: Arc<AtomicUsize>,
    /// How it ends the line.
    line: &'static str,
}

impl Mute {
    fn start(line: &'static str) -> Mute {
        let done = Arc::new(AtomicUsize::new(0));
        let theirs = Arc::clone(&done);
        let http = FakeHttp::start(move |head| {
            if !head.starts_with("POST") {
                // It gets better by what was done.
                let status = if theirs.load(Ordering::SeqCst) > 0 { "ok" } else { "degraded" };
                let body = format!("{{\"status\":\"{status}\"}}");
                return crate::fake_http::answer(200, "Content-Type: application/json\r\n", body);
            }
            theirs.fetch_add(1, Ordering::SeqCst);
            match line {
                "cut" => vec![Step::Close],
                "half" => vec![Step::Bytes(b"HTTP/1.1 200 O".to_vec()), Step::Close],
                "gateway" => crate::fake_http::answer(504, "", "upstream timed out"),
                _ => vec![Step::Hang],
            }
        });
        Mute { http, done, line }
    }
}

impl Kind for Mute {
    fn action(&self) -> [&'static str; 2] {
        ["warm", "api"]
    }

    fn configuration(&mut self, _home: &Home) -> String {
        let watch = if self.line == "hangs, and is seen" { "watch = \"service api\"\n" } else { "" };
        format!(
            "[[service]]\nname = \"api\"\nurl = {:?}\ninterval = \"500ms\"\n[[action]]\nname = \"warm\"\nurl = {:?}\n\
             level = \"L1\"\ntarget = \"api\"\n{watch}deadline = \"500ms\"\nwithin = \"5s\"\n",
            self.http.url("/health"),
            self.http.url("/warm")
        )
    }

    fn limits(&self) -> String {
        String::new()
    }

    fn prepare(&mut self, _home: &Home) {}

    fn effects(&mut self, _home: &Home) -> Vec<usize> {
        vec![0; self.done.load(Ordering::SeqCst)]
    }
}

#[test]
fn a_request_whose_answer_is_lost_is_unknown_and_never_sent_again() {
    for (line, status, outcome) in [
        ("cut", 13, "unknown"),
        ("half", 13, "unknown"),
        ("gateway", 13, "unknown"),
        ("hangs", 13, "unknown"),
        // What fresh readings show is known after all.
        ("hangs, and is seen", 0, "verified"),
    ] {
        let mut mute = Mute::start(line);
        let home = Home::new(&mut mute);
        let (code, _) = home.card(mute.action());
        let (ended, told) = home.run(mute.action(), &code);
        assert_eq!(ended, status, "{line}: {told}");
        assert_eq!(mute.effects(&home).len(), 1, "{line}: sent again");
        let records = home.records();
        ends_of_runs(&records);
        let last = format!("{:?}", records.last().unwrap());
        assert!(last.contains(outcome), "{line}: {last}");
    }
}
