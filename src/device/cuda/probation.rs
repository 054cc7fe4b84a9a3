//! Families of kernels that have run on no hardware, and of which machine code alone cannot tell whether they are right: they are offered
//! only after somebody has tried them on this very card, where nothing is lost if they fail.
//! Owns who is offered; must not try anything, nor call the driver.

use std::collections::BTreeMap;

use super::images::{self, Source};
use super::kernels::Kernel;
use crate::device::{Trial, Unsupported};

/// What came of trying those that were tried.
#[derive(Default)]
pub struct Probation {
    outcomes: BTreeMap<Source, Result<(), String>>,
}

impl Probation {
    /// Whether launch forms with `kernel` are offered; `Err` says why not.
    pub fn allows(&self, kernel: Kernel) -> Result<(), Unsupported> {
        let source = kernel.source();
        match self.outcomes.get(&source) {
            Some(Ok(())) => Ok(()),
            Some(Err(why)) => Err(Unsupported::us(left_out(source, why))),
            None if images::on_probation(source) => {
                let name = source.name();
                Err(Unsupported::us(format!(
                    "{name} kernels have run on no hardware, and were not tried here first"
                )))
            }
            None => Ok(()),
        }
    }

    /// Of the families of these kernels, those that wait to be tried, and those that were and are offered.
    pub fn of(&self, kernels: impl Iterator<Item = Kernel>) -> Vec<Trial> {
        let sources = kernels.map(Kernel::source).filter(|source| images::on_probation(*source));
        let trial = |source: Source| match self.outcomes.get(&source) {
            None => Some(Trial { family: source.name(), is_offered: false }),
            Some(Ok(())) => Some(Trial { family: source.name(), is_offered: true }),
            Some(Err(_)) => None,
        };
        sources.filter_map(trial).collect()
    }

    /// What must be said of those that were tried and left out.
    pub fn caveat(&self, kernels: impl Iterator<Item = Kernel>) -> Option<String> {
        let failed = |source| self.outcomes.get(&source).and_then(|outcome| outcome.as_ref().err());
        let mut said = kernels.map(Kernel::source).filter_map(|s| failed(s).map(|why| left_out(s, why)));
        said.next()
    }

    pub fn admit(&mut self, family: &str, outcome: Result<(), String>) {
        let known = Source::ALL.into_iter().find(|source| source.name() == family);
        if let Some(source) = known.filter(|source| images::on_probation(*source)) {
            self.outcomes.insert(source, outcome);
        }
    }
}

fn left_out(source: Source, why: &str) -> String {
    format!(
        "{} kernels, which have run on no hardware before, failed here and were left out: {why}",
        source.name()
    )
}
