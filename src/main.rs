//! Hands over to `cli`; nothing else.

use std::process::ExitCode;

fn main() -> ExitCode {
    quarterdeck::cli::main()
}
