//! Floor 6: the only impure glue: loop, terminal, sources' tasks, compute thread, signals.

mod acting;
pub mod approve;
mod asking;
mod audit_thread;
mod backup_orders;
mod base64;
pub mod clock;
mod compute_thread;
pub mod dashboard;
mod database_orders;
mod deadline;
mod diagnostics;
#[cfg(debug_assertions)]
mod fault;
pub mod first_line;
mod guards;
pub mod headless;
pub mod history;
mod inbox;
mod io_thread;
mod leave;
mod log_thread;
mod pace;
mod panic;
mod reach;
mod redis_orders;
pub mod run;
pub mod screen;
mod second_person;
mod service_orders;
mod signals;
mod sources;
mod teller;
pub mod terminal;
mod upkeep_orders;
mod watch;
