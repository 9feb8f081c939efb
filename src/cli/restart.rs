//! Starts the program anew where its environment would make Tesseract slow.

use std::env;
use std::os::unix::process::CommandExt;
use std::process::{Command, ExitCode};

const VARIABLE: &str = "OMP_THREAD_LIMIT";

/// Holds OpenMP to one thread. libgomp reads the variable while the program is being loaded, so setting it here would come
/// too late: the program replaces itself by itself. Returns only when there is nothing to do, or it cannot be done.
///
/// Two OpenMP threads a page on busy cores make Tesseract ten times slower; parallelism belongs to pages.
pub fn with_one_openmp_thread() -> Option<ExitCode> {
    if env::var_os(VARIABLE).is_some() {
        return None;
    }
    let program = env::current_exe().ok()?;
    let error = Command::new(program).args(env::args_os().skip(1)).env(VARIABLE, "1").exec();
    // Reading is slow then, and right all the same.
    eprintln!("warraq: could not restart with {VARIABLE}=1, so reading may be slow: {error}");
    None
}
