//! Statements in forms that policy engines know, derived from what was checked: in-toto's Test Result v0.1 and Simple
//! Verification Result v0.2. They hold no figures; the report or certificate that they name holds them.
//! Owns what passes in each form. What is not decided never does.

use jiff::Timestamp;
use serde::Serialize;

use crate::certificate::recheck::Chain;
use crate::certificate::{Certificate, Role};
use crate::contract::{Severity, Verdict};
use crate::exit::Exit;
use crate::fleet::nodes::State;
use crate::fleet::proofs::Beside;
use crate::report::{Recheck, Report};
use crate::seal::Verified;
use crate::seal::statement::{Kind, StatementError, Subject, subjects};

const TEST_RESULT: Kind =
    Kind { uri: "https://in-toto.io/attestation/test-result/v0.1", what: "test result" };
const SVR: Kind = Kind { uri: "https://in-toto.io/attestation/svr/v0.2", what: "verification result" };
const VERIFIER: &str = "https://gpu-assay.dev/verifier/v1";

const CONTRACT_PASSED: &str = "ASSAY_CONTRACT_PASSED";

/// What a check came to, by name.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Results {
    pub passed: Vec<String>,
    /// Good enough, but not all that was wished for.
    pub warned: Vec<String>,
    pub failed: Vec<String>,
    /// What holds of the whole, for [`svr`].
    pub properties: Vec<String>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct TestResult<'a> {
    result: &'static str,
    configuration: &'a [Subject],
    passed_tests: &'a [String],
    warned_tests: &'a [String],
    failed_tests: &'a [String],
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct VerificationResult<'a> {
    verifier: Verifier<'a>,
    time_created: String,
    properties: &'a [String],
}

#[derive(Serialize)]
struct Verifier<'a> {
    id: &'static str,
    /// Each by name and digest, like a subject.
    policies: &'a [Subject],
}

impl Results {
    /// With what was proved to a witness: what is left open of that is not passed, and neither is the whole.
    pub fn prove(&mut self, beside: &Beside) {
        match beside.proved.held() {
            Some(proof) if beside.unproved.is_empty() => {
                self.properties.push(format!("ASSAY_WORK_PROVED_{:?}", proof.level));
            }
            Some(_) | None => self.properties.retain(|property| property != CONTRACT_PASSED),
        }
        self.failed.extend(beside.unproved.iter().map(|lacking| format!("{} on node", lacking.clause)));
        if !beside.proved.held && beside.unproved.is_empty() {
            self.failed.push("proof on node".to_owned());
        }
    }
}

impl Results {
    /// What the contract demands and nobody gave.
    pub fn leave_open(&mut self, clauses: &[&str]) {
        if !clauses.is_empty() {
            self.properties.retain(|property| property != CONTRACT_PASSED);
        }
        self.failed.extend(clauses.iter().map(|clause| format!("{clause} on node")));
    }
}

/// Every clause on every subject. `None` where there was no contract.
pub fn of_report(report: &Report, recheck: &Recheck) -> Option<Results> {
    report.contract.as_ref()?;
    let mut results = Results::default();
    for finding in &recheck.findings {
        let name = format!("{} on {}", finding.clause, finding.subject);
        match (finding.severity, finding.verdict) {
            (Severity::Must | Severity::Should, Verdict::Pass) => results.passed.push(name),
            (Severity::Must, Verdict::Fail | Verdict::Inconclusive) => results.failed.push(name),
            (Severity::Should, Verdict::Fail | Verdict::Inconclusive) => results.warned.push(name),
            (Severity::Info, _) => {}
        }
    }
    let properties = &mut results.properties;
    properties.push("ASSAY_SIGNED_BY_TRUSTED_KEY".to_owned());
    if recheck.holds() {
        properties.push("ASSAY_RECOMPUTED_FROM_SAMPLES".to_owned());
        properties.push(format!("ASSAY_LEVEL_{:?}", report.trust_level));
        if recheck.verdict == Some(Verdict::Pass) {
            properties.push(CONTRACT_PASSED.to_owned());
        }
    }
    Some(results)
}

/// Every node, and the signature of each party: one alone has accepted nothing.
pub fn of_certificate(certificate: &Certificate, signed: &[Role], chain: &Chain) -> Results {
    let mut results = Results::default();
    for node in &certificate.nodes {
        match (certificate.is_refused(), node.state, node.waived.is_empty()) {
            (false, State::Accepted, true) => results.passed.push(node.name.clone()),
            (false, State::Accepted, false) => results.warned.push(node.name.clone()),
            (true, _, _) | (false, State::Undecided | State::Rejected, _) => {
                results.failed.push(node.name.clone())
            }
        }
    }
    let verb = if certificate.is_refused() { "REFUSED" } else { "ACCEPTED" };
    for role in Role::BOTH {
        let test = format!("signed by the {}", role.name());
        if signed.contains(&role) {
            results.passed.push(test);
            results.properties.push(format!("ASSAY_{verb}_BY_{}", role.name().to_uppercase()));
        } else {
            results.failed.push(test);
        }
    }
    // What is owed of the whole: nodes that came and are good are not all.
    let short = certificate.milestones.iter().filter(|milestone| milestone.is_over && milestone.lacking > 0);
    results
        .failed
        .extend(short.map(|milestone| format!("{} nodes by {}", milestone.promised, milestone.due)));
    let never = certificate.list.iter().flat_map(|list| &list.never_reported);
    results.failed.extend(never.map(ToString::to_string));
    for over in certificate.over_fleet.iter().filter(|over| over.decides()) {
        let side = if over.verdict == Verdict::Pass { &mut results.passed } else { &mut results.failed };
        side.push(format!("{} over the fleet", over.clause));
    }
    if certificate.exit() != Exit::Pass && results.failed.is_empty() {
        results.failed.push("the contract".to_owned());
    }
    if matches!(chain, Chain::Reports(differences) if differences.is_empty()) {
        results.properties.push("ASSAY_RECOMPUTED_FROM_REPORTS".to_owned());
        if results.failed.is_empty() {
            results.properties.push(CONTRACT_PASSED.to_owned());
        }
    }
    results
}

/// `contract` is the policy. All that passed without a failure passes; nothing at all does not.
pub fn test_result(
    results: &Results,
    verified: &Verified,
    contract: Subject,
) -> Result<Vec<u8>, StatementError> {
    let Results { passed, warned, failed, .. } = results;
    let result = match (passed.len() + warned.len(), warned.len(), failed.len()) {
        (1.., 0, 0) => "PASSED",
        (1.., _, 0) => "WARNED",
        _ => "FAILED",
    };
    let configuration = &[contract];
    let (passed_tests, warned_tests, failed_tests) =
        (passed.as_slice(), warned.as_slice(), failed.as_slice());
    let predicate = TestResult { result, configuration, passed_tests, warned_tests, failed_tests };
    TEST_RESULT.encode(about(verified)?, &predicate)
}

pub fn svr(
    results: &Results,
    verified: &Verified,
    contract: Subject,
    now: Timestamp,
) -> Result<Vec<u8>, StatementError> {
    let predicate = VerificationResult {
        verifier: Verifier { id: VERIFIER, policies: &[contract] },
        time_created: now.strftime("%Y-%m-%dT%H:%M:%SZ").to_string(),
        properties: &results.properties,
    };
    SVR.encode(about(verified)?, &predicate)
}

/// What was checked, by the digest of its signed bytes, and whatever that is about.
fn about(verified: &Verified) -> Result<Vec<Subject>, StatementError> {
    let checked = Subject::new("statement", verified.sha256());
    Ok(std::iter::once(checked).chain(subjects(verified.bytes())?).collect())
}
