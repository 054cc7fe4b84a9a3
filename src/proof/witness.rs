//! Whoever keeps the clock and asks: starts the prover behind a pipe, speaks with it, keeps every frame.
//! Owns that conversation's side and its limits; what is said is checked by the session. Must not know devices.

use std::io::{self, BufRead, BufReader, BufWriter, Read, Write};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, sync_channel};
use std::time::{Duration, Instant};

use jiff::Timestamp;

use super::challenge::Issued;
use super::recheck::Digesting;
use super::session::{Cue, Fault, Session};
use super::statement::{By, Figures, Outcome, Transcript};
use super::voice::Voice;
use super::wire::{Frame, HEAD, Timed, WireError};
use crate::clock::boot_ns;

/// Frames that may wait to be checked; a prover that sends faster than that is made to wait.
const QUEUE: usize = 256;
/// No honest proof needs more; see [`Session`] for what it may consist of.
const TRANSCRIPT_MAX: u64 = 4 << 30;
/// How often a wait looks up.
const LOOK_UP: Duration = Duration::from_millis(100);
/// A prover that has said everything may take so long to end.
const FAREWELL: Duration = Duration::from_secs(5);

pub struct Orders<'a> {
    pub issued: &'a Issued,
    pub by: By,
    /// How to reach the prover: a program and its arguments.
    pub command: &'a [String],
    /// How long the prover may be silent, or not listen.
    pub patience: Duration,
    pub interrupted: &'a AtomicBool,
    /// Becomes true before the prover is told anything, which uses the challenge up, however the conversation ends.
    pub begun: &'a AtomicBool,
}

/// What came of it.
#[derive(Clone, Debug, PartialEq)]
pub struct Witnessed {
    pub outcome: Outcome,
    pub figures: Figures,
    pub transcript: Transcript,
    pub same_host: Option<bool>,
}

/// Our own trouble, which says nothing of the prover.
#[derive(Debug, thiserror::Error)]
pub enum Trouble {
    #[error("the command cannot be started: {0}")]
    Command(io::Error),
    #[error("the transcript cannot be written: {0}")]
    Transcript(io::Error),
    #[error("the system gives no random numbers: {0}")]
    Random(getrandom::Error),
}

/// Holds the whole conversation, writing it to `transcript`. `seen` is called often, with the time. All that the prover does is
/// an [`Outcome`].
pub fn witness(
    orders: &Orders,
    transcript: impl Write,
    seen: &mut dyn FnMut(&Session, u64),
) -> Result<Witnessed, Trouble> {
    let secret = random()?;
    let mut child = spawn(orders.command).map_err(Trouble::Command)?;
    let clock = Watch::start();
    let heard = listen(&mut child, clock).map_err(Trouble::Command)?;
    let voice = child.stdin.take().ok_or(io::ErrorKind::BrokenPipe.into()).and_then(Voice::new);
    let mut talk = Talk {
        orders,
        clock,
        session: Session::new(orders.issued, secret),
        transcript: Digesting::new(BufWriter::new(transcript)),
        voice: voice.map_err(Trouble::Command)?,
        hung_up: false,
        trouble: None,
    };
    let mut outcome = match talk.hold(&heard, seen) {
        Ok(()) => Outcome::Held,
        Err(outcome) => outcome,
    };
    // It hears that no more is said.
    drop(talk.voice);
    let is_ending = outcome == Outcome::Held || talk.hung_up;
    let ended = end(&mut child, if is_ending { FAREWELL } else { Duration::ZERO });
    if let (Outcome::Unfinished { why }, true, Some(status)) = (&mut outcome, talk.hung_up, ended) {
        *why += &format!("; the command ended with {status}");
    }
    if let Some(trouble) = talk.trouble {
        return Err(trouble);
    }
    talk.transcript.flush().map_err(Trouble::Transcript)?;
    let theirs = talk.session.hello().and_then(|hello| hello.host_sha256.clone());
    let hosts = theirs.zip(orders.issued.host_sha256());
    Ok(Witnessed {
        outcome,
        figures: Figures::of(&talk.session, orders.issued.challenge.openings),
        transcript: talk.transcript.transcript(),
        same_host: hosts.map(|(theirs, ours)| theirs == ours),
    })
}

fn random() -> Result<[u8; 32], Trouble> {
    let mut bytes = [0; 32];
    getrandom::fill(&mut bytes).map_err(Trouble::Random)?;
    Ok(bytes)
}

fn spawn(command: &[String]) -> io::Result<Child> {
    let (program, args) = command.split_first().ok_or(io::ErrorKind::InvalidInput)?;
    Command::new(program).args(args).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn()
}

type Heard = (u64, Result<Option<Frame>, Unheard>);

/// Why no frame was heard.
enum Unheard {
    /// The command printed this before any frame.
    Text(String),
    Wire(WireError),
}

/// Reads frames as they come, and notes when.
fn listen(child: &mut Child, clock: Watch) -> io::Result<Receiver<Heard>> {
    let from = child.stdout.take().ok_or(io::ErrorKind::BrokenPipe)?;
    let (tell, heard) = sync_channel(QUEUE);
    std::thread::Builder::new().name("witness".to_owned()).spawn(move || hear(from, clock, &tell))?;
    Ok(heard)
}

fn hear(from: impl Read, clock: Watch, tell: &SyncSender<Heard>) {
    let mut from = BufReader::with_capacity(1 << 17, from);
    // What cannot be a frame may be all that comes: no rest is waited for.
    if let Some(text) = from.fill_buf().ok().and_then(greeting) {
        // The other end may have given up.
        let _ = tell.send((clock.elapsed_ns(), Err(Unheard::Text(text))));
        return;
    }
    let mut is_first = true;
    loop {
        let frame = Frame::read(&mut from).map_err(|error| match late_greeting(&error, from.buffer()) {
            Some(text) if is_first => Unheard::Text(text),
            Some(_) | None => Unheard::Wire(error),
        });
        is_first = false;
        let last = !matches!(frame, Ok(Some(_)));
        if tell.send((clock.elapsed_ns(), frame)).is_err() || last {
            return;
        }
    }
}

/// The line that stands where a prover is to begin: what a login says, or a command that is none of ours. Text has no zeros, and no
/// frame is so long that its length has none. Of the kinds that could be text a prover begins with one alone, which is a tabulator.
fn greeting(start: &[u8]) -> Option<String> {
    const SHOWN: usize = 80;
    let head = &start[..start.len().min(HEAD)];
    let may_be_a_frame = head.len() < HEAD && head.first().is_none_or(|first| *first == b'\t');
    if may_be_a_frame || !head.iter().all(|byte| *byte >= b' ' || byte.is_ascii_whitespace()) {
        return None;
    }
    let shown = &start[..start.len().min(SHOWN)];
    let line =
        shown.trim_ascii_start().split(|byte| *byte == b'\n').next().unwrap_or_default().trim_ascii_end();
    Some(String::from_utf8_lossy(if line.is_empty() { shown } else { line }).into_owned())
}

/// The same where only the length could show that it is no frame.
fn late_greeting(error: &WireError, rest: &[u8]) -> Option<String> {
    let WireError::Length { kind, bytes } = error else { return None };
    greeting(&[[*kind].as_slice(), &bytes.to_le_bytes(), rest].concat())
}

/// The witness's clock. Where the system has one that does, it goes on while this machine sleeps, as the prover does.
#[derive(Clone, Copy)]
struct Watch {
    start: Instant,
    boot_ns: Option<u64>,
}

impl Watch {
    fn start() -> Self {
        Self { start: Instant::now(), boot_ns: boot_ns() }
    }

    fn elapsed_ns(self) -> u64 {
        let awake_ns = u64::try_from(self.start.elapsed().as_nanos()).unwrap_or(u64::MAX);
        let since_boot = self.boot_ns.zip(boot_ns());
        since_boot.map_or(awake_ns, |(start, now)| now.saturating_sub(start).max(awake_ns))
    }
}

/// One conversation.
struct Talk<'a, W: Write> {
    orders: &'a Orders<'a>,
    clock: Watch,
    session: Session<'a>,
    transcript: Digesting<BufWriter<W>>,
    voice: Voice,
    /// Whether the command said all that it ever will.
    hung_up: bool,
    trouble: Option<Trouble>,
}

impl<W: Write> Talk<'_, W> {
    fn hold(&mut self, heard: &Receiver<Heard>, seen: &mut dyn FnMut(&Session, u64)) -> Result<(), Outcome> {
        let halt_ns = u64::from(self.orders.issued.challenge.at_least_s) * 1_000_000_000;
        let mut last = Instant::now();
        while !self.session.is_done() {
            match heard.recv_timeout(LOOK_UP) {
                Ok((at_ns, frame)) => {
                    last = Instant::now();
                    self.heard(at_ns, frame)?;
                }
                Err(RecvTimeoutError::Timeout) => self.wait(last, "was silent")?,
                Err(RecvTimeoutError::Disconnected) => return Err(self.closed("the prover closed early")),
            }
            while let Some(cue) = self.session.cue() {
                let frame = self.answer(cue)?;
                self.orders.begun.store(true, Ordering::Relaxed);
                self.say(frame)?;
            }
            if self.session.runs_for_ns(self.clock.elapsed_ns()).is_some_and(|ns| ns >= halt_ns) {
                self.say(Frame::Halt)?;
            }
            self.limits()?;
            seen(&self.session, self.clock.elapsed_ns());
        }
        Ok(())
    }

    fn heard(&mut self, at_ns: u64, frame: Result<Option<Frame>, Unheard>) -> Result<(), Outcome> {
        match frame {
            Ok(Some(frame)) if frame.is_provers() => self.keep(at_ns, frame),
            Ok(Some(frame)) => {
                Err(refuted(format!("the prover sent a {} frame, which is the witness's", frame.name())))
            }
            Ok(None) => Err(self.closed("the prover closed early")),
            Err(Unheard::Text(text)) => Err(unfinished(format!(
                "the command printed {text:?} where the prover was to speak, whose standard output it is alone; what a login \
                 prints must go elsewhere"
            ))),
            Err(Unheard::Wire(error @ (WireError::Cut | WireError::Io(_)))) => Err(self.closed(error)),
            Err(Unheard::Wire(
                error @ (WireError::Kind(_) | WireError::Length { .. } | WireError::Body { .. }),
            )) => Err(refuted(format!("the prover sent {error}"))),
        }
    }

    fn closed(&mut self, why: impl std::fmt::Display) -> Outcome {
        self.hung_up = true;
        unfinished(why)
    }

    /// Whether there is reason to wait on for a prover that so long did nothing but what is named.
    fn wait(&self, last: Instant, does: &str) -> Result<(), Outcome> {
        let patience = self.orders.patience;
        if last.elapsed() > patience {
            return Err(unfinished(format!("the prover {does} for {patience:?}")));
        }
        Ok(())
    }

    fn limits(&self) -> Result<(), Outcome> {
        if self.orders.interrupted.load(Ordering::Relaxed) {
            return Err(unfinished("interrupted here"));
        }
        if self.transcript.transcript().bytes > TRANSCRIPT_MAX {
            return Err(unfinished(format!("the prover sent more than {} GiB", TRANSCRIPT_MAX >> 30)));
        }
        self.orders.issued.is_good_at(Timestamp::now()).map_err(unfinished)
    }

    /// What to say, which is random. Who asks itself leaves the questions to what it has committed.
    fn answer(&mut self, cue: Cue) -> Result<Frame, Outcome> {
        let random = random().map_err(|trouble| self.trouble(trouble))?;
        Ok(match (cue, self.orders.by) {
            (Cue::Fill, _) => Frame::Fill(random),
            (Cue::Begin, _) => Frame::Begin(random),
            (Cue::Turn { gpu, round }, _) => Frame::Turn { gpu, round, seed: random },
            (Cue::Ask, By::Witness) => Frame::Ask(random),
            (Cue::Ask, By::Prover) => Frame::Ask(self.transcript.digest()),
        })
    }

    /// Says it, having noted the time: whatever the pipe takes counts for the prover's time.
    fn say(&mut self, frame: Frame) -> Result<(), Outcome> {
        let bytes = frame.encode();
        self.keep(self.clock.elapsed_ns(), frame)?;
        let deaf = |_| unfinished("the prover does not listen any more");
        let begun = Instant::now();
        while !self.voice.has_room(LOOK_UP).map_err(deaf)? {
            self.wait(begun, "did not listen")?;
            self.limits()?;
        }
        self.voice.say(bytes).map_err(deaf)
    }

    /// Keeps it, then checks it.
    fn keep(&mut self, at_ns: u64, frame: Frame) -> Result<(), Outcome> {
        // What came while we spoke may be older by a moment: it counts from now.
        let timed = Timed { at_ns: at_ns.max(self.session.now_ns()), frame };
        timed.write(&mut self.transcript).map_err(|error| self.trouble(Trouble::Transcript(error)))?;
        let said = |fault| if matches!(fault, Fault::GaveUp(_)) { unfinished(fault) } else { refuted(fault) };
        self.session.take(&timed).map_err(said)
    }

    fn trouble(&mut self, trouble: Trouble) -> Outcome {
        let outcome = unfinished(&trouble);
        self.trouble = Some(trouble);
        outcome
    }
}

fn unfinished(why: impl std::fmt::Display) -> Outcome {
    Outcome::Unfinished { why: why.to_string() }
}

fn refuted(why: impl std::fmt::Display) -> Outcome {
    Outcome::Refuted { why: why.to_string() }
}

/// Lets the child end by itself for so long, and says how it did; then ends it.
fn end(child: &mut Child, patience: Duration) -> Option<ExitStatus> {
    let begun = Instant::now();
    while begun.elapsed() < patience {
        if let Ok(Some(status)) = child.try_wait() {
            return Some(status);
        }
        std::thread::sleep(Duration::from_millis(10));
    }
    // It may be gone by now.
    let _ = child.kill();
    let _ = child.wait();
    None
}
