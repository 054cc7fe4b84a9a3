//! Checks whatever was signed: signatures first, then all that can be computed again. Shown by `assay verify`, signed anew by
//! `assay attest`.

use std::path::Path;

use jiff::Timestamp;

use super::Failure;
use super::accept::Evidence;
use super::fleet::sources;
use super::replay::recorded;
use super::signed::{issued, no_proof, open, refused, report_beside};
use crate::certificate::choices::is_to_come;
use crate::certificate::recheck::Chain;
use crate::certificate::{self, Certificate, Role, Signatories};
use crate::cli::CheckArgs;
use crate::contract::{self, Parsed, Parties};
use crate::exit::Exit;
use crate::files;
use crate::fleet::doubt::{self, Doubt};
use crate::fleet::proofs::{Beside, Proved};
use crate::fleet::row::Row;
use crate::inventory::{self, Inventory};
use crate::language::Language;
use crate::proof::answer;
use crate::proof::attestation::Roots;
use crate::proof::beside;
use crate::proof::challenge::Issued;
use crate::proof::statement::{self, Outcome, Proof};
use crate::report::difference::between;
use crate::report::{ContractCopy, Difference, Recheck, Report};
use crate::seal::{KeyId, Salt, TrustList, Verified};

/// No file of roots is longer, in bytes.
const ROOTS_BYTES_MAX: u64 = 1 << 16;

/// Something whose signature holds, with what was found of the rest.
pub struct Checked {
    pub verified: Verified,
    pub what: What,
}

pub enum What {
    Report {
        report: Box<Report>,
        recheck: Box<Recheck>,
        challenge: Option<Issued>,
        beside: Option<Box<Beside>>,
        /// Where the recording that was given says otherwise than the report.
        recording: Option<Vec<Difference>>,
    },
    Proof {
        proof: Box<Proof>,
        issued: Box<Issued>,
    },
    Certificate {
        certificate: Box<Certificate>,
        signed: Vec<Role>,
        chain: Chain,
    },
    Inventory {
        inventory: Box<Inventory>,
        chain: inventory::recheck::Chain,
    },
}

impl Checked {
    /// Whether it is a report by whose contract more must be proved than is proved beside it.
    pub fn lacks_proof(&self) -> bool {
        match &self.what {
            What::Report { beside: Some(beside), .. } => !beside.holds(),
            What::Report { report, beside: None, .. } => {
                report.contract.as_ref().is_some_and(|contract| contract.terms.proof.is_some())
            }
            What::Proof { .. } | What::Certificate { .. } | What::Inventory { .. } => false,
        }
    }

    /// Whether the contract demands an answer to a challenge that was not given.
    pub fn lacks_challenge(&self) -> bool {
        match &self.what {
            What::Report { report, challenge, .. } => {
                let demanded = |copy: &ContractCopy| copy.terms.freshness.is_some();
                challenge.is_none() && report.contract.as_ref().is_some_and(demanded)
            }
            What::Proof { .. } | What::Certificate { .. } | What::Inventory { .. } => false,
        }
    }

    /// Why the times of a report, all by its machine's clock, cannot be right.
    pub fn untimely(&self) -> Option<Doubt> {
        let What::Report { report, .. } = &self.what else { return None };
        let started = report.evidence.run.started.parse::<Timestamp>();
        if started.as_ref().is_ok_and(|started| is_to_come(*started, Timestamp::now())) {
            return Some(Doubt::ToCome { started: report.evidence.run.started.chars().take(64).collect() });
        }
        // What is no time comes before nothing.
        doubt::untimely(report, started.unwrap_or(Timestamp::MAX))
    }

    pub fn exit(&self) -> Exit {
        let open = self.lacks_proof() || self.lacks_challenge() || self.untimely().is_some();
        match &self.what {
            What::Report { recording: Some(differences), .. } if !differences.is_empty() => Exit::Signature,
            What::Report { report, recheck, .. } if open => recheck.exit(report).worst(Exit::Inconclusive),
            What::Report { report, recheck, .. } => recheck.exit(report),
            What::Proof { proof, .. } => proof_exit(&proof.outcome),
            What::Certificate { chain, .. } if !chain.holds() => Exit::Signature,
            What::Certificate { certificate, signed, .. } if signed.len() < Role::BOTH.len() => {
                certificate.exit().worst(Exit::Inconclusive)
            }
            What::Certificate { certificate, .. } => certificate.exit(),
            What::Inventory { inventory, chain } => chain.exit(inventory, Timestamp::now()),
        }
    }
}

/// What vendors attest is checked under the roots in this file from now on.
pub fn put_roots_in_use(file: &Path) -> Result<(), Failure> {
    let pem = files::read_at_most(file, ROOTS_BYTES_MAX);
    let pem = pem.map_err(|e| Failure::usage(format!("{} cannot be read: {e}", file.display())))?;
    let unusable = |why| {
        let file = file.display();
        Failure::usage(format!(
            "{file} holds no roots for --attestation-root: {why}; it takes certificates in PEM"
        ))
    };
    Roots::parse(&pem).map(Roots::put_in_use).map_err(unusable)
}

/// How a proof with this outcome ends.
pub fn proof_exit(outcome: &Outcome) -> Exit {
    match outcome {
        Outcome::Held => Exit::Pass,
        Outcome::Refuted { .. } => Exit::Signature,
        Outcome::Unfinished { .. } => Exit::Inconclusive,
    }
}

pub fn check(args: &CheckArgs, quiet: bool, language: Language) -> Result<Checked, Failure> {
    let trust = TrustList::load(&args.trust).map_err(Failure::usage)?;
    let contract = args.contract.as_deref().map(contract::parse::load).transpose().map_err(Failure::usage)?;
    let verified = open(&args.file, &trust)?;
    let contract = contract.as_ref();
    let given = Given { args, trust: &trust, verified: &verified, contract, quiet, language };
    let what = if statement::KIND.is_of(verified.bytes()) {
        given.only("a proof", &["--contract", "--challenge"])?.proof()?
    } else if certificate::KIND.is_of(verified.bytes()) {
        given
            .only("an acceptance certificate", &["--contract", "--challenge", "--reports", "--salt"])?
            .certificate()?
    } else if inventory::KIND.is_of(verified.bytes()) {
        given.only("an inventory certificate", &[])?.inventory()?
    } else {
        given.only("a report", &["--contract", "--challenge", "--proof", "--events"])?.report()?
    };
    Ok(Checked { verified, what })
}

struct Given<'a> {
    args: &'a CheckArgs,
    trust: &'a TrustList,
    verified: &'a Verified,
    contract: Option<&'a Parsed>,
    quiet: bool,
    language: Language,
}

impl Given<'_> {
    /// Itself, where nothing is given that would not be looked at: who gives it takes it for checked.
    fn only(&self, what: &str, asked: &[&str]) -> Result<&Self, Failure> {
        let CheckArgs { contract, challenge, proof, events, reports, salt, .. } = self.args;
        let given = [
            ("--contract", contract.is_some()),
            ("--challenge", challenge.is_some()),
            ("--proof", proof.is_some()),
            ("--events", events.is_some()),
            ("--reports", !reports.is_empty()),
            ("--salt", salt.is_some()),
        ];
        match given.into_iter().find(|(option, is_given)| *is_given && !asked.contains(option)) {
            None => Ok(self),
            Some((option, _)) => {
                let file = self.args.file.display();
                let why = format!("{file} is {what}, and {option} has no part in checking it; leave it out");
                Err(Failure::usage(why))
            }
        }
    }

    fn report(&self) -> Result<What, Failure> {
        let refused = refused(&self.args.file);
        let report = Report::from_verified(self.verified).map_err(|e| refused(&e))?;
        let parties = report.contract.as_ref().map(|copy| &copy.terms.parties);
        let asker = parties.and_then(Parties::asker);
        let challenge = self.args.challenge.as_deref();
        let challenge = challenge.map(|file| issued(file, self.trust, asker)).transpose()?;
        if let Some(issued) = &challenge {
            answer::check(&report.evidence.run, issued).map_err(|e| refused(&e))?;
        }
        let recheck = Box::new(crate::report::recheck(&report, self.contract));
        let proof = self.args.proof.as_deref();
        let beside = proof.map(|file| self.beside(&report, &recheck, file)).transpose()?;
        let beside = beside.map(Box::new);
        let recording = self.args.events.as_deref().map(recorded).transpose()?;
        let recording = recording.map(|recording| between(&report.evidence, &recording));
        Ok(What::Report { report: Box::new(report), recheck, challenge, beside, recording })
    }

    /// What was proved of the cards of a report.
    fn beside(&self, report: &Report, recheck: &Recheck, file: &Path) -> Result<Beside, Failure> {
        let verified = open(file, self.trust)?;
        let asker = report.contract.as_ref().and_then(|copy| copy.terms.parties.asker());
        let (proof, issued) = self.checked_proof(file, &verified, asker)?;
        let refused = refused(file);
        let row = Row::of(String::new(), report, recheck, self.verified);
        let row = row.map_err(|e| self::refused(&self.args.file)(&e))?;
        let source = file.display().to_string();
        let proved = Proved::of(source, &proof, &verified, issued.challenge.node);
        let proved = proved.ok_or_else(|| refused(&"it has no time"))?;
        if !proved.is_of_report(&row) {
            return Err(refused(
                &"it is about other cards than the report; name the node with --node where neither says which cards it has",
            ));
        }
        let contract = report.contract.as_ref().map(|copy| &copy.terms);
        Ok(Beside::new(proved, &row, contract))
    }

    /// A proof, by the challenge and the transcript that lie beside it.
    fn proof(&self) -> Result<What, Failure> {
        let asker = self.contract.and_then(|parsed| parsed.contract.parties.asker());
        let (proof, issued) = self.checked_proof(&self.args.file, self.verified, asker)?;
        let given = self.args.challenge.as_deref();
        let given = given.map(|file| self::issued(file, self.trust, asker)).transpose()?;
        if given.is_some_and(|given| given.sha256 != issued.sha256) {
            return Err(refused(&self.args.file)(&"it answers another challenge than the one that you gave"));
        }
        Ok(What::Proof { proof: Box::new(proof), issued: Box::new(issued) })
    }

    fn checked_proof(
        &self,
        file: &Path,
        verified: &Verified,
        asker: Option<&KeyId>,
    ) -> Result<(Proof, Issued), Failure> {
        let (proof, issued) = beside::check(file, verified, self.trust, asker).map_err(no_proof)?;
        let named = issued.challenge.contract_sha256.as_deref();
        if self.contract.is_some_and(|contract| named != Some(contract.sha256.as_str())) {
            return Err(refused(&file.with_file_name(beside::CHALLENGE))(
                &"it does not name the contract that you gave",
            ));
        }
        Ok((proof, issued))
    }

    /// A certificate, by the contract and the reports that it follows from.
    fn certificate(&self) -> Result<What, Failure> {
        let refused = refused(&self.args.file);
        let certificate = Certificate::from_verified(self.verified).map_err(|e| refused(&e))?;
        if let Some(parsed) = self.contract.filter(|parsed| parsed.sha256 == certificate.contract.sha256) {
            // A certificate names the parties' keys itself: whoever has two trusted keys could be both of its parties.
            let named = Signatories::of(&parsed.contract).map_err(Failure::usage)?;
            if named != certificate.parties {
                return Err(refused(
                    &"it names other keys for the parties than the contract does; do not accept it",
                ));
            }
        }
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
                let paths = sources(paths, self.args.challenge.as_slice())?;
                let (quiet, language) = (self.quiet, self.language);
                let evidence = Evidence { paths: &paths, trust: self.trust, parsed, quiet, language };
                Chain::Reports(evidence.recheck(&certificate, &salt)?.1)
            }
            (Some(_), _, _) => Chain::Contract,
            (None, _, _) => Chain::Signatures,
        };
        Ok(What::Certificate { certificate: Box::new(certificate), signed, chain })
    }

    /// An inventory certificate, by the report that lies beside it.
    fn inventory(&self) -> Result<What, Failure> {
        let file = &self.args.file;
        let inventory = Inventory::from_verified(self.verified).map_err(|e| refused(file)(&e))?;
        let chain = match report_beside(file, &inventory, self.trust)? {
            None => inventory::recheck::Chain::Signature,
            Some((report, verified)) => {
                inventory::recheck::chain(&inventory, &report, &verified).map_err(|e| refused(file)(&e))?
            }
        };
        Ok(What::Inventory { inventory: Box::new(inventory), chain })
    }
}
