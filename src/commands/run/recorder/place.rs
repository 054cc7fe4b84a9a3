//! One place that events are written to: a file, which a disk that is full for a while must not cut short, or whoever reads a pipe,
//! who must not keep the run waiting.

use std::fs::File;
use std::io::{self, Read as _, Seek as _, Write};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{self, Receiver, RecvTimeoutError, SyncSender};
use std::time::{Duration, Instant};

use super::super::super::{Failure, results};
use super::{Notice, lock};

pub struct Place {
    path: PathBuf,
    to: To,
    /// Lines that are not written yet.
    pending: Vec<u8>,
    /// Why, where that is known, and since when it was not tried again.
    failed: Option<(io::Error, Instant)>,
    /// Whether that was said.
    told: bool,
    /// Lines were lost, so that no later one may follow.
    closed: bool,
}

enum To {
    Disk(Disk),
    Reader(Reader),
}

/// How often a place that cannot be written is tried again.
const TRY_EVERY: Duration = Duration::from_secs(1);
/// What is kept for such a place: hours of a run.
const PENDING_MAX: usize = 64 << 20;

impl Place {
    fn new(path: &Path, to: To) -> Self {
        let path = path.to_owned();
        Self { path, to, pending: Vec::new(), failed: None, told: false, closed: false }
    }

    /// The event file in `out`, which is ours as long as it is open.
    pub fn recording(out: &Path, name: &str) -> Result<Self, Failure> {
        let path = out.join(name);
        let file = results::create_new(&path, "--out")?;
        lock(&file, out)?;
        Ok(Self::new(&path, To::Disk(Disk::new(file, 0))))
    }

    /// Goes on writing after the last whole line: what was cut off while being written is dropped.
    pub fn reopen(path: &Path, mut file: File) -> Result<Self, Failure> {
        let mut whole_lines = || {
            let mut bytes = Vec::new();
            file.rewind()?;
            file.read_to_end(&mut bytes)?;
            let whole = bytes.iter().rposition(|byte| *byte == b'\n').map_or(0, |at| at as u64 + 1);
            file.set_len(whole).map(|()| whole)
        };
        let whole = whole_lines().map_err(|e| Failure::cannot_write(path, &e))?;
        Ok(Self::new(path, To::Disk(Disk::new(file, whole))))
    }

    /// Where else events go: the standard output, a new file, or what is no file.
    pub fn besides(path: &Path) -> Result<Self, Failure> {
        let failed = |error: &io::Error| Failure::cannot_write(path, error);
        let reader = if path == Path::new("-") {
            Reader::start(|| Ok(io::stdout()))
        } else {
            match std::fs::metadata(path) {
                Ok(about) if about.is_dir() => return Err(failed(&io::ErrorKind::IsADirectory.into())),
                Ok(about) if !about.is_file() => {
                    let path = path.to_owned();
                    Reader::start(move || File::options().write(true).open(path))
                }
                Ok(_) | Err(_) => {
                    let file = results::create_new(path, "--events")?;
                    return Ok(Self::new(path, To::Disk(Disk::new(file, 0))));
                }
            }
        };
        Ok(Self::new(path, To::Reader(reader.map_err(|e| failed(&e))?)))
    }

    /// Writes a whole line, or keeps it until that is possible.
    pub fn take(&mut self, line: &[u8]) {
        if !self.closed && self.pending.len() + line.len() <= PENDING_MAX {
            self.pending.extend_from_slice(line);
        } else if !self.closed {
            self.closed = true;
            let slow = || (io::Error::other("too much of it is not written yet"), Instant::now());
            self.failed.get_or_insert_with(slow);
        }
        self.go_on();
    }

    /// Writes what is pending, unless that was tried in vain just now.
    pub fn go_on(&mut self) {
        if self.failed.as_ref().is_none_or(|(_, at)| at.elapsed() >= TRY_EVERY) {
            let went = match &mut self.to {
                To::Disk(disk) => disk.write(&mut self.pending),
                To::Reader(reader) => reader.write(&mut self.pending),
            };
            self.note(went);
        }
    }

    fn note(&mut self, went: io::Result<()>) {
        match went {
            Ok(()) if self.closed => {}
            Ok(()) => self.failed = None,
            Err(error) => {
                // A disk has room again; a reader that is gone does not come back.
                if matches!(self.to, To::Reader(_)) && error.kind() != io::ErrorKind::TimedOut {
                    self.closed = true;
                    self.pending.clear();
                }
                self.failed = Some((error, Instant::now()));
            }
        }
    }

    pub fn notice(&mut self) -> Option<Notice> {
        let (was_told, failed) = (self.told, self.failed.is_some());
        self.told = failed;
        match (was_told, failed) {
            (false, true) => self.failure().map(Notice::Behind),
            (true, false) => Some(Notice::CaughtUp(self.path.clone())),
            (true, true) | (false, false) => None,
        }
    }

    /// Why it lacks something, where that is so. A reader may leave early.
    pub fn failure(&self) -> Option<Failure> {
        let (error, _) = self.failed.as_ref().filter(|(e, _)| e.kind() != io::ErrorKind::BrokenPipe)?;
        Some(Failure::cannot_write(&self.path, error))
    }

    /// The last chance. A reader gets the time that it needs, as long as it reads.
    pub fn finish(&mut self, interrupted: &AtomicBool) {
        let went = match &mut self.to {
            To::Disk(disk) => disk.write(&mut self.pending),
            To::Reader(_) if self.failed.is_some() => return,
            To::Reader(reader) => reader.finish(&mut self.pending, interrupted),
        };
        self.note(went);
    }
}

/// A file that never has half a line before another.
struct Disk {
    file: File,
    /// Bytes of whole lines.
    whole: u64,
    /// Whether there may be more than those.
    torn: bool,
    /// When it was last made safe against a power cut.
    synced: Instant,
}

/// What a power cut may take.
const SYNC_EVERY: Duration = Duration::from_secs(1);

impl Disk {
    /// Of a file that is open for writing at its end.
    fn new(file: File, whole: u64) -> Self {
        Self { file, whole, torn: false, synced: Instant::now() }
    }

    fn write(&mut self, pending: &mut Vec<u8>) -> io::Result<()> {
        let mut written = 0;
        let went = pending.split_inclusive(|byte| *byte == b'\n').try_for_each(|line| {
            self.line(line)?;
            written += line.len();
            Ok(())
        });
        pending.drain(..written);
        if self.synced.elapsed() >= SYNC_EVERY {
            self.synced = Instant::now();
            let _ = self.file.sync_data();
        }
        went
    }

    fn line(&mut self, line: &[u8]) -> io::Result<()> {
        if self.torn {
            self.file.set_len(self.whole)?;
        }
        self.torn = true;
        self.file.write_all(line)?;
        self.torn = false;
        self.whole += line.len() as u64;
        Ok(())
    }
}

/// Whoever reads what is no file. A thread of its own writes to it.
struct Reader {
    pieces: SyncSender<Vec<u8>>,
    /// Of each piece how it went.
    done: Receiver<io::Result<()>>,
    /// Since when a piece is being written.
    busy: Option<Instant>,
}

/// In which time a reader has to take a piece, and how large that is.
const PATIENCE: Duration = Duration::from_secs(60);
const PIECE: usize = 64 << 10;
/// How much time it has at the end of a run that was interrupted.
const LAST: Duration = Duration::from_secs(2);
const TICK: Duration = Duration::from_millis(20);

impl Reader {
    /// Opening may take its time too: a named pipe waits for its reader.
    fn start<W: Write>(open: impl FnOnce() -> io::Result<W> + Send + 'static) -> io::Result<Self> {
        let (pieces, given) = mpsc::sync_channel::<Vec<u8>>(1);
        let (tell, done) = mpsc::channel();
        let write = move || match open() {
            Err(error) => drop(tell.send(Err(error))),
            Ok(mut to) => {
                for piece in given {
                    let went = to.write_all(&piece).and_then(|()| to.flush());
                    let failed = went.is_err();
                    if tell.send(went).is_err() || failed {
                        return;
                    }
                }
            }
        };
        std::thread::Builder::new().name("events".to_owned()).spawn(write)?;
        Ok(Self { pieces, done, busy: None })
    }

    /// Hands over what is pending, if what came before was taken.
    fn write(&mut self, pending: &mut Vec<u8>) -> io::Result<()> {
        self.hear(Duration::ZERO)?;
        if self.busy.is_none() && !pending.is_empty() {
            let piece = pending.drain(..pending.len().min(PIECE)).collect();
            self.busy = Some(Instant::now());
            self.pieces.send(piece).map_err(|_| gone())?;
        }
        match self.busy {
            Some(since) if since.elapsed() >= PATIENCE => Err(silent(PATIENCE)),
            Some(_) | None => Ok(()),
        }
    }

    fn hear(&mut self, wait: Duration) -> io::Result<()> {
        match self.done.recv_timeout(wait) {
            Ok(went) => {
                self.busy = None;
                went
            }
            Err(RecvTimeoutError::Timeout) => Ok(()),
            Err(RecvTimeoutError::Disconnected) => Err(gone()),
        }
    }

    fn finish(&mut self, pending: &mut Vec<u8>, interrupted: &AtomicBool) -> io::Result<()> {
        let begun = Instant::now();
        loop {
            self.write(pending)?;
            if self.busy.is_none() {
                return Ok(());
            }
            if interrupted.load(Ordering::Relaxed) && begun.elapsed() >= LAST {
                return Err(silent(LAST));
            }
            self.hear(TICK)?;
        }
    }
}

fn gone() -> io::Error {
    io::Error::other("its writer has ended")
}

fn silent(time: Duration) -> io::Error {
    io::Error::new(io::ErrorKind::TimedOut, format!("nobody has read it for {} s", time.as_secs()))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    /// Lines come whole and in order, however often the disk was full in between.
    #[test]
    fn half_a_line_is_taken_back_before_the_next() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("events");
        let mut file = results::create_new(&path, "--out").ok().unwrap();
        file.write_all(b"one\ntw").unwrap();
        let mut disk = Disk { torn: true, ..Disk::new(file, 4) };
        let mut pending = b"two\nthree\n".to_vec();
        disk.write(&mut pending).unwrap();
        assert_eq!((std::fs::read(&path).unwrap(), pending), (b"one\ntwo\nthree\n".to_vec(), Vec::new()));
    }

    /// What comes after a gap would be read as if nothing were missing.
    #[test]
    fn nothing_follows_what_was_lost() {
        let dir = tempfile::tempdir().unwrap();
        let mut place = Place::recording(dir.path(), "events").ok().unwrap();
        // Not to be tried again, however long this takes.
        let ahead = Instant::now() + Duration::from_secs(3600);
        place.failed = Some((io::ErrorKind::StorageFull.into(), ahead));
        let long = vec![b'x'; PENDING_MAX];
        place.take(&long);
        assert!(!place.closed);
        place.take(b"lost\n");
        place.pending = b"kept\n".to_vec();
        place.finish(&AtomicBool::new(false));
        place.take(b"too late\n");
        assert_eq!(std::fs::read(dir.path().join("events")).unwrap(), b"kept\n");
        assert!(place.failure().is_some());
    }

    #[test]
    fn a_reader_that_does_not_read_keeps_nobody_waiting_and_gets_all_when_it_does() {
        let (open, opened) = mpsc::channel::<Vec<u8>>();
        let (tell, told) = mpsc::channel();
        struct Slow(mpsc::Receiver<Vec<u8>>, mpsc::Sender<Vec<u8>>);
        impl Write for Slow {
            fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
                self.0.recv().map_err(io::Error::other)?;
                self.1.send(bytes.to_vec()).map_err(io::Error::other)?;
                Ok(bytes.len())
            }
            fn flush(&mut self) -> io::Result<()> {
                Ok(())
            }
        }
        let reader = Reader::start(move || Ok(Slow(opened, tell))).unwrap();
        let mut place = Place::new(Path::new("-"), To::Reader(reader));
        place.take(b"one\n");
        place.take(b"two\n");
        place.take(b"three\n");
        assert!(place.failure().is_none());
        let set_busy = |place: &mut Place, since| match &mut place.to {
            To::Reader(reader) => reader.busy = since,
            To::Disk(_) => {}
        };
        set_busy(&mut place, Instant::now().checked_sub(PATIENCE));
        place.go_on();
        assert!(matches!(place.notice(), Some(Notice::Behind(_))));
        open.send(Vec::new()).unwrap();
        open.send(Vec::new()).unwrap();
        // As if that had been long ago, and the reader had a minute again.
        place.failed = None;
        set_busy(&mut place, Some(Instant::now()));
        place.finish(&AtomicBool::new(false));
        let read: Vec<u8> = told.try_iter().flatten().collect();
        assert_eq!(String::from_utf8(read).unwrap(), "one\ntwo\nthree\n");
        assert!(matches!(place.notice(), Some(Notice::CaughtUp(_))));
    }
}
