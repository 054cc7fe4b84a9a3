//! The tiles that tensor units make: how large they are, and of how many steps a turn consists.
//! Owns these numbers; must not know which units make them.

/// Steps of one turn of [`super::Op::Mma`], which all take the same operands.
pub const TILE_STEPS: u32 = 64;
/// Rows and columns of one tile of [`super::Op::Mma`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum TileShape {
    /// 16 rows of 8 columns: one instruction of a warp.
    Warp,
    /// 64 rows of 256 columns: one instruction of Hopper's warpgroups.
    Warpgroup,
    /// 128 rows of 256 columns: one instruction of the large Blackwells.
    Block,
}

impl TileShape {
    pub const fn rows(self) -> u32 {
        match self {
            TileShape::Warp => 16,
            TileShape::Warpgroup => 64,
            TileShape::Block => 128,
        }
    }

    pub const fn columns(self) -> u32 {
        match self {
            TileShape::Warp => 8,
            TileShape::Warpgroup | TileShape::Block => 256,
        }
    }

    pub const fn results(self) -> u32 {
        self.rows() * self.columns()
    }
}
