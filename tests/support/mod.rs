//! Real parts for tests: throwaway servers on free ports, removed when dropped.

pub mod fake_http;
pub mod leave;
pub mod postgres_server;
pub mod program_copy;
pub mod redis_server;
