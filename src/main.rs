//! Starts the program and maps the outcome to an exit code.

use std::process::ExitCode;
use warraq::cli;

fn main() -> ExitCode {
    if let Some(code) = cli::restart::in_fit_environment() {
        return code;
    }
    cli::main()
}
