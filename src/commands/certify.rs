//! `assay certify`: measures without a contract, or takes what was measured, and signs what each card is and can do.

use std::io::Write as _;
use std::path::Path;

use jiff::Timestamp;

use super::results::{directory, write_new};
use super::signed::{open, refused, sound};
use super::{Failure, print, run};
use crate::cli::CertifyArgs;
use crate::exit::Exit;
use crate::inventory::draw::draw;
use crate::language::{Language, say};
use crate::output::inventory as output;
use crate::seal::{SecretKey, TrustList};

pub const INVENTORY: &str = "inventory.dsse.json";

pub fn certify(args: &CertifyArgs, quiet: bool, language: Language) -> Result<Exit, Failure> {
    let key = SecretKey::load(&args.key).map_err(Failure::usage)?;
    let out = directory(args.out.as_deref(), "assay-inventory", &[INVENTORY, run::REPORT])?;
    let (report, trust, ran) = match &args.report {
        Some(report) => (report.clone(), TrustList::load(&args.trust).map_err(Failure::usage)?, Exit::Pass),
        None => {
            // What it measures is shown as a certificate; the run's own table would say the same.
            let ran = run::measured(&args.run(out.clone()), quiet, language)?;
            (out.join(run::REPORT), TrustList::new([key.public()]), ran)
        }
    };
    let (found, verified) = sound(&report, open(&report, &trust)?)?;
    let inventory = draw(&found, &verified, args.valid).map_err(|e| refused(&report)(&e))?;
    if args.report.is_some() {
        beside(&report, &out)?;
    }
    let envelope = inventory.seal(&key).map_err(|e| Failure::new(Exit::Bug, e.to_string()))?;
    let file = out.join(INVENTORY);
    write_new(&file, &envelope.to_bytes())?;
    let now = Timestamp::now();
    if !quiet {
        print(|page| {
            let page = page.speaking(language);
            output::human(&inventory, now, page)?;
            writeln!(page, "\n{}", say!(language, "inventory-file", file = file.display().to_string()))
        })?;
    }
    Ok(inventory.exit(now).worst(ran))
}

/// A certificate stands on the report that lies beside it.
fn beside(report: &Path, out: &Path) -> Result<(), Failure> {
    let bytes = std::fs::read(report)
        .map_err(|e| Failure::usage(format!("{} cannot be read: {e}", report.display())))?;
    write_new(&out.join(run::REPORT), &bytes)
}
