//! Evidence of work that holds against a host that lies.

pub mod challenge;
pub mod level;
pub mod product;
pub mod recheck;
pub mod session;
pub mod statement;
pub mod wire;
pub mod work;
