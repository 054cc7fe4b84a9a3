//! What each node must hold.
//! Owns that demand and what is usual of it; how it is judged is another's business.

use std::num::NonZeroU32;

use serde::{Deserialize, Serialize};

use super::finding::id;
use super::{quantity, sku};
use crate::proof::challenge::GPUS_MAX;

/// Boards of one node hold up to so many cards; more stand behind switches outside it.
pub const DEVICES_USUAL: u32 = 16;

/// A challenge asks no more of one node, so that a node with more could never prove its work.
pub const DEVICES_MOST: u32 = GPUS_MAX;

/// Share of the agreed memory that must be filled; the rest is the driver's and the display's.
pub const MEMORY_SHARE: f64 = 0.95;

/// What each node must hold. Every entry is judged, as if it were a `must` clause.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Inventory {
    /// Devices per node.
    pub devices: NonZeroU32,
    /// The model, such as `H200 SXM`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sku: Option<sku::Model>,
    /// Memory of each device, such as `141 GB`. The memory probe must fill 95 % of it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub memory: Option<quantity::Bytes>,
}

impl Inventory {
    /// Of the findings on what it demands; remedies may name them.
    pub fn ids(&self) -> impl Iterator<Item = &'static str> {
        let model = self.sku.is_some().then_some(id::SKU);
        let memory = self.memory.is_some().then_some(id::MEMORY);
        [Some(id::DEVICES), model, memory].into_iter().flatten()
    }
}
