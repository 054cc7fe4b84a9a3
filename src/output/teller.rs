//! Lines for people on the standard error, and what is drawn below them, by a thread of its own: whoever does not read keeps nobody
//! waiting.
//! Owns the writing; must not know what is said.

use std::convert::Infallible;
use std::io::{self, Write as _};
use std::sync::mpsc::{self, Receiver, RecvTimeoutError, SyncSender};
use std::time::Duration;

use indicatif::ProgressBar;

use crate::visible::{in_one_line, visible};

pub struct Teller {
    /// `None` when it ends.
    said: Option<SyncSender<Said>>,
    over: Receiver<Infallible>,
}

enum Said {
    Line(String),
    /// Nothing more is to be drawn.
    BarEnds,
}

/// Lines that wait for a reader; more are dropped.
const QUEUE: usize = 1000;
const DRAW_EVERY: Duration = Duration::from_millis(200);
/// How long the last lines may take.
const LAST: Duration = Duration::from_secs(2);

impl Teller {
    pub fn start(bar: Option<ProgressBar>) -> io::Result<Self> {
        let (said, to_say) = mpsc::sync_channel(QUEUE);
        let (alive, over) = mpsc::channel();
        let work = move || {
            tell(&to_say, bar);
            drop(alive);
        };
        std::thread::Builder::new().name("teller".to_owned()).spawn(work)?;
        Ok(Self { said: Some(said), over })
    }

    pub fn line(&self, text: String) {
        self.put(Said::Line(in_one_line(&text).chars().map(visible).collect()));
    }

    pub fn end_bar(&self) {
        self.put(Said::BarEnds);
    }

    fn put(&self, said: Said) {
        let _ = self.said.as_ref().map(|to| to.try_send(said));
    }
}

/// Waits until all was said, but not for long.
impl Drop for Teller {
    fn drop(&mut self) {
        self.said = None;
        let _ = self.over.recv_timeout(LAST);
    }
}

fn tell(said: &Receiver<Said>, mut bar: Option<ProgressBar>) {
    bar.iter().for_each(ProgressBar::tick);
    loop {
        match (said.recv_timeout(DRAW_EVERY), &bar) {
            (Ok(Said::Line(text)), Some(bar)) => bar.println(text),
            // Nobody may be listening any more; the run goes on.
            (Ok(Said::Line(text)), None) => drop(writeln!(io::stderr(), "{text}")),
            (Ok(Said::BarEnds), _) => bar.take().iter().for_each(ProgressBar::finish_and_clear),
            (Err(RecvTimeoutError::Timeout), Some(bar)) => bar.tick(),
            (Err(RecvTimeoutError::Timeout), None) => {}
            (Err(RecvTimeoutError::Disconnected), _) => break,
        }
    }
    bar.iter().for_each(ProgressBar::finish_and_clear);
}
