//! Names that mean several things: cards, and what is paid by the "P".

use super::{Lint, Place, error, warning};
use crate::catalogue::{self, Resolved};
use crate::contract::Contract;
use crate::contract::escaped;
use crate::contract::sku::Model;
use crate::contract::terms::{Pflops, PflopsFigure, Price};
use crate::language::{Language, say};

pub(super) fn lint(contract: &Contract, l: Language) -> Vec<Lint> {
    let sku = contract.inventory.as_ref().and_then(|inventory| inventory.sku.as_ref().map(Model::as_str));
    let model = sku.and_then(|sku| model(sku, contract.is_lease(), l));
    model.into_iter().chain(contract.price.as_ref().and_then(|price| pflops(price, l))).collect()
}

fn model(sku: &str, is_lease: bool, l: Language) -> Option<Lint> {
    let at = Place::Key("inventory", "sku");
    match catalogue::resolve(sku) {
        Resolved::One(_) => None,
        Resolved::Several(cards) => {
            let names: Vec<&str> = cards.iter().map(|gpu| gpu.name.as_str()).collect();
            let (name, count, cards) = (escaped(sku), names.len(), l.list(&names));
            let why = say!(l, "lint-ambiguous-sku", name, count, cards);
            Some(error("ambiguous-sku", at, why, format!("sku = {:?}", names.first().unwrap_or(&""))))
        }
        Resolved::Counted { count, cards } => {
            let names: Vec<String> = cards.iter().map(|gpu| format!("sku = {:?}", gpu.name)).collect();
            let names = if names.is_empty() { "sku = \"...\"".to_owned() } else { names.join(" | ") };
            let why = say!(l, "lint-counted-sku", name = escaped(sku));
            Some(error("counted-sku", at, why, say!(l, "lint-counted-sku-write", names, count)))
        }
        Resolved::None { nearest } => {
            let why = say!(l, "lint-unknown-sku", name = escaped(sku));
            let write = nearest
                .map_or_else(|| say!(l, "lint-unknown-sku-write"), |gpu| format!("sku = {:?}", gpu.name));
            // A test may be of whatever there is.
            Some(if is_lease {
                error("unknown-sku", at, why, write)
            } else {
                warning("unknown-sku", at, why, write)
            })
        }
    }
}

fn pflops(price: &Price, l: Language) -> Option<Lint> {
    const WRITE: &str = "pflops = { precision = \"bf16\", figure = \"measured\" }";
    let at = Place::Key("price", "per");
    match &price.pflops {
        None if price.per.is_compute() => Some(error("p-undefined", at, say!(l, "lint-p-undefined"), WRITE)),
        Some(_) if !price.per.is_compute() => {
            Some(warning("p-unused", at, say!(l, "lint-p-unused"), say!(l, "lint-p-unused-write")))
        }
        Some(Pflops { figure: PflopsFigure::NominalSparse, .. }) => {
            Some(error("p-sparse", at, say!(l, "lint-p-sparse"), WRITE))
        }
        Some(_) | None => None,
    }
}
