//! What is seen while many signed files are read, which takes minutes where there are many: on a terminal a line that counts them,
//! elsewhere nothing.
//! Owns that line; must not know what is read.

use std::fmt;
use std::io::{self, IsTerminal as _};
use std::time::Duration;

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressState, ProgressStyle};

use crate::language::{Language, say};

pub struct Reading(ProgressBar);

const DRAW_EVERY: Duration = Duration::from_millis(200);

impl Reading {
    pub fn start(quiet: bool, language: Language) -> Self {
        let is_dumb = std::env::var_os("TERM").is_some_and(|term| term == "dumb");
        if quiet || is_dumb || !io::stderr().is_terminal() {
            return Self(ProgressBar::hidden());
        }
        let bar = ProgressBar::with_draw_target(None, ProgressDrawTarget::stderr());
        let count = move |state: &ProgressState, to: &mut dyn fmt::Write| {
            let _ = to.write_str(&say!(language, "reading", count = state.pos()));
        };
        let template = ProgressStyle::with_template("{spinner} {count}");
        bar.set_style(template.unwrap_or_else(|_| ProgressStyle::default_spinner()).with_key("count", count));
        bar.tick();
        bar.enable_steady_tick(DRAW_EVERY);
        Self(bar)
    }

    /// One more was read.
    pub fn one(&self) {
        self.0.inc(1);
    }
}

/// Leaves the terminal clean.
impl Drop for Reading {
    fn drop(&mut self) {
        self.0.finish_and_clear();
    }
}
