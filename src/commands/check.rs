//! Checks whatever was signed: signatures first, then all that can be computed again. Shown by `assay verify`, signed anew by
//! `assay attest`.

use std::path::Path;

use super::Failure;
use super::accept::Evidence;
use crate::certificate::recheck::Chain;
use crate::certificate::{self, Certificate, Role};
use crate::cli::CheckArgs;
use crate::contract::{self, Parsed};
use crate::exit::Exit;
use crate::proof::answer;
use crate::proof::beside::{self, BesideError};
use crate::proof::challenge::Issued;
use crate::proof::statement::{self, Outcome, Proof};
use crate::report::{Recheck, Report};
use crate::seal::envelope::LoadError;
use crate::seal::{Envelope, Salt, TrustList, Verified};

/// Something whose signature holds, with what was found of the rest.
pub struct Checked {
    pub verified: Verified,
    pub what: What,
}

pub enum What {
    Report { report: Box<Report>, recheck: Box<Recheck>, challenge: Option<Issued> },
    Proof { proof: Box<Proof>, issued: Box<Issued> },
    Certificate { certificate: Box<Certificate>, signed: Vec<Role>, chain: Chain },
}

impl Checked {
    pub fn exit(&self) -> Exit {
        match &self.what {
            What::Report { report, recheck, .. } => recheck.exit(report),
            What::Proof { proof, .. } => proof_exit(&proof.outcome),
            What::Certificate { chain, .. } if !chain.holds() => Exit::Signature,
            What::Certificate { certificate, signed, .. } if signed.len() < Role::BOTH.len() => {
                certificate.exit().worst(Exit::Inconclusive)
            }
            What::Certificate { certificate, .. } => certificate.exit(),
        }
    }
}

/// How a proof with this outcome ends.
pub fn proof_exit(outcome: &Outcome) -> Exit {
    match outcome {
        Outcome::Held => Exit::Pass,
        Outcome::Refuted { .. } => Exit::Signature,
        Outcome::Unfinished { .. } => Exit::Inconclusive,
    }
}

pub fn check(args: &CheckArgs) -> Result<Checked, Failure> {
    let trust = TrustList::load(&args.trust).map_err(Failure::usage)?;
    let contract = args.contract.as_deref().map(contract::parse::load).transpose().map_err(Failure::usage)?;
    let verified = open(&args.file, &trust)?;
    let given = Given { args, trust: &trust, verified: &verified, contract: contract.as_ref() };
    let what = if statement::KIND.is_of(verified.bytes()) {
        given.proof()?
    } else if certificate::KIND.is_of(verified.bytes()) {
        given.certificate()?
    } else {
        given.report()?
    };
    Ok(Checked { verified, what })
}

struct Given<'a> {
    args: &'a CheckArgs,
    trust: &'a TrustList,
    verified: &'a Verified,
    contract: Option<&'a Parsed>,
}

impl Given<'_> {
    fn report(&self) -> Result<What, Failure> {
        let refused = refused(&self.args.file);
        let report = Report::from_verified(self.verified).map_err(|e| refused(&e))?;
        let challenge = self.args.challenge.as_deref().map(|file| issued(file, self.trust)).transpose()?;
        if let Some(issued) = &challenge {
            answer::check(&report.evidence.run, issued).map_err(|e| refused(&e))?;
        }
        let recheck = Box::new(crate::report::recheck(&report, self.contract));
        Ok(What::Report { report: Box::new(report), recheck, challenge })
    }

    /// A proof, by the challenge and the transcript that lie beside it.
    fn proof(&self) -> Result<What, Failure> {
        let file = &self.args.file;
        let (proof, issued) = beside::check(file, self.verified, self.trust).map_err(|e| match e {
            BesideError::Unreadable { .. } => Failure::usage(e),
            BesideError::Refused { .. } => Failure::new(Exit::Signature, e.to_string()),
            BesideError::NoRandom(_) => Failure::new(Exit::Environment, e.to_string()),
        })?;
        let named = issued.challenge.contract_sha256.as_deref();
        if self.contract.is_some_and(|contract| named != Some(contract.sha256.as_str())) {
            return Err(refused(&file.with_file_name(beside::CHALLENGE))(
                &"it does not name the contract that you gave",
            ));
        }
        Ok(What::Proof { proof: Box::new(proof), issued: Box::new(issued) })
    }

    /// A certificate, by the contract and the reports that it follows from.
    fn certificate(&self) -> Result<What, Failure> {
        let refused = refused(&self.args.file);
        let certificate = Certificate::from_verified(self.verified).map_err(|e| refused(&e))?;
        let signed = certificate.signed_by(self.verified);
        if signed.is_empty() {
            return Err(refused(
                &"the keys that you trust are of neither party; name the parties' keys with --trust",
            ));
        }
        let chain = match (self.contract, &self.args.contract, self.args.reports.as_slice()) {
            (Some(parsed), _, _) if parsed.sha256 != certificate.contract.sha256 => {
                return Err(refused(&"it is about another contract than the one that you gave"));
            }
            (Some(parsed), Some(file), paths @ [_, ..]) => {
                let salt = self.args.salt.clone().unwrap_or_else(|| file.with_extension("salt"));
                let salt = Salt::load(&salt).map_err(Failure::usage)?;
                let evidence = Evidence { paths, trust: self.trust, parsed };
                Chain::Reports(evidence.recheck(&certificate, &salt)?.1)
            }
            (Some(_), _, _) => Chain::Contract,
            (None, _, _) => Chain::Signatures,
        };
        Ok(What::Certificate { certificate: Box::new(certificate), signed, chain })
    }
}

/// What is wrong with what this file holds.
pub fn refused(path: &Path) -> impl Fn(&dyn std::fmt::Display) -> Failure {
    move |e| Failure::new(Exit::Signature, format!("{}: {e}", path.display()))
}

pub fn read(path: &Path) -> Result<Envelope, Failure> {
    let shown = path.display();
    Envelope::load(path).map_err(|e| match e {
        LoadError::Unreadable(e) => Failure::usage(format!(
            "{shown} cannot be read: {e}; give the path of a file such as report.dsse.json"
        )),
        LoadError::Envelope(e) => Failure::new(Exit::Signature, format!("{shown}: {e}")),
    })
}

/// What a trusted key has signed.
pub fn open(path: &Path, trust: &TrustList) -> Result<Verified, Failure> {
    read(path)?.open(trust).map_err(|e| refused(path)(&e))
}

/// A challenge that a trusted key has signed.
pub fn issued(file: &Path, trust: &TrustList) -> Result<Issued, Failure> {
    Issued::from_verified(&open(file, trust)?).map_err(|e| refused(file)(&e))
}

/// A report that a trusted key has signed.
pub fn read_trusted(path: &Path, trust: &TrustList) -> Result<Report, Failure> {
    Report::from_verified(&open(path, trust)?).map_err(|e| refused(path)(&e))
}

/// A report for showing, its signature not checked.
pub fn read_unverified(path: &Path) -> Result<Report, Failure> {
    Report::unchecked(&read(path)?).map_err(|e| refused(path)(&e))
}
