//! `assay contract`: write, check and describe contract files.

use std::io::Write as _;
use std::num::NonZeroU32;
use std::path::{Path, PathBuf};

use super::signed::{open, read_unverified, sound};
use super::{Failure, print, print_note};
use crate::catalogue;
use crate::cli::{ContractCommand, NewContract};
use crate::contract::judge::shown::shown;
use crate::contract::lint::{Weight, lint};
use crate::contract::template::{self, Keys, Lease, Source, template};
use crate::contract::when::{Day, When};
use crate::contract::{self, Severity, Verdict, escaped};
use crate::evidence::{DeviceEvidence, Evidence, sustain};
use crate::exit::Exit;
use crate::language::{Language, say};
use crate::output::lints::Found;
use crate::report::{self, Report};
use crate::seal::{KeyId, PublicKey, TrustList, sha256_hex};

pub fn contract(command: &ContractCommand, language: Language) -> Result<Exit, Failure> {
    match command {
        ContractCommand::New(args) => new(args, language),
        ContractCommand::Check { file, json } => check(file, *json, language),
        ContractCommand::Reference { report, trust } => reference(report, trust),
        ContractCommand::Schema => print(|out| out.write_all(contract::schema::schema().as_bytes())),
    }
}

fn new(args: &NewContract, language: Language) -> Result<Exit, Failure> {
    let keys = Keys { tenant: key(args.tenant.as_deref())?, provider: key(args.provider.as_deref())? };
    if let Some(due) = args.due.filter(|due| *due < today()) {
        let today = today();
        return Err(Failure::usage(format!("--due {due} is over: today is {today}; write a day to come")));
    }
    let text = match (&args.sku, &args.from) {
        (Some(sku), _) => {
            let card = catalogue::resolve(sku).one(sku).map_err(Failure::usage)?;
            template::lease(&Lease {
                card,
                nodes: args.nodes,
                devices: args
                    .gpus_per_node
                    .or(NonZeroU32::new(card.usual_in_a_node()))
                    .unwrap_or(NonZeroU32::MIN),
                due: args.due.unwrap_or_else(in_30_days),
                price: args.price.clone(),
                language,
                keys,
            })
        }
        (None, Some(path)) => {
            let report = read_unverified(path)?;
            let (device, devices) = measured(&report, path)?;
            let against = against(&report, language);
            if let Some(against) = &against {
                let note = say!(language, "contract-from-failed", file = path.display().to_string(), against);
                print_note(&note)?;
            }
            template(Source::Measured { device, devices, against: against.as_deref() }, &keys, language)
        }
        (None, None) => template(Source::Generic, &keys, language),
    };
    print(|out| out.write_all(text.as_bytes()))
}

/// The device that bounds are taken from, and how many there were. A device that computes or remembers wrongly bounds nothing.
fn measured<'a>(report: &'a Report, path: &Path) -> Result<(&'a DeviceEvidence, usize), Failure> {
    let opened = || report.evidence.devices.iter().filter(|device| device.identity.is_some());
    let file = path.display();
    let device = opened()
        .next()
        .ok_or_else(|| Failure::usage(format!("{file} measured no device to take bounds from")))?;
    match wrong(&report.evidence, device) {
        Some(why) => Err(Failure::usage(format!(
            "{file}: {} is at fault, so that its figures bound nothing ({why}); give the report of a device that is not",
            device.selector
        ))),
        None => Ok((device, opened().count())),
    }
}

/// What shows that a device computes or remembers wrongly.
fn wrong(evidence: &Evidence, device: &DeviceEvidence) -> Option<String> {
    const ERRORS: [&str; 2] = ["memory.errors.count", sustain::ERRORS];
    shown(evidence, device).into_iter().find_map(|one| match one.found {
        Err(refused) if refused.verdict == Verdict::Fail => {
            Some(format!("{}: {}", one.metric, refused.because.said(Language::English)))
        }
        Ok(found) if ERRORS.contains(&one.metric.as_str()) && found.value > 0.0 => {
            Some(format!("{}: {}", one.metric, found.value))
        }
        Ok(_) | Err(_) => None,
    })
}

/// What a report has against itself, on one line.
fn against(report: &Report, language: Language) -> Option<String> {
    let failed =
        report.findings.iter().filter(|f| f.severity == Severity::Must && f.verdict == Verdict::Fail);
    let failed = failed.map(|f| format!("{} ({})", f.clause, f.because.said(language)));
    let evidence = &report.evidence;
    let wrong = evidence
        .devices
        .iter()
        .filter_map(|device| Some(format!("{}: {}", device.selector, wrong(evidence, device)?)));
    let all: Vec<String> = failed.chain(wrong).map(|text| escaped(&text)).collect();
    (!all.is_empty()).then(|| language.list(&all))
}

/// The medians of the slowest device in each metric, so that a share asks no device for more than all of them reached.
fn reference(file: &Path, trust: &[PathBuf]) -> Result<Exit, Failure> {
    let trust = TrustList::load(trust).map_err(Failure::usage)?;
    let (report, _) = sound(file, open(file, &trust)?)?;
    let bytes =
        std::fs::read(file).map_err(|e| Failure::usage(format!("{} cannot be read: {e}", file.display())))?;
    let figures = report::reference::figures(&report);
    if figures.is_empty() {
        return Err(Failure::new(
            Exit::Inconclusive,
            format!("{}: no figure of it counts, so that there is nothing to take shares of", file.display()),
        ));
    }
    print(|out| {
        writeln!(out, "[reference]\nsha256 = \"{}\"\n\n[reference.figures]", sha256_hex(&bytes))?;
        figures.iter().try_for_each(|(metric, text)| writeln!(out, "\"{metric}\" = \"{text}\""))
    })
}

/// The id of the only key in a file.
fn key(file: Option<&Path>) -> Result<Option<KeyId>, Failure> {
    let Some(file) = file else { return Ok(None) };
    match PublicKey::load_all(file).map_err(Failure::usage)?.as_slice() {
        [key] => Ok(Some(key.id())),
        several => Err(Failure::usage(format!(
            "{}: it holds {} keys; give a file with one",
            file.display(),
            several.len()
        ))),
    }
}

/// By the machine's clock, in UTC.
fn today() -> Day {
    When(jiff::tz::Offset::UTC.to_datetime(jiff::Timestamp::now()).date())
}

fn in_30_days() -> Day {
    When(today().0.saturating_add(jiff::Span::new().days(30)))
}

fn check(file: &Path, json: bool, language: Language) -> Result<Exit, Failure> {
    let bytes = contract::parse::read(file).map_err(Failure::usage)?;
    let parsed = contract::parse(&file.display().to_string(), &bytes).map_err(Failure::usage)?;
    // Programs read one language.
    let language = if json { Language::English } else { language };
    let lints = lint(&parsed.contract, today(), language);
    // What was read as a contract is UTF-8.
    let found = Found { file, text: &String::from_utf8_lossy(&bytes), parsed: &parsed, lints: &lints };
    print(|out| if json { found.json(out) } else { found.text(out.speaking(language)) })?;
    let wrong = lints.iter().any(|lint| lint.weight == Weight::Error);
    Ok(if wrong { Exit::Usage } else { Exit::Pass })
}
