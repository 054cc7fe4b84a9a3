//! What to do about one report.
//! Owns the order of these steps; remedies are the contract's.

use std::collections::BTreeSet;

use super::{Step, cards, within};
use crate::contract::finding::id;
use crate::contract::terms::Kind;
use crate::contract::{Finding, Reason, Remedy, Severity, Verdict};
use crate::evidence::metric::MetricName;
use crate::evidence::{DeviceEvidence, NodeEvidence};
use crate::language::{Language, say};
use crate::output::rows::has_simulated;
use crate::report::{Report, SealedBy, TrustLevel};

/// What to do next. Never empty.
pub fn report(report: &Report, language: Language) -> Vec<Step> {
    let mut steps = Vec::new();
    let simulated = has_simulated(&report.evidence.devices);
    if simulated {
        steps.push(Step::new(say!(language, "step-simulated")));
    }
    let wrong = wrong(report);
    if !wrong.is_empty() {
        steps.push(Step::about(say!(language, "step-wrong-results"), wrong.clone()));
    }
    match report.verdict {
        None => steps.push(Step::new(say!(language, "step-no-contract"))),
        Some(Verdict::Fail) => failed(report, language, &mut steps),
        Some(Verdict::Pass) if !simulated && wrong.is_empty() => {
            steps.push(Step::new(say!(language, "step-accept-report")))
        }
        Some(Verdict::Pass | Verdict::Inconclusive) => {}
    }
    steps.extend(cards::steps(report, language));
    let wishes = wishes(report);
    if !wishes.is_empty() {
        steps.push(Step::about(say!(language, "step-wishes", count = wishes.len()), wishes));
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

/// Metrics with wrong results that no failed demand is about.
fn wrong(report: &Report) -> Vec<String> {
    let of_devices = report.evidence.devices.iter().flat_map(DeviceEvidence::wrong);
    let between = report.evidence.node.iter().flat_map(NodeEvidence::wrong);
    let failed = clauses(report, Verdict::Fail);
    let terms = report.contract.as_ref().map_or(&[][..], |contract| &contract.terms.clauses);
    let demanded = |metric: &MetricName| {
        let about = terms.iter().filter(|clause| failed.contains(&clause.id));
        about.flat_map(|clause| clause.rule.metrics()).any(|of| of == metric)
    };
    let wrong: BTreeSet<&MetricName> = of_devices.chain(between).filter(|metric| !demanded(metric)).collect();
    wrong.into_iter().map(MetricName::to_string).collect()
}

/// Demands that do not bind and were missed, each once.
pub fn wishes(report: &Report) -> Vec<String> {
    let missed =
        report.findings.iter().filter(|f| f.severity == Severity::Should && f.verdict == Verdict::Fail);
    once(missed)
}

fn failed(report: &Report, language: Language, steps: &mut Vec<Step>) {
    let of_identity =
        |finding: &&Finding| matches!(finding.clause.as_str(), id::CONFLICT | id::DUPLICATE | id::SKU);
    let strange = report.findings.iter().filter(|finding| is_bad(finding)).filter(of_identity);
    let subjects = |finding: &Finding| {
        if let Reason::SameDevice { selectors, .. } = &finding.because {
            return selectors.clone();
        }
        vec![finding.subject.said(language)]
    };
    let mut strange: Vec<String> = strange.flat_map(subjects).collect();
    strange.sort();
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
    let binding = report.findings.iter().filter(|finding| finding.severity == Severity::Must);
    once(binding.filter(|finding| finding.verdict == verdict))
}

fn once<'a>(findings: impl Iterator<Item = &'a Finding>) -> Vec<String> {
    let mut clauses: Vec<String> = Vec::new();
    for finding in findings {
        if !clauses.contains(&finding.clause) {
            clauses.push(finding.clause.clone());
        }
    }
    clauses
}
