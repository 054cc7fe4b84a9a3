//! What a run looks like while it lasts: what is known of each device, and the lines that show it.
//! Owns these lines and how they fit the terminal's size; must not draw them, nor know how anything is measured.

mod line;

use std::time::{Duration, Instant};

use anstyle::{AnsiColor, Style};

use crate::engine::WorkerPlan;
use crate::evidence::event::{Event, Sign, What};
use crate::evidence::metric::{Kind, MetricName};
use crate::evidence::sequence::{Decision, Demand};
use crate::evidence::{Check, Ended, Measurement, Order, RunInfo};
use crate::language::{Language, say};
use crate::telemetry::{Reading, Throttle};
use crate::units::Unit;
use line::{Line, PLAIN};

/// Everything that is shown.
pub struct View {
    begun: Instant,
    order: Order,
    devices: Vec<Live>,
    language: Language,
    /// What is measured between devices just now.
    between: Option<String>,
}

/// One device.
struct Live {
    label: String,
    stage: Stage,
    demands: Vec<Demand>,
    /// Of each of these demands.
    decisions: Vec<Decision>,
    /// For how long a load is still to be kept up, where it has not begun.
    load_ms: u64,
    case: Case,
    /// Cases that are through, without the load, and their time by the device's clock.
    through: u32,
    through_ns: u64,
    /// When it was opened, by our clock and by its own; and its own clock now.
    opened: Option<(Instant, u64)>,
    now_ns: u64,
    reading: Reading,
    wrong: u64,
    /// Wrong results that no window has counted yet.
    wrong_told: u64,
}

#[derive(Clone, Debug, PartialEq)]
enum Stage {
    Waiting,
    Measuring,
    /// How, unless that was before this run went on.
    Over(Option<Ended>),
}

/// What is being measured.
#[derive(Default)]
struct Case {
    number: u32,
    of: u32,
    /// By our clock and by the device's.
    began: Option<(Instant, u64)>,
    sign: Sign,
    /// For how long the load was asked, where it is one.
    load_ms: Option<u64>,
}

/// The size of a terminal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Size {
    pub width: usize,
    pub height: usize,
}

/// Widths of columns: of a narrow terminal, and of one that is at least this wide.
const WIDE: usize = 110;
const LABEL: [usize; 2] = [14, 30];
const BAR: [usize; 2] = [8, 20];
const LEFT: usize = 14;

const GOOD: Style = AnsiColor::Green.on_default();
const NOTE: Style = AnsiColor::Yellow.on_default();
const BAD: Style = AnsiColor::Red.on_default().bold();

impl View {
    pub fn new(run: &RunInfo, plans: &[WorkerPlan], begun: Instant, language: Language) -> Self {
        let devices = (0u32..).zip(&run.selectors).map(|(index, selector)| {
            let plan = plans.iter().find(|plan| plan.device == index);
            Live::new(format!("{index} {selector}"), plan)
        });
        Self { begun, order: run.order, devices: devices.collect(), language, between: None }
    }

    /// Takes note of what happened.
    pub fn event(&mut self, event: &Event, now: Instant) {
        match event.device {
            Some(device) => {
                if let Some(device) = self.devices.get_mut(device as usize) {
                    device.event(event, now);
                }
            }
            None => match &event.what {
                What::CaseStarted { metric, .. } => self.between = Some(metric.clone()),
                What::Progress(sign) => self.between = Some(figure_text(sign)),
                What::NodeEnded(_) => self.between = None,
                What::RunStarted(_)
                | What::Resumed(_)
                | What::DeviceOpened(_)
                | What::Measured(_)
                | What::Fact(_)
                | What::Absent(_)
                | What::Reading(_)
                | What::SustainStarted(_)
                | What::Window(_)
                | What::Fault(_)
                | What::Lapse(_)
                | What::DeviceEnded(_)
                | What::RunEnded(_) => {}
            },
        }
    }

    /// The lines that show all this now, none longer than the terminal is wide. Two for each device, or one where the terminal
    /// is too low for that.
    pub fn lines(&self, size: Size, now: Instant, colour: bool) -> Vec<String> {
        // A last column that is filled makes some terminals begin a new line.
        let (room, language) = (size.width.saturating_sub(1), self.language);
        let line = || Line { text: String::new(), room, colour, language };
        let mut lines = vec![self.of_run(line(), now)];
        let fits = 2 * self.devices.len() + lines.len() < size.height;
        for device in &self.devices {
            lines.push(device.progress(line(), size, now));
            if fits {
                lines.push(device.state(line(), size));
            }
        }
        lines
    }

    fn of_run(&self, mut line: Line, now: Instant) -> String {
        line.put(&clock(now.duration_since(self.begun)), Style::new().bold());
        if let Some(left) = self.left(now) {
            line.put(&say!(self.language, "live-left-of-run", time = clock(left)), PLAIN);
        }
        let wrong: u64 = self.devices.iter().map(Live::errors).sum();
        line.put("   ", PLAIN);
        let troubled = self.devices.iter().filter(|device| device.is_troubled()).count();
        match wrong {
            0 if troubled > 0 => line.put(&say!(self.language, "live-troubled", count = troubled), BAD),
            _ => errors(&mut line, wrong),
        }
        let count = |wanted| {
            let decisions = self.devices.iter().flat_map(|device| &device.decisions);
            decisions.filter(|decision| **decision == wanted).count()
        };
        for decision in [Decision::Fail, Decision::Undecided, Decision::Pass] {
            if count(decision) > 0 {
                let (word, style) = decided(decision, self.language);
                line.put("   ", PLAIN);
                line.put(&say!(self.language, "live-count", count = count(decision), what = word), style);
            }
        }
        if let Some(between) = &self.between {
            line.put(&format!("   {between}"), PLAIN);
        }
        line.text
    }

    /// Until all devices are through; what lies between devices comes after.
    fn left(&self, now: Instant) -> Option<Duration> {
        let open = self.devices.iter().filter(|device| !matches!(device.stage, Stage::Over(_)));
        let each = open.map(|device| device.left(now));
        match self.order {
            Order::Together => each.collect::<Option<Vec<_>>>()?.into_iter().max(),
            // How long the others will take nobody knows.
            Order::OneAtATime => None,
        }
    }
}

impl Live {
    fn new(label: String, plan: Option<&WorkerPlan>) -> Self {
        // What is measured already is decided by the report.
        let open = |plan: &WorkerPlan| {
            let demands = plan.settings.demands.iter();
            demands.filter(|d| !plan.already.metrics.contains(&d.metric)).cloned().collect()
        };
        let demands: Vec<Demand> = plan.map_or(Vec::new(), open);
        Self {
            label,
            stage: plan.map_or(Stage::Over(None), |_| Stage::Waiting),
            decisions: vec![Decision::Undecided; demands.len()],
            demands,
            load_ms: plan.map_or(0, |plan| plan.settings.sustain_ms),
            case: Case::default(),
            through: 0,
            through_ns: 0,
            opened: None,
            now_ns: 0,
            reading: Reading::default(),
            wrong: 0,
            wrong_told: 0,
        }
    }

    fn event(&mut self, event: &Event, now: Instant) {
        self.now_ns = event.at_ns;
        match &event.what {
            What::DeviceOpened(_) => {
                self.stage = Stage::Measuring;
                self.opened = Some((now, event.at_ns));
            }
            What::CaseStarted { metric, case, cases } => {
                self.end_case();
                let sign = Sign { metric: metric.clone(), ..Sign::default() };
                let (number, of, began) = (*case, *cases, Some((now, event.at_ns)));
                self.case = Case { number, of, began, sign, load_ms: None };
            }
            What::Progress(sign) => {
                if !sign.reading.is_empty() {
                    self.reading = sign.reading.clone();
                }
                for (clause, decision) in &sign.decisions {
                    self.decide(|demand| demand.clause == *clause, |_| *decision);
                }
                self.case.sign = sign.clone();
            }
            What::Reading(reading) => self.reading = reading.clone(),
            What::Measured(measurement) => self.measured(measurement),
            What::SustainStarted(load) => {
                self.load_ms = 0;
                self.case.load_ms = Some(load.asked_ms);
                self.case.began = Some((now, event.at_ns));
            }
            What::Fault(_) => self.wrong_told += 1,
            What::Window(window) => {
                self.wrong += window.wrong;
                self.wrong_told = 0;
            }
            What::DeviceEnded(ended) => self.stage = Stage::Over(Some(ended.clone())),
            What::RunStarted(_)
            | What::Resumed(_)
            | What::Fact(_)
            | What::Absent(_)
            | What::Lapse(_)
            | What::NodeEnded(_)
            | What::RunEnded(_) => {}
        }
    }

    fn end_case(&mut self) {
        if let (Some((_, began_ns)), None) = (self.case.began, self.case.load_ms) {
            self.through += 1;
            self.through_ns += self.now_ns.saturating_sub(began_ns);
        }
    }

    fn measured(&mut self, measurement: &Measurement) {
        match &measurement.check {
            Check::Wrong { .. } => self.wrong += 1,
            // All figures of the memory have the same scan.
            Check::Scanned { tally, .. } if measurement.metric.as_str() == "memory.errors.count" => {
                self.wrong += tally.words_wrong;
            }
            Check::Scanned { .. } | Check::Matched { .. } => {}
        }
        let figures = measurement.figures_by_each_clock();
        self.decide(|demand| demand.metric == measurement.metric, |demand| demand.decide(&figures).1);
    }

    fn decide(&mut self, of: impl Fn(&Demand) -> bool, decision: impl Fn(&Demand) -> Decision) {
        for (demand, known) in self.demands.iter().zip(&mut self.decisions) {
            if of(demand) {
                *known = decision(demand);
            }
        }
    }

    /// Whether it was lost, or the driver or its memory tell of errors. Wrong results are told apart.
    fn is_troubled(&self) -> bool {
        let Reading { xid, ecc_uncorrected, .. } = &self.reading;
        let is_some = |count: &Option<u64>| count.is_some_and(|count| count > 0);
        matches!(self.stage, Stage::Over(Some(Ended::Lost { .. })))
            || is_some(xid)
            || is_some(ecc_uncorrected)
    }

    fn errors(&self) -> u64 {
        self.wrong + self.wrong_told
    }

    /// How far the whole device is, in parts of a thousand.
    fn permille(&self) -> usize {
        let done = u64::from(self.case.number) * 1000 + u64::from(self.case.sign.permille);
        match self.stage {
            Stage::Over(_) => 1000,
            Stage::Waiting | Stage::Measuring => (done / u64::from(self.case.of.max(1))).min(1000) as usize,
        }
    }

    /// Of the case; `None` before anything is known of it.
    fn step_left(&self, now: Instant) -> Option<Duration> {
        let began @ (_, began_ns) = self.case.began?;
        let passed_ns = self.now_ns.saturating_sub(began_ns);
        let left_ns = match u64::from(self.case.sign.permille) {
            0 => self.case.load_ms?.saturating_mul(1_000_000).saturating_sub(passed_ns),
            permille => passed_ns.saturating_mul(1000_u64.saturating_sub(permille)) / permille,
        };
        Duration::try_from_secs_f64(left_ns as f64 / 1e9 * self.pace(began, now)?).ok()
    }

    /// Of all: what is left of the case, others like those before, and the load. A device whose clock goes otherwise than ours,
    /// which only a simulated one's does, tells nothing of a load to come.
    fn left(&self, now: Instant) -> Option<Duration> {
        let loads = u32::from(self.load_ms > 0);
        let cases = self.case.of.checked_sub(self.case.number + 1)?.saturating_sub(loads);
        let pace = self.pace(self.opened?, now)?;
        if loads > 0 && !(0.5..2.0).contains(&pace) {
            return None;
        }
        let mean = || {
            let each_ns = self.through_ns.checked_div(u64::from(self.through))?;
            Duration::try_from_secs_f64(each_ns as f64 / 1e9 * pace).ok()
        };
        let others = if cases == 0 { Duration::ZERO } else { mean()? * cases };
        let step = self.step_left(now).or_else(mean)?;
        Some(step + others + Duration::from_millis(self.load_ms))
    }

    /// How many of our seconds one of the device's takes.
    fn pace(&self, (at, at_ns): (Instant, u64), now: Instant) -> Option<f64> {
        let passed_ns = self.now_ns.saturating_sub(at_ns);
        (passed_ns > 0).then(|| now.duration_since(at).as_nanos() as f64 / passed_ns as f64)
    }

    /// Who, how far, what, and how long that takes.
    fn progress(&self, mut line: Line, size: Size, now: Instant) -> String {
        let wide = usize::from(size.width >= WIDE);
        line.put_padded(&self.label, LABEL[wide], Style::new().bold());
        let done = self.permille() * BAR[wide] / 1000;
        line.put(" ", PLAIN);
        line.put(&"#".repeat(done), AnsiColor::Cyan.on_default());
        line.put(&".".repeat(BAR[wide] - done), PLAIN);
        line.put(&format!(" {:>3} %  ", self.permille() / 10), PLAIN);
        let language = line.language;
        match &self.stage {
            Stage::Waiting => line.put(&say!(language, "live-opening"), PLAIN),
            Stage::Over(Some(ended)) => line.put(&ended_text(ended, language), PLAIN),
            Stage::Over(None) => line.put(&say!(language, "live-through-before"), PLAIN),
            Stage::Measuring => {
                // Of the device, as the line of the run says it of all.
                let left = self.left(now).map(|left| say!(language, "live-left", time = clock(left)));
                let left = left.map_or(String::new(), |left| format!(" {left}"));
                let room = line.room.saturating_sub(LEFT);
                line.put_padded(&figure_text(&self.case.sign), room, PLAIN);
                line.put_right(&left, LEFT);
            }
        }
        line.text
    }

    /// What the sensors say, what went wrong, what is decided. That nothing went wrong is said where there is room.
    fn state(&self, mut line: Line, size: Size) -> String {
        let Reading { temperature_c, power_mw, clock_mhz, throttle, xid, ecc_uncorrected, .. } =
            &self.reading;
        let language = line.language;
        let sensor = |value: Option<u32>, unit| value.map_or(String::new(), |v| format!("{v:>6} {unit}"));
        line.put(&sensor(*temperature_c, "C"), PLAIN);
        line.put(&sensor(power_mw.map(|mw| mw / 1000), "W"), PLAIN);
        line.put(&sensor(*clock_mhz, "MHz"), PLAIN);
        if self.reading.is_empty() && self.stage == Stage::Measuring {
            line.put(&format!("    {}", say!(language, "live-no-sensors")), PLAIN);
        }
        // The line of the run has it in full.
        match self.errors() {
            0 if self.is_troubled() || size.width < WIDE => {}
            0 => line.put(&format!("  {}", say!(language, "live-no-errors")), PLAIN),
            count => line.put(&format!("  {}", say!(language, "live-wrong", count = count)), BAD),
        }
        if let Some(count @ 1..) = xid {
            line.put(&format!("  {count} Xid"), BAD);
        }
        if let Some(count @ 1..) = *ecc_uncorrected {
            line.put(&format!("  {}", say!(language, "live-ecc-errors", count = count)), BAD);
        }
        let reasons: Vec<String> = throttle.iter().flatten().map(|reason| cause(*reason, language)).collect();
        if !reasons.is_empty() {
            let reasons = language.list(&reasons);
            line.put(&format!("  {}", say!(language, "live-throttled", reasons = reasons)), NOTE);
        }
        self.clauses(&mut line);
        line.text
    }

    /// The decisions so far: what is broken, then what is open, above all what is being measured. Where the line is full it
    /// says how many more there are.
    fn clauses(&self, line: &mut Line) {
        const MORE: usize = "  +99".len();
        let mut all: Vec<_> = self.demands.iter().zip(&self.decisions).collect();
        all.sort_by_key(|(demand, decision)| match decision {
            Decision::Fail => 0,
            Decision::Undecided if demand.metric.as_str() == self.case.sign.metric => 1,
            Decision::Undecided => 2,
            Decision::Pass => 3,
        });
        for (place, (demand, decision)) in all.iter().enumerate() {
            let (word, style) = decided(**decision, line.language);
            let text = format!("  {}{}{word}", demand.clause, say!(line.language, "list-colon"));
            let last = place + 1 == all.len();
            if line.columns(&text) + if last { 0 } else { MORE } > line.room {
                return line.put(&format!("  +{}", all.len() - place), PLAIN);
            }
            line.put(&text, style);
        }
    }
}

fn errors(line: &mut Line, count: u64) {
    match count {
        0 => line.put(&say!(line.language, "live-no-errors"), PLAIN),
        count => line.put(&say!(line.language, "live-wrong-results", count = count), BAD),
    }
}

fn decided(decision: Decision, language: Language) -> (String, Style) {
    match decision {
        Decision::Pass => (say!(language, "word-pass"), GOOD),
        Decision::Fail => (say!(language, "word-fail"), BAD),
        Decision::Undecided => (say!(language, "tile-undecided"), PLAIN),
    }
}

pub fn cause(reason: Throttle, language: Language) -> String {
    match reason {
        Throttle::Thermal => say!(language, "live-heat"),
        Throttle::Power => say!(language, "throttle-power"),
        Throttle::Brake => say!(language, "throttle-brake"),
    }
}

/// `3:07`, or `26:03:07` with hours.
pub fn clock(time: Duration) -> String {
    let seconds = time.as_secs();
    let (hours, minutes, seconds) = (seconds / 3600, seconds / 60 % 60, seconds % 60);
    if hours > 0 { format!("{hours}:{minutes:02}:{seconds:02}") } else { format!("{minutes}:{seconds:02}") }
}

fn figure_text(sign: &Sign) -> String {
    let figure = sign.figure.and_then(|figure| Some(format!("  {}", unit_of(&sign.metric)?.format(figure))));
    format!("{}{}", sign.metric, figure.unwrap_or_default())
}

fn unit_of(metric: &str) -> Option<Unit> {
    match MetricName::parse(metric).ok()?.kind() {
        Kind::Number(unit) => Some(unit),
        Kind::Fact => None,
    }
}

pub fn ended_text(ended: &Ended, language: Language) -> String {
    match ended {
        Ended::Completed => say!(language, "live-done"),
        Ended::Unfinished => say!(language, "live-ended-early"),
        Ended::Interrupted | Ended::Lost { .. } => ended.said(language),
    }
}

#[cfg(test)]
mod tests;
