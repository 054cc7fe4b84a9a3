//! The columns of the table of cards: name, unit, and what figures can be true of any card.
//! Owns this one list, by which tables are shown and checked; must not know any card.

use super::Gpu;
use crate::language::{Language, say};

/// One fact that the catalogue can hold of a card.
pub struct Column {
    /// As in the table's head.
    pub name: &'static str,
    /// Empty for texts and for what is only counted.
    pub unit: &'static str,
    /// As people call it.
    pub label: Label,
    read: Read,
}

type Label = fn(Language) -> String;

enum Read {
    Text(fn(&Gpu) -> &str),
    /// And between what bounds it can be true.
    Number(fn(&Gpu) -> Option<f64>, [f64; 2]),
}

/// A cell that is not empty.
#[derive(Clone, Debug, PartialEq)]
pub enum Cell {
    Text(String),
    Number(f64),
}

impl std::fmt::Display for Cell {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Cell::Text(text) => f.write_str(text),
            Cell::Number(number) => write!(f, "{number}"),
        }
    }
}

impl Column {
    /// What the table says of a card. `None` where it says nothing.
    pub fn of(&self, gpu: &Gpu) -> Option<Cell> {
        match self.read {
            Read::Text(text) => Some(text(gpu)).filter(|t| !t.is_empty()).map(|t| Cell::Text(t.to_owned())),
            Read::Number(number, _) => number(gpu).map(Cell::Number),
        }
    }

    /// The number that the table has of a card. `None` for texts as well.
    pub fn number(&self, gpu: &Gpu) -> Option<f64> {
        match self.read {
            Read::Text(_) => None,
            Read::Number(number, _) => number(gpu),
        }
    }

    /// Between what bounds a number in this column can be true.
    pub fn bounds(&self) -> Option<[f64; 2]> {
        match self.read {
            Read::Text(_) => None,
            Read::Number(_, bounds) => Some(bounds),
        }
    }
}

const fn text(name: &'static str, unit: &'static str, label: Label, of: fn(&Gpu) -> &str) -> Column {
    Column { name, unit, label, read: Read::Text(of) }
}

const fn number(
    name: &'static str,
    unit: &'static str,
    label: Label,
    bounds: [f64; 2],
    of: fn(&Gpu) -> Option<f64>,
) -> Column {
    Column { name, unit, label, read: Read::Number(of, bounds) }
}

/// No unit of any card is faster, nor is a rate below this worth its own units.
const RATE: [f64; 2] = [0.1, 20_000.0];

/// All facts, in the table's order. A card's name and notes are none.
pub const COLUMNS: [Column; 24] = [
    text("vendor", "", |l| say!(l, "column-maker"), |g| &g.vendor),
    text("arch", "", |l| say!(l, "column-architecture"), |g| &g.arch),
    text("compute_capability", "", |l| say!(l, "column-compute-capability"), |g| &g.compute_capability),
    number("sm_or_cu_count", "", |l| say!(l, "fact-units"), [1.0, 1024.0], |g| g.units.map(f64::from)),
    number("boost_clock_MHz", "MHz", |l| say!(l, "column-boost-clock"), [500.0, 4000.0], |g| g.boost_mhz),
    number("fp64", "TFLOP/s", |_| "FP64".to_owned(), RATE, |g| g.fp64),
    number("fp64_tensor", "TFLOP/s", |l| say!(l, "column-fp64-tensor"), RATE, |g| g.fp64_tensor),
    number("fp32", "TFLOP/s", |_| "FP32".to_owned(), RATE, |g| g.fp32),
    number("tf32", "TFLOP/s", |_| "TF32".to_owned(), RATE, |g| g.tf32),
    number("fp16", "TFLOP/s", |_| "FP16".to_owned(), RATE, |g| g.fp16),
    number("bf16", "TFLOP/s", |_| "BF16".to_owned(), RATE, |g| g.bf16),
    number("fp8", "TFLOP/s", |_| "FP8".to_owned(), RATE, |g| g.fp8),
    number("int8", "TOP/s", |_| "INT8".to_owned(), RATE, |g| g.int8),
    number("fp4", "TFLOP/s", |_| "FP4".to_owned(), RATE, |g| g.fp4),
    text("memory_GB", "GB", |l| say!(l, "fact-memory"), |g| &g.memory_gb),
    number(
        "memory_bandwidth_GBps",
        "GB/s",
        |l| say!(l, "column-bandwidth"),
        [50.0, 30_000.0],
        |g| g.bandwidth_gb_per_s,
    ),
    number("l2_MiB", "MiB", |l| say!(l, "column-l2"), [0.5, 1024.0], |g| g.l2_mib),
    number("tdp_W", "W", |l| say!(l, "column-power-limit"), [30.0, 3000.0], |g| g.tdp_w),
    number("pcie_gen", "", |l| say!(l, "column-pcie-generation"), [3.0, 6.0], |g| g.pcie_gen.map(f64::from)),
    number("pcie_width", "", |l| say!(l, "column-pcie-lanes"), [1.0, 16.0], |g| g.pcie_width.map(f64::from)),
    number("nvlink_GBps_total", "GB/s", |l| say!(l, "column-links"), [10.0, 10_000.0], |g| g.nvlink_gb_per_s),
    text("pci_device_ids", "", |l| say!(l, "fact-pci-id"), |g| &g.pci_ids),
    number(
        "fp16_ops_per_clk_per_unit",
        "",
        |l| say!(l, "column-fp16-per-cycle"),
        [32.0, 65_536.0],
        |g| g.fp16_per_cycle,
    ),
    number("arith_clock_MHz", "MHz", |l| say!(l, "column-fp16-clock"), [500.0, 4000.0], |g| g.fp16_mhz),
];

/// The column with this name.
pub fn column(name: &str) -> Option<&'static Column> {
    static ALL: [Column; COLUMNS.len()] = COLUMNS;
    ALL.iter().find(|column| column.name == name)
}
