//! Reads many signed reports, on all processors, in bounded memory: each becomes a row, or is refused with the reason.
//! Owns where reports come from; what they come to is counted elsewhere.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{BufRead, BufReader, Read};
use std::path::{Path, PathBuf};
use std::sync::Mutex;

use jiff::Timestamp;
use serde::Serialize;

use super::proofs::Proved;
use super::row::Row;
use super::words;
use crate::contract::Parsed;
use crate::evidence::RunInfo;
use crate::proof::challenge::{self, Issued};
use crate::proof::{self, answer, beside};
use crate::report::{Report, recheck, statement};
use crate::seal::envelope::{FILE_BYTES_MAX, LoadError};
use crate::seal::{Envelope, EnvelopeError, TrustList, Verified};

/// A report that does not count.
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
    /// It was judged by another contract, or by none.
    OtherContract,
    /// It is older or newer than what was asked for, or lies in a time that the contract excludes.
    OutOfTime,
    /// Its samples are those of another report.
    Replayed,
}

impl Refusal {
    pub const ALL: [Refusal; 7] = [
        Refusal::Unreadable,
        Refusal::UnknownKey,
        Refusal::Changed,
        Refusal::Contradicts,
        Refusal::OtherContract,
        Refusal::OutOfTime,
        Refusal::Replayed,
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

#[derive(Debug, thiserror::Error)]
#[error("{} cannot be read: {why}; give report.dsse.json files, directories that hold some, or - for standard input", path.display())]
pub struct Unreadable {
    path: PathBuf,
    why: std::io::Error,
}

/// Whose word counts, and by what it must have been judged.
pub struct Terms<'a> {
    pub trust: &'a TrustList,
    pub contract: &'a Parsed,
}

/// One envelope that is still to be read.
enum Job {
    File(PathBuf),
    Line {
        source: String,
        bytes: Vec<u8>,
    },
    /// The stream broke off: what it would have held does not count, and nobody must think that it was all.
    Broken {
        source: String,
        why: std::io::Error,
    },
}

/// Reads everything under `paths`: files, directories with all their `*.dsse.json`, `*.jsonl` files with an envelope in
/// each line, and `-` for such lines on standard input.
pub fn read(paths: &[PathBuf], terms: &Terms<'_>) -> Result<Intake, Unreadable> {
    let jobs = Mutex::new(jobs(paths)?.enumerate());
    let next = || jobs.lock().ok()?.next();
    let threads = std::thread::available_parallelism().map_or(1, usize::from);
    let mut read: Vec<(usize, Came)> = std::thread::scope(|scope| {
        let worker = || {
            let mut read = Vec::new();
            while let Some((at, job)) = next() {
                read.push((at, came(job, terms)));
            }
            read
        };
        let workers: Vec<_> = (0..threads).map(|_| scope.spawn(worker)).collect();
        // A bug of ours must not look like reports that never came.
        workers
            .into_iter()
            .flat_map(|worker| worker.join().unwrap_or_else(|bug| std::panic::resume_unwind(bug)))
            .collect()
    });
    read.sort_by_key(|(at, _)| *at);
    Ok(sorted(read.into_iter().map(|(_, came)| came)))
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
        let issued = run.challenge_sha256.as_ref().and_then(|sha256| challenges.get(sha256));
        match issued.map(|issued| answer::check(&run, issued)) {
            // The challenge is not at hand: nothing is shown by it.
            None => intake.rows.push(*row),
            Some(Ok(())) => {
                row.challenge = run.challenge_sha256;
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
    let (source, envelope, file) = match job {
        Job::Line { source, bytes } => (source, Envelope::parse(&bytes).map_err(LoadError::from), None),
        Job::File(path) => (path.display().to_string(), Envelope::load(&path), Some(path)),
        Job::Broken { source, why } => (source, Err(LoadError::Unreadable(why)), None),
    };
    let refused = |what, why| Came::Refused(Refused { source: source.clone(), what, why });
    let told = |what, why: &dyn std::fmt::Display| refused(what, Cause::Told(why.to_string()));
    let envelope = match envelope {
        Ok(envelope) => envelope,
        Err(e) => return told(Refusal::Unreadable, &e),
    };
    let verified = match envelope.open(terms.trust) {
        Ok(verified) => verified,
        Err(EnvelopeError::BadSignature { .. }) => return refused(Refusal::Changed, Cause::Changed),
        Err(EnvelopeError::NotSignedByTrusted { claimed, trusted }) => {
            return refused(Refusal::UnknownKey, Cause::Stranger { claimed, trusted });
        }
        Err(
            e @ (EnvelopeError::TooLarge { .. }
            | EnvelopeError::CutShort { .. }
            | EnvelopeError::Malformed { .. }
            | EnvelopeError::PayloadType(_)
            | EnvelopeError::Base64(_)
            | EnvelopeError::Unsigned
            | EnvelopeError::TooManySignatures(_)
            | EnvelopeError::NoTrust),
        ) => return told(Refusal::Unreadable, &e),
    };
    if !statement::KIND.is_of(verified.bytes()) {
        return match other(&verified, file.as_deref(), terms) {
            Ok(came) => came,
            Err(why) => refused(Refusal::Contradicts, Cause::Told(why)),
        };
    }
    let report = match Report::from_verified(&verified) {
        Ok(report) => report,
        Err(e) => return told(Refusal::Unreadable, &e),
    };
    let recheck = recheck::recheck(&report, Some(terms.contract));
    if recheck.holds_by_another_contract() {
        let by = report.contract.as_ref().map(|copy| copy.terms.id.clone());
        return refused(Refusal::OtherContract, Cause::JudgedBy(by));
    }
    if let Some(first) = recheck.differences.first() {
        let (what, stated) = (first.what.clone(), first.stated.to_string());
        let recomputed = first.recomputed.to_string();
        return refused(Refusal::Contradicts, Cause::Differs { what, stated, recomputed });
    }
    match Row::of(source.clone(), &report, &recheck, &verified) {
        Ok(row) => {
            let run = report.evidence.run;
            Came::Row(Box::new(row), run.challenge_sha256.is_some().then(|| Box::new(run)))
        }
        Err(e) => told(Refusal::Unreadable, &e),
    }
}

/// A challenge or a proof, which stands on the challenge and the transcript that lie beside it.
fn other(verified: &Verified, file: Option<&Path>, terms: &Terms<'_>) -> Result<Came, String> {
    if challenge::KIND.is_of(verified.bytes()) {
        let issued = Issued::from_verified(verified).map_err(|e| e.to_string())?;
        return Ok(Came::Challenge(Box::new(issued)));
    }
    let Some(file) = file.filter(|_| proof::statement::KIND.is_of(verified.bytes())) else {
        return Ok(Came::Other);
    };
    let (proof, issued) = beside::check(file, verified, terms.trust).map_err(|e| e.to_string())?;
    if issued.challenge.contract_sha256.as_ref().is_some_and(|sha256| *sha256 != terms.contract.sha256) {
        return Ok(Came::Other);
    }
    let proved = Proved::of(&proof, verified, issued.challenge.node).ok_or("it has no time")?;
    Ok(Came::Proved(Box::new(proved)))
}

type Jobs = Box<dyn Iterator<Item = Job> + Send>;

fn jobs(paths: &[PathBuf]) -> Result<impl Iterator<Item = Job> + Send + use<>, Unreadable> {
    let each: Vec<Jobs> = paths.iter().map(|path| jobs_of(path)).collect::<Result<_, _>>()?;
    Ok(each.into_iter().flatten())
}

fn jobs_of(path: &Path) -> Result<Jobs, Unreadable> {
    let unreadable = |why| Unreadable { path: path.to_owned(), why };
    if path.as_os_str() == "-" {
        return Ok(Box::new(lines("standard input".to_owned(), BufReader::new(std::io::stdin()))));
    }
    let about = std::fs::metadata(path).map_err(unreadable)?;
    if about.is_dir() {
        let mut files = Vec::new();
        collect(path, &mut files).map_err(unreadable)?;
        files.sort();
        return Ok(Box::new(files.into_iter().map(Job::File)));
    }
    if path.extension().is_some_and(|e| e == "jsonl") {
        let file = File::open(path).map_err(unreadable)?;
        return Ok(Box::new(lines(path.display().to_string(), BufReader::new(file))));
    }
    Ok(Box::new(std::iter::once(Job::File(path.to_owned()))))
}

/// An envelope in each line. What is longer than any report comes in pieces, which are none.
fn lines(source: String, mut from: impl BufRead + Send + 'static) -> impl Iterator<Item = Job> + Send {
    let (mut line, mut broken) = (0u64, false);
    std::iter::from_fn(move || {
        while !broken {
            line += 1;
            let (mut bytes, source) = (Vec::new(), format!("{source}:{line}"));
            match (&mut from).take(FILE_BYTES_MAX as u64 + 1).read_until(b'\n', &mut bytes) {
                Ok(0) => break,
                Ok(_) if bytes.trim_ascii().is_empty() => {}
                Ok(_) => return Some(Job::Line { source, bytes }),
                Err(why) => {
                    broken = true;
                    return Some(Job::Broken { source, why });
                }
            }
        }
        None
    })
}

/// All `*.dsse.json` below a directory. Links to directories are not followed: they could lead in a circle.
fn collect(dir: &Path, files: &mut Vec<PathBuf>) -> std::io::Result<()> {
    for entry in std::fs::read_dir(dir)? {
        let entry = entry?;
        let kind = entry.file_type()?;
        if kind.is_dir() {
            collect(&entry.path(), files)?;
        } else if entry.file_name().to_string_lossy().ends_with(".dsse.json") {
            files.push(entry.path());
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A stream that breaks after its first line.
    struct Breaks(bool);

    impl Read for Breaks {
        fn read(&mut self, into: &mut [u8]) -> std::io::Result<usize> {
            if self.0 {
                return Err(std::io::Error::other("the cable was pulled"));
            }
            self.0 = true;
            into[..3].copy_from_slice(b"{}\n");
            Ok(3)
        }
    }

    #[test]
    fn a_stream_that_breaks_off_is_told() {
        let jobs: Vec<Job> = lines("s".to_owned(), BufReader::new(Breaks(false))).collect();
        assert!(matches!(&jobs[..], [Job::Line { .. }, Job::Broken { source, .. }] if source == "s:2"));
    }
}
