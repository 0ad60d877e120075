//! Floor 5: the outside world, one source per file. Adapters read; they never spawn and never decide.

pub mod act;
pub mod alert_state;
pub mod audit_log;
pub mod backup;
mod brief_command;
pub mod command;
pub mod config_files;
pub mod documents;
pub mod endpoint;
pub mod host;
pub mod http;
pub mod journald;
pub mod leave;
pub mod log_tail;
mod mask;
pub mod operator;
pub mod policy_file;
pub mod postgres;
pub mod redis;
pub mod rules_files;
pub mod scrape;
pub mod secret;
pub mod shared_folder;
pub mod tickets;
mod tls;
pub mod tmux;
