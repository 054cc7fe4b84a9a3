//! The table of clauses: what was demanded, what was found, and where the samples lie beside the bound.
//! Owns that table; must not judge.

use maud::{Markup, html};

use super::frame::{MARKS, heads, name, prose, scroll, set, verdict_badge};
use crate::contract::clause::Figure;
use crate::contract::{Amount, Bound, Clause, Finding, Quantity, Rule, Side, Subject, Verdict};
use crate::evidence::metric::MetricName;
use crate::evidence::stats::{Stat, Summary};
use crate::language::{Language, say};
use crate::output::{findings, rows};
use crate::report::Report;
use crate::units::Unit;

pub fn section(report: &Report, language: Language) -> Markup {
    let names = [
        say!(language, "head-on"),
        say!(language, "head-verdict"),
        say!(language, "head-found"),
        say!(language, "head-strip"),
        say!(language, "head-because"),
    ];
    let title = say!(language, "title-clauses");
    let table = html! {
        table.clauses {
            (heads(&names))
            @for group in groups(report) { (tbody(report, &group, language)) }
        }
    };
    html! {
        section {
            h2 { (title) }
            (scroll(&title, table))
            p.note { (say!(language, "note-strip")) }
        }
    }
}

/// Findings of one clause; of more, the best are only counted.
const ROWS_MAX: usize = 16;

/// The findings clause by clause, the worst first, and in the order of the contract and the devices otherwise.
fn groups(report: &Report) -> Vec<Vec<&Finding>> {
    let mut groups: Vec<Vec<&Finding>> = Vec::new();
    for finding in &report.findings {
        match groups.iter_mut().find(|group| group[0].clause == finding.clause) {
            Some(group) => group.push(finding),
            None => groups.push(vec![finding]),
        }
    }
    for group in &mut groups {
        group.sort_by_key(|finding| std::cmp::Reverse(finding.verdict));
    }
    // What decides nothing keeps its place among what is met.
    let urgency = |group: &Vec<&Finding>| group.iter().filter(|f| decides(f)).map(|f| f.verdict).max();
    groups.sort_by_key(|group| std::cmp::Reverse(urgency(group)));
    groups
}

/// Whether a finding keeps the verdict from being a pass.
fn decides(finding: &Finding) -> bool {
    finding.severity == crate::contract::Severity::Must && finding.verdict != Verdict::Pass
}

/// The worst verdict that a `must` clause has on a device.
pub fn worst_on(report: &Report, device: usize) -> Option<Verdict> {
    let on_device = |finding: &&Finding| match &finding.subject {
        Subject::Device { index, .. } => *index as usize == device && decides(finding),
        Subject::Node => false,
    };
    report.findings.iter().filter(on_device).map(|finding| finding.verdict).max()
}

pub fn clause<'a>(report: &'a Report, id: &str) -> Option<&'a Clause> {
    report.contract.as_ref()?.terms.clauses.iter().find(|clause| clause.id == id)
}

fn tbody(report: &Report, group: &[&Finding], language: Language) -> Markup {
    let Some(first) = group.first() else { return html! {} };
    let clause = clause(report, &first.clause);
    let [_, severity, ..] = findings::row(first, language);
    // With the digits that tell it from whatever figure is nearest to it.
    let bounds = group.iter().filter_map(|finding| finding.amounts(language)[0].clone());
    let bound = bounds.max_by_key(String::len);
    html! {
        tbody {
            tr.demand { th scope="rowgroup" colspan="5" { div {
                (name(&first.clause)) " " span.severity { (severity) } " "
                span.note {
                    @match clause.map(|clause| &clause.rule) {
                        Some(rule) => (demand(rule, bound.as_deref(), language)),
                        None => { @if let Some(bound) = &bound { (say!(language, "demanded")) b translate="no" { (bound) } } },
                    }
                    @if let Some(title) = clause.and_then(|clause| clause.title.as_ref()) { " \u{b7} " (name(title)) }
                }
            } } }
            @let strips: Vec<Option<Strip>> = group.iter().map(|finding| Strip::of(report, finding)).collect();
            @let scale = Scale::of(strips.iter().flatten());
            @for (finding, strip) in group.iter().zip(&strips).take(ROWS_MAX) {
                (row(finding, strip.as_ref().zip(scale), language))
            }
            @if group.len() > ROWS_MAX {
                @let rest = &group[ROWS_MAX..];
                @let worst = rest.iter().map(|f| f.verdict).max().map_or(String::new(), |worst| rows::verdict_word(worst, language));
                tr { td colspan="5" { div.note { (say!(language, "more-findings", count = rest.len(), worst = worst)) } } }
            }
        }
    }
}

fn row(finding: &Finding, strip: Option<(&Strip, Scale)>, language: Language) -> Markup {
    let [_, _, subject, _, found, _, because] = findings::row(finding, language);
    let strip = strip.map(|(strip, scale)| strip.drawn(scale, language));
    html! {
        tr {
            td { @match &finding.subject { Subject::Device { .. } => (name(&subject)), Subject::Node => (subject) } }
            td { (verdict_badge(finding.verdict, language)) }
            td.figure.found.none[finding.observed.is_none()] data-label=(say!(language, "label-found")) translate="no" { (found) }
            @match strip { Some(strip) => td { (strip) }, None => td.none { span.note { "-" } } }
            td.because { (prose(&because)) }
        }
    }
}

/// The demand in words: `p5 of stream.triad.rate at least 3.2 TB/s`, its bound as it was `told`, where it was.
fn demand(rule: &Rule, told: Option<&str>, language: Language) -> Markup {
    let metric = |metric: &MetricName| html! { span.metric translate="no" { (metric) } };
    let strong = |text: &str| html! { b translate="no" { (text) } };
    let bound = |bound: &Quantity| strong(&told.map_or_else(|| bound.in_full(), str::to_owned));
    let statistic = |figure: &Figure| figure.statistic.map_or("none", Stat::name);
    let [a, b, c] = MARKS;
    match rule {
        Rule::Bound(Bound { figure: f, side, quantity }) => {
            let statistic = statistic(f);
            let demand = match side {
                Side::Least => say!(language, "demand-at-least", statistic, metric = a, bound = b),
                Side::Most => say!(language, "demand-at-most", statistic, metric = a, bound = b),
            };
            set(&demand, &[metric(&f.metric), bound(quantity)])
        }
        Rule::Ratio { figure: f, to, at_least } => set(
            &say!(language, "demand-ratio", statistic = statistic(f), metric = a, share = b, to = c),
            &[metric(&f.metric), strong(&at_least.to_string()), metric(to)],
        ),
        Rule::Equals { metric: of, value } => {
            set(&say!(language, "demand-equals", metric = a, value = b), &[metric(of), strong(value)])
        }
        Rule::Never { flag } => set(&say!(language, "demand-never", flag = a), &[strong(flag.name())]),
    }
}

/// The samples beside the bound, where a clause sets a number for one device's metric.
struct Strip {
    samples: Summary,
    bound: f64,
    is_floor: bool,
    unit: Unit,
}

const WIDTH: f64 = 150.0;
const MARGIN: f64 = 10.0;

/// From where to where all strips of a clause go, so that they can be compared.
#[derive(Clone, Copy)]
struct Scale {
    low: f64,
    span: f64,
}

impl Scale {
    /// `None` where nothing can be drawn.
    fn of<'a>(strips: impl Iterator<Item = &'a Strip>) -> Option<Self> {
        let ends =
            strips.map(|strip| (strip.samples.min.min(strip.bound), strip.samples.max.max(strip.bound)));
        let (low, high) = ends.reduce(|a, b| (a.0.min(b.0), a.1.max(b.1)))?;
        let span = (high - low).max(0.02 * high.abs());
        (span.is_finite() && span > 0.0).then_some(Self { low, span })
    }

    fn at(self, value: f64) -> f64 {
        MARGIN + self.wide(self.low, value)
    }

    fn wide(self, from: f64, to: f64) -> f64 {
        (to - from) / self.span * (WIDTH - 2.0 * MARGIN)
    }
}

impl Strip {
    fn of(report: &Report, finding: &Finding) -> Option<Self> {
        let Subject::Device { index, .. } = &finding.subject else { return None };
        let Rule::Bound(Bound { figure, side, .. }) = &clause(report, &finding.clause)?.rule else {
            return None;
        };
        let Some(Amount::Number { value: bound, unit }) = finding.bound else { return None };
        let device = report.evidence.devices.get(*index as usize)?;
        Some(Self {
            samples: super::summary(device, &figure.metric)?,
            bound,
            is_floor: *side == Side::Least,
            unit,
        })
    }

    fn drawn(&self, scale: Scale, language: Language) -> Markup {
        let Self { samples: s, bound, is_floor, unit } = self;
        let x = |value: f64| format!("{:.1}", scale.at(value));
        let wide = format!("{:.1}", scale.wide(s.p5, s.p95).max(1.5));
        let about = say!(
            language,
            "strip-about",
            least = unit.format(s.min),
            most = unit.format(s.max),
            median = unit.format(s.p50),
            bound = unit.format(*bound)
        );
        let at = scale.at(*bound);
        let tip = if *is_floor { at + 7.0 } else { at - 7.0 };
        html! {
            svg.strip viewBox="0 0 150 24" role="img" aria-label=(about) {
                title { (about) }
                line.range x1=(x(s.min)) x2=(x(s.max)) y1="14" y2="14" {}
                rect.middle x=(x(s.p5)) width=(wide) y="10" height="8" {}
                line.median x1=(x(s.p50)) x2=(x(s.p50)) y1="7" y2="21" {}
                line.bound x1=(x(*bound)) x2=(x(*bound)) y1="1" y2="23" {}
                path.bound d=(format!("M{at:.1} 0 L{tip:.1} 3.5 L{at:.1} 7 Z")) {}
            }
        }
    }
}
