//! From evidence to a report that a stranger can check: sealing, opening, rechecking, and what each change breaks.

use gpu_assay::contract::{Reason, Verdict};
use gpu_assay::exit::Exit;
use gpu_assay::report::{Report, SealedBy, recheck};
use gpu_assay::seal::{Envelope, SecretKey, TrustList};

use crate::support::*;

const TRIAD: &str = "metric = \"stream.triad.rate\"\nat_least = \"1 GB/s\"\nstatistic = \"p50\"";

fn seal_and_open(report: &Report) -> Report {
    let key = SecretKey::generate().unwrap();
    let file = report.seal(&key).unwrap().to_bytes();
    let verified = Envelope::parse(&file).unwrap().open(&TrustList::new([key.public()])).unwrap();
    Report::from_verified(&verified).unwrap()
}

fn report(run: gpu_assay::evidence::Evidence, clause: &str) -> Report {
    Report::new(run, Some(&contract(clause)), SealedBy::Ephemeral, "1970-01-01T00:00:01Z".into())
}

#[test]
fn a_report_survives_the_envelope_and_its_recheck() {
    for (clause, verdict, exit) in [
        (TRIAD.to_owned(), Verdict::Pass, Exit::Pass),
        (TRIAD.replace("1 GB/s", "1.1 GB/s"), Verdict::Fail, Exit::Fail),
        (TRIAD.replace("triad", "add"), Verdict::Inconclusive, Exit::Inconclusive),
    ] {
        let report = report(good_run(2), &clause);
        let back = seal_and_open(&report);
        assert_eq!(back, report);
        assert_eq!((back.verdict, back.exit()), (Some(verdict), exit), "{clause}");
        assert_eq!(recheck(&back, None).differences, []);
    }
}

#[test]
fn what_is_missing_is_named() {
    let report = report(good_run(1), &TRIAD.replace("triad", "add"));
    assert_eq!(report.findings[0].because, Reason::NotMeasured { metric: "stream.add.rate".into() });
    assert_eq!(
        report.findings[0].because.to_string(),
        "stream.add.rate was not measured; run again with `--probe stream`"
    );
}
