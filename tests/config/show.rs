//! What is printed: the example reads back, and no secret is ever shown.

use quarterdeck::config::example::example;
use quarterdeck::config::show::show;
use quarterdeck::config::{Arguments, Inputs};

use super::{file, fixture, resolved, variables};

#[test]
fn the_example_reads_back_without_a_problem() {
    let r = resolved(&file(&example())).resolved;
    assert_eq!((r.services.len(), r.databases.len(), r.caches.len(), r.signals.len(), r.logs.len()), (1, 1, 1, 1, 1));
    assert!(r.off.is_empty(), "{:?}", r.off);
}

#[test]
fn every_line_of_the_example_is_of_the_right_type() {
    let text = example();
    let lines: Vec<&str> = text.lines().collect();
    let mut tried = 0;
    for (at, line) in lines.iter().enumerate() {
        let Some(bare) = line.strip_prefix('#').filter(|rest| rest.starts_with(|c: char| c.is_ascii_lowercase()))
        else {
            continue;
        };
        tried += 1;
        let mut changed = lines.clone();
        changed[at] = bare;
        let problems = quarterdeck::config::resolve(&file(&changed.join("\n"))).err().unwrap_or_default();
        // Alternatives of a live line clash with it, and some mean nothing alone; that is told in these words only.
        for problem in problems {
            let words = problem.words.as_str();
            let fine = ["exclude each other", "goes with origin", "only together with", "beside it", "means something"];
            assert!(fine.iter().any(|f| words.contains(f)), "{bare}: {}", problem.line());
        }
    }
    assert!(tried > 60, "{tried} lines");
}

#[test]
fn nothing_secret_is_shown() {
    let arguments = Arguments {
        urls: vec![
            "https://ops:s3cret-a@api.example.com/health?token=s3cret-b".to_owned(),
            "http://u:s3cret-c@o.example".to_owned(),
        ],
        databases: vec![
            "host=db.example user=u password='s3cret-d' dbname=x".to_owned(),
            "postgresql://u:s3cret-e@db/y?sslpassword=s3cret-f".to_owned(),
        ],
        redis: vec!["redis://:s3cret-g@cache.example/0".to_owned()],
        metrics: vec!["http://u:s3cret-h@m.example/metrics".to_owned()],
        ..Arguments::default()
    };
    let resolution = resolved(&Inputs { arguments, ..Inputs::default() });
    let shown: Vec<String> = show(&resolution).iter().map(ToString::to_string).collect();
    let shown = shown.join("\n");
    assert!(!shown.contains("s3cret"), "{shown}");
    assert!(shown.contains("***"));
    assert!(shown.contains("# Note: --db holds a password: every user of this machine can see it"), "{shown}");
}

#[test]
fn every_value_says_its_layer() {
    let mut inputs =
        Inputs { file: Some(fixture("valid/everything.toml")), home: Some("/home/me".into()), ..Inputs::default() };
    inputs.variables = variables(&[("QUARTERDECK_EVERY", "5s")]);
    inputs.arguments.theme = Some("dark".to_owned());
    let shown: Vec<String> = show(&resolved(&inputs)).iter().map(ToString::to_string).collect();
    let line =
        |key: &str| shown.iter().find(|l| l.starts_with(key)).unwrap_or_else(|| panic!("{key}\n{}", shown.join("\n")));
    assert!(line("theme = ").ends_with("# command line: --theme"));
    assert!(line("every = ").ends_with("# environment: QUARTERDECK_EVERY"));
    assert!(line("hit_target = ").ends_with("# file: /etc/shop/config.toml:51"), "{}", line("hit_target = "));
}
