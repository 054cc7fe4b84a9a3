//! Worker processes: one per device, started together, watched, and never waited for when they are stuck.
//! Owns processes and deadlines; must not know what the workers measure. This side never loads a vendor driver.

use std::io::{BufRead, BufReader, Read, Write};
use std::path::Path;
use std::process::{Child, ChildStdin, Command, ExitStatus, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{self, Receiver, RecvTimeoutError, Sender};
use std::time::{Duration, Instant};

pub use ask::{Limit, ask, check, inventory, nvml};

use super::WorkerPlan;
use super::node::NodePlan;
use crate::clock::NOTABLE;
use crate::device::parts;
use crate::evidence::event::{self, Event, LINE_BYTES_MAX, What};
use crate::evidence::{Ended, Order};

mod ask;
mod between;

/// The hidden subcommand that makes this binary a worker.
pub const WORKER: &str = "worker";
/// Tells a worker that all others are ready as well.
pub const GO: &[u8] = b"go\n";

/// How often the supervisor looks at its clock.
const TICK: Duration = Duration::from_millis(50);
/// So many times as long a worker may be silent before its first word: a driver that nobody keeps awake makes all cards of a node ready
/// when the first is opened.
const OPENING: u32 = 2;
/// How long a worker that has closed its output may take to exit.
const EXIT_GRACE: Duration = Duration::from_secs(2);

/// What a supervised run needs to know.
pub struct Orders<'a> {
    /// This binary.
    pub program: &'a Path,
    pub plans: &'a [WorkerPlan],
    pub order: Order,
    /// Carried out when all of the above are through.
    pub node: Option<&'a NodePlan>,
    /// A worker that says nothing for so long is given up.
    pub hang_after: Duration,
    /// Set from outside, by Ctrl-C.
    pub interrupted: &'a AtomicBool,
}

/// Runs all workers to their ends and hands every event to `take`, in the order of arrival. Each device gets exactly one
/// `DeviceEnded`, from its worker or from here, and the node its `NodeEnded`.
pub fn run(orders: &Orders, mut take: impl FnMut(Event)) -> Ended {
    let at_once = match orders.order {
        Order::Together => orders.plans.len(),
        Order::OneAtATime => 1,
    };
    let jobs: Vec<Job> = orders.plans.iter().map(Job::Device).collect();
    let mut how = Ended::Completed;
    let mut broken = orders.node.map_or(Vec::new(), |plan| plan.broken.clone());
    for jobs in jobs.chunks(at_once.max(1)) {
        how = turn(orders, jobs, how, |event| {
            if let (Some(device), What::DeviceEnded(how)) = (event.device, &event.what)
                && *how != Ended::Completed
            {
                broken.push(device);
            }
            take(event);
        });
    }
    match orders.node {
        // One that hangs or is lost would take the others' figures with it.
        Some(plan) => between::run(orders, NodePlan { broken, ..plan.clone() }, how, take),
        None => how,
    }
}

/// Lets these jobs be done, unless the run is over already.
fn turn(orders: &Orders, jobs: &[Job], how: Ended, mut take: impl FnMut(Event)) -> Ended {
    if how != Ended::Completed {
        jobs.iter().for_each(|job| take(ended(job.device(), Instant::now(), how.clone())));
        return how;
    }
    let mut workers = Vec::new();
    let how = watch(orders, jobs, &mut workers, &mut take);
    // Gone before the next begin.
    see_off(workers);
    how
}

/// What one worker process does.
#[derive(Clone, Copy)]
enum Job<'a> {
    Device(&'a WorkerPlan),
    Node(&'a NodePlan),
}

impl Job<'_> {
    /// As it stands in events.
    fn device(&self) -> Option<u32> {
        match self {
            Job::Device(plan) => Some(plan.device),
            Job::Node(_) => None,
        }
    }

    fn selector(&self) -> Option<&str> {
        match self {
            Job::Device(plan) => Some(&plan.selector),
            Job::Node(_) => None,
        }
    }

    fn arguments(&self) -> &'static [&'static str] {
        match self {
            Job::Device(_) => &[],
            Job::Node(_) => &["--node"],
        }
    }

    /// One line of JSON.
    fn line(&self) -> serde_json::Result<Vec<u8>> {
        let mut line = match self {
            Job::Device(plan) => serde_json::to_vec(plan)?,
            Job::Node(plan) => serde_json::to_vec(plan)?,
        };
        line.push(b'\n');
        Ok(line)
    }

    /// Only workers of devices wait for one another.
    fn first_state(&self) -> State {
        match self {
            Job::Device(_) => State::Opening,
            Job::Node(_) => State::Measuring,
        }
    }
}

fn watch(orders: &Orders, jobs: &[Job], workers: &mut Vec<Worker>, mut take: impl FnMut(Event)) -> Ended {
    let begun = Instant::now();
    let (sender, receiver) = mpsc::channel();
    workers.extend(jobs.iter().map(|job| match Worker::start(orders.program, job, &sender) {
        Ok(worker) => worker,
        Err(why) => {
            let why = format!("the worker cannot be started: {why}");
            take(ended(job.device(), begun, Ended::Lost { why, during: None }));
            Worker::dead(job.device())
        }
    }));
    let mut released = false;
    let mut listened_at = Instant::now();
    while workers.iter().any(|w| w.state != State::Over) {
        if orders.interrupted.load(Ordering::Relaxed) {
            for worker in workers.iter_mut().filter(|w| w.state != State::Over) {
                worker.kill();
                take(ended(worker.device, begun, Ended::Interrupted));
            }
            return Ended::Interrupted;
        }
        if let Some(message) = next(&receiver) {
            let speaker = workers.iter_mut().find(|worker| worker.device == message.worker);
            if let Some(event) = speaker.and_then(|worker| worker.hear(message.heard, begun)) {
                take(event);
            }
        }
        // Stopped or frozen, this program heard nobody; what they said meanwhile is still to come.
        let deaf = listened_at.elapsed();
        listened_at += deaf;
        if deaf > NOTABLE {
            workers.iter_mut().for_each(|worker| worker.heard_at += deaf);
        }
        for worker in workers.iter_mut().filter(|w| released || w.state == State::Opening) {
            if let Some(event) = worker.give_up_if_silent(orders.hang_after, begun) {
                take(event);
            }
        }
        if !released && workers.iter().all(|w| w.state != State::Opening) {
            released = true;
            workers.iter_mut().for_each(Worker::release);
        }
    }
    Ended::Completed
}

/// Lets workers that are through with their plans exit, so that their devices are free and their CPU time is known as
/// ours when this process ends. The driver of one that does not exit hangs: it is killed, and not waited for.
fn see_off(workers: Vec<Worker>) {
    let until = Instant::now() + EXIT_GRACE;
    for mut child in workers.into_iter().filter_map(|worker| worker.child) {
        if exit_status(&mut child, until).is_none() {
            let _ = child.kill();
        }
    }
}

fn next(receiver: &Receiver<Message>) -> Option<Message> {
    match receiver.recv_timeout(TICK) {
        Ok(message) => Some(message),
        Err(RecvTimeoutError::Timeout) => None,
        Err(RecvTimeoutError::Disconnected) => {
            std::thread::sleep(TICK);
            None
        }
    }
}

fn ended(device: Option<u32>, begun: Instant, how: Ended) -> Event {
    let at_ns = u64::try_from(begun.elapsed().as_nanos()).unwrap_or(u64::MAX);
    let what = if device.is_some() { What::DeviceEnded(how) } else { What::NodeEnded(how) };
    Event { at_ns, device, what }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum State {
    Opening,
    Measuring,
    Over,
}

struct Worker {
    /// `None` for the node's.
    device: Option<u32>,
    child: Option<Child>,
    stdin: Option<ChildStdin>,
    stderr: Option<std::thread::JoinHandle<String>>,
    state: State,
    /// Whether it has said anything yet.
    spoke: bool,
    heard_at: Instant,
    during: Option<String>,
}

struct Message {
    worker: Option<u32>,
    heard: Heard,
}

enum Heard {
    Event(Box<Event>),
    Nonsense(String),
    Closed,
}

impl Worker {
    fn start(program: &Path, job: &Job, sender: &Sender<Message>) -> std::io::Result<Self> {
        let plan = job.line()?;
        let child = command(program, job.arguments(), job.selector())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()?;
        let state = job.first_state();
        let mut worker = Self { child: Some(child), state, ..Self::dead(job.device()) };
        let begun = worker.attend(&plan, sender);
        if begun.is_err() {
            worker.kill();
        }
        begun.map(|()| worker)
    }

    /// Tells it its plan and begins to listen to it.
    fn attend(&mut self, plan: &[u8], sender: &Sender<Message>) -> std::io::Result<()> {
        let Some(child) = &mut self.child else { return Ok(()) };
        if let Some(stdout) = child.stdout.take() {
            let (device, sender) = (self.device, sender.clone());
            thread("listen", move || listen(device, BufReader::new(stdout), &sender))?;
        }
        if let Some(stderr) = child.stderr.take() {
            self.stderr = Some(thread("last words", move || last_words(stderr))?);
        }
        self.stdin = child.stdin.take();
        if let Some(pipe) = &mut self.stdin {
            // A worker that died at once is noticed by its closed output.
            let _ = pipe.write_all(plan).and_then(|()| pipe.flush());
        }
        Ok(())
    }

    fn dead(device: Option<u32>) -> Self {
        Self {
            device,
            child: None,
            stdin: None,
            stderr: None,
            state: State::Over,
            spoke: false,
            heard_at: Instant::now(),
            during: None,
        }
    }

    /// Lets a worker that waits for the others begin; from here on its silence counts.
    fn release(&mut self) {
        self.heard_at = Instant::now();
        if let Some(stdin) = &mut self.stdin {
            let _ = stdin.write_all(GO).and_then(|()| stdin.flush());
        }
    }

    /// Takes note of what a worker said. What it says after its end is not believed.
    fn hear(&mut self, heard: Heard, begun: Instant) -> Option<Event> {
        if self.state == State::Over {
            return None;
        }
        self.heard_at = Instant::now();
        match heard {
            Heard::Event(event) => {
                self.spoke = true;
                match &event.what {
                    What::DeviceOpened(_) => self.state = State::Measuring,
                    What::CaseStarted { metric, .. } => self.during = Some(metric.clone()),
                    What::DeviceEnded(_) | What::NodeEnded(_) => self.state = State::Over,
                    What::RunStarted(_)
                    | What::Progress(_)
                    | What::Measured(_)
                    | What::Fact(_)
                    | What::Absent(_)
                    | What::Reading(_)
                    | What::SustainStarted(_)
                    | What::Resumed(_)
                    | What::Window(_)
                    | What::Fault(_)
                    | What::Lapse(_)
                    | What::RunEnded(_) => {}
                }
                Some(*event)
            }
            Heard::Nonsense(why) => {
                self.kill();
                Some(self.lost(begun, format!("the worker wrote something that is not an event: {why}")))
            }
            Heard::Closed => {
                let why = self.obituary();
                Some(self.lost(begun, why))
            }
        }
    }

    fn give_up_if_silent(&mut self, hang_after: Duration, begun: Instant) -> Option<Event> {
        let limit = if self.spoke { hang_after } else { hang_after * OPENING };
        if self.state == State::Over || self.heard_at.elapsed() < limit {
            return None;
        }
        self.kill();
        let seconds = limit.as_secs_f64();
        Some(self.lost(begun, format!("the device hung: no sign of life from its worker for {seconds} s")))
    }

    fn lost(&mut self, begun: Instant, why: String) -> Event {
        self.state = State::Over;
        ended(self.device, begun, Ended::Lost { why, during: self.during.clone() })
    }

    /// Kills without waiting: a worker stuck in the kernel cannot be waited for.
    fn kill(&mut self) {
        self.state = State::Over;
        if let Some(child) = &mut self.child {
            let _ = child.kill();
        }
    }

    /// How a worker that closed its output has died.
    fn obituary(&mut self) -> String {
        let status = self.child.as_mut().and_then(|child| exit_status(child, Instant::now() + EXIT_GRACE));
        let said = match (&status, self.stderr.take()) {
            (Some(_), Some(thread)) => thread.join().unwrap_or_default(),
            (None, _) | (_, None) => String::new(),
        };
        let how = status.map_or("closed its output but does not exit".to_owned(), |s| format!("died ({s})"));
        let said = said.trim();
        if said.is_empty() { format!("the worker {how}") } else { format!("the worker {how}: {said}") }
    }
}

fn exit_status(child: &mut Child, until: Instant) -> Option<ExitStatus> {
    loop {
        match child.try_wait() {
            Ok(Some(status)) => return Some(status),
            Ok(None) if Instant::now() < until => std::thread::sleep(Duration::from_millis(5)),
            Ok(None) | Err(_) => return None,
        }
    }
}

/// A machine may have no room for one more.
fn thread<T: Send + 'static>(
    name: &str,
    work: impl FnOnce() -> T + Send + 'static,
) -> std::io::Result<std::thread::JoinHandle<T>> {
    std::thread::Builder::new().name(name.to_owned()).spawn(work)
}

/// A worker in a process group of its own, so that a Ctrl-C at the terminal reaches the supervisor alone. On Linux it dies with the
/// thread that starts it. It sees the part of a card that it is to open.
fn command(program: &Path, arguments: &[&str], selector: Option<&str>) -> Command {
    let mut command = Command::new(program);
    command.arg(WORKER).args(arguments).args(["--parent", &std::process::id().to_string()]);
    command.envs(selector.and_then(parts::named).map(|part| (parts::CUDA_SHOWS, part)));
    #[cfg(unix)]
    std::os::unix::process::CommandExt::process_group(&mut command, 0);
    command
}

fn listen(worker: Option<u32>, mut from: impl BufRead, sender: &Sender<Message>) {
    let mut line = Vec::new();
    loop {
        line.clear();
        let got = from.by_ref().take(LINE_BYTES_MAX as u64).read_until(b'\n', &mut line);
        let heard = match got {
            Ok(0) | Err(_) => Heard::Closed,
            // Some drivers print on the standard output; an event begins with a brace.
            Ok(_) if !line.starts_with(b"{") => continue,
            Ok(_) => match event::parse(line.trim_ascii_end()) {
                Ok(event) if event.device != worker => {
                    Heard::Nonsense("an event of another device".to_owned())
                }
                Ok(event) if !may_say(worker, &event.what) => {
                    Heard::Nonsense("an event of the run".to_owned())
                }
                Ok(event) => Heard::Event(Box::new(event)),
                Err(why) => Heard::Nonsense(why),
            },
        };
        let closed = matches!(heard, Heard::Closed);
        if sender.send(Message { worker, heard }).is_err() || closed {
            return;
        }
    }
}

/// Whether an event is of a kind that this worker may speak of.
fn may_say(worker: Option<u32>, what: &What) -> bool {
    match what {
        What::RunStarted(_) | What::Resumed(_) | What::RunEnded(_) => false,
        What::CaseStarted { .. } | What::Progress(_) | What::Measured(_) | What::Absent(_) => true,
        What::DeviceOpened(_)
        | What::Fact(_)
        | What::Reading(_)
        | What::SustainStarted(_)
        | What::Window(_)
        | What::Fault(_)
        | What::Lapse(_)
        | What::DeviceEnded(_) => worker.is_some(),
        What::NodeEnded(_) => worker.is_none(),
    }
}

/// The end of what a worker printed as errors.
fn last_words(mut from: impl Read) -> String {
    const KEPT: usize = 2000;
    let mut kept: Vec<u8> = Vec::new();
    let mut chunk = [0; 4096];
    while let Ok(got @ 1..) = from.read(&mut chunk) {
        kept.extend_from_slice(&chunk[..got]);
        let excess = kept.len().saturating_sub(KEPT);
        kept.drain(..excess);
    }
    String::from_utf8_lossy(&kept).into_owned()
}

#[cfg(test)]
mod tests;
