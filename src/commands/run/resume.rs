//! `assay run --resume`: goes on with a run that broke off, from its recording.
//! Owns what of a recording says how to go on; must not measure.

use std::fs::{File, OpenOptions};
use std::io::BufReader;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use clap::ValueEnum as _;

use super::recorder::lock;
use super::{EVENTS, Plan, REPORT, Recorder, between, signer};
use crate::cli::RunArgs;
use crate::clock::System;
use crate::commands::{Failure, discover};
use crate::contract::{self, Parsed};
use crate::engine::node::NodePlan;
use crate::engine::{Already, Begun, Profile, Settings, WorkerPlan};
use crate::evidence::event::{self, Event, What};
use crate::evidence::record::Recording;
use crate::evidence::{DeviceEvidence, Ended, Resumption, RunInfo};
use crate::seal::Salt;

/// The recording of a run in `out` that broke off: nothing was sealed yet. And its file, which nobody else may go on with as long as
/// it is open.
pub fn broken_off(out: &Path, open: &OpenOptions) -> Result<(Recording, File), Failure> {
    let (report, events) = (out.join(REPORT), out.join(EVENTS));
    let path = events.display();
    let file = open.open(&events).map_err(|e| {
        Failure::usage(format!("{path} cannot be opened: {e}; give the directory of a run that broke off"))
    })?;
    lock(&file, out)?;
    if report.exists() {
        return Err(Failure::usage(format!(
            "{} is there already: the run came to its end; see it with `assay render`",
            report.display()
        )));
    }
    let recorded = event::read(BufReader::new(&file)).map_err(|e| Failure::usage(format!("{path}: {e}")))?;
    let wrong = |e| Failure::usage(format!("{path}: {e}"));
    let (first, rest) = recorded.split_first().ok_or_else(|| {
        Failure::usage(format!("{path} is empty: nothing was recorded; begin the run anew"))
    })?;
    let mut recording = Recording::begin(first).map_err(wrong)?;
    rest.iter().try_for_each(|event| recording.add(event)).map_err(wrong)?;
    Ok((recording, file))
}

/// What is left of the run in `out`, and its recording, which has noted that it goes on.
pub fn resume(
    args: &RunArgs,
    out: &Path,
    interrupted: &Arc<AtomicBool>,
) -> Result<(Plan, Recorder), Failure> {
    let (recording, file) = broken_off(out, File::options().read(true).append(true))?;
    if recording.evidence.ended != Ended::Unfinished {
        let out = out.display();
        return Err(Failure::usage(format!(
            "the run in {out} came to its end and was not sealed; `assay seal {out}` signs it"
        )));
    }
    // Before the recording is written to again.
    let gap_ns = silence_ns(&out.join(EVENTS), jiff::Timestamp::now());
    let contract = args.contract.as_deref().map(contract::parse::load).transpose().map_err(Failure::usage)?;
    same_contract(&recording.evidence.run, contract.as_ref())?;
    let (key, sealed_by) = signer(args.key.as_deref())?;
    let settings = settings(args, &recording.evidence.run, contract.as_ref())?;
    let run = recording.evidence.run.clone();
    let workers = (0u32..)
        .zip(&recording.evidence.devices)
        .filter(|(_, device)| device.ended == Ended::Unfinished)
        .map(|(index, device)| WorkerPlan {
            device: index,
            selector: device.selector.clone(),
            settings: settings.clone(),
            already: already(device),
        });
    let workers = workers.collect();
    let node = match recording.evidence.node.as_ref().map(|node| &node.ended) {
        None | Some(Ended::Unfinished) => {
            let broken = broken(&recording.evidence.devices);
            between(&run.selectors, &settings).map(|plan| NodePlan { broken, ..plan })
        }
        Some(Ended::Completed | Ended::Interrupted | Ended::Lost { .. }) => None,
    };
    let salt = salt(args.salt.as_deref(), recording.evidence.run.salt_sha256.as_deref())?;
    let mut recorder = Recorder::reopen(out, file, recording, salt)?;
    let resumption = Resumption { at: System::wall(), gap_ns };
    recorder.take(&Event { at_ns: 0, device: None, what: What::Resumed(resumption) });
    if let Some(failure) = recorder.failure() {
        return Err(failure);
    }
    let plan = Plan {
        contract,
        key,
        sealed_by,
        out: out.to_owned(),
        run,
        workers,
        node,
        program: discover::program()?,
        interrupted: Arc::clone(interrupted),
    };
    Ok((plan, recorder))
}

/// Places of the devices that had come to an end, and not to the one that was wanted.
fn broken(devices: &[DeviceEvidence]) -> Vec<u32> {
    let is_broken = |ended: &Ended| !matches!(ended, Ended::Completed | Ended::Unfinished);
    (0..).zip(devices).filter(|(_, device)| is_broken(&device.ended)).map(|(place, _)| place).collect()
}

fn same_contract(run: &RunInfo, given: Option<&Parsed>) -> Result<(), Failure> {
    let given = given.map(|contract| &contract.sha256);
    if run.contract_sha256.as_ref() == given {
        return Ok(());
    }
    let made_for =
        run.contract_sha256.as_ref().map_or("no contract".to_owned(), |sha| format!("sha256:{sha}"));
    Err(Failure::usage(format!("the run was begun for {made_for}; give --contract with that file, or none")))
}

/// The salt that a run was begun with.
fn salt(given: Option<&Path>, begun_with: Option<&str>) -> Result<Option<Salt>, Failure> {
    let salt = given.map(Salt::load).transpose().map_err(Failure::usage)?;
    if salt.as_ref().map(Salt::sha256).as_deref() == begun_with {
        return Ok(salt);
    }
    let begun =
        begun_with.map_or("without a salt".to_owned(), |sha256| format!("with a salt of SHA-256 {sha256}"));
    Err(Failure::usage(format!("the run was begun {begun}; give --salt with that file, or none")))
}

/// The settings of a run, as it recorded them.
fn settings(args: &RunArgs, run: &RunInfo, contract: Option<&Parsed>) -> Result<Settings, Failure> {
    let profile = Profile::value_variants().iter().find(|profile| profile.name() == run.profile);
    let seed = u64::from_str_radix(&run.seed, 16).ok();
    let (Some(profile), Some(seed)) = (profile, seed) else {
        return Err(Failure::usage(
            "the recording is of another version of this program; begin the run anew",
        ));
    };
    Ok(Settings {
        profile: *profile,
        probes: run.probes.clone(),
        sample_ms: run.sample_ms.unwrap_or_else(|| profile.sample_ms()),
        sustain_ms: run.sustain_ms.unwrap_or(0),
        begun: None,
        fill_bytes: contract.and_then(|c| c.contract.fill_bytes()),
        loads: contract.map_or(Vec::new(), |c| c.contract.loads()),
        demands: contract.map_or(Vec::new(), |c| c.contract.demands()),
        seed,
        wait_limit_ms: args.hang_after.as_millis() as u64,
    })
}

fn already(device: &DeviceEvidence) -> Already {
    let measured = device.measurements.iter().map(|m| m.metric.clone());
    let absent = device.absences.iter().map(|a| a.metric.clone());
    let load = device.sustained.as_ref().map(|sustained| Begun {
        metric: sustained.load.metric.clone(),
        work: sustained.load.work,
        kept_up_ms: sustained.watched_ns() / 1_000_000,
    });
    Already { metrics: measured.chain(absent).collect(), load }
}

/// Time since the recording was last written, by the host's own clock: as its last line says, else as the file does, which a copy
/// of it does not know. `None` where that lies ahead: the clock was set back, and nobody knows.
fn silence_ns(events: &Path, now: jiff::Timestamp) -> Option<u64> {
    let dated = std::fs::read(events).ok().and_then(|recording| event::last_written(&recording));
    let changed = || std::fs::metadata(events).and_then(|about| about.modified()).ok()?.try_into().ok();
    let written: jiff::Timestamp = dated.or_else(changed)?;
    u64::try_from(now.duration_since(written).as_nanos()).ok()
}
