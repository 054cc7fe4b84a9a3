//! `assay fleet launch`: writes job files. Starts nothing.

use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::time::Duration;

use clap::Parser as _;

use super::super::results::{self, PUBLIC_KEY};
use super::super::{Failure, print, print_to};
use super::list;
use crate::cli::{Cli, Command, CommonArgs, KubernetesArgs, LaunchCommand, RunArgs, SlurmArgs, SshArgs};
use crate::contract::{self, Parsed};
use crate::exit::Exit;
use crate::fleet::intake::{self, Intake, Refusal, Terms};
use crate::fleet::launch::limits::{self, Asked};
use crate::fleet::launch::missing::missing;
use crate::fleet::launch::node::{NodeName, nodes};
use crate::fleet::launch::{Contract, File, Launch, LaunchError, words};
use crate::fleet::launch::{kubernetes::Kubernetes, slurm::Slurm, ssh::Ssh};
use crate::fleet::words::Said as _;
use crate::language::{Language, say};
use crate::output::reading::Reading;
use crate::seal::TrustList;

pub fn launch(command: &LaunchCommand, quiet: bool, language: Language) -> Result<Exit, Failure> {
    let common = command.common();
    let bytes = contract::parse::read(&common.contract).map_err(Failure::usage)?;
    let name = common.contract.display().to_string();
    let parsed = contract::parse(&name, &bytes).map_err(Failure::usage)?;
    let is_json = contract::parse::is_json(&name, &String::from_utf8_lossy(&bytes));
    let list = list(&common.nodes)?;
    let all =
        nodes(&list.names()?).map_err(|e| Failure::usage(format!("{}: {e}", common.nodes.display())))?;
    let arguments = with_soak(&common.arguments, &parsed.contract)?;
    let run = run_arguments(&arguments)?;
    let launched = left(common, &parsed, &all, (quiet, language))?;
    if launched.is_empty() {
        return tell(quiet, &say!(language, "launch-nothing", count = all.len()));
    }
    let devices = parsed.contract.inventory.as_ref().map(|inventory| inventory.devices);
    let turns = if run.one_at_a_time { devices.map_or(1, |devices| devices.get()) } else { 1 };
    let asked = Asked { profile: run.profile, soak: run.soak, sample: run.duration, turns };
    let launch = Launch {
        nodes: launched,
        contract: Contract { bytes, is_json },
        limit: common.time.unwrap_or_else(|| limits::run(&asked)),
        retries: common.retries,
        arguments,
    };
    let (files, next) = match command {
        LaunchCommand::Slurm(args) => slurm(args, &launch)?,
        LaunchCommand::Kubernetes(args) => kubernetes(args, &launch, devices)?,
        LaunchCommand::Ssh(args) => ssh(args, &launch)?,
    };
    write(&common.out, &files)?;
    let (nodes, all, out) = (launch.nodes.len(), all.len(), common.out.display().to_string());
    let written = if nodes == all {
        say!(language, "launch-written", nodes = nodes, out = out, next = next)
    } else {
        say!(language, "launch-written-of", nodes = nodes, all = all, out = out, next = next)
    };
    tell(quiet, &written)
}

/// With a load kept up for as long as the contract demands, unless it is said for how long: without it no node could pass.
fn with_soak(arguments: &[String], contract: &contract::Contract) -> Result<Vec<String>, Failure> {
    let run = run_arguments(arguments)?;
    let by_profile = Duration::from_millis(run.profile.sustain_ms());
    let demanded = contract.soak().filter(|soak| run.soak.is_none() && *soak > by_profile);
    let soak = demanded.map(|soak| ["--soak".to_owned(), format!("{}s", soak.as_secs_f64().ceil())]);
    Ok(arguments.iter().cloned().chain(soak.into_iter().flatten()).collect())
}

/// The nodes that the launch is for.
fn left<'a>(
    common: &CommonArgs,
    parsed: &Parsed,
    all: &[NodeName<'a>],
    (quiet, language): (bool, Language),
) -> Result<Vec<NodeName<'a>>, Failure> {
    if common.missing_from.is_empty() {
        return Ok(all.to_vec());
    }
    let mut keys = common.trust.clone();
    if keys.is_empty() {
        for path in &common.missing_from {
            beside(path, &mut keys);
        }
    }
    let trust = TrustList::load(&keys).map_err(Failure::usage)?;
    let reading = Reading::start(quiet, language);
    let terms = Terms { trust: &trust, contract: parsed, seen: &|| reading.one() };
    let intake = intake::read(&common.missing_from, &terms).map_err(Failure::usage)?;
    drop(reading);
    tell_refused(&intake, quiet, language)?;
    Ok(missing(all, &intake))
}

/// Nodes whose reports do not count are measured again: that takes days of many machines, so nobody should learn it afterwards.
fn tell_refused(intake: &Intake, quiet: bool, language: Language) -> Result<(), Failure> {
    let refused = || intake.refused.iter().filter(|refused| refused.what != Refusal::Unsealed);
    let Some(first) = refused().next().filter(|_| !quiet) else { return Ok(()) };
    let (count, source, why) = (refused().count(), &first.source, first.why.said(language));
    let what = first.what.said(language);
    let told = say!(language, "launch-refused", count, source, what, why);
    print_to(anstream::stderr().lock(), |out| writeln!(out, "{told}")).map(drop)
}

/// The public keys that runs left beside their reports. What cannot be read has none: its reports do not count.
fn beside(path: &Path, keys: &mut Vec<PathBuf>) {
    let Ok(entries) = std::fs::read_dir(path) else {
        keys.extend(path.parent().map(|directory| directory.join(PUBLIC_KEY)).filter(|key| key.is_file()));
        return;
    };
    for entry in entries.flatten() {
        match entry.file_type() {
            Ok(kind) if kind.is_dir() => beside(&entry.path(), keys),
            Ok(_) if entry.file_name() == PUBLIC_KEY => keys.push(entry.path()),
            Ok(_) | Err(_) => {}
        }
    }
}

/// What every node's run is told besides, read as `assay run` will read it.
fn run_arguments(arguments: &[String]) -> Result<RunArgs, Failure> {
    let whole = ["assay", "run"].into_iter().chain(arguments.iter().map(String::as_str));
    let wrong = |why: &str| Failure::usage(format!("the arguments after -- are none of `assay run`: {why}"));
    let run = match Cli::try_parse_from(whole) {
        Ok(Cli { command: Command::Run(run), .. }) => run,
        Ok(_) => return Err(wrong("they name another command")),
        Err(error) => return Err(wrong(error.to_string().trim_start_matches("error: ").trim_end())),
    };
    let ours = [
        ("--contract", run.contract.is_some()),
        ("--node", run.node.is_some()),
        ("--key", run.key.is_some()),
        ("--out", run.out.is_some()),
        ("--resume", run.resume.is_some()),
        ("--measure-only", run.measure_only),
    ];
    match ours.iter().find(|(_, given)| *given) {
        Some((option, _)) => Err(wrong(&format!("{option} is for the launch to set; leave it out there"))),
        None => Ok(run),
    }
}

fn slurm(args: &SlurmArgs, launch: &Launch<'_>) -> Result<(Vec<File>, String), Failure> {
    let results = absolute(&args.results)?;
    let slurm = Slurm {
        results: &results,
        assay: &args.on_nodes.assay,
        key: args.on_nodes.key.as_deref(),
        gres: args.gres.as_deref(),
        within: args.within,
    };
    let next = format!("sh {}", shown(&args.common.out, "submit.sh"));
    Ok((slurm.files(launch).map_err(failure)?, next))
}

fn kubernetes(
    args: &KubernetesArgs,
    launch: &Launch<'_>,
    devices: Option<std::num::NonZeroU32>,
) -> Result<(Vec<File>, String), Failure> {
    let kubernetes = Kubernetes {
        image: &args.image,
        claim: &args.claim,
        key_secret: args.key_secret.as_deref(),
        gpus: args.gpus.or(devices).unwrap_or(std::num::NonZeroU32::MIN),
        resource: &args.resource,
        within: args.within,
    };
    let next = format!("kubectl apply -f {}", shown(&args.common.out, "job.yaml"));
    Ok((kubernetes.files(launch).map_err(failure)?, next))
}

fn ssh(args: &SshArgs, launch: &Launch<'_>) -> Result<(Vec<File>, String), Failure> {
    let results = absolute(&args.results)?;
    let ssh = Ssh {
        results: &results,
        assay: &args.on_nodes.assay,
        key: args.on_nodes.key.as_deref(),
        parallel: args.parallel,
    };
    let next = format!("sh {}", shown(&args.common.out, "launch.sh"));
    Ok((ssh.files(launch).map_err(failure)?, next))
}

/// A file of the launch, as a shell reads it.
fn shown(out: &Path, name: &str) -> String {
    words::shown(&out.join(name).display().to_string())
}

/// Scripts start from elsewhere.
fn absolute(path: &Path) -> Result<String, Failure> {
    let wrong = |why: &str| Failure::usage(format!("--results {}: {why}", path.display()));
    let absolute = std::path::absolute(path).map_err(|e| wrong(&e.to_string()))?;
    absolute.into_os_string().into_string().map_err(|_| wrong("is not UTF-8; give a path that is"))
}

fn failure(error: LaunchError) -> Failure {
    match error {
        LaunchError::Unfilled(_) => Failure::new(Exit::Bug, error.to_string()),
        LaunchError::Node { .. } | LaunchError::Value { .. } => Failure::usage(error),
    }
}

/// Into a directory that was not there.
fn write(out: &Path, files: &[File]) -> Result<(), Failure> {
    if let Some(parent) = out.parent() {
        std::fs::create_dir_all(parent).map_err(|e| Failure::cannot_write(out, &e))?;
    }
    std::fs::create_dir(out).map_err(|e| {
        if e.kind() != std::io::ErrorKind::AlreadyExists {
            return Failure::cannot_write(out, &e);
        }
        let out = out.display();
        Failure::usage(format!(
            "{out} is there already; name a new directory with --out, so that nothing is overwritten"
        ))
    })?;
    files.iter().try_for_each(|file| results::write_new(&out.join(file.name), &file.bytes))
}

fn tell(quiet: bool, what: &str) -> Result<Exit, Failure> {
    if quiet { Ok(Exit::Pass) } else { print(|out| writeln!(out, "{what}")) }
}
