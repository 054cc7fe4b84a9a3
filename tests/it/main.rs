//! The one integration binary. One line per module says what it proves.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

// Signed reports, each named after its defect, are refused or found out.
mod envelopes;
// Others verify what we sign.
mod foreign;
// Each rule met, broken and without evidence; each condition without which nothing passes.
mod judging;
// Key files of ours and of OpenSSL, and each mistake with them.
mod keys;
// Laws of judging for any evidence, and of reading for any bytes.
mod laws;
// The published JSON Schemas are true of what is written.
mod schemas;
mod support;
// From evidence to a report that a stranger can check.
mod trust;
// Contracts and envelopes, each named after its defect, end as they must.
mod vectors;
