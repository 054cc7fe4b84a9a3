//! How much of the memory a run reads, and what follows: no error in a part says nothing of the rest.

use gpu_assay::contract::{Parsed, Verdict};
use gpu_assay::engine::Profile;

use crate::pipeline::Run;
use crate::support::contract_with;

const NO_ERRORS: &str = "metric = \"memory.errors.count\"\nequals = 0";
const MEMORY: &str = "[inventory]\ndevices = 1\nmemory = \"85 GB\"\n";

/// Verdict and reason of the clause on errors, by the quick profile on an H100 with this fault.
fn judged(contract: &Parsed, fault: &str) -> (Verdict, String) {
    let selector = format!("sim:h100{fault}");
    let run = Run { contract: Some(contract), profile: Profile::Quick, ..Run::short(&selector, &["memory"]) };
    let findings = run.report().findings;
    let finding = findings.into_iter().find(|finding| finding.clause == "c").unwrap();
    (finding.verdict, finding.because.to_string())
}

#[test]
fn no_error_in_a_part_of_the_memory_is_not_none_in_all_of_it() {
    let contract = contract_with("", NO_ERRORS);
    for (fault, verdict, words) in [
        // The flip lies behind what the quick profile reads.
        (",flip=41GB:17", Verdict::Inconclusive, "of 81.25 GB were filled and read"),
        ("", Verdict::Inconclusive, "of 81.25 GB were filled and read"),
        // Where one was found, there is one.
        (",flip=1MB:17", Verdict::Fail, ""),
    ] {
        let (found, why) = judged(&contract, fault);
        assert!(found == verdict && why.contains(words), "{fault}: {found:?}, {why}");
    }
}

#[test]
fn a_contract_that_names_memory_has_all_of_it_read() {
    for contract in [
        contract_with(MEMORY, NO_ERRORS),
        contract_with(
            "",
            &format!(
                "{NO_ERRORS}\n[[clause]]\nid = \"all\"\nmetric = \"memory.filled.bytes\"\nat_least = \"80 GB\""
            ),
        ),
    ] {
        assert_eq!(judged(&contract, "").0, Verdict::Pass);
        assert_eq!(judged(&contract, ",flip=41GB:17").0, Verdict::Fail);
        assert_eq!(judged(&contract, ",oom=20GB").0, Verdict::Inconclusive);
    }
}
