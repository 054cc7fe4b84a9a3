//! What a person sees while devices are measured: bars on a terminal, plain lines elsewhere, nothing when quiet.
//! Owns the live display; must not know how anything is measured. Fed after the recorder, never before it.

use std::io::{IsTerminal, Write};
use std::time::{Duration, Instant};

use indicatif::{MultiProgress, ProgressBar, ProgressDrawTarget, ProgressStyle};

use crate::evidence::event::{Event, What};
use crate::evidence::metric::{Kind, MetricName};
use crate::evidence::sustain::Fault;
use crate::evidence::{Check, Ended, Measurement};
use crate::units::Unit;

/// The live display of a run, on the standard error.
pub enum Progress {
    Bars { bars: Vec<Bar>, begun: Instant, all: MultiProgress },
    Lines { selectors: Vec<String>, begun: Instant },
    Quiet,
}

/// One device's bar.
pub struct Bar {
    bar: ProgressBar,
    selector: String,
    case: u32,
}

impl Progress {
    pub fn start(selectors: &[String], quiet: bool) -> Self {
        let begun = Instant::now();
        if quiet {
            return Progress::Quiet;
        }
        if !std::io::stderr().is_terminal() || std::env::var_os("TERM").is_some_and(|term| term == "dumb") {
            return Progress::Lines { selectors: selectors.to_vec(), begun };
        }
        let all = MultiProgress::with_draw_target(ProgressDrawTarget::stderr());
        let width = selectors.iter().map(String::len).max().unwrap_or(0);
        let bars = selectors.iter().map(|selector| {
            let bar = all.add(ProgressBar::new(1000));
            bar.set_style(style(width));
            bar.set_prefix(selector.clone());
            bar.set_message("opening");
            bar.enable_steady_tick(Duration::from_millis(200));
            Bar { bar, selector: selector.clone(), case: 0 }
        });
        Progress::Bars { bars: bars.collect(), begun, all }
    }

    pub fn event(&mut self, event: &Event) {
        let Some(device) = event.device.map(|d| d as usize) else { return self.node(&event.what) };
        match self {
            Progress::Quiet => {}
            Progress::Bars { bars, .. } => {
                if let Some(bar) = bars.get_mut(device) {
                    bar.event(&event.what);
                }
            }
            Progress::Lines { selectors, begun } => {
                let selector = selectors.get(device).map_or("", String::as_str);
                if let Some(text) = line(&event.what) {
                    let seconds = begun.elapsed().as_secs_f64();
                    // Nobody may be listening any more; the run goes on.
                    let _ = writeln!(std::io::stderr(), "{seconds:7.1}s  {selector}  {text}");
                }
            }
        }
    }

    /// What is measured between devices has no bar of its own.
    fn node(&self, what: &What) {
        let Some(text) = line(what) else { return };
        match self {
            Progress::Quiet => {}
            Progress::Bars { all, .. } => {
                let _ = all.println(format!("node: {text}"));
            }
            Progress::Lines { begun, .. } => {
                let seconds = begun.elapsed().as_secs_f64();
                let _ = writeln!(std::io::stderr(), "{seconds:7.1}s  node  {text}");
            }
        }
    }

    pub fn finish(self) {
        match self {
            Progress::Bars { bars, begun, all } => {
                for bar in &bars {
                    bar.bar.finish_and_clear();
                }
                let _ = all.clear();
                let _ = writeln!(std::io::stderr(), "measured in {:.1} s", begun.elapsed().as_secs_f64());
            }
            Progress::Lines { .. } | Progress::Quiet => {}
        }
    }
}

fn style(width: usize) -> ProgressStyle {
    let colour = std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty());
    let (bar, prefix) = if colour { ("{bar:24.cyan/blue}", "bold") } else { ("{bar:24}", "") };
    let template = if prefix.is_empty() {
        format!("{{prefix:{width}}} {bar} {{percent:>3}} % {{wide_msg}} {{eta:>4}} left")
    } else {
        format!("{{prefix:{width}.{prefix}}} {bar} {{percent:>3}} % {{wide_msg}} {{eta:>4}} left")
    };
    ProgressStyle::with_template(&template).unwrap_or_else(|_| ProgressStyle::default_bar())
}

impl Bar {
    fn event(&mut self, what: &What) {
        match what {
            What::DeviceOpened(identity) => self.bar.set_message(identity.name.clone()),
            What::CaseStarted { metric, case, cases } => {
                self.case = *case;
                self.bar.set_length(u64::from(*cases) * 1000);
                self.bar.set_position(u64::from(*case) * 1000);
                self.bar.set_message(metric.clone());
            }
            What::Progress { metric, permille, figure } => {
                self.bar.set_position(u64::from(self.case) * 1000 + u64::from(*permille));
                let figure = figure.and_then(|f| Some(format!("  {}", unit_of(metric)?.format(f))));
                self.bar.set_message(format!("{metric}{}", figure.unwrap_or_default()));
            }
            What::DeviceEnded(ended) => {
                let text = ended_text(ended);
                self.bar.finish_with_message(text.clone());
                if *ended != Ended::Completed {
                    self.bar.println(format!("{}: {text}", self.selector));
                }
            }
            What::RunStarted(_)
            | What::Measured(_)
            | What::Fact(_)
            | What::Absent(_)
            | What::Reading(_)
            | What::NodeEnded(_)
            | What::SustainStarted(_)
            | What::Window(_)
            | What::Resumed(_)
            | What::RunEnded(_) => {}
            What::Fault(fault) => self.bar.println(format!("{}: {}", self.selector, fault_text(fault))),
        }
    }
}

/// The line for an event worth one where lines are all there is.
fn line(what: &What) -> Option<String> {
    match what {
        What::DeviceOpened(identity) => Some(format!("opened {} ({})", identity.name, identity.driver)),
        What::Measured(measurement) => Some(measured(measurement)),
        What::Absent(absence) => Some(format!("{}: not measured, {}", absence.metric, absence.reason)),
        What::DeviceEnded(ended) | What::NodeEnded(ended) => Some(ended_text(ended)),
        What::SustainStarted(load) => Some(format!(
            "{}: keeping up the load for {}",
            load.metric,
            Unit::Nanosecond.format(load.asked_ms as f64 * 1e6)
        )),
        What::Fault(fault) => Some(fault_text(fault)),
        What::RunStarted(_)
        | What::CaseStarted { .. }
        | What::Progress { .. }
        | What::Fact(_)
        | What::Reading(_)
        | What::Window(_)
        | What::Resumed(_)
        | What::RunEnded(_) => None,
    }
}

fn measured(measurement: &Measurement) -> String {
    let metric = &measurement.metric;
    if let Check::Wrong { why } = &measurement.check {
        return format!("{metric}: wrong result, {why}");
    }
    match (measurement.summary(), metric.kind()) {
        (Some(summary), Kind::Number(unit)) => format!("{metric}: {}", unit.format(summary.p50)),
        (None, _) | (_, Kind::Fact) => format!("{metric}: no figure"),
    }
}

fn fault_text(fault: &Fault) -> String {
    let at = Unit::Nanosecond.format(fault.at_ns as f64);
    let word = fault.word.map_or(String::new(), |word| format!(" at word {word}"));
    format!("WRONG RESULT of {}{word}, found {at} after the start", fault.of)
}

fn ended_text(ended: &Ended) -> String {
    match ended {
        Ended::Completed => "done".to_owned(),
        Ended::Unfinished => "ended early".to_owned(),
        Ended::Interrupted => "interrupted".to_owned(),
        Ended::Lost { why, during: Some(metric) } => format!("lost during {metric}: {why}"),
        Ended::Lost { why, during: None } => format!("lost: {why}"),
    }
}

fn unit_of(metric: &str) -> Option<Unit> {
    match MetricName::parse(metric).ok()?.kind() {
        Kind::Number(unit) => Some(unit),
        Kind::Fact => None,
    }
}
