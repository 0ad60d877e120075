//! Floor 1: reading health bodies, and the state machine that turns raw verdicts into debounced ones. Pure.

pub mod body;
pub mod change;
pub mod children;
pub mod constant;
pub mod debounce;
pub mod failure;
pub mod fold;
pub mod json;
pub mod parts;
pub mod shape;
pub mod status;
pub mod text;
pub mod words;

pub use body::{Asked, Expectation, Response, is_health_path, read_body, tells_status};
pub use constant::Constancy;
pub use debounce::Debounced;

#[cfg(test)]
mod tests;
