//! `assay contract`: write, check and describe contract files.

use std::io::Write as _;
use std::path::{Path, PathBuf};

use super::check::{open, read_unverified, sound};
use super::{Failure, print};
use crate::catalogue;
use crate::cli::{ContractCommand, NewContract};
use crate::contract;
use crate::contract::lint::{Weight, lint};
use crate::contract::template::{self, Keys, Lease, Source, template};
use crate::contract::when::{Day, When};
use crate::exit::Exit;
use crate::language::Language;
use crate::output::lints::Found;
use crate::report;
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
    let text = match (&args.sku, &args.from) {
        (Some(sku), _) => template::lease(&Lease {
            card: catalogue::resolve(sku).one(sku).map_err(Failure::usage)?,
            nodes: args.nodes,
            devices: args.gpus_per_node,
            due: args.due.unwrap_or_else(in_30_days),
            price: args.price.clone(),
            language,
            keys,
        }),
        (None, Some(path)) => {
            let report = read_unverified(path)?;
            let device = report.evidence.devices.first().ok_or_else(|| {
                Failure::usage(format!("{} measured no device to take bounds from", path.display()))
            })?;
            template(Source::Measured(device), &keys, language)
        }
        (None, None) => template(Source::Generic, &keys, language),
    };
    print(|out| out.write_all(text.as_bytes()))
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

fn in_30_days() -> Day {
    let today = jiff::tz::Offset::UTC.to_datetime(jiff::Timestamp::now()).date();
    When(today.saturating_add(jiff::Span::new().days(30)))
}

fn check(file: &Path, json: bool, language: Language) -> Result<Exit, Failure> {
    let bytes = contract::parse::read(file).map_err(Failure::usage)?;
    let parsed = contract::parse(&file.display().to_string(), &bytes).map_err(Failure::usage)?;
    // Programs read one language.
    let language = if json { Language::English } else { language };
    let lints = lint(&parsed.contract, language);
    // What was read as a contract is UTF-8.
    let found = Found { file, text: &String::from_utf8_lossy(&bytes), parsed: &parsed, lints: &lints };
    print(|out| if json { found.json(out) } else { found.text(out.speaking(language)) })?;
    let wrong = lints.iter().any(|lint| lint.weight == Weight::Error);
    Ok(if wrong { Exit::Usage } else { Exit::Pass })
}
