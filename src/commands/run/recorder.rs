//! Keeps every event of a run: folded into the evidence at once, in the event file for replay, and where else it was asked for.
//! One place that fails never silences another, and is told of at once.

mod place;

use std::fs::{File, TryLockError};
use std::path::{Path, PathBuf};
use std::sync::atomic::AtomicBool;

use super::super::Failure;
use crate::evidence::Evidence;
use crate::evidence::event::{Event, Lines, What};
use crate::evidence::hiding::Hiding;
use crate::evidence::record::{RecordError, Recording};
use crate::seal::Salt;
use place::Place;

pub struct Recorder {
    recording: Result<Recording, RecordError>,
    /// The event file, and where else events go.
    places: Vec<Place>,
    /// Where names of cards are nobody's business.
    hiding: Option<Hiding>,
}

/// What is to be said of a place.
pub enum Notice {
    /// It cannot be written for now.
    Behind(Failure),
    /// It holds everything again.
    CaughtUp(PathBuf),
}

/// Keeps everybody else from going on with the recording in `out`, as long as its file is open. Some file systems cannot.
pub fn lock(file: &File, out: &Path) -> Result<(), Failure> {
    match file.try_lock() {
        Err(TryLockError::WouldBlock) => {
            Err(Failure::usage(format!("a run is going on in {}; wait for its end", out.display())))
        }
        Ok(()) | Err(TryLockError::Error(_)) => Ok(()),
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
        let besides = besides.map(Place::besides).transpose()?;
        let mut places = vec![Place::recording(out, super::EVENTS)?];
        places.extend(besides);
        let mut recorder = Self { recording: Recording::begin(first), places, hiding: salt.map(Hiding::new) };
        recorder.write(first);
        Ok(recorder)
    }

    /// Goes on with a recording that broke off, in its locked file.
    pub fn reopen(out: &Path, file: File, recording: Recording, salt: Option<Salt>) -> Result<Self, Failure> {
        let places = vec![Place::reopen(&out.join(super::EVENTS), file)?];
        Ok(Self { recording: Ok(recording), places, hiding: salt.map(Hiding::new) })
    }

    /// Files the event. Signs of life are for the display only.
    pub fn take(&mut self, event: &Event) {
        if matches!(event.what, What::Progress(_)) {
            return self.go_on();
        }
        let hidden = match self.hiding.as_mut().map(|hiding| hiding.hidden(event)).transpose() {
            Ok(hidden) => hidden,
            // What cannot be hidden is not kept.
            Err(why) => {
                self.recording = Err(RecordError::Unhidden(why.to_string()));
                return;
            }
        };
        let event = hidden.as_ref().unwrap_or(event);
        self.write(event);
        if let Ok(recording) = &mut self.recording
            && let Err(error) = recording.add(event)
        {
            self.recording = Err(error);
        }
    }

    fn write(&mut self, event: &Event) {
        let mut line = Lines(Vec::new());
        // A vector takes anything.
        let _ = line.dated(event, &jiff::Timestamp::now().to_string());
        self.places.iter_mut().for_each(|place| place.take(&line.0));
    }

    /// Tries again where something could not be written.
    pub fn go_on(&mut self) {
        self.places.iter_mut().for_each(Place::go_on);
    }

    /// What is new about the places.
    pub fn notices(&mut self) -> Vec<Notice> {
        self.places.iter_mut().filter_map(Place::notice).collect()
    }

    pub fn evidence(&self) -> Result<Evidence, RecordError> {
        self.recording.clone().map(|recording| recording.evidence)
    }

    /// The first place that could not be written, if any.
    pub fn failure(&self) -> Option<Failure> {
        self.places.iter().find_map(Place::failure)
    }

    /// Whether the event file lacks something.
    pub fn is_cut_short(&self) -> bool {
        self.places.first().is_some_and(|place| place.failure().is_some())
    }

    /// Gives each place its last chance.
    pub fn finish(&mut self, interrupted: &AtomicBool) {
        self.places.iter_mut().for_each(|place| place.finish(interrupted));
    }
}
