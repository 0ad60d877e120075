//! The answer of a declared manager: one JSON object.

use serde_json::Value;

use crate::domain::{Cause, Safe};

use super::facts::{Instance, ServiceFacts, ServiceState};

/// Reads one object with `state`, `pid`, `started_at` and `restarts`; other members are not looked at.
pub fn read(printed: &[u8]) -> Result<ServiceFacts, Cause> {
    let value: Value =
        serde_json::from_slice(printed).map_err(|e| Cause::NotJson(Safe::of(format!("the manager's status: {e}"))))?;
    let Some(told) = value.get("state").and_then(Value::as_str) else {
        return Err(Cause::Protocol(Safe::of("the manager's status has no \"state\"")));
    };
    // `failed: exit status 1` is failed, with its reason.
    let state = match told.split([':', ' ']).next().unwrap_or_default() {
        "running" => ServiceState::Running,
        "stopped" => ServiceState::Stopped,
        "failed" => ServiceState::Failed,
        "starting" => ServiceState::Starting,
        "stopping" => ServiceState::Stopping,
        _ => ServiceState::Unknown,
    };
    let pid = value.get("pid").and_then(Value::as_u64).and_then(|pid| u32::try_from(pid).ok()).filter(|pid| *pid != 0);
    let started = match value.get("started_at") {
        Some(Value::String(text)) if !text.is_empty() => Some(text.clone()),
        Some(Value::Number(number)) => Some(number.to_string()),
        _ => None,
    };
    let instances = pid.map(|pid| Instance {
        pid: Some(pid),
        invocation: started.map(|at| Safe::of(format!("{pid} of {at}")).clipped(100)),
    });
    Ok(ServiceFacts {
        state,
        instances: instances.into_iter().collect(),
        restarts: value.get("restarts").and_then(Value::as_u64),
        required_by: Vec::new(),
        words: Safe::one_line(told.as_bytes()).clipped(200),
        looping: state == ServiceState::Failed,
        ..ServiceFacts::default()
    })
}
