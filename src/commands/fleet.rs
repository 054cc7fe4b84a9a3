//! `assay fleet`: many signed reports as one answer, how many nodes to test, and what measures them. Touches no device.

mod launch;

use std::io::IsTerminal as _;
use std::path::{Path, PathBuf};

use jiff::Timestamp;

use super::{Failure, print, print_bytes};
use crate::cli::{CountArgs, FleetArgs, FleetCommand, OfferArgs, PlanArgs};
use crate::contract;
use crate::exit::Exit;
use crate::files;
use crate::fleet::names::Names;
use crate::fleet::plan::{Aim, Plan, Risks, Shares};
use crate::fleet::waivers::Waivers;
use crate::fleet::{self, Span, intake};
use crate::inventory;
use crate::language::Language;
use crate::output::acceptance::{Drawn, Planned};
use crate::output::inventory as output;
use crate::output::reading::Reading;
use crate::seal::TrustList;

/// A million names of the length of a host's.
const LIST_BYTES_MAX: u64 = 64 << 20;

pub fn fleet(args: &FleetArgs, quiet: bool, language: Language) -> Result<Exit, Failure> {
    match (&args.command, &args.count) {
        (Some(FleetCommand::Inventory(args)), _) => offer(args, quiet, language),
        (Some(FleetCommand::Plan(args)), _) => plan(args, language),
        (Some(FleetCommand::Launch(command)), _) => launch::launch(command, quiet, language),
        (None, Some(args)) => count(args, quiet, language),
        // The command line demands one of them.
        (None, None) => Err(Failure::usage("no reports were given; see `assay fleet --help`")),
    }
}

/// Reports with the challenges that they answer. Directories of reports hold signed files by their ending alone, those of
/// challenges whatever `assay challenge new --out` was told.
pub fn sources(reports: &[PathBuf], challenges: &[PathBuf]) -> Result<Vec<PathBuf>, Failure> {
    let mut all = reports.to_vec();
    for path in challenges {
        if !path.is_dir() {
            all.push(path.clone());
            continue;
        }
        let unreadable = |e| Failure::usage(format!("{} cannot be read: {e}", path.display()));
        for entry in std::fs::read_dir(path).map_err(unreadable)? {
            let file = entry.map_err(unreadable)?.path();
            all.extend(file.extension().is_some_and(|ending| ending == "json").then_some(file));
        }
    }
    Ok(all)
}

fn count(args: &CountArgs, quiet: bool, language: Language) -> Result<Exit, Failure> {
    let trust = TrustList::load(&args.trust).map_err(Failure::usage)?;
    let contract = contract::parse::load(&args.contract).map_err(Failure::usage)?;
    let list = args.nodes.as_deref().map(list).transpose()?;
    let list = list.as_ref().map(List::names).transpose()?;
    let sources = sources(&args.reports, &args.challenge)?;
    let reading = Reading::start(quiet, language);
    let terms = intake::Terms { trust: &trust, contract: &contract, seen: &|| reading.one() };
    let intake = intake::read(&sources, &terms).map_err(Failure::usage)?;
    drop(reading);
    let span = Span { since: args.since, as_of: args.as_of.unwrap_or_else(Timestamp::now) };
    let answer = fleet::answer(&contract, intake, span, list.as_ref(), &Waivers::default());
    if quiet {
        return Ok(answer.exit());
    }
    match args.format.is_binary() {
        true if std::io::stdout().is_terminal() => {
            return Err(Failure::usage(
                "this form is no text; send it to a file: assay fleet ... > fleet.parquet",
            ));
        }
        // Past what takes colours out of text.
        true => print_bytes(|out| args.format.render(&answer, &contract.contract, out))?,
        false => print(|out| args.format.render(&answer, &contract.contract, out.speaking(language)))?,
    };
    Ok(answer.exit())
}

fn offer(args: &OfferArgs, quiet: bool, language: Language) -> Result<Exit, Failure> {
    let trust = TrustList::load(&args.trust).map_err(Failure::usage)?;
    let as_of = args.as_of.unwrap_or_else(Timestamp::now);
    let reading = Reading::start(quiet, language);
    let offer = inventory::offer::offer(&args.certificates, &trust, as_of, &|| reading.one());
    drop(reading);
    let offer = offer.map_err(Failure::usage)?;
    if !quiet {
        print(|out| {
            if args.json {
                output::json_offer(&offer, out)
            } else {
                output::offer(&offer, out.speaking(language))
            }
        })?;
    }
    Ok(offer.exit())
}

fn plan(args: &PlanArgs, language: Language) -> Result<Exit, Failure> {
    let shares = Shares { aql: args.aql, ltpd: args.ltpd };
    let risks = Risks { producer: args.producer_risk, consumer: args.consumer_risk };
    let plan = Plan::new(Aim::new(args.lot, shares, risks).map_err(Failure::usage)?);
    let list = args.nodes.as_deref().map(list).transpose()?;
    let drawn = match (&list, &args.seed) {
        (Some(list), Some(seed)) => Some(draw(&plan, list, seed)?),
        // The command line takes both or none.
        (Some(_), None) | (None, _) => None,
    };
    let planned = Planned { plan: &plan, drawn: drawn.as_ref() };
    print(|out| if args.json { planned.json(out) } else { planned.text(out.speaking(language)) })
}

fn read(file: &Path) -> Result<Vec<u8>, Failure> {
    files::read_at_most(file, LIST_BYTES_MAX).map_err(|why| {
        Failure::usage(format!("{} cannot be read: {why}; give a file with one name a line", file.display()))
    })
}

/// A list of nodes as it lies in a file.
pub(super) struct List<'a> {
    file: &'a Path,
    bytes: Vec<u8>,
}

pub(super) fn list(file: &Path) -> Result<List<'_>, Failure> {
    Ok(List { file, bytes: read(file)? })
}

impl List<'_> {
    pub(super) fn names(&self) -> Result<Names<'_>, Failure> {
        Names::parse(&self.bytes).map_err(|e| Failure::usage(format!("{}: {e}", self.file.display())))
    }
}

fn draw<'a>(plan: &Plan, list: &'a List<'_>, seed: &'a str) -> Result<Drawn<'a>, Failure> {
    let (file, names) = (list.file, list.names()?);
    let (named, lot) = (names.count(), plan.aim.lot());
    if named != lot as usize {
        return Err(Failure::usage(format!(
            "{}: it names {named} nodes and --lot says {lot}; name every node of the lot, or give --lot {named}",
            file.display()
        )));
    }
    let nodes = names.draw(seed, plan.single.tested as usize);
    Ok(Drawn { file, seed, sha256: names.sha256(), nodes })
}
