//! Evidence of work that holds against a host that lies.

pub mod challenge;
pub mod level;
pub mod nonces;
pub mod product;
pub mod prove;
pub mod recheck;
pub mod rounds;
pub mod session;
pub mod statement;
pub mod wire;
pub mod witness;
pub mod work;
