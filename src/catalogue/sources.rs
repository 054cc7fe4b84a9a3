//! Where the catalogue's figures come from, and how much they can be relied on.
//! Owns sources and which of them stands behind which cell; must not know how figures are used.

use serde::{Deserialize, Serialize};

use super::Gpu;
use crate::language::{Language, say};

/// A document or a measurement that figures were taken from.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Source {
    /// Lower case, without spaces.
    pub id: String,
    pub title: String,
    /// Where it is known; a path is one of this project.
    #[serde(default)]
    pub address: Option<String>,
    pub kind: SourceKind,
    /// Whether it was read when the figures were written down. What was not is quoted from memory.
    pub read: WasRead,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub enum SourceKind {
    #[serde(rename = "datasheet")]
    Datasheet,
    #[serde(rename = "white paper")]
    WhitePaper,
    /// A file that a maker's own software goes by.
    #[serde(rename = "vendor file")]
    VendorFile,
    #[serde(rename = "database")]
    Database,
    #[serde(rename = "paper")]
    Paper,
    #[serde(rename = "press")]
    Press,
    /// What somebody measured, with a tool of their own.
    #[serde(rename = "measurement")]
    Measurement,
    /// A signed report of this program.
    #[serde(rename = "result")]
    Result,
    /// Worked out from other figures.
    #[serde(rename = "inferred")]
    Inferred,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum WasRead {
    Yes,
    No,
    /// It is not known any more.
    Unstated,
}

/// The least first, so that they compare.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, schemars::JsonSchema,
)]
#[serde(rename_all = "lowercase")]
pub enum Confidence {
    Low,
    Medium,
    High,
}

impl Confidence {
    pub fn said(self, l: Language) -> String {
        match self {
            Confidence::Low => say!(l, "confidence-low"),
            Confidence::Medium => say!(l, "confidence-medium"),
            Confidence::High => say!(l, "confidence-high"),
        }
    }
}

impl SourceKind {
    pub fn said(self, l: Language) -> String {
        match self {
            SourceKind::Datasheet => say!(l, "source-datasheet"),
            SourceKind::WhitePaper => say!(l, "source-white-paper"),
            SourceKind::VendorFile => say!(l, "source-vendor-file"),
            SourceKind::Database => say!(l, "source-database"),
            SourceKind::Paper => say!(l, "source-paper"),
            SourceKind::Press => say!(l, "source-press"),
            SourceKind::Measurement => say!(l, "source-measurement"),
            SourceKind::Result => say!(l, "source-result"),
            SourceKind::Inferred => say!(l, "basis-inferred"),
        }
    }
}

impl Source {
    /// Whether a figure can be certain that rests on this alone.
    pub fn is_first_hand(&self) -> bool {
        self.read == WasRead::Yes && self.kind != SourceKind::Inferred
    }
}

/// What stands behind some cells. Of several lines that speak of a cell the most specific counts: one that names the column,
/// else one that names the card, else `*`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Line {
    /// One card, or `*`.
    pub card: String,
    /// Columns with spaces between them, or `*`.
    pub columns: String,
    /// Ids of sources with spaces between them.
    pub sources: String,
    pub confidence: Confidence,
}

/// All cards, or all columns.
pub const ALL: &str = "*";

impl Line {
    /// How specific it is about this cell, where it speaks of it.
    pub fn rank(&self, gpu: &Gpu, column: &str) -> Option<(bool, bool)> {
        Some((self.names(column)?, self.is_about(gpu)?))
    }

    /// Whether it names this column, where it speaks of it.
    pub fn names(&self, column: &str) -> Option<bool> {
        let by_column = self.columns.split_whitespace().any(|named| named == column);
        (by_column || self.columns == ALL).then_some(by_column)
    }

    /// Whether it names this card, where it speaks of it.
    pub fn is_about(&self, gpu: &Gpu) -> Option<bool> {
        let by_card = self.card == gpu.name;
        (by_card || self.card == ALL).then_some(by_card)
    }

    pub fn source_ids(&self) -> impl Iterator<Item = &str> {
        self.sources.split_whitespace()
    }
}

/// Where a figure comes from.
#[derive(Clone, Debug, Serialize)]
pub struct Origin<'a> {
    pub sources: Vec<&'a Source>,
    pub confidence: Confidence,
}
