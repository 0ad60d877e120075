//! The bodies that the five teams' documents give, word for word where the document writes one down.

use super::{children, read, verdict};
use crate::domain::Verdict::{Degraded, Down, Ok};
use crate::domain::health::BodyFamily;
use crate::health::{Expectation, Response, read_body};

const CODEBOOK: &str = r#"{
  "status": "healthy",
  "timestamp": "2025-01-15T10:30:00Z",
  "version": "1.2.3",
  "checks": {
    "database": "healthy",
    "pinecone": "healthy",
    "llm_service": "healthy"
  }
}"#;

#[test]
fn kinexus() {
    let report = read(200, r#"{"status":"healthy","database":"connected"}"#);
    assert_eq!((report.verdict, report.detail.as_str()), (Ok, ""));
    assert_eq!(children(&report), ["database=ok"]);
    assert_eq!(verdict(200, r#"{"status":"healthy","database":"disconnected"}"#), Degraded);
}

#[test]
fn pggit() {
    assert_eq!(verdict(200, r#"{"status":"healthy"}"#), Ok);
    let deep = r#"{"status":"healthy","version":"1.2.3","checks":{"database":{"status":"healthy","latency_ms":3.1},"cache":{"status":"down"}}}"#;
    let report = read(200, deep);
    assert_eq!((report.verdict, report.detail.as_str()), (Degraded, "cache: down"));
    assert_eq!(children(&report), ["cache=down", "database=ok"]);
    assert!(report.claims_change);
    let required = ["cache".to_owned()];
    let strict = Expectation { required: &required, ..Expectation::default() };
    assert_eq!(read_body(&Response::json(200, deep.as_bytes()), &strict).verdict, Down);
}

#[test]
fn codebook() {
    let report = read(200, CODEBOOK);
    assert_eq!((report.verdict, report.detail.as_str()), (Ok, "v1.2.3"));
    assert_eq!(report.family, BodyFamily::CheckWords);
    assert_eq!(report.version.as_ref().unwrap().as_str(), "1.2.3");
    assert_eq!(children(&report), ["database=ok", "pinecone=ok", "llm_service=ok"]);
    assert!(report.claims_change && report.conflict.is_none());
}

#[test]
fn codebook_with_503() {
    let unhealthy =
        CODEBOOK.replacen("healthy", "unhealthy", 1).replace(r#""pinecone": "healthy""#, r#""pinecone": "unhealthy""#);
    let report = read(503, &unhealthy);
    assert_eq!((report.verdict, report.detail.as_str()), (Down, "pinecone: unhealthy"));
    assert_eq!(report.conflict, None, "code and body agree");

    let degraded = CODEBOOK.replacen("healthy", "degraded", 1);
    let report = read(503, &degraded);
    assert_eq!(report.verdict, Down);
    assert_eq!(report.conflict.unwrap().as_str(), "503 but body says degraded");
    let lenient = Expectation { body_decides: true, ..Expectation::default() };
    let report = read_body(&Response::json(503, degraded.as_bytes()), &lenient);
    assert_eq!(report.verdict, Degraded);
    assert_eq!(report.rule.as_str(), "word: 503, and by configuration the body decides");
    let ok = read_body(&Response::json(503, CODEBOOK.as_bytes()), &lenient);
    assert_eq!(ok.verdict, Down, "the body decides only where it says degraded");
}

#[test]
fn orchestrator_health() {
    let report = read(200, r#"{"status": "healthy", "service": "project-orchestrator"}"#);
    assert_eq!(report.verdict, Ok);
    assert_eq!(children(&report), Vec::<String>::new(), "a service's name is no child");
    assert_eq!(report.family, BodyFamily::FlatJson);
}

#[test]
fn orchestrator_db() {
    assert_eq!(verdict(200, r#"{"status": "healthy", "database": "connected"}"#), Ok);
    let report = read(503, r#"{"status": "unhealthy", "database": "disconnected", "error": "..."}"#);
    assert_eq!((report.verdict, report.detail.as_str()), (Down, "database: disconnected"));
    assert_eq!(children(&report), ["database=down"]);
}

#[test]
fn orchestrator_ai() {
    assert_eq!(verdict(200, r#"{"status": "healthy", "ai_service": "reachable"}"#), Ok);
    let report = read(200, r#"{"status": "degraded", "ai_service": "unreachable"}"#);
    assert_eq!((report.verdict, report.detail.as_str()), (Degraded, "ai_service: unreachable"));
    assert_eq!(verdict(503, r#"{"status": "degraded", "ai_service": "unreachable"}"#), Down);
}

#[test]
fn orchestrator_ready() {
    let report = read(200, r#"{"status": "ready", "database": "ok", "ai_service": "ok"}"#);
    assert_eq!(report.verdict, Ok);
    assert_eq!(children(&report), ["database=ok", "ai_service=ok"]);
    let report = read(503, r#"{"status": "not ready", "database": "error", "ai_service": "ok"}"#);
    assert_eq!((report.verdict, report.detail.as_str()), (Down, "database: error"));
    assert_eq!(children(&report), ["database=down", "ai_service=ok"]);
}

#[test]
fn ecosystem_enveloped_and_direct() {
    let direct = r#"{"status":"healthy","service":"doc_store","version":"0.1.0"}"#;
    let report = read(200, direct);
    assert_eq!((report.verdict, report.family), (Ok, BodyFamily::FlatJson));

    let report = read(200, &format!(r#"{{"success":true,"message":"ok","data":{direct}}}"#));
    assert_eq!((report.verdict, report.family, report.detail.as_str()), (Ok, BodyFamily::Envelope, "v0.1.0"));

    let report = read(200, r#"{"success":true,"data":{"status":"degraded","redis":"disconnected"}}"#);
    assert_eq!((report.verdict, report.detail.as_str()), (Degraded, "redis: disconnected"));

    let report = read(200, r#"{"success":false,"data":{"status":"healthy"}}"#);
    assert_eq!((report.verdict, report.detail.as_str()), (Down, "200 but body says success: false"));
    assert_eq!(verdict(200, r#"{"success":false,"error":"boom"}"#), Down);
}
