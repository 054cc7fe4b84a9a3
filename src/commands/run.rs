//! `assay run`: plan, supervise, record, judge, seal, deliver.

use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use super::{Failure, discover, print};
use crate::cli::RunArgs;
use crate::clock::{Clock, System};
use crate::contract::{self, Parsed};
use crate::engine::supervise::{self, Orders};
use crate::engine::{Settings, WorkerPlan};
use crate::evidence::event::{Event, What};
use crate::evidence::{Ended, Evidence, FORMAT, RunInfo};
use crate::exit::Exit;
use crate::output::page::Page;
use crate::output::{human, progress::Progress};
use crate::probes;
use crate::report::{Report, SealedBy};
use crate::seal::SecretKey;
use crate::telemetry::host::Host;

mod recorder;
use recorder::Recorder;

/// Everything that a run needs, checked before a device is touched.
struct Plan {
    contract: Option<Parsed>,
    key: SecretKey,
    sealed_by: SealedBy,
    out: PathBuf,
    run: RunInfo,
    workers: Vec<WorkerPlan>,
    program: PathBuf,
}

pub fn run(args: &RunArgs, quiet: bool) -> Result<Exit, Failure> {
    let plan = resolve(args)?;
    let mut recorder = Recorder::create(&plan.out, args.events.as_deref())?;
    let evidence = measure(args, &plan, &mut recorder, quiet)?;
    deliver(args, plan, evidence, recorder, quiet)
}

fn resolve(args: &RunArgs) -> Result<Plan, Failure> {
    let contract = args.contract.as_deref().map(contract::parse::load).transpose().map_err(Failure::usage)?;
    let (key, sealed_by) = match &args.key {
        Some(path) => (SecretKey::load(path).map_err(Failure::usage)?, SealedBy::Named),
        None => (SecretKey::generate().map_err(Failure::usage)?, SealedBy::Ephemeral),
    };
    let probes = chosen_probes(&args.probe);
    let out = out_directory(args.out.as_deref())?;
    let seed = match args.seed {
        Some(seed) => seed,
        None => random_seed()?,
    };
    let program = discover::program()?;
    let selectors = discover::chosen(&program, &args.device)?;
    let settings = Settings {
        profile: args.profile,
        probes: probes.clone(),
        sample_ms: args.duration.map_or(args.profile.sample_ms(), |d| d.as_millis() as u64),
        contracted_bytes: contract.as_ref().and_then(|c| c.contract.memory_bytes()),
        demands: contract.as_ref().map_or(Vec::new(), |c| c.contract.demands()),
        seed,
        wait_limit_ms: args.hang_after.as_millis() as u64,
    };
    let workers = (0u32..).zip(&selectors).map(|(device, selector)| WorkerPlan {
        device,
        selector: selector.clone(),
        settings: settings.clone(),
    });
    let workers = workers.collect();
    let run = RunInfo {
        format: FORMAT,
        tool: "assay".to_owned(),
        tool_version: env!("CARGO_PKG_VERSION").to_owned(),
        started: System::start().wall(),
        profile: args.profile.name().to_owned(),
        probes,
        seed: format!("{seed:016x}"),
        contract_sha256: contract.as_ref().map(|c| c.sha256.clone()),
        selectors,
        host: Some(Host::read(Path::new("/"))),
    };
    Ok(Plan { contract, key, sealed_by, out, run, workers, program })
}

/// All probes, or those that were named, in the order of the table.
fn chosen_probes(named: &[String]) -> Vec<String> {
    let wanted =
        probes::names().into_iter().filter(|name| named.is_empty() || named.iter().any(|n| n == name));
    wanted.map(str::to_owned).collect()
}

fn random_seed() -> Result<u64, Failure> {
    let mut bytes = [0; 8];
    getrandom::fill(&mut bytes)
        .map_err(|e| Failure::new(Exit::Environment, format!("the system gives no random numbers: {e}")))?;
    Ok(u64::from_le_bytes(bytes))
}

/// Where the results go. A directory that holds a report already is left alone.
fn out_directory(asked: Option<&Path>) -> Result<PathBuf, Failure> {
    let out = asked.map_or_else(
        || PathBuf::from(format!("assay-{}", jiff::Timestamp::now().strftime("%Y%m%dT%H%M%SZ"))),
        Path::to_path_buf,
    );
    for name in [REPORT, EVENTS] {
        let file = out.join(name);
        if file.exists() {
            return Err(Failure::usage(format!(
                "{} is there already; name another directory with --out, so that nothing is overwritten",
                file.display()
            )));
        }
    }
    std::fs::create_dir_all(&out).map_err(|e| Failure::cannot_write(&out, &e))?;
    Ok(out)
}

pub const REPORT: &str = "report.dsse.json";
pub const EVENTS: &str = "events.jsonl";
const PUBLIC_KEY: &str = "signer.pub.pem";

fn measure(args: &RunArgs, plan: &Plan, recorder: &mut Recorder, quiet: bool) -> Result<Evidence, Failure> {
    let interrupted = Arc::new(AtomicBool::new(false));
    let flag = Arc::clone(&interrupted);
    ctrlc::set_handler(move || flag.store(true, Ordering::Relaxed))
        .map_err(|e| Failure::new(Exit::Environment, format!("Ctrl-C cannot be caught: {e}")))?;
    let clock = System::start();
    recorder.take(Event { at_ns: 0, device: None, what: What::RunStarted(plan.run.clone()) });
    let mut progress = Progress::start(&plan.run.selectors, quiet);
    let orders = Orders {
        program: &plan.program,
        plans: &plan.workers,
        hang_after: args.hang_after,
        interrupted: &interrupted,
    };
    let ended = supervise::run(&orders, |event| {
        progress.event(&event);
        recorder.take(event);
    });
    progress.finish();
    recorder.take(Event { at_ns: clock.now_ns(), device: None, what: What::RunEnded(ended) });
    recorder.evidence().map_err(|e| Failure::new(Exit::Bug, e.to_string()))
}

fn deliver(
    args: &RunArgs,
    plan: Plan,
    evidence: Evidence,
    recorder: Recorder,
    quiet: bool,
) -> Result<Exit, Failure> {
    let interrupted = evidence.ended == Ended::Interrupted;
    let report = Report::new(evidence, plan.contract.as_ref(), plan.sealed_by, System::start().wall());
    let envelope = report.seal(&plan.key).map_err(|e| Failure::new(Exit::Bug, e.to_string()))?;
    write_atomically(&plan.out, REPORT, &envelope.to_bytes())?;
    let public = plan.key.public().to_pem().map_err(Failure::usage)?;
    write_atomically(&plan.out, PUBLIC_KEY, public.as_bytes())?;
    for format in &args.format {
        let mut text = Vec::new();
        let mut plain = anstream::StripStream::new(&mut text as &mut dyn std::io::Write);
        format
            .render(&report, &mut Page::file(&mut plain))
            .map_err(|e| Failure::cannot_write(&plan.out, &e))?;
        write_atomically(&plan.out, format.file_name(), &text)?;
    }
    if let Some(error) = recorder.finish() {
        return Err(error);
    }
    // With the events on the standard output, nothing else may go there.
    let events_on_stdout = args.events.as_deref() == Some(Path::new("-"));
    if !quiet && !events_on_stdout {
        print(|out| {
            human::verdict(&report, out)?;
            writeln!(out, "\nsigned report  {}", plan.out.join(REPORT).display())?;
            writeln!(out, "public key     {}", plan.out.join(PUBLIC_KEY).display())
        })?;
    }
    Ok(match (report.exit(), measured(&report)) {
        _ if interrupted => Exit::Interrupted,
        // Nothing was demanded, and that is what was asked for.
        (Exit::Inconclusive, true) if args.measure_only => Exit::Pass,
        (exit, true) => exit,
        (exit, false) => Exit::Inconclusive.worst(exit),
    })
}

/// Whether every device measured something, and came to its end.
fn measured(report: &Report) -> bool {
    let devices = &report.evidence.devices;
    !devices.is_empty() && devices.iter().all(|d| !d.measurements.is_empty() && d.ended == Ended::Completed)
}

/// Writes beside the target and renames, so that no reader ever sees half a file.
fn write_atomically(directory: &Path, name: &str, bytes: &[u8]) -> Result<(), Failure> {
    let target = directory.join(name);
    let failed = |error: &std::io::Error| Failure::cannot_write(&target, error);
    let mut file = tempfile::NamedTempFile::new_in(directory).map_err(|e| failed(&e))?;
    std::io::Write::write_all(&mut file, bytes).map_err(|e| failed(&e))?;
    readable_by_all(file.as_file()).and_then(|()| file.as_file().sync_all()).map_err(|e| failed(&e))?;
    file.persist(&target).map_err(|e| failed(&e.error))?;
    Ok(())
}

/// Temporary files are private; results are not.
fn readable_by_all(file: &std::fs::File) -> std::io::Result<()> {
    #[cfg(unix)]
    file.set_permissions(std::os::unix::fs::PermissionsExt::from_mode(0o644))?;
    let _ = file;
    Ok(())
}
