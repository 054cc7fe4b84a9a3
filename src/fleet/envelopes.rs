//! Many signed statements wherever they lie, opened on all processors.
//! Owns files, directories and streams, and whose signature holds; must not know what was signed.

use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::fs::File;
use std::io::{self, BufRead, BufReader, Read};
use std::path::{Path, PathBuf};
use std::sync::Mutex;

use super::intake::{Cause, Refusal, Refused};
use crate::seal::envelope::{FILE_BYTES_MAX, LoadError};
use crate::seal::{Envelope, EnvelopeError, TrustList, Verified};

#[derive(Debug, thiserror::Error)]
#[error("{} cannot be read: {why}; give report.dsse.json files, directories that hold some, or - for standard input", path.display())]
pub struct Unreadable {
    path: PathBuf,
    why: io::Error,
}

/// What a run leaves in its directory: the signed report, and before that what happens as it happens.
pub const REPORT: &str = "report.dsse.json";
pub const RECORDING: &str = "events.jsonl";

/// One envelope that is still to be read.
pub enum Job {
    File(PathBuf),
    /// A directory of a run that has a recording and no report.
    Unsealed(PathBuf),
    Line {
        source: String,
        bytes: Vec<u8>,
    },
    /// A stream that broke off, or a place that cannot be looked into: what it would have held does not count, and nobody must
    /// think that there was nothing.
    Broken {
        source: String,
        why: io::Error,
    },
}

/// What `came` makes of every envelope under `paths`, in their order: files, directories with all their `*.dsse.json` and the runs that
/// have no report there, `*.jsonl` files with an envelope in each line, and `-` for such lines on standard input. `seen` is called after
/// each, for whoever waits.
pub fn each<T: Send>(
    paths: &[PathBuf],
    seen: &(dyn Fn() + Sync),
    came: impl Fn(Job) -> T + Sync,
) -> Result<Vec<T>, Unreadable> {
    let jobs = Mutex::new(jobs(paths)?.enumerate());
    let next = || jobs.lock().ok()?.next();
    let threads = std::thread::available_parallelism().map_or(1, usize::from);
    let mut read: Vec<(usize, T)> = std::thread::scope(|scope| {
        let worker = || {
            let mut read = Vec::new();
            while let Some((at, job)) = next() {
                read.push((at, came(job)));
                seen();
            }
            read
        };
        // As many as there can be, beside this one.
        let spawn = |_| std::thread::Builder::new().spawn_scoped(scope, worker).ok();
        let workers: Vec<_> = (1..threads).map_while(spawn).collect();
        let mut read = worker();
        // A bug of ours must not look like reports that never came.
        let others = workers.into_iter().map(|worker| worker.join());
        read.extend(others.flat_map(|read| read.unwrap_or_else(|bug| std::panic::resume_unwind(bug))));
        read
    });
    read.sort_by_key(|(at, _)| *at);
    Ok(read.into_iter().map(|(_, came)| came).collect())
}

/// What a trusted key has signed, and where it lies.
pub struct Opened {
    pub source: String,
    /// `None` for a line of a stream.
    pub file: Option<PathBuf>,
    pub verified: Verified,
}

/// The envelope, if a trusted key has signed it.
pub fn open(job: Job, trust: &TrustList) -> Result<Opened, Refused> {
    let (source, envelope, file) = match job {
        Job::Line { source, bytes } => (source, Envelope::parse(&bytes).map_err(LoadError::from), None),
        Job::File(path) => (path.display().to_string(), Envelope::load(&path), Some(path)),
        Job::Unsealed(dir) => {
            let source = dir.display().to_string();
            return Err(Refused { source, what: Refusal::Unsealed, why: Cause::Unsealed });
        }
        Job::Broken { source, why } => (source, Err(LoadError::Unreadable(why)), None),
    };
    let refused = |what, why| Refused { source: source.clone(), what, why };
    let envelope = envelope.map_err(|e| refused(Refusal::Unreadable, Cause::Told(e.to_string())))?;
    let opened = envelope.open(trust).map_err(|e| match e {
        EnvelopeError::BadSignature { .. } => refused(Refusal::Changed, Cause::Changed),
        EnvelopeError::NotSignedByTrusted { claimed, trusted } => {
            refused(Refusal::UnknownKey, Cause::Stranger { claimed, trusted })
        }
        EnvelopeError::TooLarge { .. }
        | EnvelopeError::CutShort { .. }
        | EnvelopeError::Malformed { .. }
        | EnvelopeError::PayloadType(_)
        | EnvelopeError::Base64(_)
        | EnvelopeError::Unsigned
        | EnvelopeError::TooManySignatures(_)
        | EnvelopeError::TooDear { .. }
        | EnvelopeError::NoTrust => refused(Refusal::Unreadable, Cause::Told(e.to_string())),
    });
    let verified = opened?;
    Ok(Opened { source, file, verified })
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
        let found = Below::of(path).map_err(unreadable)?.found;
        return Ok(Box::new(found.into_iter().map(|(path, why)| match why {
            None if path.ends_with(RECORDING) => Job::Unsealed(path.parent().unwrap_or(&path).to_owned()),
            None => Job::File(path),
            Some(why) => Job::Broken { source: path.display().to_string(), why },
        })));
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

/// What lies below a directory. Links are followed, each after all that lies there itself, so that what has several names goes by its
/// own; and no directory is entered twice, so that links in a circle end.
#[derive(Default)]
struct Below {
    /// All `*.dsse.json`, recordings without a report beside them, and what cannot be looked into, with the reason.
    found: BTreeMap<PathBuf, Option<io::Error>>,
    entered: HashSet<PathBuf>,
    links: BTreeSet<PathBuf>,
}

impl Below {
    fn of(dir: &Path) -> io::Result<Self> {
        let mut below = Self::default();
        below.enter(dir)?;
        while let Some(link) = below.links.pop_first() {
            below.see(link);
        }
        Ok(below)
    }

    fn enter(&mut self, dir: &Path) -> io::Result<()> {
        if !self.entered.insert(std::fs::canonicalize(dir)?) {
            return Ok(());
        }
        for entry in std::fs::read_dir(dir)? {
            let entry = entry?;
            if entry.file_type()?.is_symlink() {
                self.links.insert(entry.path());
            } else {
                self.see(entry.path());
            }
        }
        Ok(())
    }

    fn see(&mut self, path: PathBuf) {
        match self.look(&path) {
            Ok(true) => drop(self.found.insert(path, None)),
            Ok(false) => {}
            Err(why) => drop(self.found.insert(path, Some(why))),
        }
    }

    /// Whether it is a file that is asked for. No other kind is opened, since a pipe keeps whoever reads it waiting.
    fn look(&mut self, path: &Path) -> io::Result<bool> {
        let about = std::fs::metadata(path)?;
        if about.is_dir() {
            return self.enter(path).map(|()| false);
        }
        let is_unsealed =
            path.ends_with(RECORDING) && about.is_file() && !path.with_file_name(REPORT).exists();
        let is_asked_for = path.to_string_lossy().ends_with(".dsse.json") || is_unsealed;
        if is_asked_for && !about.is_file() {
            return Err(io::Error::other("it is no regular file"));
        }
        Ok(is_asked_for)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A stream that breaks after its first line.
    struct Breaks(bool);

    impl Read for Breaks {
        fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
            if self.0 {
                return Err(io::Error::other("the cable was pulled"));
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
