//! One card as its maker describes it.
//! Owns the record of a card; must not know where its figures come from.

use serde::{Deserialize, Serialize};

/// One card. Rates are dense peaks; what is not published is `None`.
#[derive(Clone, Debug, Default, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Gpu {
    pub name: String,
    pub vendor: String,
    pub arch: String,
    /// As the maker counts it, `9.0` or `gfx942`.
    pub compute_capability: String,
    /// Multiprocessors, compute units or the like.
    #[serde(rename = "sm_or_cu_count")]
    pub units: Option<u32>,
    #[serde(rename = "boost_clock_MHz")]
    pub boost_mhz: Option<f64>,
    /// TFLOP/s of the vector units.
    pub fp64: Option<f64>,
    /// TFLOP/s of the tensor units.
    pub fp64_tensor: Option<f64>,
    pub fp32: Option<f64>,
    pub tf32: Option<f64>,
    /// With FP32 accumulation.
    pub fp16: Option<f64>,
    /// With FP32 accumulation.
    pub bf16: Option<f64>,
    pub fp8: Option<f64>,
    /// TOP/s.
    pub int8: Option<f64>,
    pub fp4: Option<f64>,
    /// Sizes that it comes with, as they stand in its name, `|` between them.
    #[serde(rename = "memory_GB")]
    pub memory_gb: String,
    #[serde(rename = "memory_bandwidth_GBps")]
    pub bandwidth_gb_per_s: Option<f64>,
    #[serde(rename = "l2_MiB")]
    pub l2_mib: Option<f64>,
    #[serde(rename = "tdp_W")]
    pub tdp_w: Option<f64>,
    pub pcie_gen: Option<u32>,
    pub pcie_width: Option<u32>,
    /// Both directions, all links together.
    #[serde(rename = "nvlink_GBps_total")]
    pub nvlink_gb_per_s: Option<f64>,
    /// `vendor:device`, `;` between them.
    #[serde(rename = "pci_device_ids")]
    pub pci_ids: String,
    /// Dense FP16 operations of one unit in one cycle.
    #[serde(rename = "fp16_ops_per_clk_per_unit")]
    pub fp16_per_cycle: Option<f64>,
    /// The clock at which the units reach the published FP16 peak.
    #[serde(rename = "arith_clock_MHz")]
    pub fp16_mhz: Option<f64>,
    pub notes: String,
}

impl Gpu {
    /// How many a node usually holds: eight on a board, four where two Grace with two GPUs each are a node, one beside a Grace alone.
    pub fn usual_in_a_node(&self) -> u32 {
        match self.name.split(' ').next() {
            Some("GH200") => 1,
            Some("GB200" | "GB300") => 4,
            _ => 8,
        }
    }

    /// Sizes of memory that this card comes with, in GB.
    pub fn memory_sizes(&self) -> impl Iterator<Item = f64> {
        self.memory_gb.split('|').filter_map(|size| size.trim().parse().ok())
    }

    /// PCI vendor and device ids of this card. Notes in parentheses (memory size, subsystems, virtual functions) are
    /// for people.
    pub fn ids(&self) -> impl Iterator<Item = (u32, u32)> {
        self.id_entries().filter_map(|(id, _)| {
            let (vendor, device) = id.split_once(':')?;
            Some((u32::from_str_radix(vendor, 16).ok()?, u32::from_str_radix(device, 16).ok()?))
        })
    }

    /// Each PCI id as it is written, and the note behind it.
    pub(super) fn id_entries(&self) -> impl Iterator<Item = (&str, &str)> {
        let entries = self.pci_ids.split(';').map(str::trim).filter(|entry| !entry.is_empty());
        entries.map(|entry| entry.split_once(' ').unwrap_or((entry, "")))
    }
}
