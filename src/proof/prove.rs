//! Whoever computes: opens the devices, one thread each, and answers the witness.
//! Owns that side of the conversation; must not check anything, which is the other side's business.

use std::io::{self, BufReader, Read, Write};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, SyncSender, channel, sync_channel};
use std::time::{Duration, Instant};

use jiff::Timestamp;

use super::challenge::Issued;
use super::outfit::{Nobody, Outfit, settings};
use super::rounds::{Orders, Rounds};
use super::schedule::Ask;
use super::voice::Voice;
use super::wire::{Frame, Gpu, Hello, PROTOCOL};
use super::work::Seeds;
use crate::device::backend::OpenOptions;
use crate::device::inventory;
use crate::engine::bench::Bench;
use crate::evidence::hiding::Hiding;
use crate::seal::Salt;
use crate::telemetry;

/// How long one step of one device may take.
const WAIT_LIMIT: Duration = Duration::from_secs(60);
/// Messages that may wait to be sent.
const QUEUE: usize = 64;
/// How often a wait looks up.
const LOOK_UP: Duration = Duration::from_millis(100);
/// The last word may take so long.
const FAREWELL: Duration = Duration::from_secs(5);

/// What is to be proved, with what, and how long the witness may be late.
pub struct Task<'a> {
    pub issued: &'a Issued,
    /// The devices.
    pub selectors: &'a [String],
    /// Behind which their UUIDs are hidden.
    pub salt: Option<&'a Salt>,
    pub patience: Duration,
}

/// What reaches the thread that speaks.
enum Said {
    Ready(u16, Box<Gpu>),
    Frame(Frame),
    Filled,
    Ended(u16, u32),
    Answered,
    Failed(String),
    Heard(Frame),
    HungUp,
}

/// What the thread of a device is told.
enum Told {
    Fill([u8; 32]),
    Begin([u8; 32]),
    Turn(u32, [u8; 32]),
    Halt,
    Ask([u8; 32]),
}

/// Proves work, to whom `from` and `to` lead. `Err` says why it ended early, which the other side has been told too.
pub fn prove(
    task: &Task,
    from: impl Read + Send + 'static,
    to: impl Write + Send + 'static,
) -> Result<(), String> {
    let &Task { issued, selectors, salt, patience } = task;
    let (say, said) = sync_channel(QUEUE);
    let stop = Arc::new(AtomicBool::new(false));
    let mut tell = Vec::new();
    for (gpu, selector) in (0u16..).zip(selectors) {
        let (teller, told) = channel();
        tell.push(teller);
        let (selector, issued, salt) = (selector.clone(), issued.clone(), salt.cloned());
        let card = Card { gpu, selector: selector.clone(), issued, salt, patience, stop: Arc::clone(&stop) };
        let say = say.clone();
        let work = move || {
            if let Err(why) = card.work(&told, &say) {
                // The thread that speaks may have ended.
                let _ = say.send(Said::Failed(format!("{}: {why}", card.selector)));
            }
        };
        std::thread::Builder::new().name(selector).spawn(work).map_err(|e| e.to_string())?;
    }
    let hear = move || listen(from, &say);
    std::thread::Builder::new().name("listen".to_owned()).spawn(hear).map_err(|e| e.to_string())?;
    let mut speaker = Speaker {
        task,
        gpus: vec![None; selectors.len()],
        ended: vec![None; selectors.len()],
        tell,
        stop,
        voice: Voice::new(to).map_err(|e| e.to_string())?,
        due: None,
    };
    speaker.speak(&said).inspect_err(|why| {
        // Where the other side is gone, there is nobody to tell.
        let _ = speaker.voice.say(Frame::Failed(why.clone()).encode());
        let _ = speaker.voice.has_said_all(FAREWELL);
    })
}

fn listen(from: impl Read, say: &SyncSender<Said>) {
    let mut from = BufReader::new(from);
    loop {
        let heard = match Frame::read(&mut from) {
            Ok(Some(frame)) => Said::Heard(frame),
            Ok(None) => Said::HungUp,
            Err(error) => Said::Failed(format!("what the witness sends makes no sense: {error}")),
        };
        let last = !matches!(heard, Said::Heard(_));
        if say.send(heard).is_err() || last {
            return;
        }
    }
}

/// The thread that speaks.
struct Speaker<'a> {
    task: &'a Task<'a>,
    gpus: Vec<Option<Gpu>>,
    /// How many rounds each committed.
    ended: Vec<Option<u32>>,
    tell: Vec<Sender<Told>>,
    stop: Arc<AtomicBool>,
    voice: Voice,
    /// What the witness is to say next, and when it is too late for that.
    due: Option<(&'static str, Instant)>,
}

impl Speaker<'_> {
    fn speak(&mut self, said: &Receiver<Said>) -> Result<(), String> {
        let (mut empty, mut unanswered) = (self.gpus.len(), self.gpus.len());
        while unanswered > 0 {
            match said.recv_timeout(LOOK_UP) {
                Ok(Said::Ready(gpu, ready)) => self.ready(gpu, *ready)?,
                Ok(Said::Frame(frame)) => self.send(&frame)?,
                Ok(Said::Filled) => {
                    empty -= 1;
                    if empty == 0 {
                        self.send(&Frame::Filled)?;
                        self.awaits("begin", Duration::ZERO);
                    }
                }
                Ok(Said::Ended(gpu, rounds)) => self.ended(gpu, rounds)?,
                Ok(Said::Answered) => unanswered -= 1,
                Ok(Said::Failed(why)) => return Err(why),
                Ok(Said::Heard(frame)) => self.heard(&frame)?,
                Ok(Said::HungUp) => return Err("the witness hung up".to_owned()),
                Err(RecvTimeoutError::Timeout) => {}
                Err(error @ RecvTimeoutError::Disconnected) => return Err(error.to_string()),
            }
            self.limits()?;
        }
        self.send(&Frame::Done)?;
        self.heed(Voice::has_said_all)
    }

    /// The witness is to say this, once so much time has passed.
    fn awaits(&mut self, frame: &'static str, after: Duration) {
        self.due = Some((frame, Instant::now() + after + self.task.patience));
    }

    /// Whether there is reason to go on.
    fn limits(&self) -> Result<(), String> {
        self.task.issued.is_good_at(Timestamp::now()).map_err(|e| e.to_string())?;
        match self.due {
            Some((frame, late)) if Instant::now() > late => Err(too_late(frame, self.task.patience)),
            Some(_) | None => Ok(()),
        }
    }

    /// Waits until the voice is as is asked for, but for a witness that takes nothing no longer than it may be late.
    fn heed(&mut self, is_so: fn(&mut Voice, Duration) -> io::Result<bool>) -> Result<(), String> {
        let begun = Instant::now();
        let gone = |error| format!("the witness does not listen any more: {error}");
        while !is_so(&mut self.voice, LOOK_UP).map_err(gone)? {
            self.limits()?;
            if begun.elapsed() > self.task.patience {
                return Err(format!("the witness did not listen for {:?}", self.task.patience));
            }
        }
        Ok(())
    }

    fn ready(&mut self, gpu: u16, ready: Gpu) -> Result<(), String> {
        if let Some(slot) = self.gpus.get_mut(usize::from(gpu)) {
            *slot = Some(ready);
        }
        let Some(gpus) = self.gpus.iter().cloned().collect() else { return Ok(()) };
        let issued = self.task.issued;
        self.send(&Frame::Hello(Hello {
            protocol: PROTOCOL,
            challenge_sha256: issued.sha256.clone(),
            host_sha256: issued.host_sha256(),
            gpus,
        }))?;
        self.awaits(if issued.challenge.memory_bytes > 0 { "fill" } else { "begin" }, Duration::ZERO);
        Ok(())
    }

    fn ended(&mut self, gpu: u16, rounds: u32) -> Result<(), String> {
        if let Some(slot) = self.ended.get_mut(usize::from(gpu)) {
            *slot = Some(rounds);
        }
        let Some(rounds) = self.ended.iter().copied().collect() else { return Ok(()) };
        self.send(&Frame::Closed(rounds))?;
        self.awaits("ask", Duration::ZERO);
        Ok(())
    }

    fn heard(&mut self, frame: &Frame) -> Result<(), String> {
        if frame.is_provers() {
            return Err(format!("the witness sent a {} frame, which is the prover's", frame.name()));
        }
        if let Frame::Fill(bytes) = frame {
            self.due = None;
            self.tell(|| Told::Fill(*bytes));
        } else if let Frame::Begin(bytes) = frame {
            self.awaits("halt", Duration::from_secs(self.task.issued.challenge.at_least_s.into()));
            self.tell(|| Told::Begin(*bytes));
        } else if let Frame::Ask(bytes) = frame {
            self.due = None;
            self.tell(|| Told::Ask(*bytes));
        } else if let Frame::Turn { gpu, round, seed } = frame {
            let tell = self.tell.get(usize::from(*gpu));
            let tell = tell.ok_or_else(|| format!("the witness speaks to GPU {gpu}, which there is not"))?;
            // A thread that is gone has said why.
            let _ = tell.send(Told::Turn(*round, *seed));
        } else {
            // What is left is to halt. Who waits for a turn is told, the others see it.
            self.due = None;
            self.stop.store(true, Ordering::Relaxed);
            self.tell(|| Told::Halt);
        }
        Ok(())
    }

    fn tell(&self, told: impl Fn() -> Told) {
        for tell in &self.tell {
            // A thread that is gone has said why.
            let _ = tell.send(told());
        }
    }

    fn send(&mut self, frame: &Frame) -> Result<(), String> {
        self.heed(Voice::has_room)?;
        self.voice
            .say(frame.encode())
            .map_err(|error| format!("the witness does not listen any more: {error}"))
    }
}

fn too_late(frame: &str, patience: Duration) -> String {
    format!("the witness should have sent its {frame} frame {patience:?} ago")
}

/// The thread of one device.
struct Card {
    gpu: u16,
    selector: String,
    issued: Issued,
    salt: Option<Salt>,
    patience: Duration,
    stop: Arc<AtomicBool>,
}

impl Card {
    fn work(&self, told: &Receiver<Told>, say: &SyncSender<Said>) -> Result<(), String> {
        let options = OpenOptions { wait_limit: WAIT_LIMIT };
        let mut opened = inventory::open(&self.selector, options).map_err(|e| e.to_string())?;
        let card = opened.device.identity().clone();
        let mut identity = card.clone();
        if let Some(salt) = self.salt.clone() {
            identity = Hiding::new(salt).identity(&identity).map_err(|e| e.to_string())?;
        }
        let settings = settings(WAIT_LIMIT.as_millis() as u64);
        let mut nobody = Nobody;
        let bench = Bench::new(std::slice::from_mut(&mut opened), &settings, None, &mut nobody);
        let challenge = &self.issued.challenge;
        let outfit = Outfit::choose(bench, challenge.memory_bytes).map_err(|e| e.to_string())?;
        let mut rounds = Rounds::new(outfit);
        let (selector, work, memory) = (self.selector.clone(), *rounds.work(), rounds.memory().copied());
        let ready = Box::new(Gpu { selector, identity, work, memory });
        if say.send(Said::Ready(self.gpu, ready)).is_err() {
            return Ok(());
        }
        let seeds = |start: &[u8; 32]| Seeds::new(&challenge.nonce, start, u32::from(self.gpu));
        if memory.is_some() {
            let Ok(Told::Fill(seed)) = told.recv() else { return Ok(()) };
            rounds.fill(&seeds(&seed)).map_err(|e| e.to_string())?;
            let _ = say.send(Said::Filled);
        }
        let Ok(Told::Begin(start)) = told.recv() else { return Ok(()) };
        let seeds = seeds(&start);
        let orders = Heard { stop: &self.stop, told, patience: self.patience, say };
        let send = |frame| {
            // The thread that speaks may have ended; then so does everything.
            let _ = say.send(Said::Frame(frame));
        };
        let mut committed = |round, root| send(Frame::Root { gpu: self.gpu, round, root });
        let history = rounds.run(&seeds, &orders, &mut committed).map_err(|e| e.to_string())?;
        if say.send(Said::Ended(self.gpu, history.roots.len() as u32)).is_err() {
            return Ok(());
        }
        let Some(ask) = orders.ask() else { return Ok(()) };
        let nonce = Seeds::new(&challenge.nonce, &ask, u32::from(self.gpu)).attestation();
        let ask = Ask { seed: &ask, gpu: u32::from(self.gpu), count: challenge.openings };
        rounds
            .answer(self.gpu, &seeds, &history, &ask, &mut |frame| send(frame))
            .map_err(|e| e.to_string())?;
        send(Frame::Attestation { gpu: self.gpu, given: telemetry::attest(&card, &nonce) });
        let _ = say.send(Said::Answered);
        Ok(())
    }
}

/// What the thread of a device hears while it computes.
struct Heard<'a> {
    stop: &'a AtomicBool,
    told: &'a Receiver<Told>,
    patience: Duration,
    say: &'a SyncSender<Said>,
}

impl Heard<'_> {
    /// The question, past what came too late to matter.
    fn ask(&self) -> Option<[u8; 32]> {
        self.told.iter().find_map(|told| if let Told::Ask(seed) = told { Some(seed) } else { None })
    }
}

impl Orders for Heard<'_> {
    fn are_to_end(&self) -> bool {
        self.stop.load(Ordering::Relaxed)
    }

    fn turn(&self, round: u32, may_end: bool) -> Option<[u8; 32]> {
        while !(may_end && self.are_to_end()) {
            match self.told.recv_timeout(self.patience) {
                Ok(Told::Turn(at, seed)) if at == round => return Some(seed),
                // A halt, which the flag says as well; or nothing that is due here.
                Ok(Told::Halt | Told::Turn(..) | Told::Fill(_) | Told::Begin(_) | Told::Ask(_)) => {}
                Err(RecvTimeoutError::Timeout) => {
                    let _ = self.say.send(Said::Failed(too_late("turn", self.patience)));
                    return None;
                }
                Err(RecvTimeoutError::Disconnected) => return None,
            }
        }
        None
    }
}
