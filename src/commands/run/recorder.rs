//! Keeps every event of a run: folded into the evidence at once, in the event file for replay, and where else it was asked for.
//! One place that fails never silences another, and is told of at once.

use std::fs::File;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use super::super::Failure;
use crate::evidence::Evidence;
use crate::evidence::event::{Event, Lines, What};
use crate::evidence::hiding::Hiding;
use crate::evidence::record::{RecordError, Recording};
use crate::seal::Salt;

pub struct Recorder {
    recording: Result<Recording, RecordError>,
    places: Vec<Place>,
    /// Where names of cards are nobody's business.
    hiding: Option<Hiding>,
}

struct Place {
    path: PathBuf,
    lines: Lines<Box<dyn Write>>,
    /// The file once more, and when it was last made safe against a power cut.
    disk: Option<(File, Instant)>,
    failed: Option<io::Error>,
    /// Whether that was said.
    told: bool,
}

/// What a power cut may take.
const SYNC_EVERY: Duration = Duration::from_secs(1);

impl Place {
    fn new(path: &Path, to: File) -> io::Result<Self> {
        let disk = Some((to.try_clone()?, Instant::now()));
        Ok(Self { path: path.to_owned(), lines: Lines(Box::new(to)), disk, failed: None, told: false })
    }

    fn create(path: &Path) -> Result<Self, Failure> {
        File::create(path).and_then(|file| Self::new(path, file)).map_err(|e| Failure::cannot_write(path, &e))
    }

    /// Goes on writing after the last whole line: what was cut off while being written is dropped.
    fn reopen(path: &Path) -> Result<Self, Failure> {
        let open = || {
            let whole =
                std::fs::read(path)?.iter().rposition(|byte| *byte == b'\n').map_or(0, |at| at as u64 + 1);
            let file = File::options().append(true).open(path)?;
            file.set_len(whole)?;
            Self::new(path, file)
        };
        open().map_err(|e| Failure::cannot_write(path, &e))
    }

    fn standard_output() -> Self {
        Self {
            path: PathBuf::from("-"),
            lines: Lines(Box::new(io::stdout())),
            disk: None,
            failed: None,
            told: false,
        }
    }

    fn write(&mut self, event: &Event, wall: &str) -> io::Result<()> {
        self.lines.dated(event, wall)?;
        match &mut self.disk {
            Some((file, synced)) if synced.elapsed() >= SYNC_EVERY => {
                *synced = Instant::now();
                // A pipe or a device has nothing to sync.
                let _ = file.sync_data();
            }
            Some(_) | None => {}
        }
        Ok(())
    }
}

impl Place {
    /// Why it cannot be written, where that is so. A reader of the standard output may leave early.
    fn failure(&self) -> Option<Failure> {
        let error = self.failed.as_ref().filter(|error| error.kind() != io::ErrorKind::BrokenPipe)?;
        Some(Failure::cannot_write(&self.path, error))
    }
}

impl Recorder {
    /// Begins a recording in the directory `out` with its first event.
    pub fn create(
        out: &Path,
        besides: Option<&Path>,
        first: &Event,
        salt: Option<Salt>,
    ) -> Result<Self, Failure> {
        let mut places = vec![Place::create(&out.join(super::EVENTS))?];
        match besides {
            None => {}
            Some(path) if path == Path::new("-") => places.push(Place::standard_output()),
            Some(path) => places.push(Place::create(path)?),
        }
        let mut recorder = Self { recording: Recording::begin(first), places, hiding: salt.map(Hiding::new) };
        recorder.write(first);
        Ok(recorder)
    }

    /// Goes on with a recording that broke off.
    pub fn reopen(out: &Path, recording: Recording, salt: Option<Salt>) -> Result<Self, Failure> {
        let places = vec![Place::reopen(&out.join(super::EVENTS))?];
        Ok(Self { recording: Ok(recording), places, hiding: salt.map(Hiding::new) })
    }

    /// Files the event. Signs of life are for the display only. Returns each place that cannot be written from now on, once.
    pub fn take(&mut self, event: &Event) -> Vec<Failure> {
        if matches!(event.what, What::Progress(_)) {
            return Vec::new();
        }
        let hidden = match self.hiding.as_mut().map(|hiding| hiding.hidden(event)).transpose() {
            Ok(hidden) => hidden,
            // What cannot be hidden is not kept.
            Err(why) => {
                self.recording = Err(RecordError::Unhidden(why.to_string()));
                return Vec::new();
            }
        };
        let event = hidden.as_ref().unwrap_or(event);
        self.write(event);
        if let Ok(recording) = &mut self.recording
            && let Err(error) = recording.add(event)
        {
            self.recording = Err(error);
        }
        let untold = self.places.iter_mut().filter(|place| place.failed.is_some() && !place.told);
        let told = untold.filter_map(|place| {
            place.told = true;
            place.failure()
        });
        told.collect()
    }

    fn write(&mut self, event: &Event) {
        let wall = jiff::Timestamp::now().to_string();
        for place in self.places.iter_mut().filter(|place| place.failed.is_none()) {
            place.failed = place.write(event, &wall).err();
        }
    }

    pub fn evidence(&self) -> Result<Evidence, RecordError> {
        self.recording.clone().map(|recording| recording.evidence)
    }

    /// The first place that could not be written, if any.
    pub fn finish(self) -> Option<Failure> {
        self.places.iter().find_map(Place::failure)
    }
}
