//! Contracts, as TOML and as JSON: one that is taken never passes a run that measured nothing.
#![no_main]

use std::sync::LazyLock;

use gpu_assay::contract::{Verdict, judge, overall, parse};
use gpu_assay::evidence::{Evidence, event, record};
use libfuzzer_sys::fuzz_target;

const STARTED: &str = include_str!("../seeds/events/started.jsonl");

static NOTHING: LazyLock<Evidence> = LazyLock::new(|| {
    let events = event::read(STARTED.as_bytes()).expect("the seed is a recording");
    record::fold(&events).expect("the seed begins with run_started")
});

fuzz_target!(|bytes: &[u8]| {
    for file in ["fuzz.toml", "fuzz.json"] {
        if let Ok(parsed) = parse(file, bytes) {
            let findings = judge(&parsed.contract, &NOTHING);
            assert_ne!(overall(&findings), Verdict::Pass, "{findings:?}");
        }
    }
});
