//! Compares an inventory certificate with the one that follows from the report at hand.
//! Owns what of it is compared; both sides come from the same functions.

use jiff::Timestamp;

use super::class::Class;
use super::draw::{DrawError, again, healthy, standing};
use super::{Card, CatalogueName, Figure, Inventory, Standing};
use crate::catalogue::{built_in, in_use};
use crate::contract::judge::shown::Found;
use crate::exit::Exit;
use crate::report::difference::between;
use crate::report::{Difference, Report};
use crate::seal::Verified;

/// What a certificate was compared with.
#[derive(Clone, Debug, PartialEq)]
pub enum Chain {
    /// Nothing: the signature alone holds.
    Signature,
    /// Its report. `by_own` where the certificate was drawn up with other data than this program has: what follows from the report with
    /// that of this program.
    Report { differences: Vec<Difference>, by_own: Option<Box<Inventory>> },
}

impl Chain {
    pub fn differences(&self) -> &[Difference] {
        match self {
            Chain::Signature => &[],
            Chain::Report { differences, .. } => differences,
        }
    }

    pub fn by_own(&self) -> Option<&Inventory> {
        match self {
            Chain::Signature => None,
            Chain::Report { by_own, .. } => by_own.as_deref(),
        }
    }

    /// Nobody's bands alone make a card one in order to whoever does not have them: the worse of both counts.
    pub fn exit(&self, stated: &Inventory, moment: Timestamp) -> Exit {
        let says = stated.exit(moment);
        match self.by_own() {
            _ if !self.differences().is_empty() => Exit::Signature,
            Some(own) if classes(own) == classes(stated) => says.worst(own.exit(moment)),
            Some(own) => says.worst(own.exit(moment)).worst(Exit::Inconclusive),
            None => says,
        }
    }
}

fn classes(of: &Inventory) -> Vec<Option<&str>> {
    of.cards.iter().map(|card| card.class.as_ref().map(|class| class.card.as_str())).collect()
}

/// `report` is what `verified` holds.
pub fn chain(stated: &Inventory, report: &Report, verified: &Verified) -> Result<Chain, DrawError> {
    let own = again(stated, report, verified)?;
    if own.catalogue == stated.catalogue {
        return Ok(Chain::Report { differences: between(stated, &own), by_own: None });
    }
    let mut differences = between(&figures_only(stated), &figures_only(&own));
    differences.extend(between(stated, &by_its_bands(stated)));
    Ok(Chain::Report { differences, by_own: Some(Box::new(own)) })
}

fn with_figures(of: &Inventory, figure: impl Fn(Option<&Class>, &Figure) -> Figure) -> Inventory {
    let card = |card: &Card| {
        let figures = card.figures.iter().map(|one| figure(card.class.as_ref(), one));
        Card { figures: figures.collect(), ..card.clone() }
    };
    Inventory { cards: of.cards.iter().map(card).collect(), ..of.clone() }
}

/// How its figures stand to the bands that it names itself. What it calls built in must be so where the built-in data are those of
/// this program, whatever overlays stood beside them.
fn by_its_bands(stated: &Inventory) -> Inventory {
    let is_known = in_use::digest_with(&stated.catalogue.overlays) == stated.catalogue.sha256;
    let figure = |class: Option<&Class>, figure: &Figure| {
        let found = Found { value: figure.value, known: figure.known() };
        let gpu = class.and_then(|class| built_in().gpus.iter().find(|gpu| gpu.name == class.card));
        let is_of_overlay = figure.healthy.as_ref().is_some_and(|healthy| healthy.overlay.is_some());
        let healthy = if is_known && !is_of_overlay {
            gpu.and_then(|gpu| built_in().band(gpu, &figure.metric)).map(healthy)
        } else {
            figure.healthy.clone()
        };
        Figure { standing: standing(&figure.metric, found, healthy.as_ref()), healthy, ..figure.clone() }
    };
    with_figures(stated, figure)
}

/// Without what depends on a catalogue.
fn figures_only(of: &Inventory) -> Inventory {
    let mut of = with_figures(of, |_, figure| Figure {
        of_datasheet: None,
        healthy: None,
        standing: Standing::Unknown,
        ..figure.clone()
    });
    of.catalogue = CatalogueName { version: String::new(), sha256: String::new(), overlays: Vec::new() };
    of.cards.iter_mut().for_each(|card| {
        card.class = None;
        card.refused.clear();
    });
    of
}
