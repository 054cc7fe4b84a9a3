//! `assay run`: plan, supervise, record, judge, seal, deliver.

use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use super::signed::{CHALLENGE_WANTED, read_wanted, refused};
use super::{Failure, discover, print, results, signals};
use crate::cli::RunArgs;
use crate::clock::{Clock, System};
use crate::contract::{self, Parsed};
use crate::device::same;
use crate::engine::node::NodePlan;
use crate::engine::supervise::{self, Orders};
use crate::engine::{Already, Settings, WorkerPlan};
use crate::evidence::event::{Event, What};
use crate::evidence::{DEVICES_MAX, DeviceEvidence, Ended, Evidence, FORMAT, Order, RunInfo};
use crate::exit::Exit;
use crate::language::{Language, say};
use crate::output::Format;
use crate::output::listing::entry;
use crate::output::page::Page;
use crate::output::{human, progress::Progress};
use crate::probes;
use crate::proof::answer;
use crate::proof::beside::CHALLENGE;
use crate::proof::challenge::Issued;
use crate::report::{Report, SealedBy};
use crate::seal::{Envelope, Salt, SecretKey};
use crate::telemetry::host::Host;

mod recorder;
mod resume;
use recorder::{Notice, Recorder};
pub(super) use resume::broken_off;

/// Everything that a run needs, checked before a device is touched.
struct Plan {
    contract: Option<Parsed>,
    key: SecretKey,
    sealed_by: SealedBy,
    out: PathBuf,
    run: RunInfo,
    /// One for each device, or fewer where the run goes on.
    workers: Vec<WorkerPlan>,
    node: Option<NodePlan>,
    program: PathBuf,
    /// When the end is asked for.
    interrupted: Arc<AtomicBool>,
}

pub fn run(args: &RunArgs, quiet: bool, language: Language) -> Result<Exit, Failure> {
    run_and(args, [quiet, quiet], language)
}

/// The same, but its verdict is not printed.
pub(super) fn measured(args: &RunArgs, quiet: bool, language: Language) -> Result<Exit, Failure> {
    run_and(args, [quiet, true], language)
}

fn run_and(
    args: &RunArgs,
    [no_progress, no_verdict]: [bool; 2],
    language: Language,
) -> Result<Exit, Failure> {
    let interrupted = signals::interruption()?;
    let ended = || {
        let (plan, mut recorder) = match &args.resume {
            None => begin(args, &interrupted)?,
            Some(out) => resume::resume(args, out, &interrupted)?,
        };
        let mut progress = Progress::start(&plan.run, &plan.workers, no_progress, language)
            .map_err(|e| Failure::new(Exit::Environment, format!("a thread cannot be started: {e}")))?;
        let evidence = measure(args, &plan, &mut recorder, &mut progress, language)?;
        deliver(args, plan, evidence, recorder, progress, no_verdict, language)
    };
    ended().inspect_err(|_| signals::end_when_asked(&interrupted))
}

/// Who signs: a key that somebody keeps, or one made for this report.
pub(super) fn signer(key: Option<&Path>) -> Result<(SecretKey, SealedBy), Failure> {
    match key {
        Some(path) => Ok((SecretKey::load(path).map_err(Failure::usage)?, SealedBy::Named)),
        None => Ok((SecretKey::generate().map_err(Failure::usage)?, SealedBy::Ephemeral)),
    }
}

fn begin(args: &RunArgs, interrupted: &Arc<AtomicBool>) -> Result<(Plan, Recorder), Failure> {
    let contract = args.contract.as_deref().map(contract::parse::load).transpose().map_err(Failure::usage)?;
    let (key, sealed_by) = signer(args.key.as_deref())?;
    let sustain_ms = args.soak.map_or(args.profile.sustain_ms(), |d| d.as_millis() as u64);
    let probes = chosen_probes(&args.probe, sustain_ms, args.soak.is_some())?;
    let asked = args.challenge.as_deref().map(asked).transpose()?;
    let seed = match (&asked, args.seed) {
        (Some(asked), _) => asked.issued.challenge.run_seed(),
        (None, Some(seed)) => seed,
        (None, None) => random_seed()?,
    };
    let salt = args.salt.as_deref().map(Salt::load).transpose().map_err(Failure::usage)?;
    let program = discover::program()?;
    let selectors = devices(args, &program, interrupted)?;
    let settings = Settings {
        profile: args.profile,
        probes: probes.clone(),
        sample_ms: args.duration.map_or(args.profile.sample_ms(), |d| d.as_millis() as u64),
        sustain_ms,
        begun: None,
        fill_bytes: contract.as_ref().and_then(|c| c.contract.fill_bytes()),
        loads: contract.as_ref().map_or(Vec::new(), |c| c.contract.loads()),
        demands: contract.as_ref().map_or(Vec::new(), |c| c.contract.demands()),
        seed,
        wait_limit_ms: args.hang_after.as_millis() as u64,
    };
    let workers = (0u32..).zip(&selectors).map(|(device, selector)| WorkerPlan {
        device,
        selector: selector.clone(),
        settings: settings.clone(),
        already: Already::default(),
    });
    let workers = workers.collect();
    let node = between(&selectors, &settings);
    let run = RunInfo {
        format: FORMAT,
        tool: "assay".to_owned(),
        tool_version: env!("CARGO_PKG_VERSION").to_owned(),
        started: System::wall(),
        profile: args.profile.name().to_owned(),
        probes,
        sample_ms: Some(settings.sample_ms),
        sustain_ms: (settings.sustain_ms > 0).then_some(settings.sustain_ms),
        seed: format!("{seed:016x}"),
        contract_sha256: contract.as_ref().map(|c| c.sha256.clone()),
        selectors,
        host: Some(Host::read(Path::new("/"))),
        node: args.node.clone().or_else(|| asked.as_ref()?.issued.challenge.node.clone()),
        order: if args.one_at_a_time { Order::OneAtATime } else { Order::Together },
        challenge_sha256: asked.as_ref().map(|asked| asked.issued.sha256.clone()),
        salt_sha256: salt.as_ref().map(Salt::sha256),
    };
    if let (Some(asked), Some(file)) = (&asked, &args.challenge) {
        answer::check(&run, &asked.issued).map_err(|e| refused(file)(&e))?;
    }
    let out = results::directory(args.out.as_deref(), "assay", &[REPORT, EVENTS])?;
    if let Some(asked) = &asked {
        results::write_atomically(&out, CHALLENGE, &asked.envelope.to_bytes())?;
    }
    let first = Event { at_ns: 0, device: None, what: What::RunStarted(run.clone()) };
    let recorder = Recorder::create(&out, args.events.as_deref(), &first, salt)?;
    let interrupted = Arc::clone(interrupted);
    Ok((Plan { contract, key, sealed_by, out, run, workers, node, program, interrupted }, recorder))
}

/// What is to be measured. Asking the drivers takes its time.
fn devices(args: &RunArgs, program: &Path, interrupted: &AtomicBool) -> Result<Vec<String>, Failure> {
    let selectors = discover::chosen(program, &args.device, interrupted).and_then(|chosen| {
        // Parts are named by their UUIDs alone, which a salt hides.
        let is_asked = args.device.is_empty() && args.salt.is_none();
        if is_asked { discover::all_parts(program, chosen, interrupted) } else { Ok(chosen) }
    });
    if interrupted.load(Ordering::Relaxed) {
        return Err(Failure::new(Exit::Interrupted, "interrupted before anything was measured"));
    }
    let selectors = selectors?;
    if selectors.len() > DEVICES_MAX {
        let why = format!("these are {} devices, and a run measures {DEVICES_MAX} at most", selectors.len());
        return Err(Failure::usage(why));
    }
    if args.salt.is_some() {
        name_no_card(&selectors)?;
    }
    Ok(selectors)
}

/// A challenge as it lies in a file.
struct Asked {
    envelope: Envelope,
    issued: Issued,
}

/// Who asks does not matter to those who answer.
fn asked(file: &Path) -> Result<Asked, Failure> {
    let envelope = read_wanted(file, CHALLENGE_WANTED)?;
    let issued = Issued::unchecked(&envelope).map_err(|e| refused(file)(&e))?;
    Ok(Asked { envelope, issued })
}

/// Selectors stand in what is signed as they were written.
pub(super) fn name_no_card(selectors: &[String]) -> Result<(), Failure> {
    let names = |selector: &&String| selector.split([':', ',', '=']).any(|part| same::digits(part).is_some());
    selectors.iter().find(names).map_or(Ok(()), |selector| {
        Err(Failure::usage(format!(
            "--device {selector} names a card by its UUID, which --salt is to hide; name it by its index or PCI address"
        )))
    })
}

/// What is to be measured between devices, where there are several.
fn between(selectors: &[String], settings: &Settings) -> Option<NodePlan> {
    let wanted = selectors.len() > 1 && settings.probes.iter().any(|name| probes::BETWEEN.contains(&&**name));
    wanted.then(|| NodePlan {
        selectors: selectors.to_vec(),
        settings: Settings {
            sample_ms: settings.sample_ms.min(probes::peer::SAMPLE_MS_MAX),
            ..settings.clone()
        },
        broken: Vec::new(),
        told: Vec::new(),
        lost: Vec::new(),
    })
}

/// All probes, or those that were named, in the order of the table. A load is kept up only where a time for it is given, and
/// whoever asks for such a time means it.
fn chosen_probes(named: &[String], sustain_ms: u64, is_load_asked: bool) -> Result<Vec<String>, Failure> {
    let is_named = |name: &str| named.iter().any(|n| n == name);
    if is_named(probes::SUSTAIN) && sustain_ms == 0 {
        return Err(Failure::usage(
            "how long is the load to be kept up? write for example --soak 10m, or --profile acceptance"
                .to_owned(),
        ));
    }
    let wanted = probes::names().into_iter().filter(|name| match *name {
        probes::SUSTAIN if is_load_asked => true,
        probes::SUSTAIN if named.is_empty() => sustain_ms > 0,
        name => named.is_empty() || is_named(name),
    });
    Ok(wanted.map(str::to_owned).collect())
}

fn random_seed() -> Result<u64, Failure> {
    let mut bytes = [0; 8];
    getrandom::fill(&mut bytes)
        .map_err(|e| Failure::new(Exit::Environment, format!("the system gives no random numbers: {e}")))?;
    Ok(u64::from_le_bytes(bytes))
}

pub use crate::fleet::envelopes::{RECORDING as EVENTS, REPORT};

fn measure(
    args: &RunArgs,
    plan: &Plan,
    recorder: &mut Recorder,
    progress: &mut Progress,
    language: Language,
) -> Result<Evidence, Failure> {
    let clock = System::start();
    let orders = Orders {
        program: &plan.program,
        plans: &plan.workers,
        order: plan.run.order,
        node: plan.node.as_ref(),
        hang_after: args.hang_after,
        interrupted: &plan.interrupted,
    };
    let ended = supervise::run(&orders, |event| {
        progress.event(&event);
        recorder.take(&event);
        tell(recorder, progress, language);
    });
    progress.measured();
    recorder.take(&Event { at_ns: clock.now_ns(), device: None, what: What::RunEnded(ended) });
    recorder.evidence().map_err(|e| Failure::new(Exit::Bug, e.to_string()))
}

/// Says what is new about the recording.
fn tell(recorder: &mut Recorder, progress: &Progress, language: Language) {
    for notice in recorder.notices() {
        progress.warn(match notice {
            Notice::Behind(failure) => say!(language, "recording-behind", why = failure.message),
            Notice::CaughtUp(path) => {
                say!(language, "recording-caught-up", file = path.display().to_string())
            }
        });
    }
}

fn deliver(
    args: &RunArgs,
    plan: Plan,
    evidence: Evidence,
    mut recorder: Recorder,
    progress: Progress,
    quiet: bool,
    language: Language,
) -> Result<Exit, Failure> {
    let interrupted = evidence.ended == Ended::Interrupted;
    let report = Report::new(evidence, plan.contract.as_ref(), plan.sealed_by, System::wall());
    let written = files(&report, &plan.key, &args.format, language)?
        .iter()
        .try_for_each(|file| write_patiently(&plan, file, &mut recorder, &progress, language));
    recorder.finish(&plan.interrupted);
    drop(progress);
    signals::end_when_asked(&plan.interrupted);
    // With the events on the standard output, nothing else may go there.
    let events_on_stdout = args.events.as_deref() == Some(Path::new("-"));
    if !quiet && !events_on_stdout {
        match &written {
            Ok(()) => show(&report, &plan.out, language)?,
            // All that will be left of it.
            Err(_) => print(|to| human::verdict(&report, to.speaking(language))).map(drop)?,
        }
    }
    written.map_err(|failure| {
        let Failure { exit, message } = failure;
        let out = plan.out.display();
        let cut = if recorder.is_cut_short() { ", which ends before the run did" } else { "" };
        Failure::new(exit, format!("{message}; then `assay seal {out}` signs what {EVENTS} holds{cut}"))
    })?;
    recorder.failure().map_or(Ok(()), Err)?;
    Ok(match (report.exit(), is_whole(&report)) {
        _ if interrupted => Exit::Interrupted,
        // Nothing was demanded, and that is what was asked for.
        (Exit::Inconclusive, true) if args.measure_only => Exit::Pass,
        (exit, true) => exit,
        (exit, false) => Exit::Inconclusive.worst(exit),
    })
}

/// A name and what it holds.
pub(super) type Named = (&'static str, Vec<u8>);

/// The signed report, the public half of the key and the renderings asked for.
pub(super) fn files(
    report: &Report,
    key: &SecretKey,
    formats: &[Format],
    language: Language,
) -> Result<Vec<Named>, Failure> {
    let bug = |why: String| Failure::new(Exit::Bug, why);
    let envelope = report.seal(key).map_err(|e| bug(e.to_string()))?;
    let public = key.public().to_pem().map_err(Failure::usage)?;
    let mut files = vec![(REPORT, envelope.to_bytes()), (results::PUBLIC_KEY, public.into_bytes())];
    for format in formats {
        let mut text = Vec::new();
        let mut plain = anstream::StripStream::new(&mut text as &mut dyn std::io::Write);
        let rendered = format.render(report, &envelope, Page::file(&mut plain).speaking(language));
        rendered.map_err(|e| bug(e.to_string()))?;
        files.push((format.file_name(), text));
    }
    Ok(files)
}

pub(super) fn write_file(out: &Path, (name, bytes): &Named) -> Result<(), Failure> {
    let write = if *name == REPORT { results::write_signed } else { results::write_atomically };
    write(out, name, bytes)
}

/// For how long it is tried to write what may have taken days to measure, and how often.
const PATIENCE: Duration = Duration::from_secs(5 * 60);
const TRY_EVERY: Duration = Duration::from_secs(1);

/// Writes a file as soon as that is possible. Ctrl-C ends that too.
fn write_patiently(
    plan: &Plan,
    file: &Named,
    recorder: &mut Recorder,
    progress: &Progress,
    language: Language,
) -> Result<(), Failure> {
    // That the run was interrupted does not mean that nothing is to be left of it.
    let before = plan.interrupted.swap(false, Ordering::Relaxed);
    let until = Instant::now() + PATIENCE;
    let mut told = false;
    loop {
        let written = write_file(&plan.out, file);
        recorder.go_on();
        tell(recorder, progress, language);
        match written {
            Err(why)
                if why.exit == Exit::Environment
                    && !plan.interrupted.load(Ordering::Relaxed)
                    && Instant::now() < until =>
            {
                if !told {
                    let minutes = PATIENCE.as_secs() / 60;
                    progress.warn(say!(language, "result-behind", why = why.message, minutes = minutes));
                }
                told = true;
                std::thread::sleep(TRY_EVERY);
            }
            Ok(()) | Err(_) => {
                plan.interrupted.fetch_or(before, Ordering::Relaxed);
                return written;
            }
        }
    }
}

/// The verdict on the terminal, and where the report lies.
pub(super) fn show(report: &Report, out: &Path, language: Language) -> Result<(), Failure> {
    let (signed, key) = (say!(language, "name-signed-report"), say!(language, "name-public-key"));
    print(|to| {
        human::ending(report, to.speaking(language))?;
        writeln!(to)?;
        entry(&signed, 13, out.join(REPORT).display(), to)?;
        entry(&key, 13, out.join(results::PUBLIC_KEY).display(), to)
    })
    .map(drop)
}

/// Whether something was measured, and all came to its end.
fn is_whole(report: &Report) -> bool {
    let Evidence { devices, node, run, .. } = &report.evidence;
    let between = node.as_ref().is_none_or(|node| node.ended == Ended::Completed);
    let only_between = run.probes.iter().all(|name| probes::BETWEEN.contains(&&**name)) && node.is_some();
    let something = |d: &DeviceEvidence| !d.measurements.is_empty() || d.sustained.is_some();
    let all = devices.iter().all(|d| (only_between || something(d)) && d.ended == Ended::Completed);
    !devices.is_empty() && all && between
}
