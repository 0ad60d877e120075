//! Floor 7: one thin file per subcommand.

use std::process::ExitCode;

/// Entry of the program.
#[must_use]
pub fn main() -> ExitCode {
    ExitCode::SUCCESS
}
