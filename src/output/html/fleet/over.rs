//! What is said of the fleet as a whole: clauses that no single node decides, and the list that nodes were held to.
//! Owns these two tables, which stand only where there is something to say.

use maud::{Markup, html};

use super::tables::{cell, figure, long, table};
use crate::contract::Verdict;
use crate::fleet::Answer;
use crate::fleet::over::OverFleet;
use crate::language::{Language, say};
use crate::output::fleet::heads;
use crate::output::html::frame::{Standing, name};
use crate::output::rows;
use crate::units::Unit;

pub fn clauses(answer: &Answer, language: Language) -> Markup {
    let names = heads::over_fleet(language);
    let verdict = |over: &OverFleet| {
        let word = rows::verdict_word(over.verdict, language);
        let word = if over.waived { say!(language, "verdict-waived", verdict = word) } else { word };
        standing(over.verdict).badge(&word)
    };
    let row = |over: &OverFleet| {
        let demanded =
            say!(language, "quorum-of", quorum = Unit::Share.format(over.quorum), cards = over.cards);
        html! { tr.wrong[over.decides() && over.verdict == Verdict::Fail] {
            th scope="row" { (name(&over.clause)) }
            (cell(&names, 1, html! { (rows::severity(over.severity, language)) }))
            (cell(&names, 2, html! { (demanded) }))
            (figure(&names, 3, html! { (over.met) }))
            (figure(&names, 4, html! { (over.failed.len()) }))
            (figure(&names, 5, html! { (over.undecided) }))
            (cell(&names, 6, verdict(over)))
        } }
    };
    let failed =
        || answer.over_fleet.iter().flat_map(|over| over.failed.iter().map(move |card| (over, card)));
    let heads = heads::not_met(language);
    let cards = failed().map(|(over, card)| {
        html! { tr {
            th scope="row" { (name(&over.clause)) }
            (cell(&heads, 1, name(&card.node)))
            (long(&heads, 2, name(&card.card)))
        } }
    });
    html! {
        @if !answer.over_fleet.is_empty() {
            section {
                h2 { (say!(language, "title-over-fleet")) }
                (table((&names, &[3, 4, 5]), answer.over_fleet.iter().map(row), answer.over_fleet.len(), language))
                @if failed().next().is_some() { (table((&heads, &[]), cards, failed().count(), language)) }
            }
        }
    }
}

fn standing(verdict: Verdict) -> Standing {
    match verdict {
        Verdict::Pass => Standing::Good,
        Verdict::Inconclusive => Standing::Open,
        Verdict::Fail => Standing::Bad,
    }
}

pub fn list(answer: &Answer, language: Language) -> Markup {
    let Some(listed) = &answer.listed else { return html! {} };
    let count = listed.never_reported.len();
    let sentence = say!(language, "listed", count, nodes = listed.nodes, sha256 = &listed.sha256);
    let heads = heads::strangers(language);
    let nameless = || say!(language, "no-name");
    let strangers = listed.strangers.iter().map(|of| {
        html! { tr {
            th scope="row" { @match &of.node { Some(node) => (name(node)), None => (nameless()) } }
            (long(&heads, 1, name(&of.report)))
        } }
    });
    html! {
        section {
            h2 { (say!(language, "title-listed")) }
            p { (sentence) }
            @if count > 0 { ul.columns { @for node in &listed.never_reported { li { (name(node)) } } } }
            @if !listed.strangers.is_empty() { (table((&heads, &[]), strangers, listed.strangers.len(), language)) }
        }
    }
}
