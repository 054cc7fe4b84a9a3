//! Compares an inventory certificate with the one that follows from the report at hand.
//! Owns what of it is compared; both sides come from the same functions.

use super::draw::{DrawError, again};
use super::{Card, Figure, Inventory, Standing};
use crate::report::difference::between;
use crate::report::{Difference, Report};
use crate::seal::Verified;

/// What a certificate was compared with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Chain {
    /// Nothing: the signature alone holds.
    Signature,
    /// Its report. `other_catalogue` where only the figures could be: it was compared with other data than this program has.
    Report { differences: Vec<Difference>, other_catalogue: bool },
}

impl Chain {
    pub fn differences(&self) -> &[Difference] {
        match self {
            Chain::Signature => &[],
            Chain::Report { differences, .. } => differences,
        }
    }
}

/// `report` is what `verified` holds.
pub fn chain(stated: &Inventory, report: &Report, verified: &Verified) -> Result<Chain, DrawError> {
    let again = again(stated, report, verified)?;
    let other_catalogue = again.catalogue != stated.catalogue;
    let differences = if other_catalogue {
        between(
            &figures_only(stated),
            &figures_only(&Inventory { catalogue: stated.catalogue.clone(), ..again }),
        )
    } else {
        between(stated, &again)
    };
    Ok(Chain::Report { differences, other_catalogue })
}

/// Without what depends on a catalogue.
fn figures_only(of: &Inventory) -> Inventory {
    let figure = |figure: &Figure| Figure {
        of_datasheet: None,
        healthy: None,
        standing: Standing::Unknown,
        ..figure.clone()
    };
    let card = |card: &Card| Card {
        class: None,
        figures: card.figures.iter().map(figure).collect(),
        refused: Vec::new(),
        ..card.clone()
    };
    Inventory { cards: of.cards.iter().map(card).collect(), ..of.clone() }
}
