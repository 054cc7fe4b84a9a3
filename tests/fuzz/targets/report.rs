//! Statements that a dishonest signer may have signed: reading, recomputing and showing them never fails.
#![no_main]

use std::sync::LazyLock;

use gpu_assay::report::{Report, recheck};
use gpu_assay::seal::{Envelope, SecretKey};
use libfuzzer_sys::fuzz_target;

static KEY: LazyLock<SecretKey> =
    LazyLock::new(|| SecretKey::generate().expect("the system gives random bytes"));

fuzz_target!(|bytes: &[u8]| {
    let Ok(report) = Report::unchecked(&Envelope::seal(bytes, &KEY)) else { return };
    let _ = (recheck(&report, None).holds(), report.exit());
    let sealed = report.seal(&KEY).expect("a report that was read can be sealed");
    assert!(Report::unchecked(&sealed).is_ok_and(|again| again == report));
});
