//! The machine against a simulated world that logs every effect, with faults and crashes at any moment; and its paths one
//! by one.

mod barred;
mod bounds;
mod chance;
mod doubtful;
mod fresh;
mod holding;
mod late_records;
mod looked_again;
mod may_fail;
mod needs;
mod paths;
mod policy;
mod properties;
mod requires;
mod results;
mod runbook_paths;
mod runbooks;
mod several;
mod waited;
mod windows;
