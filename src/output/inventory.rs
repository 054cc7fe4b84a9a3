//! An inventory certificate, and many of them as one, on a terminal and as JSON.

use std::io::{self, Write};

use anstyle::{AnsiColor, Style};
use jiff::Timestamp;
use serde_json::json;

use super::fleet::heads;
use super::listing::{print_json, print_table};
use super::page::Page;
use crate::catalogue::bands::Basis;
use crate::device::ProvenanceKind;
use crate::evidence::metric::{Kind, MetricName};
use crate::fleet::words::Said;
use crate::inventory::class::By;
use crate::inventory::offer::{ClassOffer, Offer, Reach};
use crate::inventory::recheck::Chain;
use crate::inventory::{Card, Figure, Healthy, Inventory, Quality, Standing};
use crate::language::{Language, say};

/// The certificate as of that moment.
pub fn human(inventory: &Inventory, now: Timestamp, out: &mut Page) -> io::Result<()> {
    let language = out.language;
    let shown = |moment: Timestamp| moment.strftime("%Y-%m-%d %H:%M:%S UTC").to_string();
    let (measured, until) = (shown(inventory.measured.0), shown(inventory.valid_until.0));
    let head = match &inventory.node {
        Some(node) => say!(language, "inventory-of", node = node, measured = measured, until = until),
        None => say!(language, "inventory-of-node", measured = measured, until = until),
    };
    writeln!(out, "{head}")?;
    if !inventory.covers(now) {
        writeln!(out, "{}", say!(language, "inventory-lapsed"))?;
    }
    if inventory.simulated() > 0 {
        writeln!(out, "{}", say!(language, "inventory-simulated", count = inventory.simulated()))?;
    }
    if !inventory.is_finished {
        writeln!(out, "{}", say!(language, "inventory-unfinished"))?;
    }
    for conflict in &inventory.conflicts {
        writeln!(out, "{}", conflict.said(language))?;
    }
    for card in &inventory.cards {
        self::card(card, out)?;
    }
    Ok(())
}

fn card(card: &Card, out: &mut Page) -> io::Result<()> {
    let (language, quality) = (out.language, card.quality());
    let bold = Style::new().bold();
    let class = match &card.class {
        Some(class) if class.by == By::Name => say!(language, "class-by-name", card = &class.card),
        Some(class) => say!(language, "class-by-figures", card = &class.card),
        None => say!(language, "class-none"),
    };
    let colour = match quality {
        Quality::Good => AnsiColor::Green,
        Quality::Uncompared | Quality::Doubtful | Quality::Partial | Quality::Unclassed => AnsiColor::Yellow,
        Quality::Slow | Quality::Faulty => AnsiColor::Red,
    };
    let style = colour.on_default().bold();
    let said = quality_said(quality, language);
    let (colon, comma) = (say!(language, "list-colon"), say!(language, "list-clause"));
    writeln!(out, "\n{bold}{}{bold:#}{colon}{class}{comma}{style}{said}{style:#}", card.shown())?;
    let head = [
        say!(language, "head-metric"),
        say!(language, "head-reaches"),
        say!(language, "head-of-datasheet"),
        say!(language, "head-healthy"),
        say!(language, "head-standing"),
    ];
    if !card.figures.is_empty() {
        print_table(head, card.figures.iter().map(|figure| cells(figure, language)), out)?;
    }
    if !card.refused.is_empty() {
        writeln!(out)?;
        let head = [say!(language, "head-no-figure"), say!(language, "head-why")];
        let rows = card.refused.iter();
        print_table(head, rows.map(|r| [r.metric.to_string(), r.because.said(language)]), out)?;
    }
    Ok(())
}

fn quality_said(quality: Quality, language: Language) -> String {
    match quality {
        Quality::Good => say!(language, "quality-good"),
        Quality::Uncompared => say!(language, "quality-uncompared"),
        Quality::Doubtful => say!(language, "quality-doubtful"),
        Quality::Partial => say!(language, "quality-partial"),
        Quality::Unclassed => say!(language, "quality-unclassed"),
        Quality::Slow => say!(language, "quality-slow"),
        Quality::Faulty => say!(language, "quality-faulty"),
    }
}

fn cells(figure: &Figure, language: Language) -> [String; 5] {
    let Figure { metric, value, at_least, of_datasheet, healthy, standing, .. } = figure;
    let shown = amount(metric, *value);
    let reaches = if *at_least { say!(language, "at-least", figure = shown) } else { shown };
    let share = of_datasheet.map_or("-".to_owned(), |share| format!("{:.1} %", share * 100.0));
    let healthy = healthy.as_ref().map_or("-".to_owned(), |Healthy { low, high, basis }| {
        let (low, high) = (amount(metric, *low), amount(metric, *high));
        say!(language, "healthy-range", low = low, high = high, basis = basis_said(*basis, language))
    });
    let standing = match standing {
        Standing::Healthy => say!(language, "standing-healthy"),
        Standing::Below => say!(language, "standing-below"),
        Standing::Faulty => say!(language, "standing-faulty"),
        Standing::Unknown => "-".to_owned(),
    };
    [metric.to_string(), reaches, share, healthy, standing]
}

fn amount(metric: &MetricName, value: f64) -> String {
    match metric.kind() {
        Kind::Number(unit) => unit.format(value),
        Kind::Fact => value.to_string(),
    }
}

fn basis_said(basis: Basis, language: Language) -> String {
    match basis {
        Basis::Own => say!(language, "basis-own"),
        Basis::Published => say!(language, "basis-published"),
        Basis::Inferred => say!(language, "basis-inferred"),
    }
}

/// After it was checked.
pub fn verified(inventory: &Inventory, chain: &Chain, now: Timestamp, out: &mut Page) -> io::Result<()> {
    let language = out.language;
    human(inventory, now, out)?;
    writeln!(out)?;
    for found in chain.differences() {
        writeln!(out, "{}", super::certificate::difference(found, language))?;
    }
    let (what, colour) = match chain {
        Chain::Signature => (say!(language, "inventory-signature-holds"), AnsiColor::Green),
        Chain::Report { differences, .. } if !differences.is_empty() => {
            (say!(language, "inventory-differs"), AnsiColor::Red)
        }
        Chain::Report { other_catalogue: true, .. } => {
            (say!(language, "inventory-figures-hold"), AnsiColor::Green)
        }
        Chain::Report { .. } => (say!(language, "inventory-holds"), AnsiColor::Green),
    };
    let style = colour.on_default().bold();
    writeln!(out, "{style}{what}{style:#}")
}

pub fn json(inventory: &Inventory, chain: &Chain, now: Timestamp, out: &mut Page) -> io::Result<()> {
    let cards: Vec<_> = inventory
        .cards
        .iter()
        .map(|card| json!({ "card": card.shown(), "quality": card.quality() }))
        .collect();
    let value = json!({
        "covers_now": inventory.covers(now),
        "cards": cards,
        "report_checked": !matches!(chain, Chain::Signature),
        "holds": chain.differences().is_empty(),
        "differences": chain.differences(),
        "inventory": inventory,
    });
    print_json(&value, out)
}

pub fn json_offer(offer: &Offer, out: &mut Page) -> io::Result<()> {
    print_json(&json!({ "offer": offer }), out)
}

/// What can be offered.
pub fn offer(offer: &Offer, out: &mut Page) -> io::Result<()> {
    let language = out.language;
    let as_of = offer.as_of.strftime("%Y-%m-%d %H:%M:%S UTC").to_string();
    let head = say!(language, "offer-of", count = offer.certificates, as_of = as_of);
    writeln!(out, "{head}")?;
    if offer.replaced > 0 {
        writeln!(out, "{}", say!(language, "offer-replaced", count = offer.replaced))?;
    }
    let simulated: usize =
        offer.classes.iter().filter(|c| c.kind == ProvenanceKind::Simulated).map(|c| c.cards).sum();
    if simulated > 0 {
        writeln!(out, "{}", say!(language, "inventory-simulated", count = simulated))?;
    }
    for class in &offer.classes {
        self::class(class, out)?;
    }
    if offer.classes.is_empty() {
        writeln!(out, "{}", say!(language, "offer-nothing"))?;
    }
    set_aside(offer, out)?;
    if !offer.lapsed.is_empty() {
        writeln!(out)?;
        let head = [
            say!(language, "head-lapsed"),
            say!(language, "head-measured"),
            say!(language, "head-valid-until"),
        ];
        let day = |moment: Timestamp| moment.strftime("%Y-%m-%d").to_string();
        let rows = offer.lapsed.iter().map(|l| [l.source.clone(), day(l.measured), day(l.valid_until)]);
        print_table(head, rows, out)?;
    }
    if !offer.refused.is_empty() {
        writeln!(out)?;
        let rows = offer.refused.iter();
        let rows = rows.map(|r| [r.what.said(language), r.source.clone(), r.why.said(language)]);
        print_table(heads::refused(language), rows, out)?;
    }
    Ok(())
}

fn class(of: &ClassOffer, out: &mut Page) -> io::Result<()> {
    let language = out.language;
    let bold = Style::new().bold();
    let kind = of.kind.said(language);
    let line = say!(language, "offer-class", count = of.cards, class = &of.class, kind = kind);
    writeln!(out, "\n{bold}{line}{bold:#}")?;
    if of.by_figures > 0 {
        writeln!(out, "{}", say!(language, "offer-by-figures", count = of.by_figures))?;
    }
    if of.uncompared > 0 {
        writeln!(out, "{}", say!(language, "offer-uncompared", count = of.uncompared))?;
    }
    let head = [
        say!(language, "head-metric"),
        say!(language, "head-cards"),
        say!(language, "head-least"),
        say!(language, "head-median"),
        say!(language, "head-together"),
    ];
    let row = |reach: &Reach| {
        let Reach { metric, cards, least, median, sum } = reach;
        let [least, median, sum] = [*least, *median, *sum].map(|value| amount(metric, value));
        [metric.to_string(), cards.to_string(), least, median, sum]
    };
    print_table(head, of.rates.iter().map(row), out)
}

fn set_aside(offer: &Offer, out: &mut Page) -> io::Result<()> {
    let language = out.language;
    let aside = offer
        .set_aside
        .iter()
        .map(|aside| [aside.node.clone(), aside.card.clone(), quality_said(aside.quality, language)]);
    let doubles = offer.doubles.iter().map(|double| {
        let why = say!(language, "offer-double", node = &double.first);
        [double.node.clone(), double.card.clone(), why]
    });
    let rows: Vec<[String; 3]> = aside.chain(doubles).collect();
    if rows.is_empty() {
        return Ok(());
    }
    writeln!(out)?;
    let head =
        [say!(language, "head-not-offered"), say!(language, "head-card"), say!(language, "head-because")];
    print_table(head, rows, out)
}
