//! What a requester writes for a second person, by hand if need be: nothing in it does anything to the terminal, the pipe or the
//! audit of whoever looks at it.

use serde_json::Value;

use super::escapes::leaks_of_text;
use super::hostile::texts;
use super::second_person::{Bastion, DAEMON, NOBODY};

const SIZE: (u16, u16) = (160, 60);

#[test]
fn a_hostile_request_is_inert_before_whoever_approves_it() {
    let Some(bastion) = Bastion::new() else { return };
    let texts: Vec<String> = texts().into_iter().map(|text| text.chars().take(120).collect()).collect();
    let id = bastion.request();
    // The card as it lies there, with every text in it; and the words by which it is listed.
    bastion.change("requests", &id, |request| {
        let lines = request["card"].as_array_mut().unwrap();
        lines.extend(texts.iter().map(|text| Value::from(text.as_str())));
        let title = format!("flush-redis{}", texts.concat().chars().take(300).collect::<String>());
        request["action"] = Value::from(title);
    });
    let listed = bastion.tell(NOBODY, &["approve"]);
    assert!(listed.out.contains(&id), "{listed:?}");
    let mut terminal = bastion.sit(NOBODY, &["approve", &id], SIZE);
    terminal.wait_until("the question, or its end", |seen| seen.shows("or nothing to leave:") || seen.ended.is_some());
    // What is typed before the card could be read is gone, so it is typed again.
    while terminal.seen().ended.is_none() {
        terminal.send("\r");
        std::thread::sleep(std::time::Duration::from_millis(50));
    }
    terminal.exit_code();
    let bytes = terminal.seen().bytes.clone();
    let shown = String::from_utf8(bytes.clone()).expect("text");
    assert!(shown.contains(r"\x1b") && shown.contains(r"\u{202e}"), "put to the test: {shown}");
    let plain = shown.replace("\r\n", "\n").replace('\r', "\n");
    assert_eq!(leaks_of_text(plain.as_bytes()), [""; 0]);
    for text in [listed.out, listed.err] {
        assert_eq!(leaks_of_text(text.as_bytes()), [""; 0]);
    }
    // And a reason that is given on the command line, in the requester's own words.
    for text in texts.iter().filter(|text| !text.contains('\0')).step_by(7) {
        let (_, code) = bastion.card();
        let order = ["run", "flush-redis", "--target", "shop", "--confirm", &code, "--reason", text];
        let told = bastion.tell(DAEMON, &order);
        assert_eq!(leaks_of_text((told.out + &told.err).as_bytes()), [""; 0]);
    }
    for uid in [DAEMON, NOBODY] {
        let records: Vec<String> = bastion.audit(uid).iter().map(Value::to_string).collect();
        assert!(!records.is_empty());
        assert_eq!(leaks_of_text(records.join("\n").as_bytes()), [""; 0]);
    }
}
