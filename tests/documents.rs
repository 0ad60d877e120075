//! The log lines that the five teams' documents give, word for word, through the reading of logs: assembled, levelled,
//! taken apart. The documents print them over several lines; the services write each on one.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "tests may panic")]

use quarterdeck::domain::{Moment, Untrusted};
use quarterdeck::logs::scan::Shape;
use quarterdeck::logs::{Entry, Level, LineAssembler, Segment, SegmentBuilder};

const CODEBOOK: &str = r#"{
  "timestamp": "2025-01-15T10:30:00.123Z",
  "level": "INFO",
  "message": "Codebook created successfully",
  "context": {
    "request_id": "uuid",
    "client_id": "uuid",
    "codebook_id": "uuid",
    "user_id": "user@example.com",
    "endpoint": "POST /clients/:clientId/codebooks",
    "latency_ms": 245,
    "status_code": 201
  }
}"#;

const ORCHESTRATOR: &str = r#"{
  "timestamp": "2026-01-02T12:00:00Z",
  "level": "INFO",
  "logger": "orchestrator",
  "message": "Agent started conversation",
  "project_id": "...",
  "user_id": "..."
}"#;

const ORCHESTRATOR_AUDIT: &str = r#"{
  "timestamp": "2026-01-02T12:00:00Z",
  "action": "project_created",
  "user_id": "telegram:123456",
  "project_id": "...",
  "details": {"name": "My Project"},
  "result": "success",
  "ip_address": "192.168.1.1"
}"#;

/// 2025-01-15T10:30:00.123Z and 2026-01-02T12:00:00Z, in microseconds.
const CODEBOOK_TIME: i64 = 1_736_937_000_123_000;
const ORCHESTRATOR_TIME: i64 = 1_767_355_200_000_000;

/// As a service writes it: on one line.
fn on_one_line(text: &str) -> String {
    text.lines().map(str::trim).collect::<Vec<_>>().join(" ")
}

/// What comes of a stream that ends.
fn read(stream: &str) -> Segment {
    let now = Moment::fixed(0.0);
    let (mut assembler, mut builder) = (LineAssembler::new(), SegmentBuilder::new());
    let mut full = |_: &mut SegmentBuilder| panic!("a few lines fill no segment");
    for piece in stream.as_bytes().chunks(7) {
        assembler.push(piece, &mut builder, now, &mut full);
    }
    assembler.finish(&mut builder, now, &mut full);
    builder.seal(0, 0, now).unwrap()
}

fn entry(line: &str) -> Entry {
    let segment = read(&format!("{line}\n"));
    assert_eq!(segment.len(), 1);
    Entry::parse(&segment.line(0).unwrap())
}

fn fields(entry: &Entry) -> Vec<String> {
    entry.fields.iter().map(|(path, value)| format!("{path}={value}")).collect()
}

#[test]
fn codebook() {
    let entry = entry(&on_one_line(CODEBOOK));
    assert_eq!((entry.shape, entry.level, entry.time), (Shape::Json, Level::Info, Some(CODEBOOK_TIME)));
    assert_eq!(entry.message, Untrusted::from("Codebook created successfully"));
    assert_eq!(entry.broken, None);
    assert_eq!(
        fields(&entry),
        [
            "timestamp=2025-01-15T10:30:00.123Z",
            "level=INFO",
            "message=Codebook created successfully",
            "context.request_id=uuid",
            "context.client_id=uuid",
            "context.codebook_id=uuid",
            "context.user_id=user@example.com",
            "context.endpoint=POST /clients/:clientId/codebooks",
            "context.latency_ms=245",
            "context.status_code=201",
        ]
    );
    let tree: Vec<String> = entry.tree().iter().map(ToString::to_string).collect();
    assert_eq!(tree[3..5], ["context:", "  request_id: uuid"]);
}

#[test]
fn orchestrator() {
    let entry = entry(&on_one_line(ORCHESTRATOR));
    assert_eq!((entry.shape, entry.level, entry.time), (Shape::Json, Level::Info, Some(ORCHESTRATOR_TIME)));
    assert_eq!(entry.message, Untrusted::from("Agent started conversation"));
    assert_eq!(
        fields(&entry),
        [
            "timestamp=2026-01-02T12:00:00Z",
            "level=INFO",
            "logger=orchestrator",
            "message=Agent started conversation",
            "project_id=...",
            "user_id=...",
        ]
    );
}

#[test]
fn orchestrator_levels() {
    for (word, level) in
        [("DEBUG", Level::Debug), ("INFO", Level::Info), ("WARNING", Level::Warn), ("ERROR", Level::Error)]
    {
        let line = on_one_line(ORCHESTRATOR).replace("INFO", word);
        assert_eq!(entry(&line).level, level, "{word}");
    }
}

#[test]
fn orchestrator_audit() {
    let line = on_one_line(ORCHESTRATOR_AUDIT);
    let entry = entry(&line);
    assert_eq!((entry.shape, entry.time), (Shape::Json, Some(ORCHESTRATOR_TIME)));
    assert_eq!(entry.level, Level::Unknown, "an audit line states no level");
    assert_eq!(
        fields(&entry),
        [
            "timestamp=2026-01-02T12:00:00Z",
            "action=project_created",
            "user_id=telegram:123456",
            "project_id=...",
            "details.name=My Project",
            "result=success",
            "ip_address=192.168.1.1",
        ]
    );
    assert_eq!(entry.message, Untrusted::from(line.as_str()), "and no message: the line stands for it");
}

#[test]
fn behind_compose_each_line_keeps_its_service() {
    let entry = entry(&format!("app-1  | {}", on_one_line(ORCHESTRATOR)));
    assert_eq!((entry.shape, entry.level, entry.time), (Shape::Json, Level::Info, Some(ORCHESTRATOR_TIME)));
    assert_eq!(entry.service.unwrap().as_str(), "app-1");
    assert_eq!(entry.message, Untrusted::from("Agent started conversation"));
}

#[test]
fn printed_over_several_lines_nothing_is_lost() {
    for text in [CODEBOOK, ORCHESTRATOR, ORCHESTRATOR_AUDIT] {
        let segment = read(text);
        let raws: Vec<&[u8]> = segment.lines().map(|line| line.raw).collect();
        assert_eq!(raws, text.lines().map(str::as_bytes).collect::<Vec<_>>());
    }
}
