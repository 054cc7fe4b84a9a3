//! The catalogue's data: what is built in, its version and its digest.
//! Owns reading the tables; what they may say is checked elsewhere.

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use super::Gpu;
use super::bands::{self, Band};
use super::problem::Problem;
use super::sources::{Line, Origin, Source};
use crate::evidence::metric::MetricName;
use crate::language::{Language, say};
use crate::seal::sha256_hex;

/// Of the built-in data: the day of its last change. A test fails where data changed and this did not.
pub const VERSION: &str = "2026-11-30.2";

/// A built-in table.
struct File {
    name: &'static str,
    text: &'static str,
}

const CARDS: File = File { name: "gpus.csv", text: include_str!("gpus.csv") };
const SOURCES: File = File { name: "sources.csv", text: include_str!("sources.csv") };
const PROVENANCE: File = File { name: "provenance.csv", text: include_str!("provenance.csv") };
const BANDS: File = File { name: "bands.csv", text: include_str!("bands.csv") };
const EXCEPTIONS: File = File { name: "exceptions.csv", text: include_str!("exceptions.csv") };

/// SHA-256 of the built-in data. In `src/catalogue`, `sha256sum *.csv | sha256sum` says the same.
pub fn digest() -> String {
    let line = |file: File| format!("{}  {}\n", sha256_hex(file.text.as_bytes()), file.name);
    sha256_hex([BANDS, EXCEPTIONS, CARDS, PROVENANCE, SOURCES].map(line).concat().as_bytes())
}

/// Cards, where each figure comes from, and what they reach.
#[derive(Clone, Debug, Default)]
pub struct Catalogue {
    pub gpus: Vec<Gpu>,
    pub sources: Vec<Source>,
    pub provenance: Vec<Line>,
    pub bands: Vec<Band>,
    pub exceptions: Vec<Exception>,
}

/// A rule that does not hold of a card, and why that is no mistake.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Exception {
    pub card: String,
    /// `fp16-arithmetic`, `shared-pci-id`, or a ratio such as `int8:fp16`.
    pub rule: String,
    pub why: String,
}

/// A catalogue as it is written down.
#[derive(Clone, Debug, Default)]
pub(super) struct Tables {
    pub gpus: Vec<Gpu>,
    pub sources: Vec<Source>,
    pub provenance: Vec<Line>,
    pub bands: Vec<bands::Row>,
    pub exceptions: Vec<Exception>,
}

impl Catalogue {
    /// The built-in tables, and what of them could not be read. Tests see to it that that is nothing.
    pub(super) fn built_in() -> (Self, Vec<Problem>) {
        let mut problems = Vec::new();
        let tables = Tables {
            gpus: table(&CARDS, &mut problems),
            sources: table(&SOURCES, &mut problems),
            provenance: table(&PROVENANCE, &mut problems),
            bands: table(&BANDS, &mut problems),
            exceptions: table(&EXCEPTIONS, &mut problems),
        };
        (Self::assemble(tables, &[], &mut problems, Language::English), problems)
    }

    /// Bands that make no sense are left out and told of. They may be of cards that stand beside.
    pub(super) fn assemble(tables: Tables, beside: &[Gpu], problems: &mut Vec<Problem>, l: Language) -> Self {
        let Tables { gpus, sources, provenance, bands: rows, exceptions } = tables;
        let mut bands = Vec::new();
        let all = [beside, &gpus].concat();
        for row in &rows {
            match row.bands(&all) {
                Ok(found) => bands.extend(found),
                Err(why) => {
                    let at = say!(l, "at-band", metric = &row.metric, card = &row.cards);
                    problems.push(Problem::new(at, say!(l, "recorded", text = why)));
                }
            }
        }
        Self { gpus, sources, provenance, bands, exceptions }
    }

    /// With another that stands beside it. What that says of bands comes first.
    pub(super) fn with(&self, other: Catalogue) -> Self {
        Self {
            gpus: [&self.gpus[..], &other.gpus].concat(),
            sources: [&self.sources[..], &other.sources].concat(),
            provenance: [&self.provenance[..], &other.provenance].concat(),
            bands: [&other.bands[..], &self.bands].concat(),
            exceptions: [&self.exceptions[..], &other.exceptions].concat(),
        }
    }

    /// What a cell of a card rests on. `None` where nothing says so.
    pub fn origin(&self, gpu: &Gpu, column: &str) -> Option<Origin<'_>> {
        let ranked = self.provenance.iter().filter_map(|line| Some((line.rank(gpu, column)?, line)));
        let (_, line) = ranked.max_by_key(|(rank, _)| *rank)?;
        let sources = line.source_ids().filter_map(|id| self.source(id)).collect();
        Some(Origin { sources, confidence: line.confidence })
    }

    pub fn source(&self, id: &str) -> Option<&Source> {
        self.sources.iter().find(|source| source.id == id)
    }

    /// What healthy cards of this kind reach, where that is known.
    pub fn band(&self, gpu: &Gpu, metric: &MetricName) -> Option<&Band> {
        self.bands_of(gpu).find(|band| band.metric == *metric)
    }

    pub fn bands_of(&self, gpu: &Gpu) -> impl Iterator<Item = &Band> {
        self.bands.iter().filter(|band| band.card == gpu.name)
    }
}

fn table<T: DeserializeOwned>(file: &File, problems: &mut Vec<Problem>) -> Vec<T> {
    let mut rows = Vec::new();
    for row in csv::Reader::from_reader(file.text.as_bytes()).deserialize() {
        match row {
            Ok(row) => rows.push(row),
            Err(error) => problems.push(Problem::new(file.name, error.to_string())),
        }
    }
    rows
}
