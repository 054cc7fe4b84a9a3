//! The measuring side: reads a plan, opens the device, writes events on the standard output.
//! The only command that loads a vendor driver.

use std::io::{self, BufRead, Write};
use std::path::PathBuf;
use std::sync::atomic::AtomicBool;
use std::time::{Duration, Instant};

use super::{Failure, private_output};
use crate::cli::WorkerArgs;
use crate::device::backend::{OpenError, OpenOptions, Opened};
use crate::device::inventory::{self, BACKENDS};
use crate::engine::node::{self, NodePlan};
use crate::engine::supervise::{self, Limit};
use crate::engine::{self, WorkerPlan};
use crate::evidence::event::{Event, Lines, Sink};
use crate::exit::Exit;
use crate::probes::{self, rehearsal};
use crate::telemetry;

/// Longer than any honest wait for one batch.
const CHECK_WAIT: Duration = Duration::from_secs(10);
/// Longer than any honest trial of a family of kernels.
const REHEARSAL: Duration = Duration::from_secs(20);

pub fn worker(args: &WorkerArgs) -> Result<Exit, Failure> {
    args.parent.map_or(Ok(()), die_with).map_err(broken)?;
    let mut out = private_output::take().map_err(broken)?;
    if let Some(name) = &args.list {
        let backend = BACKENDS.iter().find(|b| b.name == name);
        let found = backend.map_or_else(|| Err(format!("this build has no backend {name}")), |b| (b.list)());
        return print_line(&found, &mut out);
    }
    if let (Some(selector), Some(family)) = (&args.check, &args.rehearse) {
        let tried = inventory::open(selector, OpenOptions { wait_limit: CHECK_WAIT })
            .map_err(|error| error.to_string())
            .and_then(|mut opened| rehearsal::rehearse(&mut opened, family).map_err(|e| e.to_string()));
        return print_line(&tried, &mut out);
    }
    if let Some(selector) = &args.check {
        let options = OpenOptions { wait_limit: CHECK_WAIT };
        let opened = inventory::open(selector, options).map(|opened| opened.device.identity().clone());
        return print_line(&opened, &mut out);
    }
    if args.nvml {
        return print_line(&telemetry::nvml(), &mut out);
    }
    let mut lines = io::stdin().lock().lines();
    let plan = lines.next().transpose().map_err(broken)?.unwrap_or_default();
    let mut sink = Lines(out);
    if args.node {
        let plan: NodePlan = parsed(&plan)?;
        node::run(&plan, &mut sink, &probes::between(&plan.settings)).map_err(broken)?;
        return Ok(Exit::Pass);
    }
    let plan: WorkerPlan = parsed(&plan)?;
    let options = OpenOptions { wait_limit: Duration::from_millis(plan.settings.wait_limit_ms) };
    let opened = inventory::open(&plan.selector, options);
    match opened.and_then(|opened| rehearsed(opened, &plan, options)) {
        Ok(opened) => {
            measure(&plan, opened, &mut sink, || lines.next().transpose().map(drop)).map_err(broken)?
        }
        Err(error) => {
            let event = Event { at_ns: 0, device: Some(plan.device), what: engine::cannot_open(&error) };
            sink.event(&event).map_err(broken)?;
        }
    }
    Ok(Exit::Pass)
}

/// Kernels that have run on no hardware before are tried first, each family in a process of its own, which alone has the device meanwhile.
/// There is no sign of life until all are through: they get half of what a silence may last.
fn rehearsed(opened: Opened, plan: &WorkerPlan, options: OpenOptions) -> Result<Opened, OpenError> {
    let (selector, families) = (&plan.selector, rehearsal::families(&*opened.device, &plan.settings.probes));
    if families.is_empty() {
        return Ok(opened);
    }
    drop(opened);
    let until = Instant::now() + options.wait_limit / 2;
    let interrupted = AtomicBool::new(false);
    let tried = |family: &'static str| {
        let program = std::env::current_exe().map_err(|e| format!("this program cannot be found: {e}"));
        let time = until.saturating_duration_since(Instant::now()).min(REHEARSAL);
        let limit = Limit { time, interrupted: &interrupted };
        let question = ["--check", selector, "--rehearse", family];
        let ask = |program: PathBuf| supervise::ask(&program, &question, limit).unwrap_or_else(Err);
        (family, program.and_then(ask))
    };
    let outcomes: Vec<_> = families.into_iter().map(tried).collect();
    let mut opened = inventory::open(selector, options)?;
    outcomes.into_iter().for_each(|(family, outcome)| opened.device.admit(family, outcome));
    Ok(opened)
}

/// Nobody else would end a worker whose driver stands still, and it would keep its device from others for ever.
#[cfg(target_os = "linux")]
fn die_with(parent: u32) -> io::Result<()> {
    use rustix::process::{Signal, getppid, set_parent_process_death_signal};
    set_parent_process_death_signal(Some(Signal::KILL))?;
    // It may have died before that.
    let now = getppid().map(|pid| pid.as_raw_nonzero().get().cast_unsigned());
    if now == Some(parent) { Ok(()) } else { Err(io::Error::other("it is gone")) }
}

/// Elsewhere it notices when it next says something.
#[cfg(not(target_os = "linux"))]
fn die_with(_: u32) -> io::Result<()> {
    Ok(())
}

fn parsed<T: serde::de::DeserializeOwned>(plan: &str) -> Result<T, Failure> {
    serde_json::from_str(plan).map_err(|e| {
        Failure::new(Exit::Usage, format!("a worker reads its plan from the standard input: {e}"))
    })
}

fn measure(
    plan: &WorkerPlan,
    opened: Opened,
    sink: &mut dyn Sink,
    ready: impl FnOnce() -> io::Result<()>,
) -> io::Result<()> {
    engine::run(plan, opened, sink, probes::cases, ready)
}

fn print_line(value: &impl serde::Serialize, out: &mut impl Write) -> Result<Exit, Failure> {
    let mut line = serde_json::to_vec(value).map_err(|e| broken(e.into()))?;
    line.push(b'\n');
    out.write_all(&line).map_err(broken)?;
    Ok(Exit::Pass)
}

/// The supervisor is gone: nobody is left to tell.
fn broken(error: io::Error) -> Failure {
    Failure::new(Exit::Environment, format!("the supervisor does not listen: {error}"))
}
