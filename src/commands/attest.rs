//! `assay attest`: checks like `assay verify`, and signs the outcome in a form that policy engines know.

use jiff::Timestamp;

use super::check::{What, check};
use super::results::write_new;
use super::{Failure, tell};
use crate::cli::{AttestArgs, Attestation};
use crate::contract::finding::id;
use crate::derived;
use crate::exit::Exit;
use crate::language::{Language, say};
use crate::output::listing::entry;
use crate::seal::statement::Subject;
use crate::seal::{Envelope, SecretKey};

pub fn attest(args: &AttestArgs, quiet: bool, language: Language) -> Result<Exit, Failure> {
    let key = SecretKey::load(&args.key).map_err(Failure::usage)?;
    let checked = check(&args.check, quiet, language)?;
    let exit = checked.exit();
    if exit == Exit::Signature {
        return Err(Failure::new(exit, "the check fails, so nothing is signed; `assay verify` says where"));
    }
    let (results, contract) = match &checked.what {
        What::Report { report, recheck, beside, .. } => {
            let mut results = derived::of_report(report, recheck);
            if let Some(results) = &mut results {
                beside.iter().for_each(|beside| results.prove(beside));
                results.leave_open(if checked.lacks_challenge() { &[id::FRESHNESS] } else { &[] });
                let untimely = checked.untimely().map(|doubt| doubt.clause());
                results.leave_open(untimely.as_slice());
            }
            results.zip(report.contract.as_ref().map(|copy| Subject::new(&copy.terms.id, &copy.sha256)))
        }
        What::Certificate { certificate, signed, chain } => {
            let contract = &certificate.contract;
            let results = derived::of_certificate(certificate, signed, chain);
            Some((results, Subject::new(&contract.id, &contract.sha256)))
        }
        What::Proof { .. } | What::Inventory { .. } => None,
    }
    .ok_or_else(|| {
        Failure::usage(format!(
            "{}: it was judged by no contract, so there is no result; give a report with a verdict, or a certificate",
            args.check.file.display()
        ))
    })?;
    let payload = match args.form {
        Attestation::TestResult => derived::test_result(&results, &checked.verified, contract),
        Attestation::Svr => derived::svr(&results, &checked.verified, contract, Timestamp::now()),
    };
    let payload = payload.map_err(|e| Failure::new(Exit::Bug, e.to_string()))?;
    write_new(&args.out, &Envelope::seal(&payload, &key).to_bytes())?;
    tell(quiet, |out| entry(&say!(language, "name-statement"), 0, args.out.display(), out))?;
    Ok(exit)
}
