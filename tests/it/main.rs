//! The one integration binary. One line per module says what it proves.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod support;
// From evidence to a report that a stranger can check.
mod trust;
// Contracts and envelopes, each named after its defect, end as they must.
mod vectors;
