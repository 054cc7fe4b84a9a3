//! What to do about one report.
//! Owns the order of these steps; remedies are the contract's.

use super::{Step, within};
use crate::contract::finding::id;
use crate::contract::terms::Kind;
use crate::contract::{Finding, Remedy, Severity, Verdict};
use crate::device::ProvenanceKind;
use crate::language::{Language, say};
use crate::output::rows::wrong_results;
use crate::report::{Report, SealedBy, TrustLevel};

/// What to do next. Never empty.
pub fn report(report: &Report, language: Language) -> Vec<Step> {
    let mut steps = Vec::new();
    let simulated = is_simulated(report);
    if simulated {
        steps.push(Step::new(say!(language, "step-simulated")));
    }
    match report.verdict {
        None => steps.push(Step::new(say!(language, "step-no-contract"))),
        Some(Verdict::Fail) => failed(report, language, &mut steps),
        Some(Verdict::Pass) if wrong_results(&report.evidence, language).is_some() => {
            steps.push(Step::new(say!(language, "step-wrong-results")));
        }
        Some(Verdict::Pass) if !simulated => steps.push(Step::new(say!(language, "step-accept-report"))),
        Some(Verdict::Pass | Verdict::Inconclusive) => {}
    }
    let open = clauses(report, Verdict::Inconclusive);
    if !open.is_empty() {
        steps.push(Step::about(say!(language, "step-open", count = open.len()), open));
    } else if report.verdict == Some(Verdict::Inconclusive) {
        steps.push(Step::new(say!(language, "step-nothing-decides")));
    }
    if report.trust_level == TrustLevel::L1 && report.verdict == Some(Verdict::Pass) {
        steps.push(Step::new(say!(language, "step-prove")));
    }
    if report.sealed_by == SealedBy::Ephemeral && report.verdict.is_some() {
        steps.push(Step::new(say!(language, "step-named-key")));
    }
    steps
}

fn is_simulated(report: &Report) -> bool {
    let mut identities = report.evidence.devices.iter().filter_map(|device| device.identity.as_ref());
    identities.any(|identity| identity.provenance.kind() == ProvenanceKind::Simulated)
}

fn failed(report: &Report, language: Language, steps: &mut Vec<Step>) {
    let of_identity =
        |finding: &&Finding| matches!(finding.clause.as_str(), id::CONFLICT | id::DUPLICATE | id::SKU);
    let strange = report.findings.iter().filter(|finding| is_bad(finding)).filter(of_identity);
    let mut strange: Vec<String> = strange.map(|finding| finding.subject.said(language)).collect();
    strange.dedup();
    if !strange.is_empty() {
        steps.push(Step::about(say!(language, "step-identity", count = strange.len()), strange));
    }
    let clauses = clauses(report, Verdict::Fail);
    let remedies = report.contract.as_ref().map_or(&[][..], |contract| &contract.terms.remedies);
    let due: Vec<&Remedy> =
        remedies.iter().filter(|remedy| remedy.of.iter().any(|of| clauses.contains(of))).collect();
    steps.push(Step::about(say!(language, "step-failed", count = clauses.len()), clauses.clone()));
    if due.is_empty() {
        steps.push(Step::new(say!(language, "step-no-remedy")));
    }
    steps.extend(due.into_iter().map(|remedy| {
        let of = remedy.of.iter().filter(|of| clauses.contains(of)).cloned();
        Step { note: within(remedy, language), ..Step::about(claim(remedy, language), of) }
    }));
}

/// What one remedy of the contract gives.
fn claim(remedy: &Remedy, language: Language) -> String {
    let share = |quantity: &crate::contract::Quantity| quantity.unit().format(quantity.value());
    match &remedy.kind {
        Kind::Credit { per_day, cap } => {
            say!(language, "remedy-credit", per_day = share(per_day), cap = share(cap))
        }
        Kind::PriceCut { cap } => say!(language, "remedy-price-cut", cap = share(cap)),
        Kind::Replace { within_days } => say!(language, "remedy-replace", days = *within_days),
        Kind::Terminate { within_days } => say!(language, "remedy-terminate", days = *within_days),
    }
}

fn is_bad(finding: &Finding) -> bool {
    finding.severity == Severity::Must && finding.verdict == Verdict::Fail
}

/// The binding clauses with such a finding, each once, in the order of the report.
fn clauses(report: &Report, verdict: Verdict) -> Vec<String> {
    let mut clauses: Vec<String> = Vec::new();
    let binding = report.findings.iter().filter(|finding| finding.severity == Severity::Must);
    for finding in binding.filter(|finding| finding.verdict == verdict) {
        if !clauses.contains(&finding.clause) {
            clauses.push(finding.clause.clone());
        }
    }
    clauses
}
