//! Reads many signed reports, in bounded memory: each becomes a row, or is refused with the reason.
//! Owns what a report must be to count; what they come to is counted elsewhere.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use jiff::Timestamp;
use serde::Serialize;

use super::doubt::Doubt;
use super::envelopes::{self, Job, Opened, Unreadable};
use super::proofs::Proved;
use super::row::Row;
use super::words;
use crate::contract::Parsed;
use crate::evidence::RunInfo;
use crate::proof::challenge::{self, Issued};
use crate::proof::{self, answer, beside};
use crate::report::{Report, recheck, statement};
use crate::seal::{TrustList, Verified};

/// A report or a proof that does not count.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Refused {
    pub source: String,
    pub what: Refusal,
    #[serde(serialize_with = "words::in_english")]
    pub why: Cause,
}

/// What exactly is wrong with it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Cause {
    /// In the words of whatever could not read it.
    Told(String),
    /// Nobody who is trusted signed it: whom it names, and who is trusted.
    Stranger {
        claimed: Vec<String>,
        trusted: Vec<String>,
    },
    /// A trusted key is named, and its signature does not hold.
    Changed,
    /// The id of the contract that it was judged by.
    JudgedBy(Option<String>),
    /// The first of what is not as it says.
    Differs {
        what: String,
        stated: String,
        recomputed: String,
    },
    ToCome {
        began: Timestamp,
    },
    Before {
        began: Timestamp,
        since: Timestamp,
    },
    Excluded {
        from: String,
        until: String,
        reason: String,
    },
    CopyOf {
        first: String,
    },
    /// The ids of its cards are hidden otherwise than in the reports before.
    OtherSalt {
        first: String,
    },
    /// A run that goes on, or was cut off, and has no report.
    Unsealed,
}

impl Cause {
    /// Whether it began after the moment by which is counted.
    pub fn is_to_come(&self) -> bool {
        matches!(self, Cause::ToCome { .. })
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Refusal {
    /// It cannot be read, or is no report.
    Unreadable,
    /// No key that was named signed it.
    UnknownKey,
    /// It was changed after signing.
    Changed,
    /// What it states is not what its samples say.
    Contradicts,
    /// The same, but it was judged by another version of this program, or with other overlays of the catalogue: it may be honest.
    OtherRules,
    /// It was judged by another contract, or by none.
    OtherContract,
    /// It is older or newer than what was asked for, or lies in a time that the contract excludes.
    OutOfTime,
    /// Its samples are those of another report.
    Replayed,
    /// Nobody can tell whether its cards are those of other reports.
    OtherSalt,
    /// A recording that has no report, and proves nothing before somebody signs it.
    Unsealed,
}

impl Refusal {
    /// What makes a fleet end with the code of what does not hold.
    pub const UNSOUND: [Refusal; 5] = [
        Refusal::Unreadable,
        Refusal::UnknownKey,
        Refusal::Changed,
        Refusal::Contradicts,
        Refusal::OtherRules,
    ];

    pub const ALL: [Refusal; 10] = [
        Refusal::Unreadable,
        Refusal::UnknownKey,
        Refusal::Changed,
        Refusal::Contradicts,
        Refusal::OtherRules,
        Refusal::OtherContract,
        Refusal::OutOfTime,
        Refusal::Replayed,
        Refusal::OtherSalt,
        Refusal::Unsealed,
    ];
}

/// What came of all sources, in their order.
#[derive(Debug, Default)]
pub struct Intake {
    pub rows: Vec<Row>,
    pub proofs: Vec<Proved>,
    pub refused: Vec<Refused>,
    /// Signed statements of other kinds, which lie beside reports: challenges, proofs, certificates.
    pub others: u64,
}

/// Whose word counts, and by what it must have been judged.
pub struct Terms<'a> {
    pub trust: &'a TrustList,
    pub contract: &'a Parsed,
    /// Called after each, for whoever waits.
    pub seen: &'a (dyn Fn() + Sync),
}

/// Reads everything under `paths`, see [`envelopes::each`].
pub fn read(paths: &[PathBuf], terms: &Terms<'_>) -> Result<Intake, Unreadable> {
    Ok(sorted(envelopes::each(paths, terms.seen, |job| came(job, terms))?.into_iter()))
}

fn sorted(all: impl Iterator<Item = Came>) -> Intake {
    let mut intake = Intake::default();
    let mut challenges: BTreeMap<String, Issued> = BTreeMap::new();
    let mut answers = Vec::new();
    for came in all {
        match came {
            Came::Row(row, None) => intake.rows.push(*row),
            Came::Row(row, Some(run)) => answers.push((row, run)),
            Came::Refused(refused) => intake.refused.push(refused),
            Came::Other => intake.others += 1,
            Came::Challenge(issued) => {
                intake.others += 1;
                challenges.insert(issued.sha256.clone(), *issued);
            }
            Came::Proved(proved) => {
                intake.others += 1;
                intake.proofs.push(*proved);
            }
        }
    }
    for (mut row, run) in answers {
        let sha256 = run.challenge_sha256.clone().unwrap_or_default();
        match challenges.get(&sha256).map(|issued| answer::check(&run, issued)) {
            // Who leaves the challenge out must not be better off for it.
            None => {
                row.doubts.push(Doubt::Unanswered { challenge: sha256 });
                intake.rows.push(*row);
            }
            Some(Ok(())) => {
                row.challenge = Some(sha256);
                intake.rows.push(*row);
            }
            Some(Err(why)) => {
                intake.refused.push(Refused {
                    source: row.source,
                    what: Refusal::Contradicts,
                    why: Cause::Told(why.to_string()),
                });
            }
        }
    }
    intake
}

enum Came {
    /// With what the run says of itself, where it names a challenge.
    Row(Box<Row>, Option<Box<RunInfo>>),
    Refused(Refused),
    Challenge(Box<Issued>),
    Proved(Box<Proved>),
    Other,
}

fn came(job: Job, terms: &Terms<'_>) -> Came {
    let Opened { source, file, verified } = match envelopes::open(job, terms.trust) {
        Ok(opened) => opened,
        Err(refused) => return Came::Refused(refused),
    };
    let refused = |what, why| Came::Refused(Refused { source: source.clone(), what, why });
    let told = |what, why: &dyn std::fmt::Display| refused(what, Cause::Told(why.to_string()));
    if !statement::KIND.is_of(verified.bytes()) {
        return match other(&source, &verified, file.as_deref(), terms) {
            Ok(came) => came,
            Err(why) => refused(Refusal::Contradicts, Cause::Told(why)),
        };
    }
    let report = match Report::from_verified(&verified) {
        Ok(report) => report,
        Err(e) => return told(Refusal::Unreadable, &e),
    };
    let recheck = recheck::recheck(&report, Some(terms.contract));
    let by_another = recheck.holds_by_another_contract();
    let ours = terms.contract;
    let other_text = report.contract.as_ref().filter(|copy| by_another && copy.terms.id == ours.contract.id);
    if by_another && other_text.is_none() {
        let by = report.contract.as_ref().map(|copy| copy.terms.id.clone());
        return refused(Refusal::OtherContract, Cause::JudgedBy(by));
    }
    if !by_another && let Some(first) = recheck.differences.first() {
        let (what, stated) = (first.what.clone(), first.stated.to_string());
        let recomputed = first.recomputed.to_string();
        let is_by_ours = report.tool.version == env!("CARGO_PKG_VERSION") && !recheck.is_by_other_overlays();
        let kind = if is_by_ours { Refusal::Contradicts } else { Refusal::OtherRules };
        return refused(kind, Cause::Differs { what, stated, recomputed });
    }
    match Row::of(source.clone(), &report, &recheck, &verified) {
        Ok(row) => {
            let row = match other_text {
                Some(copy) => row.by_our_text(copy, ours),
                None => row,
            };
            let run = report.evidence.run;
            Came::Row(Box::new(row), run.challenge_sha256.is_some().then(|| Box::new(run)))
        }
        Err(e) => told(Refusal::Unreadable, &e),
    }
}

/// A challenge or a proof, which stands on the challenge and the transcript that lie beside it.
fn other(source: &str, verified: &Verified, file: Option<&Path>, terms: &Terms<'_>) -> Result<Came, String> {
    let asker = terms.contract.contract.parties.asker();
    if asker.is_some_and(|asker| !verified.signers().any(|signer| signer == asker)) {
        // Who answers asked himself, or held the watch.
        return Ok(Came::Other);
    }
    if challenge::KIND.is_of(verified.bytes()) {
        let issued = Issued::from_verified(verified).map_err(|e| e.to_string())?;
        return Ok(Came::Challenge(Box::new(issued)));
    }
    let Some(file) = file.filter(|_| proof::statement::KIND.is_of(verified.bytes())) else {
        return Ok(Came::Other);
    };
    let (proof, issued) = beside::check(file, verified, terms.trust, asker).map_err(|e| e.to_string())?;
    if issued.challenge.contract_sha256.as_ref().is_some_and(|sha256| *sha256 != terms.contract.sha256) {
        return Ok(Came::Other);
    }
    let proved = Proved::of(source.to_owned(), &proof, verified, issued.challenge.node);
    let proved = proved.ok_or("it has no time")?;
    Ok(Came::Proved(Box::new(proved)))
}
