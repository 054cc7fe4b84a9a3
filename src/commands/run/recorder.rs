//! Keeps every event of a run: in memory for the evidence, in the event file for replay, and where else it was asked for.
//! One place that fails never silences another.

use std::fs::File;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use super::super::Failure;
use crate::evidence::Evidence;
use crate::evidence::event::{Event, Lines, Sink, What};
use crate::evidence::record::{self, RecordError};

pub struct Recorder {
    events: Vec<Event>,
    places: Vec<Place>,
}

struct Place {
    path: PathBuf,
    lines: Lines<Box<dyn Write>>,
    failed: Option<io::Error>,
}

impl Place {
    fn create(path: &Path) -> Result<Self, Failure> {
        let file = File::create(path).map_err(|e| Failure::cannot_write(path, &e))?;
        Ok(Self { path: path.to_owned(), lines: Lines(Box::new(file)), failed: None })
    }
}

impl Recorder {
    pub fn create(out: &Path, besides: Option<&Path>) -> Result<Self, Failure> {
        let mut places = vec![Place::create(&out.join(super::EVENTS))?];
        match besides {
            None => {}
            Some(path) if path == Path::new("-") => places.push(Place {
                path: path.to_owned(),
                lines: Lines(Box::new(io::stdout())),
                failed: None,
            }),
            Some(path) => places.push(Place::create(path)?),
        }
        Ok(Self { events: Vec::new(), places })
    }

    /// Files the event. Signs of life are for the display only.
    pub fn take(&mut self, event: Event) {
        if matches!(event.what, What::Progress { .. }) {
            return;
        }
        for place in self.places.iter_mut().filter(|p| p.failed.is_none()) {
            place.failed = place.lines.event(&event).err();
        }
        self.events.push(event);
    }

    pub fn evidence(&self) -> Result<Evidence, RecordError> {
        record::fold(&self.events)
    }

    /// The first place that could not be written, if any. A reader of the standard output may leave early.
    pub fn finish(self) -> Option<Failure> {
        self.places.into_iter().find_map(|place| {
            let error = place.failed?;
            let left_early = error.kind() == io::ErrorKind::BrokenPipe;
            (!left_early).then(|| Failure::cannot_write(&place.path, &error))
        })
    }
}
