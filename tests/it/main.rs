//! The one integration binary. One line per module says what it proves.

/// Every op in every launch form on every device equals the CPU reference.
mod conformance;
