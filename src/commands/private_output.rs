//! The standard output of a process that speaks a protocol on it: libraries of drivers print where they like.
//! Owns keeping it to ourselves; must not know what is said.

use std::io::{self, Write};

/// The standard output for us alone. Whatever else this process prints there goes to the standard error from now on.
#[cfg(target_os = "linux")]
pub fn take() -> io::Result<impl Write + Send> {
    use rustix::stdio::{dup2_stdout, stderr, stdout};
    let ours = rustix::io::fcntl_dupfd_cloexec(stdout(), 3)?;
    dup2_stdout(stderr())?;
    Ok(std::fs::File::from(ours))
}

/// The standard output, which anything else in this process shares.
#[cfg(not(target_os = "linux"))]
pub fn take() -> io::Result<impl Write + Send> {
    Ok(io::stdout())
}
