//! FP16 products on matrix units: their launch form, and the parts of their kernel that are written out.
//! Owns form and text (see `kernels/gemm_coop.wgsl`); must not know any launch.

use std::fmt::Write as _;

use super::shaders::flags;

/// What an adapter's matrix units multiply at once, FP16 into FP32.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct MatrixUnit {
    /// Rows, columns and depth.
    pub side: u32,
    /// Invocations that do it together, at most.
    pub subgroup: u32,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct CoopForm {
    pub unit: MatrixUnit,
    /// Matrices of a subgroup in each direction.
    pub per: u32,
    /// Through workgroup memory always, or only at the edges.
    pub staged: bool,
}

/// Subgroups of a workgroup in each direction.
const ACROSS: u32 = 2;
const WAVES: u32 = ACROSS * ACROSS;
/// Elements of k that lie in workgroup memory at a time.
const DEPTH: u32 = 32;

impl CoopForm {
    /// Rows and columns of a workgroup's tile.
    pub fn tile(self) -> u32 {
        ACROSS * self.per * self.unit.side
    }

    pub fn group(self) -> u32 {
        WAVES * self.unit.subgroup
    }

    pub fn label(self) -> String {
        let way = if self.staged { "staged" } else { "direct" };
        let (side, tile, per) = (self.unit.side, self.tile(), self.per);
        format!("coop{side}x{side}-{way}-tile{tile}x{tile}x{DEPTH}-subgroup{per}x{per}")
    }

    /// Fours of each strip that an invocation loads.
    pub fn loads(self) -> u32 {
        self.tile() * DEPTH / 4 / self.group()
    }

    /// Fours of a strip in workgroup memory, which leaves two unused after each row.
    fn strip(self) -> u32 {
        self.tile() * (DEPTH / 4 + 2)
    }

    /// Elements of all patches.
    fn patches(self) -> u32 {
        WAVES * self.unit.side * self.unit.side
    }

    pub fn shared_bytes(self) -> u32 {
        2 * self.strip() * 8 + self.patches() * 4
    }

    pub fn defines(self) -> Vec<(&'static str, String)> {
        let direct = |name: &str, i: u32| format!("{name}[at_{name}{i} + k], pitch");
        let strip = |name: &str, i: u32| {
            let from = if name == "a" { "down" } else { "across" };
            format!("strip_{name}[({from} + {}u) * PITCH + k], PITCH", i * self.unit.side)
        };
        let mut defines = if self.staged { Vec::new() } else { flags(&["DIRECT"]) };
        defines.extend([
            ("SIDE", self.unit.side.to_string()),
            ("PER", self.per.to_string()),
            ("WAVES", WAVES.to_string()),
            ("ACROSS", ACROSS.to_string()),
            ("GROUP", self.group().to_string()),
            ("TILE", self.tile().to_string()),
            ("DEPTH", DEPTH.to_string()),
            ("STRIP", self.strip().to_string()),
            ("PATCHES", self.patches().to_string()),
            ("ZERO", self.zero()),
            ("MATRIX_ROWS", self.rows()),
            ("DIRECT_STEP", self.step(direct)),
            ("STAGED_STEP", self.step(strip)),
            ("STORE", self.store()),
            ("STORE_AT_EDGE", self.store_at_edge()),
        ]);
        defines
    }

    fn zero(self) -> String {
        let side = self.unit.side;
        let mut text = String::new();
        for s in 0..self.per * self.per {
            let _ = writeln!(text, "    var s{s} = coop_mat{side}x{side}<f32, C>();");
        }
        text
    }

    /// Where the rows of a and b begin that a subgroup multiplies, in fours.
    fn rows(self) -> String {
        let mut text = String::new();
        for i in 0..self.per {
            for (name, first) in [("a", "row + down"), ("b", "column + across")] {
                let row = format!("{first} + {}u", i * self.unit.side);
                let _ = writeln!(text, "            let at_{name}{i} = (p.{name}_at + ({row}) * p.k) >> 2u;");
            }
        }
        text
    }

    /// One step of k; `place` writes where matrix i of a or b begins, and the pitch there.
    fn step(self, place: impl Fn(&str, u32) -> String) -> String {
        let (per, side) = (self.per, self.unit.side);
        let mut text = String::new();
        for i in 0..per {
            // The rows of a lie in memory as such; those of the transposed b are its columns.
            let (a, b) = (place("a", i), place("b", i));
            let _ =
                writeln!(text, "                let x{i} = coopLoadT<coop_mat{side}x{side}<f16, A>>(&{a});");
            let _ =
                writeln!(text, "                let y{i} = coopLoad<coop_mat{side}x{side}<f16, B>>(&{b});");
        }
        for s in 0..per * per {
            let (i, j) = (s / per, s % per);
            let _ = writeln!(text, "                s{s} = coopMultiplyAdd(x{i}, y{j}, s{s});");
        }
        text
    }

    /// Everything is named before it is stored: naga 30 does not evaluate what stands in a coopStore itself.
    fn store(self) -> String {
        let (per, side) = (self.per, self.unit.side);
        let mut text = String::new();
        for s in 0..per * per {
            let (i, j) = (s / per * side, s % per * side);
            let _ = writeln!(text, "            let d{s} = s{s};");
            let _ = writeln!(text, "            let to{s} = at + {i}u * pitch + {j}u;");
            let _ = writeln!(text, "            coopStoreT(d{s}, &c[to{s}], pitch);");
        }
        text
    }

    fn store_at_edge(self) -> String {
        let shares = self.patches() / self.group();
        let mut text = String::new();
        for s in 0..self.per * self.per {
            let (i, j) = (s / self.per, s % self.per);
            let _ = writeln!(text, "        if (wave < WAVES) {{");
            let _ = writeln!(text, "            let d = s{s};");
            let _ = writeln!(text, "            let to = wave * SIDE * SIDE;");
            let _ = writeln!(text, "            coopStoreT(d, &patches[to], SIDE);");
            let _ = writeln!(text, "        }}");
            let _ = writeln!(text, "        workgroupBarrier();");
            for share in 0..shares {
                let e = format!("lid + {share}u * GROUP");
                let _ = writeln!(text, "        results += deliver({e}, row, column, {i}u, {j}u);");
            }
            let _ = writeln!(text, "        workgroupBarrier();");
        }
        text
    }
}
