//! Findings about the versions of driver, program and catalogue. Every entry is judged like a `must` clause.

use super::gate::{self, Seen, Unusable};
use super::{Judgement, subjects};
use crate::catalogue;
use crate::contract::Contract;
use crate::contract::clause::Severity;
use crate::contract::finding::{Amount, Finding, Reason, Subject, Verdict, id};
use crate::contract::software::{Software, Version};
use crate::evidence::Evidence;
use crate::evidence::metric::MetricName;

pub(super) fn judge(contract: &Contract, evidence: &Evidence) -> Vec<Finding> {
    let Some(software) = &contract.software else { return Vec::new() };
    let mut findings = Vec::new();
    if let Some(least) = &software.assay_at_least {
        let has = &evidence.run.tool_version;
        let judgement = between(Version::within(has), Some(least), None, has);
        findings.push(judgement.about(id::ASSAY, Severity::Must, Subject::Node));
    }
    if let Some(pinned) = &software.catalogue_sha256 {
        findings.push(catalogue_is(pinned).about(id::CATALOGUE, Severity::Must, Subject::Node));
    }
    if software.driver_at_least.is_some() || software.driver_below.is_some() {
        for (subject, device) in subjects(evidence) {
            let seen = Seen { evidence, device, accept: &contract.accept };
            findings.push(driver(software, &seen).about(id::DRIVER, Severity::Must, subject));
        }
    }
    findings
}

/// Bounds would follow from other figures, so nothing is decided.
fn catalogue_is(pinned: &str) -> Judgement {
    let (has, text) = (catalogue::digest(), |value: &str| Amount::Text { value: value.to_owned() });
    match has == pinned {
        true => Judgement::compare(true, text(&has), text(pinned)),
        false => {
            let because = Reason::OtherCatalogue { pinned: pinned.to_owned(), has };
            Judgement::undecided(Unusable::open(because), Some(text(pinned)))
        }
    }
}

/// By telemetry where that says it, else by what the device calls its driver.
fn driver(software: &Software, seen: &Seen<'_>) -> Judgement {
    let identity = match gate::admitted(seen) {
        Ok(identity) => identity,
        Err(unusable) => return Judgement::undecided(unusable, None),
    };
    let told = MetricName::parse("identity.nvml.driver_version").ok();
    let told = told.and_then(|metric| gate::fact(seen, &metric).ok().map(str::to_owned));
    let has = told.unwrap_or_else(|| identity.driver.clone());
    between(Version::within(&has), software.driver_at_least.as_ref(), software.driver_below.as_ref(), &has)
}

fn between(is: Option<Version>, least: Option<&Version>, below: Option<&Version>, told: &str) -> Judgement {
    let text = |value: String| Amount::Text { value };
    let demanded = [least.map(|v| format!("at least {v}")), below.map(|v| format!("below {v}"))];
    let bound = text(demanded.into_iter().flatten().collect::<Vec<_>>().join(", "));
    let observed = text(told.to_owned());
    match is {
        Some(is) => {
            let holds = least.is_none_or(|least| is >= *least) && below.is_none_or(|below| is < *below);
            Judgement::compare(holds, observed, bound)
        }
        None => {
            let because = Reason::NotMeasured { metric: "identity.driver".to_owned() };
            let open = Unusable { verdict: Verdict::Inconclusive, observed: Some(observed), because };
            Judgement::undecided(open, Some(bound))
        }
    }
}
