//! Events: one thing that happened, one JSON line. The worker writes them, files keep them, replay reads them.
//! Owns the format of the recording; must not know who consumes it.

use std::io::{self, BufRead};

use serde::{Deserialize, Serialize, Serializer};

use super::lapse::Lapse;
use super::sequence::Decision;
use super::sustain::{Fault, Load, Window};
use super::{Absence, Ended, Fact, Measurement, Resumption, RunInfo};
use crate::device::Identity;
use crate::files;
use crate::telemetry::Reading;
use crate::visible::reason;

/// One line of a recording.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Event {
    /// Nanoseconds since the device's worker began; of the run's own events, since the run began.
    pub at_ns: u64,
    /// Index into [`RunInfo::selectors`]; `None` for the run's own events and what is measured between devices.
    pub device: Option<u32>,
    #[serde(flatten)]
    pub what: What,
}

/// What happened.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case", tag = "event", content = "data")]
pub enum What {
    RunStarted(RunInfo),
    /// The run had broken off and goes on.
    Resumed(Resumption),
    DeviceOpened(Identity),
    /// Case `case` of `cases` begins, counted from 0.
    CaseStarted {
        metric: String,
        case: u32,
        cases: u32,
    },
    /// A sign of life within a case, for those who watch; no recording holds it.
    Progress(Sign),
    Measured(Measurement),
    Fact(Fact),
    Absent(Absence),
    Reading(#[serde(serialize_with = "compact")] Reading),
    /// From here on a load is kept up.
    SustainStarted(Load),
    /// What happened in the last few seconds of it.
    Window(Window),
    /// A wrong result under load.
    Fault(Fault),
    /// Clocks parted, or nothing ran.
    Lapse(Lapse),
    /// The device's part is over.
    DeviceEnded(Ended),
    /// What is measured between devices is over.
    NodeEnded(Ended),
    RunEnded(Ended),
}

/// How far a case is.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(default)]
pub struct Sign {
    pub metric: String,
    pub permille: u32,
    /// The median so far, where there is one.
    pub figure: Option<f64>,
    /// What the sensors said last.
    #[serde(serialize_with = "compact", skip_serializing_if = "Reading::is_empty")]
    pub reading: Reading,
    /// What is decided so far, clause by clause.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub decisions: Vec<(String, Decision)>,
}

/// Writes only what was read: most devices tell a part.
fn compact<S: Serializer>(reading: &Reading, serializer: S) -> Result<S::Ok, S::Error> {
    reading.fields().map_err(serde::ser::Error::custom)?.serialize(serializer)
}

/// Takes events. `Recorder` files them, the worker prints them, tests collect them.
pub trait Sink {
    fn event(&mut self, event: &Event) -> io::Result<()>;
}

impl Sink for Vec<Event> {
    fn event(&mut self, event: &Event) -> io::Result<()> {
        self.push(event.clone());
        Ok(())
    }
}

/// A line of a file, which also says when it was written: how long a recording that broke off was silent, and what else the
/// machine's own logs say of that moment.
#[derive(Serialize)]
struct Dated<'a> {
    #[serde(flatten)]
    event: &'a Event,
    /// Wall-clock time by the host's own clock, RFC 3339.
    wall: &'a str,
}

#[derive(Deserialize)]
struct Date {
    wall: jiff::Timestamp,
}

/// When the last whole line of a recording was written; `None` where it does not say so, as before it was kept.
pub fn last_written(recording: &[u8]) -> Option<jiff::Timestamp> {
    let whole = &recording[..recording.iter().rposition(|byte| *byte == b'\n')?];
    let line = whole.rsplit(|byte| *byte == b'\n').next()?;
    serde_json::from_slice(line).ok().map(|Date { wall }| wall)
}

/// Writes each event as one line and flushes, so that nothing is lost when the process dies.
pub struct Lines<W: io::Write>(pub W);

impl<W: io::Write> Sink for Lines<W> {
    fn event(&mut self, event: &Event) -> io::Result<()> {
        self.line(event)
    }
}

impl<W: io::Write> Lines<W> {
    /// The same for a file, at that wall-clock time.
    pub fn dated(&mut self, event: &Event, wall: &str) -> io::Result<()> {
        self.line(&Dated { event, wall })
    }

    fn line(&mut self, line: &impl Serialize) -> io::Result<()> {
        let mut line = serde_json::to_vec(line)?;
        line.push(b'\n');
        self.0.write_all(&line)?;
        self.0.flush()
    }
}

#[derive(Debug, thiserror::Error)]
pub enum EventError {
    #[error("line {line} of the recording is not an event: {why}")]
    Malformed { line: usize, why: String },
    #[error("line {line} of the recording is longer than {limit} bytes")]
    TooLong { line: usize, limit: usize },
    #[error("the recording cannot be read: {0}")]
    Io(#[from] io::Error),
}

/// No honest event is longer.
pub const LINE_BYTES_MAX: usize = 1 << 20;

/// Reads a recording. A last line without its newline was cut off while being written and is left out.
pub fn read(mut from: impl BufRead) -> Result<Vec<Event>, EventError> {
    let mut events = Vec::new();
    let mut line = Vec::new();
    loop {
        line.clear();
        let number = events.len() + 1;
        let got = io::Read::take(&mut from, LINE_BYTES_MAX as u64 + 1).read_until(b'\n', &mut line)?;
        if got > LINE_BYTES_MAX {
            return Err(EventError::TooLong { line: number, limit: LINE_BYTES_MAX });
        }
        if line.pop() != Some(b'\n') {
            return Ok(events);
        }
        // A mark of that kind stands at the beginning of a file alone.
        let text = if events.is_empty() { files::without_mark(&line) } else { &line };
        let known = || files::no_text(text).filter(|_| events.is_empty()).map(str::to_owned);
        let event =
            parse(text).map_err(|why| EventError::Malformed { line: number, why: known().unwrap_or(why) });
        events.push(event?);
    }
}

/// Reads one line without its newline.
pub fn parse(line: &[u8]) -> Result<Event, String> {
    serde_json::from_slice(line).map_err(|e| reason(&e))
}
