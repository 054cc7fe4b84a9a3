//! What two parties agreed on, as data that can be judged.
//! Owns the types of contracts and verdicts; must not know files, devices or how anything is measured.

pub mod clause;
pub mod finding;
pub mod inventory;
pub mod judge;
pub mod lint;
pub mod means;
pub mod money;
pub mod parse;
mod places;
pub mod proof;
pub mod quantity;
pub mod schema;
mod settle;
pub mod sku;
mod slip;
mod software;
pub mod template;
pub mod terms;
pub mod when;
mod words;

use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::seal::KeyId;

pub use clause::{Accept, Bound, Clause, Flag, Rule, Scope, Severity, Side};
pub use finding::{Amount, Finding, Reason, Subject, Verdict, exit, overall};
pub use inventory::Inventory;
pub use judge::{conflicts, judge};
pub use parse::{Parsed, parse};
pub use quantity::Quantity;
pub use software::Software;
pub use terms::{Delivery, Exclusion, Milestone, Price, Reference, Remedy};
pub use words::{escaped, in_short};

use crate::device::op::Precision;

use crate::evidence::metric::FILLED;
use crate::evidence::sustain::{SUSTAINED, WATCHED, rate_of};

/// A contract. Its JSON form is itself a contract file.
///
/// Without price, delivery and remedies it says what is tested; with them it is a lease.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
// Read by the derived function, then settled: see `settle.rs`.
#[serde(remote = "Self", deny_unknown_fields)]
pub struct Contract {
    /// Version of this format: 1.
    pub version: Version,
    /// What the parties call this contract, such as `lease-2026-014`.
    pub id: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub title: Option<String>,
    /// From where evidence must come to count: hardware, unless the parties agree on more.
    #[serde(default)]
    pub accept: Accept,
    #[serde(default, skip_serializing_if = "Parties::is_empty")]
    pub parties: Parties,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub inventory: Option<Inventory>,
    /// Versions under which results count.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub software: Option<Software>,
    /// What must be proved of each node to a witness.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub proof: Option<proof::Proof>,
    /// How the devices of a node must have been measured for rates and latencies to count.
    #[serde(default, skip_serializing_if = "Measured::is_together")]
    pub measured: Measured,
    /// What must show that reports are no older than they say. Counts no node as accepted by a report that does not.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub freshness: Option<Freshness>,
    /// What is to be there, and by when.
    #[serde(default, skip_serializing_if = "Delivery::is_empty")]
    pub delivery: Delivery,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub price: Option<Price>,
    #[serde(default, rename = "remedy", skip_serializing_if = "Vec::is_empty")]
    pub remedies: Vec<Remedy>,
    #[serde(default, rename = "exclusion", skip_serializing_if = "Vec::is_empty")]
    pub exclusions: Vec<Exclusion>,
    /// The run that shares "of reference" are taken of.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reference: Option<Reference>,
    #[serde(rename = "clause")]
    pub clauses: clause::Clauses,
}

impl Contract {
    /// Memory that each device must have, in bytes, where the inventory names it.
    pub fn memory_bytes(&self) -> Option<u64> {
        let memory = self.inventory.as_ref()?.memory.as_ref()?;
        Some(memory.0.value() as u64)
    }

    /// How much memory must be filled for all that is demanded of each device, in bytes. `None` where nothing is, or a sum
    /// over devices, for which each fills what it can.
    pub fn fill_bytes(&self) -> Option<u64> {
        let agreed = self.inventory.as_ref().and_then(|inventory| inventory.memory.as_ref());
        let mut most = agreed.map(|memory| memory.0.value() * inventory::MEMORY_SHARE);
        for clause in self.clauses.iter() {
            let Some((metric, quantity)) = clause.rule.owed() else { continue };
            if metric.as_str() != FILLED {
                continue;
            }
            match clause.scope {
                Scope::EveryDevice | Scope::AnyDevice => {
                    most = Some(most.unwrap_or(0.0).max(quantity.value()))
                }
                Scope::Node | Scope::Fleet => return None,
            }
        }
        most.map(|bytes| bytes.ceil() as u64)
    }

    /// For how long a load must be kept up and watched for all that decides the verdict. `None` where nothing of that is demanded.
    pub fn soak(&self) -> Option<Duration> {
        let demanded = self.clauses.iter().filter_map(|clause| {
            let (metric, quantity) = clause.rule.owed()?;
            let counts = clause.severity == Severity::Must && metric.as_str() == WATCHED;
            Duration::try_from_secs_f64(quantity.value() / 1e9).ok().filter(|_| counts)
        });
        demanded.max()
    }

    /// Whether it says more than what is tested: what is paid, when, and what follows.
    pub fn is_lease(&self) -> bool {
        self.price.is_some() || !self.delivery.is_empty() || !self.remedies.is_empty()
    }

    /// In which formats a load is to be kept up.
    pub fn loads(&self) -> Vec<Precision> {
        let named = |rate: &str| {
            self.clauses.iter().flat_map(|clause| clause.rule.metrics()).any(|m| m.as_str() == rate)
        };
        SUSTAINED.into_iter().filter(|precision| named(&rate_of(*precision))).collect()
    }
}

/// How several devices of one node must have been measured.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Measured {
    /// All at the same time.
    #[default]
    Together,
    /// One at a time is enough.
    Alone,
}

/// How a report shows that it is fresh.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Freshness {
    /// It answers a challenge of the tenant's: see `assay challenge`.
    Challenge,
}

impl Measured {
    pub fn is_together(&self) -> bool {
        *self == Measured::Together
    }
}

/// The only format there is so far.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "u32", into = "u32")]
pub struct Version;

impl TryFrom<u32> for Version {
    type Error = String;

    fn try_from(version: u32) -> Result<Self, String> {
        match version {
            1 => Ok(Version),
            _ => Err(format!("version {version} is not known to this program; write version = 1")),
        }
    }
}

impl From<Version> for u32 {
    fn from(_: Version) -> Self {
        1
    }
}

impl schemars::JsonSchema for Version {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Version".into()
    }

    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({ "type": "integer", "const": 1 })
    }
}

/// Who agreed.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Parties {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tenant: Option<Party>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub provider: Option<Party>,
}

impl Parties {
    /// Whose challenges and proofs count, where the contract names his key: who is to answer may not ask himself.
    pub fn asker(&self) -> Option<&KeyId> {
        self.tenant.as_ref()?.key_sha256.as_ref()
    }

    fn is_empty(&self) -> bool {
        self.tenant.is_none() && self.provider.is_none()
    }
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Party {
    pub name: String,
    /// Key id of the party's public key, as `assay key show` prints it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub key_sha256: Option<KeyId>,
}
