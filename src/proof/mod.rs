//! Evidence of work that holds against a host that lies.

pub mod challenge;
pub mod product;
pub mod session;
pub mod wire;
pub mod work;
