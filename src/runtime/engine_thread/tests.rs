//! The thread as a whole: rules files on a disk, pages, what is kept, and a disk that hangs.

use super::*;
use crate::app::Event;
use crate::config::resolved::EndpointSpec;
use crate::domain::target::Environment;
use crate::engine::Body;
use crate::engine::alerts::{AlertsTold, RuleTold};
use crate::metrics::exposition::Format;

const RULES: &str = "groups: [{name: g, interval: 1s, rules: [{alert: A, expr: a > 5, for: 1h}]}]\n";
const PATIENCE: Duration = Duration::from_secs(20);

/// A program with one target and one rules file, in a folder of its own.
fn watched(folder: &std::path::Path) -> Resolved {
    let request = EndpointSpec {
        url: "http://127.0.0.1:9/metrics".parse().unwrap(),
        headers: Vec::new(),
        bearer: None,
        ca_file: None,
    };
    let mut resolved = Resolved { name: "shop".into(), ..Resolved::default() };
    resolved.metrics.push(MetricsSpec::new("api", request, true, Environment::Local));
    resolved.know.rules.push(folder.join("*.yml").display().to_string());
    resolved.know.state = Some(folder.join("state"));
    resolved
}

fn scraped(pages: &Pages, page: &str) {
    let answer = Ok(Body { bytes: page.as_bytes().to_vec(), format: Format::Text });
    pages.hand(Input::Scraped { target: 0, begun: clock::now(), took: Duration::ZERO, answer });
}

/// Takes what comes until alerts are as wanted.
fn until(inbox: &Inbox, wanted: impl Fn(&AlertsTold) -> bool) -> Arc<AlertsTold> {
    let begun = Instant::now();
    while begun.elapsed() < PATIENCE {
        for event in inbox.take_all(Duration::from_millis(100)) {
            let Event::EngineTold(outputs) = event else { continue };
            for output in outputs {
                if let Output::Alerts(told) = output
                    && wanted(&told)
                {
                    return told;
                }
            }
        }
    }
    panic!("not in time");
}

#[test]
fn rules_are_read_evaluated_read_again_and_alerts_kept_over_a_restart() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("a.yml"), RULES).unwrap();
    let resolved = watched(folder.path());
    let inbox = Arc::new(Inbox::default());
    let engine = EngineThread::start(&resolved, 1, Arc::clone(&inbox)).unwrap();
    until(&inbox, |told| told.rules.len() == 1 && !told.rules[0].is_evaluated());
    scraped(&engine.pages(), "a 9\n");
    let told = until(&inbox, |told| told.rules[0].standing.pending == 1);
    let began = told.rules[0].alerts[0].active_at;
    // What is broken changes nothing and says so; what is mended is in force.
    std::fs::write(folder.path().join("b.yml"), "groups: [{name\n").unwrap();
    engine.read_rules();
    let told = until(&inbox, |told| !told.problems.is_empty());
    assert_eq!((told.rules.len(), told.rules[0].alerts.len()), (1, 1));
    std::fs::write(folder.path().join("b.yml"), RULES.replace("name: g", "name: h")).unwrap();
    engine.read_rules();
    until(&inbox, |told| told.rules.len() == 2 && told.problems.is_empty());
    drop(engine);
    // Another run takes up where this one was.
    let inbox = Arc::new(Inbox::default());
    let engine = EngineThread::start(&resolved, 1, Arc::clone(&inbox)).unwrap();
    scraped(&engine.pages(), "a 9\n");
    let told = until(&inbox, |told| told.rules.first().is_some_and(|rule| rule.standing.pending == 1));
    let again = told.rules[0].alerts[0].active_at;
    assert!((again - began).abs() < 1000, "{began} {again}");
    assert!(told.changes.iter().any(|change| change.what == crate::alerts::lifecycle::What::Restored), "{told:?}");
}

#[test]
fn rules_over_nothing_are_told_as_without_data_at_once() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("a.yml"), RULES).unwrap();
    let resolved = Resolved { metrics: Vec::new(), ..watched(folder.path()) };
    let inbox = Arc::new(Inbox::default());
    let begun = Instant::now();
    let _engine = EngineThread::start(&resolved, 2, Arc::clone(&inbox)).unwrap();
    let told = until(&inbox, |told| told.rules.iter().any(RuleTold::is_evaluated));
    assert_eq!(told.rules[0].standing.verdict.word(), "no data");
    assert!(begun.elapsed() < Duration::from_secs(5));
}

#[test]
fn a_disk_that_does_not_answer_holds_up_no_rule_that_is_in_force() {
    let folder = tempfile::tempdir().unwrap();
    let (resolved, inbox) = (watched(folder.path()), Arc::new(Inbox::default()));
    // It answers once and never again.
    let (answers, disk) = sync_channel::<()>(1);
    answers.send(()).unwrap();
    let read = move |_must: bool| {
        disk.recv().ok()?;
        Some(vec![("a.yml".to_owned(), Ok(RULES.to_owned()))])
    };
    let engine = EngineThread::start_reading(&resolved, 1, Arc::clone(&inbox), read).unwrap();
    until(&inbox, |told| told.rules.len() == 1);
    engine.read_rules();
    scraped(&engine.pages(), "a 9\n");
    let first = until(&inbox, |told| told.rules[0].standing.pending == 1).rules[0].evaluated_at;
    until(&inbox, |told| told.rules[0].evaluated_at > first);
    drop(engine);
    drop(answers);
}

#[test]
fn that_alerts_are_not_kept_is_told_while_rules_are_evaluated() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("a.yml"), RULES).unwrap();
    std::fs::write(folder.path().join("state"), "no folder").unwrap();
    let inbox = Arc::new(Inbox::default());
    let engine = EngineThread::start(&watched(folder.path()), 1, Arc::clone(&inbox)).unwrap();
    let begun = Instant::now();
    let (mut unkept, mut sent) = (None, false);
    while unkept.is_none() && begun.elapsed() < PATIENCE * 3 {
        if !sent {
            scraped(&engine.pages(), "a 9\n");
            sent = true;
        }
        for event in inbox.take_all(Duration::from_millis(100)) {
            let Event::EngineTold(outputs) = event else { continue };
            for output in outputs {
                if let Output::Unkept(Some(why)) = output {
                    unkept = Some(why);
                }
            }
        }
    }
    assert!(unkept.is_some(), "nothing told that it cannot be written");
}

#[test]
fn what_finds_no_room_is_dropped_and_counted_but_answers_come() {
    let inbox = Arc::new(Inbox::default());
    let engine = EngineThread::start(&Resolved::default(), 1, Arc::clone(&inbox)).unwrap();
    let pages = engine.pages();
    // More bytes wait than there may.
    pages.shared.bytes.store(WAITING_BYTES, Ordering::Relaxed);
    scraped(&pages, "a 9\n");
    assert_eq!(pages.shared.dropped.load(Ordering::Relaxed), 1);
    engine.ask(7, Question::Find { words: String::new(), most: 1 });
    let begun = Instant::now();
    let mut told = Vec::new();
    while told.len() < 2 && begun.elapsed() < PATIENCE {
        for event in inbox.take_all(Duration::from_millis(100)) {
            if let Event::EngineTold(outputs) = event {
                told.extend(outputs);
            }
        }
    }
    assert!(told.iter().any(|output| matches!(output, Output::Answered { id: 7, answer: Ok(_) })), "{told:?}");
    assert!(told.iter().any(|output| matches!(output, Output::Behind { dropped: 1 })), "{told:?}");
}
