//! HTTP: one shared client, one exchange with one deadline, and what is read over it: health, and what an origin offers.

pub mod change;
pub mod client;
pub mod discovery;
pub mod exchange;
pub mod failure;
pub mod figures;
pub mod names;
pub mod probe;
pub mod redirect;
pub mod tls;
pub mod trace;

pub use client::HttpClients;
pub use discovery::{Discovery, discover};
pub use probe::HealthProbe;
