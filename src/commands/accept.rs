//! `assay accept`: one party draws a certificate up and signs it, the other draws it up again and signs the same.

use std::path::{Path, PathBuf};

use jiff::Timestamp;

use super::fleet::{self as fleet_command, List};
use super::results::{write_atomically, write_new};
use super::signed::{read_wanted, refused};
use super::{Failure, print};
use crate::certificate::choices::{self, Choices};
use crate::certificate::draft::{Terms, draft};
use crate::certificate::{Certificate, Decision, Role, Signatories, recheck};
use crate::cli::AcceptArgs;
use crate::contract::{self, Parsed};
use crate::exit::Exit;
use crate::fleet::names::Names;
use crate::fleet::waivers::Waivers;
use crate::fleet::{self, Answer, Span, intake};
use crate::language::Language;
use crate::output::certificate::{self as output, Shown};
use crate::output::reading::Reading;
use crate::report::Difference;
use crate::seal::{Salt, SecretKey, TrustList};

pub fn accept(args: &AcceptArgs, quiet: bool, language: Language) -> Result<Exit, Failure> {
    let trust = TrustList::load(&args.count.trust).map_err(Failure::usage)?;
    let parsed = contract::parse::load(&args.count.contract).map_err(Failure::usage)?;
    let parties = Signatories::of(&parsed.contract)
        .map_err(|e| Failure::usage(format!("{}: {e}", args.count.contract.display())))?;
    let key = SecretKey::load(&args.key).map_err(Failure::usage)?;
    let role = parties.role(&key.public().id()).ok_or_else(|| {
        Failure::usage(format!(
            "{}: this is the key {}, which the contract names for neither party",
            args.key.display(),
            key.public().id()
        ))
    })?;
    let paths = fleet_command::sources(&args.count.reports, &args.count.challenge)?;
    let salt = args.salt.clone().unwrap_or_else(|| args.count.contract.with_extension("salt"));
    let party = Party {
        key,
        role,
        salt,
        evidence: Evidence { paths: &paths, trust: &trust, parsed: &parsed, quiet, language },
        language,
    };
    let now = Timestamp::now();
    if let Some(day) = args.count.as_of.filter(|as_of| choices::is_to_come(*as_of, now)) {
        return Err(Failure::usage(format!(
            "{day} is still to come, and what comes until then cannot be signed; give an earlier --as-of (a day counts until its \
             end, in UTC), or leave it out"
        )));
    }
    let list = args.count.nodes.as_deref().map(fleet_command::list).transpose()?;
    let list = list.as_ref().map(List::names).transpose()?;
    let choices = Choices {
        as_of: args.count.as_of,
        since: args.count.since,
        list_sha256: list.as_ref().map(Names::sha256),
        waivers: Waivers::new(args.waive.clone(), &parsed.contract).map_err(Failure::usage)?,
        decision: match &args.refuse {
            Some(reason) => Decision::Refused { reason: reason.clone() },
            None => Decision::Accepted,
        },
    };
    match &args.countersign {
        None => party.draw_up(Chosen { choices, list, parties, out: &args.out, now }, quiet),
        Some(file) => party.countersign(file, &choices, now, quiet),
    }
}

/// What the first party draws a certificate up by, and where it goes.
struct Chosen<'a> {
    choices: Choices,
    list: Option<Names<'a>>,
    parties: Signatories,
    out: &'a Path,
    now: Timestamp,
}

/// What a certificate follows from.
pub struct Evidence<'a> {
    pub paths: &'a [PathBuf],
    pub trust: &'a TrustList,
    pub parsed: &'a Parsed,
    /// Whether nobody is told how far reading is, else in which language.
    pub quiet: bool,
    pub language: Language,
}

impl Evidence<'_> {
    fn answer(&self, span: Span, list: Option<&Names<'_>>, waivers: &Waivers) -> Result<Answer, Failure> {
        let reading = Reading::start(self.quiet, self.language);
        let terms = intake::Terms { trust: self.trust, contract: self.parsed, seen: &|| reading.one() };
        let intake = intake::read(self.paths, &terms).map_err(Failure::usage)?;
        drop(reading);
        let answer = fleet::answer(self.parsed, intake, span, list, waivers);
        let nodes = answer.nodes.iter().filter(|node| node.is_named).map(|node| node.name.as_str());
        waivers.check_nodes(nodes).map_err(Failure::usage)?;
        Ok(answer)
    }

    /// What a certificate says otherwise than these reports do.
    pub fn recheck(
        &self,
        certificate: &Certificate,
        salt: &Salt,
    ) -> Result<(Answer, Vec<Difference>), Failure> {
        if salt.sha256() != certificate.salt_sha256 {
            return Err(Failure::new(
                Exit::Signature,
                "this is not the salt that hides the cards in the certificate; get that one from the other party, and name it \
                 with --salt",
            ));
        }
        let waivers = Waivers::new(certificate.waivers.clone(), &self.parsed.contract)
            .map_err(|e| Failure::new(Exit::Signature, format!("the certificate's waivers: {e}")))?;
        let span = Span { since: certificate.since.map(|since| since.0), as_of: certificate.as_of.0 };
        let lines = certificate.names().map(|names| names.join("\n"));
        let list = lines.as_ref().map(|lines| Names::parse(lines.as_bytes())).transpose();
        let list =
            list.map_err(|e| Failure::new(Exit::Signature, format!("the certificate's list of nodes: {e}")))?;
        let answer = self.answer(span, list.as_ref(), &waivers)?;
        let parties = Signatories::of(&self.parsed.contract).map_err(Failure::usage)?;
        let decision = certificate.decision.clone();
        let drawn = draft(self.parsed, &answer, &Terms { parties, decision, span, waivers: &waivers, salt });
        Ok((answer, recheck::differences(certificate, drawn)))
    }
}

struct Party<'a> {
    key: SecretKey,
    role: Role,
    salt: PathBuf,
    evidence: Evidence<'a>,
    language: Language,
}

impl Party<'_> {
    fn draw_up(&self, chosen: Chosen<'_>, quiet: bool) -> Result<Exit, Failure> {
        let parsed = self.evidence.parsed;
        let Chosen { choices, list, parties, out, now } = chosen;
        let Choices { as_of, since, waivers, decision, .. } = choices;
        let span = Span { since, as_of: as_of.unwrap_or(now) };
        let answer = self.evidence.answer(span, list.as_ref(), &waivers)?;
        if decision == Decision::Accepted && answer.counts.accepted == 0 {
            return Err(Failure::new(
                answer.exit().worst(Exit::Inconclusive),
                "no node can be accepted: `assay fleet` says why. Waive clauses with --waive, or sign a refusal with --refuse \
                 REASON",
            ));
        }
        let salt = self.salt_for(&answer)?;
        let terms = Terms { parties, decision, span, waivers: &waivers, salt: &salt };
        let certificate = draft(parsed, &answer, &terms);
        let envelope = certificate.seal(&self.key).map_err(|e| Failure::new(Exit::Bug, e.to_string()))?;
        write_new(out, &envelope.to_bytes())?;
        self.show(&certificate, &[self.role], (out, &answer), quiet)?;
        Ok(exit(&answer, &certificate))
    }

    /// Where the reports hide their cards already, that salt; else one is made where there is none.
    fn salt_for(&self, answer: &Answer) -> Result<Salt, Failure> {
        let Some(hidden) = answer.nodes.iter().find_map(|node| node.salt_sha256.as_deref()) else {
            return Salt::load_or_make(&self.salt).map_err(Failure::usage);
        };
        let salt = Salt::load(&self.salt).map_err(Failure::usage)?;
        if salt.sha256() == hidden {
            return Ok(salt);
        }
        Err(Failure::usage(format!(
            "{}: the reports hide their cards behind another salt, of fingerprint {hidden}; name that one with --salt",
            self.salt.display()
        )))
    }

    fn countersign(
        &self,
        file: &Path,
        choices: &Choices,
        now: Timestamp,
        quiet: bool,
    ) -> Result<Exit, Failure> {
        let wanted = "the acceptance.dsse.json that the other party signed with `assay accept --out`";
        let envelope = read_wanted(file, wanted)?;
        let refused = refused(file);
        let verified = envelope.open(self.evidence.trust).map_err(|e| refused(&e))?;
        let certificate = Certificate::from_verified(&verified).map_err(|e| refused(&e))?;
        let signed = certificate.signed_by(&verified);
        if signed.contains(&self.role) {
            return Err(Failure::usage(format!(
                "{}: the {} has signed already",
                file.display(),
                self.role.name()
            )));
        }
        if signed.is_empty() {
            return Err(refused(
                &"neither party's key that you trust signed it; name the other party's with --trust",
            ));
        }
        let agreed = |is: bool| match is {
            true => Ok(()),
            false => Err(refused(&format!(
                "the other party chose otherwise than you do; nothing was signed. Its choices are\n{}\nRepeat just these where you \
                 agree to them",
                choices::options(&certificate, Language::English)
            ))),
        };
        agreed(choices.are_those_of(&certificate, now))?;
        let salt = Salt::load(&self.salt).map_err(Failure::usage)?;
        let (answer, differences) = self.evidence.recheck(&certificate, &salt)?;
        // Who leaves the moment at now means all that there is by now.
        agreed(choices.as_of.is_some() || !answer.refused.iter().any(|refused| refused.why.is_to_come()))?;
        if !differences.is_empty() {
            let told: Vec<String> =
                differences.iter().map(|found| output::difference(found, self.language)).collect();
            return Err(refused(&format!(
                "it is not what follows from your contract, reports and salt; nothing was signed\n{}",
                told.join("\n")
            )));
        }
        let envelope = envelope.countersign(&verified, &self.key);
        let name = file.file_name().map_or_else(String::new, |name| name.to_string_lossy().into_owned());
        let directory = file.parent().filter(|parent| !parent.as_os_str().is_empty());
        write_atomically(directory.unwrap_or(Path::new(".")), &name, &envelope.to_bytes())?;
        self.show(&certificate, &Role::BOTH, (file, &answer), quiet)?;
        Ok(exit(&answer, &certificate))
    }

    fn show(
        &self,
        certificate: &Certificate,
        signed: &[Role],
        (file, answer): (&Path, &Answer),
        quiet: bool,
    ) -> Result<(), Failure> {
        if quiet {
            return Ok(());
        }
        let shown = Shown { certificate, signed };
        let refused = answer.refused.len();
        let paths = (file, self.salt.as_path());
        print(|out| output::signed(&shown, paths, refused, out.speaking(self.language))).map(drop)
    }
}

/// As the fleet's answer; a refusal of what is good is a failure too.
fn exit(answer: &Answer, certificate: &Certificate) -> Exit {
    if certificate.is_refused() { answer.exit().worst(Exit::Fail) } else { answer.exit() }
}
