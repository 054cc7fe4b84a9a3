//! A report as one page for people who decide: a summary on the first page, then the clauses, then each device with its plots.
//! Owns the page and its order; every text gets in by the macro, which escapes it.

mod between;
mod clauses;
mod device;
mod fleet;
mod frame;
mod node;
mod plots;
mod proof;
mod sensors;
mod sustained;

use std::collections::{BTreeMap, BTreeSet};
use std::io;

use maud::{Markup, html};

use self::frame::{
    MARKS, Standing, fact, heads, moment, name, prose, recorded, scroll, set, tile, verdict_badge,
};
use super::advice;
use super::page::Page;
use super::rows::{self, Part};
use crate::contract::{Finding, Reason, Severity, Subject, Verdict};
use crate::evidence::metric::MetricName;
use crate::evidence::stats::Summary;
use crate::evidence::{Conditions, DeviceEvidence};
use crate::language::{Language, say};
use crate::report::Report;
use crate::seal::Envelope;

pub use self::fleet::answer;
pub use self::proof::proof;

/// Devices whose plots are drawn: more make a page that no phone opens.
const DEVICES_DRAWN_MAX: usize = 16;

pub fn report(report: &Report, signed: &Envelope, out: &mut Page) -> io::Result<()> {
    let language = out.language;
    let title = say!(language, "page-title", what = verdict_words(report, language));
    frame::page(&title, &body(report, signed, language), out)
}

fn body(report: &Report, signed: &Envelope, language: Language) -> Markup {
    let devices = &report.evidence.devices;
    let drawn = drawn(report);
    html! {
        main {
            div.summary {
                (head(report, language))
                (frame::steps(&advice::report(report, language), language))
                (unmet(report, language))
            }
            @if !report.findings.is_empty() { (clauses::section(report, language)) }
            @if devices.len() > 1 { (node::section(devices, language)) }
            (between::section(&report.evidence, language))
            @if drawn.len() < devices.len() {
                p.note { (say!(language, "plots-of-some", drawn = drawn.len(), all = devices.len())) }
            }
            @for (index, device) in devices.iter().enumerate() {
                (device::section(report, device, index, drawn.contains(&index), language))
            }
            (conditions(devices, language))
        }
        (foot(report, signed, language))
    }
}

/// Indices of the devices whose plots are drawn.
fn drawn(report: &Report) -> Vec<usize> {
    let mut indices: Vec<usize> = (0..report.evidence.devices.len()).collect();
    indices.sort_by_key(|index| (std::cmp::Reverse(clauses::worst_on(report, *index)), *index));
    indices.truncate(DEVICES_DRAWN_MAX);
    indices
}

fn verdict_words(report: &Report, language: Language) -> String {
    report
        .verdict
        .map_or_else(|| say!(language, "no-verdict"), |verdict| rows::verdict_word(verdict, language))
}

fn head(report: &Report, language: Language) -> Markup {
    let standing = report.verdict.map_or(Standing::Open, Standing::from);
    html! {
        header.(standing.class()) {
            p.kicker { (say!(language, "kicker-report")) }
            h1 {
                @match report.verdict {
                    Some(verdict) => { (verdict_badge(verdict, language)) " " span.decided { (decided(verdict, language)) } },
                    None => (say!(language, "title-no-verdict")),
                }
            }
            p.lead { (in_short(report, language)) }
            @let wishes = advice::wishes(report);
            @if !wishes.is_empty() {
                @let said = say!(language, "short-wishes", count = wishes.len(), clauses = MARKS[0]);
                p.lead { (set(&said, &[name(&language.list(&wishes))])) }
            }
            @for reason in Reason::gaps(&report.evidence) {
                p.warning { strong { (say!(language, "gap")) } (say!(language, "gap-because", reason = reason.said(language))) }
            }
            @if let Some(what) = rows::wrong_results(&report.evidence, language) {
                p.warning { strong { (say!(language, "wrong-results")) } (say!(language, "wrong-results-of", what = what)) }
            }
            @if rows::has_simulated(&report.evidence.devices) { (simulated(language)) }
            (tiles(report, language))
            (facts(report, language))
        }
    }
}

/// What the verdict means for whoever is to accept the machine.
fn decided(verdict: Verdict, language: Language) -> String {
    match verdict {
        Verdict::Pass => say!(language, "decision-accepted"),
        Verdict::Inconclusive => say!(language, "decision-open"),
        Verdict::Fail => say!(language, "decision-refused"),
    }
}

/// How many binding demands are met, and how many are not.
fn tiles(report: &Report, language: Language) -> Markup {
    let musts = || report.findings.iter().filter(|finding| finding.severity == Severity::Must);
    let of = |verdict| musts().filter(|finding| finding.verdict == verdict).count();
    let (met, failed, open) = (of(Verdict::Pass), of(Verdict::Fail), of(Verdict::Inconclusive));
    let all = musts().count();
    html! {
        @if all > 0 {
            dl.tiles {
                (tile(met < all, &say!(language, "of-all", part = met, all = all), &say!(language, "tile-met")))
                (tile(failed > 0, &failed.to_string(), &say!(language, "tile-failed")))
                (tile(open > 0, &open.to_string(), &say!(language, "tile-open")))
                (tile(false, &report.evidence.devices.len().to_string(), &say!(language, "tile-devices")))
            }
        }
    }
}

/// Binding demands that the first page tells one by one.
const UNMET_MAX: usize = 8;

/// The binding demands that are not met, the failed ones first, each clause once with the reason in short.
fn unmet(report: &Report, language: Language) -> Markup {
    let binding = report.findings.iter().filter(|finding| finding.severity == Severity::Must);
    let mut unmet: Vec<(&Finding, Vec<&str>)> = Vec::new();
    let mut places: BTreeMap<(&str, Verdict, String), usize> = BTreeMap::new();
    for finding in binding.filter(|finding| finding.verdict != Verdict::Pass) {
        let selector = match &finding.subject {
            Subject::Device { selector, .. } => Some(selector.as_str()),
            Subject::Node => None,
        };
        let alike = (finding.clause.as_str(), finding.verdict, finding.in_short(language));
        let at = *places.entry(alike).or_insert(unmet.len());
        match unmet.get_mut(at) {
            Some((_, selectors)) => selectors.extend(selector),
            None => unmet.push((finding, selector.into_iter().collect())),
        }
    }
    unmet.sort_by_key(|(finding, _)| std::cmp::Reverse(finding.verdict));
    // One of each clause before a second of any: nobody learns more from the eighth card that is the same.
    let mut told: BTreeSet<&str> = BTreeSet::new();
    let (first, more): (Vec<_>, Vec<_>) =
        (0..unmet.len()).partition(|at| told.insert(unmet[*at].0.clause.as_str()));
    let shown = || first.iter().chain(&more).take(UNMET_MAX).map(|at| &unmet[*at]);
    html! {
        @if !unmet.is_empty() {
            section.unmet {
                h2 { (say!(language, "title-unmet")) }
                ul { @for (finding, selectors) in shown() { li {
                    (verdict_badge(finding.verdict, language)) " " b { (name(&finding.clause)) }
                    @if !selectors.is_empty() { (say!(language, "list-clause")) (devices(report, selectors, language)) }
                    (say!(language, "list-colon")) (prose(&finding.in_short(language)))
                } } }
                @if unmet.len() > UNMET_MAX { p.note { (say!(language, "more-unmet", count = unmet.len() - UNMET_MAX)) } }
            }
        }
    }
}

/// These devices; by their number where they are all.
fn devices(report: &Report, selectors: &[&str], language: Language) -> Markup {
    let count = selectors.len();
    if count > 2 && count == report.evidence.devices.len() {
        return html! { (say!(language, "all-devices", count = count)) };
    }
    let placed = |selector: &&str| {
        let device = report.evidence.devices.iter().find(|device| device.selector == **selector);
        let place = device.and_then(|device| rows::place(device, language));
        place.map_or_else(
            || (*selector).to_owned(),
            |place| say!(language, "card-at", selector = *selector, place),
        )
    };
    name(&language.list(selectors.iter().map(placed)))
}

/// What nobody may miss on a page of simulated figures.
fn simulated(language: Language) -> Markup {
    html! { p.warning { strong { (say!(language, "simulated")) } (say!(language, "simulated-because")) } }
}

fn facts(report: &Report, language: Language) -> Markup {
    let run = &report.evidence.run;
    let devices = say!(language, "count-devices", count = run.selectors.len());
    let parties = report.contract.as_ref().map(|contract| &contract.terms.parties);
    let tenant = parties.and_then(|parties| parties.tenant.as_ref());
    let provider = parties.and_then(|parties| parties.provider.as_ref());
    html! {
        dl.facts {
            (fact(&say!(language, "fact-trust"), html! { (rows::trust(report, language)) }))
            @if let Some(contract) = &report.contract {
                (fact(&say!(language, "fact-contract"), html! {
                    (name(&contract.terms.id))
                    @if let Some(title) = &contract.terms.title { (say!(language, "list-clause")) (name(title)) }
                }))
            }
            @if let Some(party) = tenant { (fact(&say!(language, "fact-tenant"), name(&party.name))) }
            @if let Some(party) = provider { (fact(&say!(language, "fact-provider"), name(&party.name))) }
            @if let Some(node) = &run.node { (fact(&say!(language, "fact-node"), name(node))) }
            (fact(&say!(language, "fact-measured"), html! {
                (moment(&run.started)) (say!(language, "list-clause"))
                (say!(language, "profile-and-devices", profile = &run.profile, devices = devices))
            }))
            (fact(&say!(language, "fact-signed"), prose(&rows::sealed_by(report, language))))
        }
    }
}

/// The statistics of a case, or of the windows of a load that was kept up.
fn summary(device: &DeviceEvidence, metric: &MetricName) -> Option<Summary> {
    match (device.measurement(metric), &device.sustained) {
        (Some(m), _) => m.summary(),
        (None, Some(kept)) if kept.load.metric == *metric => Summary::of(&kept.rates()),
        (None, _) => None,
    }
}

/// The state of the demands in one sentence.
fn in_short(report: &Report, language: Language) -> String {
    let musts = || report.findings.iter().filter(|finding| finding.severity == Severity::Must);
    let of = |verdict| musts().filter(|finding| finding.verdict == verdict).count();
    if report.verdict.is_none() {
        return say!(language, "short-nothing-demanded");
    }
    let total = musts().count();
    match (of(Verdict::Fail), of(Verdict::Inconclusive)) {
        (0, 0) => say!(language, "short-all-met", total = total),
        (0, open) => say!(language, "short-open", total = total, open = open),
        (fails, 0) => say!(language, "short-failed", total = total, fails = fails),
        (fails, open) => say!(language, "short-failed-and-open", total = total, fails = fails, open = open),
    }
}

/// Under what conditions each figure was taken, and by which kernel.
fn conditions(devices: &[DeviceEvidence], language: Language) -> Markup {
    let row = |metric: &MetricName, parts: &[Part], c: &Conditions| {
        html! { tr {
            th.metric scope="row" { (metric) }
            td { @for (at, part) in parts.iter().enumerate() {
                @if at > 0 { (say!(language, "list-clause")) }
                @match part { Part::Said(text) => (text), Part::Recorded(text) => (recorded(text)) }
            } }
            td { (name(c.variant.as_deref().unwrap_or("-"))) }
            td.digest { (c.kernel.as_deref().unwrap_or("-")) }
        } }
    };
    let names = [
        say!(language, "head-metric"),
        say!(language, "head-conditions"),
        say!(language, "head-launch-form"),
        say!(language, "head-kernel"),
    ];
    let title = say!(language, "title-conditions");
    let table = |device: &DeviceEvidence| {
        html! { table {
            (heads(&names))
            tbody {
                @for m in &device.measurements { (row(&m.metric, &rows::condition_parts(m, language), &m.conditions)) }
                @for kept in device.sustained.iter() {
                    (row(&kept.load.metric, &rows::load_parts(kept, language), &kept.load.conditions))
                }
            }
        } }
    };
    html! {
        section {
            h2 { (title) }
            @for device in devices {
                details {
                    summary { (name(&device.selector)) }
                    (scroll(&title, table(device)))
                }
            }
        }
    }
}

fn foot(report: &Report, signed: &Envelope, language: Language) -> Markup {
    let run = &report.evidence.run;
    html! {
        footer {
            p { (prose(&say!(language, "foot-report"))) }
            (frame::imprint(signed, language))
            p {
                (say!(
                    language,
                    "foot-made",
                    tool = &run.tool,
                    version = &run.tool_version,
                    judge = report.tool.name.clone(),
                    judge_version = report.tool.version.clone(),
                    sealed = moment(&report.sealed_at)
                ))
                (say!(language, "foot-seed")) code { (run.seed) }
                @if let Some(contract) = &report.contract {
                    (say!(language, "foot-contract")) code.digest { (contract.sha256) }
                }
                (say!(language, "full-stop"))
            }
            @if language != Language::English { p { (say!(language, "foot-recorded")) } }
        }
    }
}
