//! Starts the program anew where its environment would make it slow or hold memory that it no longer needs.

use super::print;
use std::env;
use std::os::unix::process::CommandExt;
use std::process::{Command, ExitCode};

/// What libraries read while the program is being loaded, so that setting it here would come too late.
const ENVIRONMENT: [(&str, &str); 4] = [
    // Two OpenMP threads a page on busy cores make Tesseract ten times slower; parallelism belongs to pages.
    ("OMP_THREAD_LIMIT", "1"),
    // glibc's allocator keeps what was freed, for each of its arenas. A watch that had taken in 1,000 small files held 38 MiB, with
    // these 15; reading ten letters took 113 MB at most instead of 233, and as long.
    ("MALLOC_ARENA_MAX", "2"),
    ("MALLOC_MMAP_THRESHOLD_", "1048576"),
    ("MALLOC_TRIM_THRESHOLD_", "1048576"),
];

/// Has the program replace itself by itself in the environment that it needs; what is set already stays. Returns only when there is
/// nothing to do, or it cannot be done.
pub fn in_fit_environment() -> Option<ExitCode> {
    let missing: Vec<(&str, &str)> = ENVIRONMENT.into_iter().filter(|(name, _)| env::var_os(name).is_none()).collect();
    if missing.is_empty() {
        return None;
    }
    let program = env::current_exe().ok()?;
    let error = Command::new(program).args(env::args_os().skip(1)).envs(missing).exec();
    // Reading is slow then, and right all the same.
    print::aside(&format_args!("warraq: could not restart with OMP_THREAD_LIMIT=1, so reading may be slow: {error}"));
    None
}
