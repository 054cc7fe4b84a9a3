//! The head of a fleet's page: the decision, the counts that it stands on as figures and as a bar, and who and when.
//! Owns which counts a manager sees first.

use maud::{Markup, html};

use crate::contract::Contract;
use crate::fleet::Answer;
use crate::language::{Language, say};
use crate::output::advice::{Decision, because, day, due, money, total};
use crate::output::html::frame::{Standing, fact, name, tile};

/// The decision in a word or two.
pub fn decided(answer: &Answer, language: Language) -> String {
    Decision::of(answer).said(answer, language)
}

pub fn head(answer: &Answer, contract: &Contract, language: Language) -> Markup {
    let standing = match Decision::of(answer) {
        Decision::Accepted => Standing::Good,
        Decision::NothingDue | Decision::Open => Standing::Open,
        Decision::Partial | Decision::Refused => Standing::Bad,
    };
    html! {
        header.(standing.class()) {
            p.kicker { (say!(language, "kicker-fleet")) }
            h1 { (standing.badge(&decided(answer, language))) }
            @for sentence in sentences(answer, language) { p.lead { (sentence) } }
            @if answer.simulated() > 0 { (super::super::simulated(language)) }
            (tiles(answer, language))
            (bar(answer, language))
            (facts(answer, contract, language))
        }
    }
}

/// What the counts say, in sentences.
fn sentences(answer: &Answer, language: Language) -> Vec<String> {
    let counts = &answer.counts;
    let first = match (counts.contracted, counts.promised) {
        (None, _) => {
            say!(language, "lead-no-dates", accepted = counts.accepted, delivered = counts.delivered)
        }
        (Some(all), 0) => say!(language, "lead-not-yet", accepted = counts.accepted, all = all),
        (Some(_), promised) if counts.accepted > promised => {
            say!(language, "lead-due-all", accepted = counts.accepted, promised)
        }
        (Some(_), promised) => say!(language, "lead-due", accepted = counts.accepted, promised = promised),
    };
    let late = answer.milestones.iter().find(|milestone| milestone.is_over && milestone.lacking > 0);
    let late = late.map(|late| {
        let due = day(late.due.0, language);
        say!(
            language,
            "lead-late",
            lacking = late.lacking,
            promised = late.promised,
            day = due,
            days = late.days_late
        )
    });
    [Some(first), late, because(answer, language), owed(answer, language)].into_iter().flatten().collect()
}

/// What the contract's remedies make due, where that is anything.
fn owed(answer: &Answer, language: Language) -> Option<String> {
    let found = answer.money.as_ref()?;
    let (Some(credits), Some(cuts)) = (&found.credits, &found.price_cuts_per_month) else {
        return Some(say!(language, "owed-unknown"));
    };
    let amount = |amount| money(amount, &found.currency, language);
    match (credits.is_zero(), cuts.is_zero()) {
        (true, true) => None,
        (false, true) => Some(say!(language, "owed-credits", credits = amount(credits))),
        (true, false) => Some(say!(language, "owed-cuts", cuts = amount(cuts))),
        (false, false) => Some(say!(language, "owed-both", credits = amount(credits), cuts = amount(cuts))),
    }
}

fn tiles(answer: &Answer, language: Language) -> Markup {
    let counts = &answer.counts;
    let due = due(answer);
    let latest = answer.milestones.iter().filter(|m| m.is_over && m.lacking > 0).map(|m| m.days_late).max();
    html! {
        dl.tiles {
            (tile(
                counts.accepted < due,
                &say!(language, "of-all", part = counts.accepted.min(due), all = due),
                &say!(language, "tile-accepted"),
            ))
            (tile(counts.missing > 0, &counts.missing.to_string(), &say!(language, "tile-missing")))
            (tile(counts.rejected > 0, &counts.rejected.to_string(), &say!(language, "tile-rejected")))
            (tile(counts.undecided > 0, &counts.undecided.to_string(), &say!(language, "tile-undecided")))
            @if let Some(days) = latest {
                (tile(true, &say!(language, "count-days", count = days), &say!(language, "tile-late")))
            }
            @if let Some(found) = &answer.money {
                (tile(
                    found.credits.is_none_or(|credits| !credits.is_zero()),
                    &total(found.credits.as_ref(), &found.currency, language),
                    &say!(language, "tile-credits"),
                ))
            }
        }
    }
}

/// All nodes as one bar; each part has its own pattern, and its name and count below.
fn bar(answer: &Answer, language: Language) -> Markup {
    let counts = &answer.counts;
    let here = counts.accepted + counts.undecided + counts.rejected;
    let later = counts.contracted.unwrap_or(0).saturating_sub(here.saturating_add(counts.missing));
    let parts = [
        ("accepted", counts.accepted, say!(language, "state-accepted")),
        ("undecided", counts.undecided, say!(language, "state-undecided")),
        ("rejected", counts.rejected, say!(language, "state-rejected")),
        ("missing", counts.missing, say!(language, "state-missing")),
        ("later", later, say!(language, "state-later")),
    ];
    let all: f64 = parts.iter().map(|(_, count, _)| f64::from(*count)).sum();
    let shown = || parts.iter().filter(|(_, count, _)| *count > 0);
    html! {
        @if all > 0.0 {
            div.share aria-hidden="true" {
                @for (class, count, _) in shown() { span.(class) style=(format!("flex-grow:{count}")) {} }
            }
            ul.key { @for (class, count, about) in shown() { li { span.swatch.(class) aria-hidden="true" {} (about) " " b { (count) } } } }
        }
    }
}

fn facts(answer: &Answer, contract: &Contract, language: Language) -> Markup {
    let reports = say!(
        language,
        "reports-counted",
        reports = answer.sources.reports,
        repeated = answer.sources.repeated,
        refused = answer.refused.len(),
        others = answer.sources.others
    );
    let from = answer.sources.by_other_text;
    let other_text = (from > 0).then(|| say!(language, "count-other-text", count = from));
    let reports = language.list([Some(reports), other_text].into_iter().flatten());
    let (challenged, delivered) = (answer.challenged, answer.counts.delivered);
    let challenged = say!(language, "fleet-challenged", challenged = challenged, delivered = delivered);
    html! {
        dl.facts {
            (fact(&say!(language, "fact-contract"), html! {
                (name(&answer.contract))
                @if let Some(title) = &contract.title { (say!(language, "list-clause")) (name(title)) }
            }))
            @if let Some(party) = &contract.parties.tenant { (fact(&say!(language, "fact-tenant"), name(&party.name))) }
            @if let Some(party) = &contract.parties.provider { (fact(&say!(language, "fact-provider"), name(&party.name))) }
            (fact(&say!(language, "fact-as-of"), html! { (answer.as_of.strftime("%Y-%m-%d %H:%M:%S UTC")) }))
            (fact(&say!(language, "fact-reports"), html! { (reports) }))
            (fact(&say!(language, "fact-freshness"), html! { (challenged) }))
        }
    }
}
