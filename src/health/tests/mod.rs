//! Health bodies: those of the five documents, each family of shapes, trouble in other shapes, and what is hostile.

mod documents;
mod families;
mod hostile;
mod pages;
mod trouble;

use super::{Expectation, Response, read_body};
use crate::domain::Verdict;
use crate::domain::health::HealthReport;

fn read(status: u16, body: &str) -> HealthReport {
    read_body(&Response::json(status, body.as_bytes()), &Expectation::default())
}

fn read_text(status: u16, body: &str) -> HealthReport {
    let response = Response { status, content_type: Some(b"text/plain; charset=utf-8"), body: body.as_bytes() };
    read_body(&response, &Expectation::default())
}

fn declared(content_type: &str, body: &str) -> HealthReport {
    let response = Response { status: 200, content_type: Some(content_type.as_bytes()), body: body.as_bytes() };
    read_body(&response, &Expectation::default())
}

/// Children as `name=verdict`, in the order of the report.
fn children(report: &HealthReport) -> Vec<String> {
    report.checks.iter().map(|c| format!("{}={}", c.name, c.verdict)).collect()
}

fn verdict(status: u16, body: &str) -> Verdict {
    read(status, body).verdict
}
