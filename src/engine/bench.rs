//! The workbench of a probe: run an op, tune it, sample it, keep the clocks and the sensors.
//! Owns how time is taken; must not know what is measured or what counts as good.

mod stop;

use std::cmp::Ordering;
use std::io;
use std::rc::Rc;
use std::time::Duration;

use self::stop::Stop;
use super::lookout::Lookout;
use super::{Settings, Trouble};
use crate::device::backend::Opened;
use crate::device::{Buf, DeviceError, Op, Ticket, Variant};
use crate::evidence::event::{Event, Sign, Sink, What};
use crate::evidence::lapse::Lapse;
use crate::evidence::metric::{Kind, MetricName};
use crate::evidence::sequence::{Decision, Demand};
use crate::evidence::stats::Stat;
use crate::evidence::{Sample, Timed};
use crate::telemetry::{Fact, Reading};
use crate::units::Unit;

pub use self::stop::Cap;

pub struct Bench<'a> {
    /// Those that were opened together, or one.
    devices: &'a mut [Opened],
    /// Which of them is worked with.
    turn: usize,
    settings: &'a Settings,
    /// `None` for what is measured between devices.
    device: Option<u32>,
    sink: &'a mut dyn Sink,
    /// By the place of their device.
    buffers: Vec<(usize, Buf, u64)>,
    case: String,
    unit: Option<Unit>,
    next_progress_ns: u64,
    next_reading_ns: u64,
    /// How long the last reading took.
    reading_took_ns: u64,
    last_reading: Option<Reading>,
    lookout: Lookout,
}

/// An op in one launch form.
#[derive(Clone, Debug)]
pub struct Tuned {
    pub op: Op,
    pub index: usize,
    pub variant: Variant,
}

/// What sampling gives: the samples, and how often the op ran in all, warm-up included.
#[derive(Debug)]
pub struct Sampled {
    pub timed: Timed,
    pub executions: u64,
}

/// A launch form and the best rate seen of it, in operations a nanosecond.
struct Tried {
    form: Tuned,
    repeat: u32,
    rate: f64,
}

impl Tried {
    fn fastest_first(&self, other: &Self) -> Ordering {
        other.rate.total_cmp(&self.rate)
    }
}

const PROGRESS_EVERY: Duration = Duration::from_millis(100);
const READING_EVERY: Duration = Duration::from_secs(1);
/// Readings may take at most one part in so many of the time.
const READING_SHARE: u64 = 100;
/// Time given to each launch form while tuning.
const TUNE_NS: u64 = 10_000_000;
/// Tuning may take this many times as long as sampling.
const TUNE_SHARE: u64 = 4;
/// So many of the fastest forms are tried so many times more.
const FINALISTS: usize = 3;
const FINALS: usize = 2;
const REPEAT_MAX: u32 = 1 << 20;

impl<'a> Bench<'a> {
    /// Of one device, or of several that were opened together; never of none. It begins with the first.
    pub fn new(
        devices: &'a mut [Opened],
        settings: &'a Settings,
        device: Option<u32>,
        sink: &'a mut dyn Sink,
    ) -> Self {
        Self {
            devices,
            turn: 0,
            settings,
            device,
            sink,
            buffers: Vec::new(),
            case: String::new(),
            unit: None,
            next_progress_ns: 0,
            next_reading_ns: 0,
            reading_took_ns: 0,
            last_reading: None,
            lookout: Lookout::default(),
        }
    }

    /// How many devices there are.
    pub fn ranks(&self) -> u32 {
        self.devices.len() as u32
    }

    /// Lets this one be worked with from now on. Time is that of the first all along.
    pub fn turn_to(&mut self, rank: u32) {
        self.turn = rank as usize % self.devices.len();
    }

    fn opened(&mut self) -> &mut Opened {
        &mut self.devices[self.turn]
    }

    pub fn identity(&self) -> &crate::device::Identity {
        self.devices[self.turn].device.identity()
    }

    pub fn now_ns(&self) -> u64 {
        self.devices[0].clock.now_ns()
    }

    /// For how long this program was not run, in all; `None` where that cannot be told now, or the device's time is made up.
    pub fn stood_ns(&self) -> Option<u64> {
        self.devices[0].clock.machine().map(|machine| machine.stood_ns)
    }

    pub fn emit(&mut self, what: What) -> io::Result<()> {
        self.look_out()?;
        self.put(what)
    }

    /// Tells first what times do not show. Of the node that is told by its devices.
    fn look_out(&mut self) -> io::Result<()> {
        let machine = self.device.and(self.devices[0].clock.machine());
        for (kind, ns) in machine.map_or(Vec::new(), |machine| self.lookout.look(&machine)) {
            self.put(What::Lapse(Lapse { at_ns: self.now_ns(), kind, ns }))?;
        }
        Ok(())
    }

    fn put(&mut self, what: What) -> io::Result<()> {
        let event = Event { at_ns: self.now_ns(), device: self.device, what };
        self.sink.event(&event)
    }

    /// Announces a case, so that a silence can be told from long work.
    pub fn begin(&mut self, metric: &MetricName, case: u32, cases: u32) -> io::Result<()> {
        self.case = metric.to_string();
        self.unit = match metric.kind() {
            Kind::Number(unit) => Some(unit),
            Kind::Fact => None,
        };
        self.next_progress_ns = 0;
        if !self.reads_quickly() {
            self.read_telemetry_if_due()?;
        }
        self.emit(What::CaseStarted { metric: self.case.clone(), case, cases })
    }

    /// A sign of life, at most ten times a second.
    pub fn progress(&mut self, permille: u64, figure: Option<f64>) -> io::Result<()> {
        self.sign(permille, figure, Vec::new)
    }

    fn sign(
        &mut self,
        permille: u64,
        figure: Option<f64>,
        decisions: impl FnOnce() -> Vec<(String, Decision)>,
    ) -> io::Result<()> {
        let now = self.now_ns();
        if now < self.next_progress_ns {
            return Ok(());
        }
        self.next_progress_ns = now + PROGRESS_EVERY.as_nanos() as u64;
        let reading = self.last_reading.clone().unwrap_or_default();
        self.emit(What::Progress(Sign {
            metric: self.case.clone(),
            permille: permille.min(1000) as u32,
            figure,
            reading,
            decisions: decisions(),
        }))
    }

    pub fn telemetry_facts(&mut self) -> Vec<Fact> {
        self.opened().telemetry.facts()
    }

    /// Looks at the sensors, whatever the time. A driver that is slow to answer is left alone for so much longer.
    pub fn look(&mut self) -> Option<Reading> {
        let begun = self.now_ns();
        let reading = self.opened().telemetry.read();
        let now = self.now_ns();
        self.reading_took_ns = now.saturating_sub(begun);
        self.next_reading_ns = now.saturating_add(self.reading_took_ns.saturating_mul(READING_SHARE));
        self.last_reading.clone_from(&reading);
        reading
    }

    /// Whether the sensors have been left alone for long enough.
    pub fn may_look(&self) -> bool {
        self.now_ns() >= self.next_reading_ns
    }

    /// Takes a reading, whatever the time.
    pub fn read_telemetry(&mut self) -> io::Result<()> {
        // A look that found nothing is evidence too: the sensors were silent.
        match self.look() {
            Some(reading) => self.emit(What::Reading(reading)),
            None => Ok(()),
        }
    }

    fn read_telemetry_if_due(&mut self) -> io::Result<()> {
        let begun = self.now_ns();
        if begun < self.next_reading_ns {
            return Ok(());
        }
        self.read_telemetry()?;
        self.next_reading_ns = self.next_reading_ns.max(begun + READING_EVERY.as_nanos() as u64);
        Ok(())
    }

    /// Whether readings fit between two batches: two are queued, so what takes less than one costs the device nothing.
    fn reads_quickly(&self) -> bool {
        self.reading_took_ns < self.settings.batch_ms() * 1_000_000
    }

    /// Lets time pass while the device does nothing.
    pub fn pause(&self, duration: Duration) {
        self.devices[0].clock.sleep(duration);
    }

    /// Starts one execution and does not wait for it.
    pub fn start(&mut self, form: &Tuned) -> Result<Ticket, DeviceError> {
        self.opened().device.submit(&form.op, form.index, 1)
    }

    /// Waits for what was started; the return is its time by the device's clock.
    pub fn finish(&mut self, form: &Tuned, ticket: Ticket) -> Result<Option<u64>, Trouble> {
        let done = self.opened().device.wait(ticket)?;
        check_count(&form.op, 1, done.counted)?;
        Ok(done.device_ns)
    }

    /// Memory that lives until the case ends or [`Bench::free`].
    pub fn alloc(&mut self, bytes: u64) -> Result<Buf, DeviceError> {
        let buf = self.opened().device.alloc(bytes)?;
        self.buffers.push((self.turn, buf, bytes));
        Ok(buf)
    }

    pub fn free(&mut self, buf: Buf) {
        self.buffers.retain(|(turn, held, _)| (*turn, *held) != (self.turn, buf));
        self.opened().device.free(buf);
    }

    /// Bytes that the case has allocated.
    pub fn held_bytes(&self) -> u64 {
        self.buffers.iter().map(|(.., bytes)| bytes).sum()
    }

    /// Frees what the case has left.
    pub fn release(&mut self) {
        for (turn, buf, _) in std::mem::take(&mut self.buffers) {
            self.devices[turn].device.free(buf);
        }
        self.turn = 0;
    }

    pub fn write(&mut self, to: Buf, at: u64, data: &[u8]) -> Result<(), DeviceError> {
        self.opened().device.write(to, at, data)
    }

    pub fn read(&mut self, from: Buf, at: u64, bytes: u64) -> Result<Vec<u8>, DeviceError> {
        let mut out = vec![0; bytes as usize];
        self.opened().device.read(from, at, &mut out)?;
        Ok(out)
    }

    /// What tickets that were waited for have written, beside those still open.
    pub fn peek(&mut self, from: Buf, at: u64, bytes: u64) -> Result<Vec<u8>, DeviceError> {
        let mut out = vec![0; bytes as usize];
        self.opened().device.peek(from, at, &mut out)?;
        Ok(out)
    }

    pub fn supports(&self, op: &Op) -> Result<(), Trouble> {
        self.devices[self.turn].device.supports(op).map_err(Trouble::Unsupported)
    }

    /// Lets the device do what takes long before the first `op`, with signs of life.
    pub fn make_ready(&mut self, op: &Op) -> Result<(), Trouble> {
        let clock = Rc::clone(&self.devices[0].clock);
        let Self { devices, turn, device, sink, case, .. } = self;
        let mut told = Ok(());
        let mut sign = || {
            let what = What::Progress(Sign { metric: case.clone(), ..Sign::default() });
            let sent = sink.event(&Event { at_ns: clock.now_ns(), device: *device, what });
            told = std::mem::replace(&mut told, Ok(())).and(sent);
        };
        let ready = devices[*turn].device.make_ready(op, &mut sign);
        told?;
        Ok(ready?)
    }

    /// The families of launch forms of `op` that have run on no hardware before and were tried here: see
    /// [`crate::device::Device::on_probation`].
    pub fn on_probation(&self, op: &Op) -> Vec<&'static str> {
        let trials = self.devices[self.turn].device.on_probation(op);
        trials.into_iter().filter(|trial| trial.is_offered).map(|trial| trial.family).collect()
    }

    /// See [`crate::device::Device::admit`].
    pub fn admit(&mut self, family: &str, outcome: Result<(), String>) {
        self.opened().device.admit(family, outcome);
    }

    /// The launch forms of `op`.
    pub fn forms(&self, op: &Op) -> Vec<Tuned> {
        let variants = self.devices[self.turn].device.variants(op);
        variants.into_iter().enumerate().map(|(index, variant)| Tuned { op: *op, index, variant }).collect()
    }

    /// The first launch form: for work whose speed does not matter.
    pub fn any_form(&self, op: &Op) -> Result<Tuned, Trouble> {
        self.supports(op)?;
        self.forms(op).into_iter().next().ok_or_else(|| {
            Trouble::Wrong(format!("the backend supports {} but has no launch form for it", op.name()))
        })
    }

    /// Runs `op` once in its first form.
    pub fn once(&mut self, op: &Op) -> Result<Sample, Trouble> {
        let form = self.any_form(op)?;
        self.run(&form, 1)
    }

    /// Runs and waits. A kernel that counted other work than it was given is a wrong result.
    pub fn run(&mut self, form: &Tuned, repeat: u32) -> Result<Sample, Trouble> {
        let begun = self.now_ns();
        let ticket = self.opened().device.submit(&form.op, form.index, repeat)?;
        let done = self.opened().device.wait(ticket)?;
        let host_ns = self.now_ns() - begun;
        check_count(&form.op, repeat, done.counted)?;
        Ok(Sample { device_ns: done.device_ns, host_ns })
    }

    /// The fastest of `forms`, by a short trial of each, which warms up as well, and a second look at the best few: one trial
    /// is easily disturbed by more than they differ. Forms that there is no time left for are not tried.
    pub fn tune(&mut self, forms: Vec<Tuned>) -> Result<Tuned, Trouble> {
        if forms.len() == 1 {
            return forms.into_iter().next().ok_or_else(|| Trouble::Wrong("no launch form".to_owned()));
        }
        let mut tried: Vec<Tried> = Vec::new();
        let until = self.now_ns() + self.settings.sample_ms * TUNE_SHARE * 1_000_000;
        for form in forms {
            self.progress(0, None)?;
            if !tried.is_empty() && self.now_ns() > until {
                break;
            }
            let (repeat, _) = self.calibrate(&form, TUNE_NS)?;
            let mut trial = Tried { form, repeat, rate: 0.0 };
            self.try_again(&mut trial)?;
            tried.push(trial);
        }
        tried.sort_by(Tried::fastest_first);
        tried.truncate(FINALISTS);
        for _ in 0..FINALS {
            for trial in &mut tried {
                self.try_again(trial)?;
            }
        }
        tried.sort_by(Tried::fastest_first);
        let best = tried.into_iter().next().map(|best| best.form);
        best.ok_or_else(|| Trouble::Wrong("the backend offers no launch form".to_owned()))
    }

    /// Keeps the best rate, since what disturbs only slows.
    fn try_again(&mut self, trial: &mut Tried) -> Result<(), Trouble> {
        let sample = self.run(&trial.form, trial.repeat)?;
        let work = trial.form.op.work() as f64 * f64::from(trial.repeat);
        trial.rate = trial.rate.max(work / kernel_ns(sample) as f64);
        Ok(())
    }

    /// How often `form` must run to take about `target_ns`, and how often it ran to find out.
    pub fn calibrate(&mut self, form: &Tuned, target_ns: u64) -> Result<(u32, u64), Trouble> {
        let (mut repeat, mut executions) = (1u32, 0u64);
        loop {
            let took = kernel_ns(self.run(form, repeat)?).max(1);
            executions += u64::from(repeat);
            self.progress(0, None)?;
            let fit = (u64::from(repeat) * target_ns).div_ceil(took).clamp(1, u64::from(REPEAT_MAX)) as u32;
            // Short runs overstate their length: approach the target in steps of at most 32.
            if took * 2 >= target_ns || fit <= repeat {
                return Ok((fit, executions));
            }
            repeat = fit.min(repeat.saturating_mul(32));
        }
    }

    fn stop(&self) -> Stop<'a> {
        let demands: Vec<&Demand> =
            self.settings.demands.iter().filter(|demand| demand.metric.as_str() == self.case).collect();
        Stop::new(demands, self.settings.sample_ms)
    }

    /// Samples `form`, with at least one look at the sensors while it runs, unless they are too slow for that. What the last
    /// look saw is the second part.
    pub fn sample_watched(&mut self, form: &Tuned) -> Result<(Sampled, Option<Reading>), Trouble> {
        (self.next_reading_ns, self.last_reading) = (0, None);
        let sampled = self.sample(form)?;
        Ok((sampled, self.last_reading.take()))
    }

    /// Samples `form` for the profile's time, or until what is demanded of it is decided: one batch always queued behind the one
    /// being waited for, so that submission costs the device nothing. A sample's host time is from the end of the one before it.
    pub fn sample(&mut self, form: &Tuned) -> Result<Sampled, Trouble> {
        let (repeat, mut executions) = self.calibrate(form, self.settings.batch_ms() * 1_000_000)?;
        let stop = self.stop();
        let mut timed = Timed { work: form.op.work(), repeat, samples: Vec::new() };
        let mut figures = [Vec::new(), Vec::new()];
        let begun = self.now_ns();
        let mut ready = begun;
        let mut waiting = self.opened().device.submit(&form.op, form.index, repeat)?;
        loop {
            let elapsed = self.now_ns() - begun;
            let last = stop.is_now(timed.samples.len() + 1, elapsed, &figures);
            let next =
                if last { None } else { Some(self.opened().device.submit(&form.op, form.index, repeat)?) };
            if self.reads_quickly() {
                self.read_telemetry_if_due()?;
            }
            let done = self.opened().device.wait(waiting)?;
            let now = self.now_ns();
            check_count(&form.op, repeat, done.counted)?;
            executions += u64::from(repeat);
            timed.samples.push(Sample { device_ns: done.device_ns, host_ns: now - ready });
            ready = now;
            figures = self.unit.map(|unit| timed.figures_by_each_clock(unit)).unwrap_or_default();
            let permille = elapsed * 1000 / stop.cap.ns.max(1);
            self.sign(permille, Stat::P50.of(&figures[0]), || stop.decisions(&figures))?;
            match next {
                Some(ticket) => waiting = ticket,
                None => return Ok(Sampled { timed, executions }),
            }
        }
    }
}

fn kernel_ns(sample: Sample) -> u64 {
    sample.device_ns.unwrap_or(sample.host_ns)
}

fn check_count(op: &Op, repeat: u32, counted: Option<u32>) -> Result<(), Trouble> {
    let Some(units) = op.units() else { return Ok(()) };
    let expected = (units as u32).wrapping_mul(repeat);
    match counted {
        Some(counted) if counted == expected => Ok(()),
        Some(counted) => Err(Trouble::Wrong(format!(
            "the {} kernel counted {counted} units of work (modulo 2^32) where {expected} were ordered: the device did not do all of the work",
            op.name()
        ))),
        None => Err(Trouble::Wrong(format!("the {} kernel gave no count of its work", op.name()))),
    }
}
