//! Signals: which of them ask for the end, and that they get it. What whoever started us had ignored (`nohup`, jobs in the background)
//! stays ignored.
//! Owns the handlers; must not know what is going on when they run.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use signal_hook::{consts, flag};

use super::Failure;
use crate::exit::Exit;

#[cfg(unix)]
const ENDING: &[i32] = &[consts::SIGINT, consts::SIGTERM, consts::SIGHUP];
#[cfg(not(unix))]
const ENDING: &[i32] = &[consts::SIGINT, consts::SIGTERM];

/// Becomes true when Ctrl-C, or whoever else may, asks for the end.
pub fn interruption() -> Result<Arc<AtomicBool>, Failure> {
    let interrupted = Arc::new(AtomicBool::new(false));
    let ignored = ignored(&std::fs::read_to_string("/proc/self/status").unwrap_or_default());
    for signal in ENDING.iter().filter(|signal| ignored >> (**signal - 1) & 1 == 0) {
        flag::register(*signal, Arc::clone(&interrupted))
            .map_err(|e| Failure::new(Exit::Environment, format!("Ctrl-C cannot be caught: {e}")))?;
    }
    Ok(interrupted)
}

/// The signals that this process ignores, a bit for each, from what Linux says of it. Elsewhere nobody says.
fn ignored(status: &str) -> u64 {
    let mask = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
    mask.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok()).unwrap_or(0)
}

/// A limit on the size of files is told as an error of whoever writes, and kills nobody.
pub fn outlive_large_files() {
    #[cfg(unix)]
    let _ = flag::register(consts::SIGXFSZ, Arc::new(AtomicBool::new(false)));
}

/// For output that nobody reads, when the end was asked for.
const GRACE: Duration = Duration::from_secs(2);
const LOOK_EVERY: Duration = Duration::from_millis(50);

/// From here on the process ends soon after it is asked to, whatever it waits for: all that must be kept is written.
pub fn end_when_asked(interrupted: &Arc<AtomicBool>) {
    let interrupted = Arc::clone(interrupted);
    let watch = move || {
        while !interrupted.load(Ordering::Relaxed) {
            std::thread::sleep(LOOK_EVERY);
        }
        std::thread::sleep(GRACE);
        std::process::exit(Exit::Interrupted.code().into())
    };
    // Without it, the process ends when its output is read.
    let _ = std::thread::Builder::new().name("end".to_owned()).spawn(watch);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn linux_says_what_is_ignored() {
        let status = "Name:\tassay\nSigIgn:\t0000000000001001\nSigCgt:\t0000000100000440\n";
        assert_eq!((ignored(status), ignored(""), ignored("SigIgn:\tx")), (0x1001, 0, 0));
    }
}
