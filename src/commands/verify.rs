//! `assay verify`: signature, schema, and everything recomputed. Touches no device.

use std::io::Write as _;

use jiff::Timestamp;

use super::check::{What, check};
use super::{Failure, print};
use crate::cli::VerifyArgs;
use crate::exit::Exit;
use crate::language::{Language, say};
use crate::output::certificate::Shown;
use crate::output::page::Page;
use crate::output::verification::{self, Verification};
use crate::output::{certificate, inventory, proof};
use crate::report::ledger;

pub fn verify(args: &VerifyArgs, quiet: bool, language: Language) -> Result<Exit, Failure> {
    let checked = check(&args.check, quiet, language)?;
    let verified = &checked.verified;
    // Programs read one language.
    let language = if args.json { Language::English } else { language };
    let show = |out: &mut Page| match (&checked.what, args.json) {
        (What::Report { report, recheck, challenge, beside, recording }, json) => {
            let ledger = ledger::ledger(report, verified, recheck, challenge.as_ref(), language);
            let shown = Verification {
                report,
                statement_sha256: verified.sha256(),
                recheck,
                ledger: &ledger,
                beside: beside.as_deref(),
                recording: recording.as_deref(),
                untimely: checked.untimely(),
            };
            if json { verification::json(&shown, out) } else { verification::human(&shown, out) }
        }
        (What::Proof { proof: found, issued }, true) => proof::json(found, verified, &issued.challenge, out),
        (What::Proof { proof: found, issued }, false) => {
            proof::verified(found, verified, &issued.challenge, out)
        }
        (What::Inventory { inventory: found, chain }, json) => {
            let now = Timestamp::now();
            if json {
                inventory::json(found, chain, now, out)
            } else {
                inventory::verified(found, chain, now, out)
            }
        }
        (What::Certificate { certificate: found, signed, chain }, json) => {
            let shown = Shown { certificate: found, signed };
            if json {
                certificate::json(&shown, chain, out)
            } else {
                certificate::verified(&shown, chain, out)
            }
        }
    };
    let unknown = verified.unknown_signatures();
    if !quiet {
        print(|out| {
            show(out.speaking(language))?;
            if checked.lacks_proof() && !args.json {
                writeln!(out, "{}", say!(language, "verified-lacks-proof"))?;
            }
            if checked.lacks_challenge() && !args.json {
                writeln!(out, "{}", say!(language, "verified-lacks-challenge"))?;
            }
            if unknown > 0 && !args.json {
                writeln!(out, "{}", say!(language, "verified-unknown-signatures", count = unknown))?;
            }
            Ok(())
        })?;
    }
    Ok(checked.exit())
}
