//! Questions to a driver, each in a worker process of its own: which devices there are, whether one opens, what NVML there is.
//! Owns how long an answer may take; must not know what the answers are good for. This side never loads a vendor driver.

use std::io::Read;
use std::path::Path;
use std::process::{Child, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc;
use std::time::{Duration, Instant};

use super::{EXIT_GRACE, TICK, command, exit_status, thread};
use crate::device::Identity;
use crate::device::backend::{Listed, OpenError};
use crate::telemetry::NvmlFound;

/// What stands before the selector of the device that a question is about.
const CHECK: &str = "--check";

/// How long a driver may take for an answer.
#[derive(Clone, Copy)]
pub struct Limit<'a> {
    pub time: Duration,
    /// Set from outside, by Ctrl-C.
    pub interrupted: &'a AtomicBool,
}

/// What one backend finds, or why it finds nothing, asked in a process of its own. `Err` where there was no answer at all: then its
/// driver is there, and nobody knows what it would have found.
pub fn inventory(program: &Path, backend: &str, limit: Limit) -> Result<Result<Vec<Listed>, String>, String> {
    ask(program, &["--list", backend], limit)
}

/// Opens the device that `selector` names and closes it again, in a process of its own.
pub fn check(program: &Path, selector: &str, limit: Limit) -> Result<Identity, OpenError> {
    ask::<Result<Identity, OpenError>>(program, &[CHECK, selector], limit)
        .unwrap_or_else(|why| Err(OpenError::Refused { selector: selector.to_owned(), why }))
}

/// What NVML there is, asked in a process of its own.
pub fn nvml(program: &Path, limit: Limit) -> Result<NvmlFound, String> {
    ask::<Result<NvmlFound, String>>(program, &["--nvml"], limit).unwrap_or_else(Err)
}

/// Runs a worker that prints one line of JSON.
pub fn ask<T: serde::de::DeserializeOwned>(
    program: &Path,
    question: &[&str],
    limit: Limit,
) -> Result<T, String> {
    let selector = question.iter().copied().skip_while(|word| *word != CHECK).nth(1);
    let mut child = command(program, question, selector)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .map_err(|e| format!("a worker cannot be started: {e}"))?;
    let answered = hear_out(&mut child, limit);
    if answered.is_err() {
        let _ = child.kill();
    }
    let text = answered?;
    // The last line: drivers may have printed before it.
    let line = text.trim_ascii_end().rsplit(|b| *b == b'\n').next().unwrap_or_default();
    let status = exit_status(&mut child, Instant::now() + EXIT_GRACE);
    serde_json::from_slice(line).map_err(|_| {
        let how = status.map_or("hangs".to_owned(), |s| s.to_string());
        format!("the driver crashed while it was asked ({how})")
    })
}

/// All that a process prints, until it closes its output.
fn hear_out(child: &mut Child, limit: Limit) -> Result<Vec<u8>, String> {
    let (stdout, until) = (child.stdout.take(), Instant::now() + limit.time);
    let (sender, receiver) = mpsc::channel();
    let read = move || {
        let mut text = Vec::new();
        if let Some(mut pipe) = stdout {
            let _ = pipe.read_to_end(&mut text);
        }
        let _ = sender.send(text);
    };
    thread("answer", read).map_err(|e| format!("a thread cannot be started: {e}"))?;
    while Instant::now() < until {
        if let Ok(text) = receiver.recv_timeout(TICK) {
            return Ok(text);
        }
        if limit.interrupted.load(Ordering::Relaxed) {
            return Err("the question was interrupted".to_owned());
        }
    }
    Err(format!("the driver did not answer for {} s", limit.time.as_secs()))
}
