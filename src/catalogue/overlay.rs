//! Cards that the built-in catalogue lacks, as somebody else describes and signs them.
//! Owns the form of an overlay. It obeys the rules of the built-in tables, stands beside them and changes none of them.

use serde::{Deserialize, Serialize};

use super::check;
use super::data::Exception;
use super::data::{Catalogue, Tables};
use super::problem::Problem;
use super::sources::{Line, Source};
use super::{Gpu, bands, built_in};
use crate::language::{Language, say};
use crate::seal::statement::{Kind, StatementError, Subject};
use crate::seal::{Envelope, SecretKey, Verified};

pub const KIND: Kind = Kind { uri: "https://gpu-assay.dev/catalogue-overlay/v1", what: "catalogue overlay" };
/// Additions keep it, changes of meaning raise it.
pub const FORMAT: u32 = 1;
/// Limits, so that a hostile overlay costs little: every card is held against every other, and every cell against every line.
pub const FILE_BYTES_MAX: usize = 1 << 20;
const CARDS_MAX: usize = 256;
const LINES_MAX: usize = 4096;
const NAME_CHARS_MAX: usize = 80;
/// A line of bands stands for one of each card that it names, each with all that the line says: written out they may be so long.
const BANDS_BYTES_MAX: usize = 4 << 20;

/// A whole overlay with comments, to start from.
pub const EXAMPLE: &str = include_str!("overlay/example.toml");

#[derive(Clone, Debug, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Overlay {
    pub format: u32,
    /// What it is about, and of whom it is.
    pub title: String,
    pub version: String,
    /// It may hold bands alone, of cards that are built in.
    #[serde(default, rename = "card", skip_serializing_if = "Vec::is_empty")]
    pub cards: Vec<Gpu>,
    #[serde(default, rename = "source")]
    pub sources: Vec<Source>,
    #[serde(default)]
    pub provenance: Vec<Line>,
    #[serde(default, rename = "band")]
    pub bands: Vec<bands::Row>,
    #[serde(default, rename = "exception")]
    pub exceptions: Vec<Exception>,
}

#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum OverlayError {
    #[error("{0}")]
    Statement(#[from] StatementError),
    #[error("it has more than {FILE_BYTES_MAX} bytes; is it an overlay?")]
    TooLarge,
    #[error("it is not text in UTF-8; is it an overlay?")]
    NotText,
    #[error("line {line}: {why}; `assay catalogue new` shows a whole overlay")]
    Malformed { line: usize, why: String },
    #[error("it has more than {most} {what}; split it into several overlays")]
    TooMany { what: &'static str, most: usize },
    #[error(
        "its bands have more than {BANDS_BYTES_MAX} bytes once each card that a line names has its own; name fewer cards in a line"
    )]
    LongBands,
    #[error("a card's name has more than {NAME_CHARS_MAX} characters; say the rest in its notes")]
    LongName,
    #[error("it is of format {0}, this program reads format {FORMAT}; get a newer one")]
    Format(u32),
}

impl Overlay {
    /// Reads what a person wrote, in TOML.
    pub fn parse(file: &[u8]) -> Result<Self, OverlayError> {
        if file.len() > FILE_BYTES_MAX {
            return Err(OverlayError::TooLarge);
        }
        let text = std::str::from_utf8(file).map_err(|_| OverlayError::NotText)?;
        let overlay = toml::from_str::<Self>(text).map_err(|e| malformed(text, &e))?;
        overlay.readable().map(|()| overlay)
    }

    pub fn from_verified(verified: &Verified) -> Result<Self, OverlayError> {
        KIND.read(verified.bytes(), Self::readable, |overlay| Ok(vec![overlay.subject()?]))
    }

    fn readable(&self) -> Result<(), OverlayError> {
        if self.format != FORMAT {
            return Err(OverlayError::Format(self.format));
        }
        for (what, count, most) in [
            ("cards", self.cards.len(), CARDS_MAX),
            ("sources", self.sources.len(), LINES_MAX),
            ("lines of provenance", self.provenance.len(), LINES_MAX),
            ("bands", self.bands.len(), LINES_MAX),
            ("exceptions", self.exceptions.len(), LINES_MAX),
        ] {
            if count > most {
                return Err(OverlayError::TooMany { what, most });
            }
        }
        if self.bands.iter().map(bands::Row::bytes_written_out).fold(0, usize::saturating_add)
            > BANDS_BYTES_MAX
        {
            return Err(OverlayError::LongBands);
        }
        let is_long = |card: &Gpu| card.name.chars().nth(NAME_CHARS_MAX).is_some();
        if self.cards.iter().any(is_long) { Err(OverlayError::LongName) } else { Ok(()) }
    }

    /// Its cards as a catalogue, and everything that is wrong with them beside those that are built in.
    pub fn check(&self, l: Language) -> (Catalogue, Vec<Problem>) {
        self.check_beside(&built_in().gpus, l)
    }

    pub(super) fn check_beside(&self, beside: &[Gpu], l: Language) -> (Catalogue, Vec<Problem>) {
        let mut problems = Vec::new();
        for (field, text) in [("title", &self.title), ("version", &self.version)] {
            if text.trim().is_empty() {
                problems.push(Problem::new(field, say!(l, "wrong-empty")));
            }
        }
        if self.cards.is_empty() && self.bands.is_empty() {
            problems.push(Problem::new("card", say!(l, "wrong-no-card")));
        }
        let Self { cards, sources, provenance, bands, exceptions, .. } = self.clone();
        let tables = Tables { gpus: cards, sources, provenance, bands, exceptions };
        let catalogue = Catalogue::assemble(tables, beside, &mut problems, l);
        problems.extend(check::check(&catalogue, beside, l));
        (catalogue, problems)
    }

    /// Signs it. Whether it is right was asked before.
    pub fn seal(&self, key: &SecretKey) -> Result<Envelope, OverlayError> {
        Ok(Envelope::seal(&KIND.encode(vec![self.subject()?], self)?, key))
    }

    /// The overlay by its digest, under which a contract can name it.
    fn subject(&self) -> Result<Subject, StatementError> {
        Subject::of_json("catalogue-overlay", self)
    }

    /// SHA-256 of its JCS form.
    pub fn digest(&self) -> Result<String, StatementError> {
        Ok(self.subject()?.digest.remove("sha256").unwrap_or_default())
    }
}

/// The JSON Schema of the whole statement that is signed.
pub fn schema() -> String {
    KIND.schema::<Overlay>()
}

/// On one line, of bounded length, that cannot write to a terminal what its reader does not see.
fn malformed(text: &str, error: &toml::de::Error) -> OverlayError {
    const CHARS_MAX: usize = 300;
    let before = error.span().map_or("", |span| &text[..text.floor_char_boundary(span.start)]);
    let clean = error.message().trim().chars().map(|c| if c.is_control() { ' ' } else { c });
    OverlayError::Malformed { line: before.matches('\n').count() + 1, why: clean.take(CHARS_MAX).collect() }
}

#[cfg(test)]
mod tests;
