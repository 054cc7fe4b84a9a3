//! Names that mean several things: cards, and what is paid by the "P".

use super::{Lint, Place, error, warning};
use crate::catalogue::{self, Resolved};
use crate::contract::Contract;
use crate::contract::terms::{Pflops, PflopsFigure, Price};

pub(super) fn lint(contract: &Contract) -> Vec<Lint> {
    let sku = contract.inventory.as_ref().and_then(|inventory| inventory.sku.as_ref());
    let model = sku.and_then(|sku| model(sku, contract.is_lease()));
    model.into_iter().chain(contract.price.as_ref().and_then(pflops)).collect()
}

fn model(sku: &str, is_lease: bool) -> Option<Lint> {
    let at = Place::Key("inventory", "sku");
    match catalogue::resolve(sku) {
        Resolved::One(_) => None,
        Resolved::Several(cards) => {
            let names: Vec<&str> = cards.iter().map(|gpu| gpu.name.as_str()).collect();
            let why = format!("{sku:?} is {} different cards: {}", names.len(), names.join(", "));
            Some(error("ambiguous-sku", at, why, format!("sku = {:?}", names.first().unwrap_or(&""))))
        }
        Resolved::None { nearest } => {
            let why = format!(
                "the catalogue does not know {sku:?}, so no bound can be checked against it, and a name is all that is compared"
            );
            let write = nearest.map_or_else(
                || "sku = \"...\", a name from `assay catalogue list`".to_owned(),
                |gpu| format!("sku = {:?}", gpu.name),
            );
            // A test may be of whatever there is.
            Some(if is_lease {
                error("unknown-sku", at, why, write)
            } else {
                warning("unknown-sku", at, why, write)
            })
        }
    }
}

fn pflops(price: &Price) -> Option<Lint> {
    const WRITE: &str = "pflops = { precision = \"bf16\", figure = \"measured\" }";
    let at = Place::Key("price", "per");
    match &price.pflops {
        None if price.per.is_compute() => {
            let why = "a \"P\" is 10^15 operations a second of no kind: one card has several times as many in one precision as in another, \
                       twice as many on paper where half of the operands are zero, and fewer in fact than on paper";
            Some(error("p-undefined", at, why, WRITE))
        }
        Some(_) if !price.per.is_compute() => {
            let why = "the price is not for compute, so what a PFLOPS is decides nothing";
            Some(warning("p-unused", at, why, "per = \"pflops_month\", or no pflops"))
        }
        Some(Pflops { figure: PflopsFigure::NominalSparse, .. }) => {
            let why =
                "sparse figures count operations on zeros: a dense product reaches at most half of them";
            Some(error("p-sparse", at, why, WRITE))
        }
        Some(_) | None => None,
    }
}
