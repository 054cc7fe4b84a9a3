//! What a person sees while devices are measured: a view of all of them on a terminal, plain lines elsewhere, nothing when quiet.
//! Owns how it is shown; must not know how anything is measured. Fed after the recorder, never before it.

use std::fmt;
use std::io::{self, IsTerminal};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressState, ProgressStyle};

use super::live::{Size, View, cause, ended_text};
use super::teller::Teller;
use crate::engine::WorkerPlan;
use crate::evidence::event::{Event, What};
use crate::evidence::metric::Kind;
use crate::evidence::sustain::{Fault, Load, Sensors, Window};
use crate::evidence::{Check, Ended, Measurement, RunInfo};
use crate::language::{Language, say};
use crate::telemetry::Throttle;
use crate::units::Unit;

/// The live display of a run, on the standard error. Nobody needs to read it; when it is dropped, it waits for
/// those who do, but not for long.
pub struct Progress {
    shown: Shown,
    selectors: Vec<Told>,
    begun: Instant,
    language: Language,
    teller: Teller,
}

enum Shown {
    Live(Arc<Mutex<View>>),
    Lines,
    Nothing,
}

/// What was said of a device line by line.
struct Told {
    selector: String,
    faults: u64,
    /// The load that is kept up, and when a line was last said of it.
    load: Option<(Load, Instant)>,
}

/// Wrong results that get a line each; all are counted.
const FAULTS_TOLD: u64 = 5;
/// How often a load is told of where lines are all there is.
const LOAD_EVERY: Duration = Duration::from_secs(60);

impl Progress {
    pub fn start(run: &RunInfo, plans: &[WorkerPlan], quiet: bool, language: Language) -> io::Result<Self> {
        let begun = Instant::now();
        let told = |selector: &String| Told { selector: selector.clone(), faults: 0, load: None };
        let selectors = run.selectors.iter().map(told).collect();
        let is_dumb = || std::env::var_os("TERM").is_some_and(|term| term == "dumb");
        let (shown, bar) = if quiet {
            (Shown::Nothing, None)
        } else if !io::stderr().is_terminal() || is_dumb() {
            (Shown::Lines, None)
        } else {
            let view = Arc::new(Mutex::new(View::new(run, plans, begun, language)));
            let bar = ProgressBar::with_draw_target(None, ProgressDrawTarget::stderr());
            bar.set_style(style(&view));
            (Shown::Live(view), Some(bar))
        };
        Ok(Self { shown, selectors, begun, language, teller: Teller::start(bar)? })
    }

    pub fn event(&mut self, event: &Event) {
        let language = self.language;
        match &self.shown {
            Shown::Nothing => {}
            Shown::Live(view) => {
                view.lock().unwrap_or_else(PoisonError::into_inner).event(event, Instant::now());
                let (_, told) = named(&mut self.selectors, event.device, language);
                if let Some(text) = aside(&event.what, told, language) {
                    // By its number, as in the view: a whole selector leaves no room.
                    let name = event.device.map_or_else(
                        || say!(language, "subject-node"),
                        |device| say!(language, "progress-device", number = device),
                    );
                    self.teller.line(format!("{name}{}{text}", say!(language, "list-colon")));
                }
            }
            Shown::Lines => {
                let (name, told) = named(&mut self.selectors, event.device, language);
                if let Some(text) = line(&event.what, told, language) {
                    let seconds = self.begun.elapsed().as_secs_f64();
                    self.teller.line(format!("{seconds:7.1}s  {name}  {text}"));
                }
            }
        }
    }

    /// Says at once what must not wait until the end, even where nothing else is said.
    pub fn warn(&self, text: String) {
        self.teller.line(text);
    }

    /// Nothing more will happen to the devices.
    pub fn measured(&self) {
        match self.shown {
            Shown::Live(_) => {
                let seconds = format!("{:.1}", self.begun.elapsed().as_secs_f64());
                self.teller.end_bar();
                self.teller.line(say!(self.language, "progress-measured-in", seconds = seconds));
            }
            Shown::Lines | Shown::Nothing => {}
        }
    }
}

/// Draws the view anew whenever the terminal wants it, so that it follows the time and the terminal's size.
fn style(view: &Arc<Mutex<View>>) -> ProgressStyle {
    let colour = std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty());
    let view = Arc::clone(view);
    let draw = move |_: &ProgressState, to: &mut dyn fmt::Write| {
        let view = view.lock().unwrap_or_else(PoisonError::into_inner);
        let _ = to.write_str(&view.lines(size(), Instant::now(), colour).join("\n"));
    };
    let template = ProgressStyle::with_template("{view}").unwrap_or_else(|_| ProgressStyle::default_bar());
    template.with_key("view", draw)
}

/// A terminal that does not say how large it is gets what all of them have.
fn size() -> Size {
    let told = terminal_size::terminal_size_of(io::stderr());
    let told = told.map(|(width, height)| (usize::from(width.0), usize::from(height.0)));
    let (width, height) = told.filter(|(width, height)| *width > 0 && *height > 0).unwrap_or((80, 24));
    Size { width, height }
}

/// Who an event is about. What lies between devices is the node's.
fn named(selectors: &mut [Told], device: Option<u32>, language: Language) -> (String, Option<&mut Told>) {
    let Some(device) = device else { return (say!(language, "subject-node"), None) };
    let told = selectors.get_mut(device as usize);
    (told.as_ref().map_or(String::new(), |told| told.selector.clone()), told)
}

/// What is worth a line that stays, beside the view.
fn aside(what: &What, told: Option<&mut Told>, language: Language) -> Option<String> {
    match what {
        What::DeviceEnded(ended) if *ended != Ended::Completed => Some(ended_text(ended, language)),
        What::Measured(measurement) if told.is_none() => Some(measured(measurement, language)),
        What::Absent(_) | What::NodeEnded(_) if told.is_none() => line(what, None, language),
        What::Fault(fault) => fault_once(fault, told, language),
        What::Lapse(lapse) => Some(lapse.kind.said(1, lapse.ns, language)),
        What::RunStarted(_)
        | What::Resumed(_)
        | What::DeviceOpened(_)
        | What::CaseStarted { .. }
        | What::Progress(_)
        | What::Measured(_)
        | What::Fact(_)
        | What::Absent(_)
        | What::Reading(_)
        | What::SustainStarted(_)
        | What::Window(_)
        | What::DeviceEnded(_)
        | What::NodeEnded(_)
        | What::RunEnded(_) => None,
    }
}

/// The line for an event worth one where lines are all there is.
fn line(what: &What, told: Option<&mut Told>, language: Language) -> Option<String> {
    match what {
        What::DeviceOpened(identity) => {
            let (name, driver) = (&identity.name, &identity.driver);
            Some(say!(language, "progress-opened", name = name, driver = driver))
        }
        What::Measured(measurement) => Some(measured(measurement, language)),
        What::Absent(absence) => {
            let (metric, why) = (absence.metric.as_str(), absence.reason.said(language));
            Some(say!(language, "progress-not-measured", metric = metric, why = why))
        }
        What::DeviceEnded(ended) | What::NodeEnded(ended) => Some(ended_text(ended, language)),
        What::SustainStarted(load) => {
            if let Some(told) = told {
                told.load = Some((load.clone(), Instant::now()));
            }
            let asked = Unit::Nanosecond.format(load.asked_ms as f64 * 1e6);
            Some(say!(language, "progress-load", metric = load.metric.as_str(), time = asked))
        }
        What::Window(window) => {
            let (load, last) = told?.load.as_mut()?;
            let due = last.elapsed() >= LOAD_EVERY;
            due.then(|| {
                *last = Instant::now();
                window_text(load, window, language)
            })
        }
        What::Fault(fault) => fault_once(fault, told, language),
        What::Lapse(lapse) => Some(lapse.kind.said(1, lapse.ns, language)),
        What::RunStarted(_)
        | What::CaseStarted { .. }
        | What::Progress(_)
        | What::Fact(_)
        | What::Reading(_)
        | What::Resumed(_)
        | What::RunEnded(_) => None,
    }
}

fn window_text(load: &Load, window: &Window, language: Language) -> String {
    let Sensors { clock_mhz, power_mw, temperature_c, .. } = window.sensors;
    let ns = window.device_ns.unwrap_or(window.host_ns).max(1) as f64;
    let rate = load.work as f64 * window.products as f64 / (ns / 1e9);
    let reasons = Throttle::ALL.into_iter().filter(|reason| window.sensors.told(*reason) > 0);
    let reasons: Vec<String> = reasons.map(|reason| cause(reason, language)).collect();
    let throttled = || say!(language, "live-throttled", reasons = language.list(&reasons));
    let (wrong, checked) = (window.wrong, window.checked);
    let parts = [
        Some(figure(load.metric.as_str(), &Unit::FlopPerSecond.format(rate), language)),
        temperature_c.map(|span| format!("{} C", span.most)),
        power_mw.map(|span| format!("{} W", span.most / 1000)),
        clock_mhz.map(|span| format!("{} MHz", span.least)),
        (!reasons.is_empty()).then(throttled),
        Some(say!(language, "progress-results-wrong", wrong = wrong, checked = checked)),
    ];
    parts.into_iter().flatten().collect::<Vec<_>>().join(&say!(language, "list-clause"))
}

/// The first few wrong results get a line each.
fn fault_once(fault: &Fault, told: Option<&mut Told>, language: Language) -> Option<String> {
    let told = told?;
    told.faults += 1;
    match told.faults {
        ..=FAULTS_TOLD => Some(fault_text(fault, language)),
        n if n == FAULTS_TOLD + 1 => Some(say!(language, "progress-more-wrong")),
        _ => None,
    }
}

fn measured(measurement: &Measurement, language: Language) -> String {
    let metric = &measurement.metric;
    if let Check::Wrong { why } = &measurement.check {
        return say!(language, "progress-wrong", metric = metric.as_str(), why = why);
    }
    let shown = match (measurement.summary(), metric.kind()) {
        (Some(summary), Kind::Number(unit)) => unit.format(summary.p50),
        (None, _) | (_, Kind::Fact) => say!(language, "no-figure"),
    };
    figure(metric.as_str(), &shown, language)
}

fn figure(metric: &str, figure: &str, language: Language) -> String {
    format!("{metric}{}{figure}", say!(language, "list-colon"))
}

fn fault_text(fault: &Fault, language: Language) -> String {
    let (of, after) = (&fault.of, Unit::Nanosecond.format(fault.at_ns as f64));
    match fault.word {
        Some(word) => {
            // It is a place, not a count.
            say!(language, "progress-fault-at", of = of, word = word.to_string(), after = after)
        }
        None => say!(language, "progress-fault", of = of, after = after),
    }
}
