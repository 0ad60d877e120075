//! A request that failed: its status, its words, and the trace that goes to the log.

use axum::{
    Json,
    http::StatusCode,
    response::{IntoResponse, Response},
};
use serde_json::json;

use crate::demo::error::DemoError;

/// Why a request failed. It rides on the response until the log has it.
#[derive(Debug, Clone)]
pub struct Fault {
    /// What the client gets.
    pub status: StatusCode,
    /// In words.
    pub message: String,
    /// The frames of a trace, outermost first; empty where a trace would tell nothing.
    pub frames: &'static [&'static str],
}

impl Fault {
    /// Something that the API needs is not there.
    pub fn unavailable(message: impl Into<String>) -> Self {
        Self { status: StatusCode::SERVICE_UNAVAILABLE, message: message.into(), frames: &[] }
    }

    /// The trace as one text of several lines.
    pub fn trace(&self) -> Option<String> {
        let frames: Vec<_> = self.frames.iter().map(|frame| format!("  File {frame}\n")).collect();
        (!frames.is_empty())
            .then(|| format!("Traceback (most recent call last):\n{}RuntimeError: {}", frames.concat(), self.message))
    }
}

impl From<DemoError> for Fault {
    fn from(error: DemoError) -> Self {
        Self {
            status: StatusCode::INTERNAL_SERVER_ERROR,
            message: error.to_string(),
            frames: &[
                "\"/srv/pggit/api/middleware.py\", line 61, in dispatch\n    return await call_next(request)",
                "\"/srv/pggit/api/routes.py\", line 148, in handler\n    rows = await session.execute(statement)",
                "\"/srv/pggit/db/session.py\", line 73, in execute\n    raise RuntimeError(cause) from error",
            ],
        }
    }
}

impl From<tokio_postgres::Error> for Fault {
    fn from(error: tokio_postgres::Error) -> Self {
        crate::demo::servers::schema::words(&error).into()
    }
}

impl IntoResponse for Fault {
    fn into_response(self) -> Response {
        let mut response = (self.status, Json(json!({"error": self.message}))).into_response();
        response.extensions_mut().insert(self);
        response
    }
}
