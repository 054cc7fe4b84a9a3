//! What the parts of a contract need of one another: shares get their whole, names what they name.
//! Owns the last step of reading a contract; every mistake names the clause or the table it is about.

use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::clause::{Bound, Figure, Rule};
use super::quantity::{Base, Share};
use super::sku::Model;
use super::slip::Slip;
use super::terms::{DELIVERY, Exclusion};
use super::{Contract, Inventory, Quantity, Reference};
use crate::catalogue::{self, Resolved};

impl<'de> Deserialize<'de> for Contract {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        read(deserializer)?.map_err(D::Error::custom)
    }
}

/// The outer error is of the file's shape, the inner one of what it says.
pub(super) fn read<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Result<Contract, Slip>, D::Error> {
    // The derived function, not the one above.
    let mut contract = Contract::deserialize(deserializer)?;
    Ok(settle(&mut contract).map(|()| contract))
}

impl Serialize for Contract {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        Self::serialize(self, serializer)
    }
}

fn settle(contract: &mut Contract) -> Result<(), Slip> {
    let Contract { inventory, reference, clauses, .. } = contract;
    clauses.check()?;
    for (nth, clause) in clauses.iter_mut().enumerate() {
        let Rule::Bound(Bound { figure, quantity, .. }) = &mut clause.rule else { continue };
        if let Some(Share { of, .. }) = quantity.share() {
            let whole = whole(of, figure, inventory.as_ref(), reference.as_ref());
            quantity.settle(whole.map_err(|why| Slip::Clause {
                nth,
                id: clause.id.clone(),
                wrong: why.into(),
            })?);
        }
    }
    for (nth, remedy) in contract.remedies.iter().enumerate() {
        let owed = contract.inventory.iter().flat_map(Inventory::ids);
        let known: Vec<&str> = [DELIVERY].into_iter().chain(owed).collect();
        let is_known =
            |name: &str| known.contains(&name) || contract.clauses.iter().any(|clause| clause.id == name);
        if let Some((of, name)) = remedy.of.iter().enumerate().find(|(_, name)| !is_known(name)) {
            let known = known.iter().map(|name| format!("{name:?}")).collect::<Vec<_>>().join(", ");
            return Err(Slip::Remedy { nth, of, name: name.chars().take(80).collect(), known });
        }
    }
    match contract.exclusions.iter().enumerate().find(|(_, excluded)| excluded.from >= excluded.until) {
        Some((nth, Exclusion { from, until, .. })) => {
            Err(Slip::Exclusion { nth, from: *from, until: *until })
        }
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
            // Of links it says what all of them carry together, not how many of them lead to one other card.
            gpu.datasheet(metric).filter(|_| !metric.lies_between_devices()).ok_or_else(|| {
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
