//! What the parts of a contract need of one another: shares get their whole, names what they name.
//! Owns the last step of reading a contract; every message names the clause or the table it is about.

use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::clause::{Figure, Rule};
use super::quantity::{Base, Share};
use super::sku::Model;
use super::terms::DELIVERY;
use super::{Contract, Inventory, Quantity, Reference};
use crate::catalogue::{self, Resolved};

impl<'de> Deserialize<'de> for Contract {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        // The derived function, not this one.
        let mut contract = Self::deserialize(deserializer)?;
        settle(&mut contract).map_err(D::Error::custom)?;
        Ok(contract)
    }
}

impl Serialize for Contract {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        Self::serialize(self, serializer)
    }
}

fn settle(contract: &mut Contract) -> Result<(), String> {
    let Contract { inventory, reference, clauses, .. } = contract;
    for clause in clauses.iter_mut() {
        let (figure, bound) = match &mut clause.rule {
            Rule::AtLeast { figure, bound } | Rule::AtMost { figure, bound } => (figure, bound),
            Rule::Ratio { .. } | Rule::Equals { .. } | Rule::Never { .. } => continue,
        };
        if let Some(Share { of, .. }) = bound.share() {
            let whole = whole(of, figure, inventory.as_ref(), reference.as_ref());
            let whole = whole.map_err(|why| format!("clause {:?}: {why}", clause.id))?;
            bound.settle(whole);
        }
    }
    for name in contract.remedies.iter().flat_map(|remedy| &remedy.of) {
        if name != DELIVERY && !contract.clauses.iter().any(|clause| clause.id == *name) {
            let name: String = name.chars().take(80).collect();
            return Err(format!(
                "a remedy is of {name:?}, but no clause has this id; write the id of a clause, or {DELIVERY:?}"
            ));
        }
    }
    match contract.exclusions.iter().find(|excluded| excluded.from >= excluded.until) {
        Some(empty) => Err(format!(
            "an exclusion from {} until {} is over before it begins; exchange them",
            empty.from, empty.until
        )),
        None => Ok(()),
    }
}

/// What 100 % is, in the metric's unit.
fn whole(
    of: Base,
    figure: &Figure,
    inventory: Option<&Inventory>,
    reference: Option<&Reference>,
) -> Result<f64, String> {
    let metric = &figure.metric;
    match of {
        Base::Datasheet => {
            let sku = inventory.and_then(|inventory| inventory.sku.as_ref().map(Model::as_str));
            let sku =
                sku.ok_or("a share of the datasheet needs a model; write sku = \"...\" under [inventory]")?;
            let Resolved::One(gpu) = catalogue::resolve(sku) else {
                return Err(format!(
                    "the catalogue has no one card {sku:?} to take a share of; `assay catalogue list` shows all"
                ));
            };
            gpu.datasheet(metric).ok_or_else(|| {
                format!("the datasheet of {} has no figure for {metric}; write a quantity", gpu.name)
            })
        }
        Base::FleetMedian => Ok(f64::INFINITY),
        Base::Reference => {
            let reference = reference
                .ok_or("a share of a reference needs one; write [reference] with sha256 and figures")?;
            reference
                .figures
                .get(metric)
                .map(Quantity::value)
                .ok_or_else(|| format!("[reference.figures] has no {metric}; write its median there"))
        }
    }
}
