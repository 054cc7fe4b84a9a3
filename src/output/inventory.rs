//! An inventory certificate, and many of them as one, on a terminal and as JSON.

use std::io::{self, Write};

use anstyle::{AnsiColor, Style};
use jiff::Timestamp;
use serde_json::{Value, json};

use super::fleet::heads;
use super::listing::{print_json, print_table};
use super::page::Page;
use crate::catalogue;
use crate::catalogue::bands::Basis;
use crate::catalogue::in_use::OverlayName;
use crate::contract::{Side, escaped};
use crate::device::ProvenanceKind;
use crate::evidence::metric::{FILLED, Kind, MetricName};
use crate::fleet::words::Said;
use crate::inventory::bands::{LeftOut, Why};
use crate::inventory::class::{By, has_memory_of};
use crate::inventory::offer::{ClassOffer, Offer, Reach};
use crate::inventory::recheck::Chain;
use crate::inventory::{Card, CatalogueName, Figure, Healthy, Inventory, Quality, Slice, Standing};
use crate::language::{Language, say};
use crate::visible::in_one_line;

/// The certificate as of that moment.
pub fn human(inventory: &Inventory, now: Timestamp, out: &mut Page) -> io::Result<()> {
    let language = out.language;
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
    for OverlayName { title, version, sha256 } in &inventory.catalogue.overlays {
        let [title, version] = [title, version].map(|text| escaped(text));
        let line = say!(language, "inventory-overlay", title = title, version = version, sha256 = sha256);
        writeln!(out, "{line}")?;
    }
    for conflict in &inventory.conflicts {
        writeln!(out, "{}", conflict.said(language))?;
    }
    for card in &inventory.cards {
        self::card(card, &inventory.catalogue, out)?;
    }
    Ok(())
}

/// What a card is, and whether it is in order.
fn verdict(card: &Card, language: Language) -> String {
    let class = match (&card.slice, &card.class) {
        (Some(slice), _) => slice_said(slice, language),
        (None, Some(class)) if class.by == By::Name => say!(language, "class-by-name", card = &class.card),
        (None, Some(class)) => say!(language, "class-by-figures", card = &class.card),
        (None, None) => say!(language, "class-none"),
    };
    let quality = card.quality();
    let colour = match quality {
        Quality::Good => AnsiColor::Green,
        Quality::Uncompared | Quality::Doubtful | Quality::Partial | Quality::Slice | Quality::Unclassed => {
            AnsiColor::Yellow
        }
        Quality::Slow | Quality::Faulty => AnsiColor::Red,
    };
    let style = colour.on_default().bold();
    let said = quality_said(quality, language);
    format!("{class}{}{style}{said}{style:#}", say!(language, "list-clause"))
}

fn slice_said(slice: &Slice, language: Language) -> String {
    let Slice { profile, of, of_uuid } = slice;
    let unknown = || say!(language, "slice-unknown");
    let of: Vec<&str> = of.iter().chain(of_uuid).map(String::as_str).collect();
    let of = if of.is_empty() { unknown() } else { of.join(" ") };
    say!(language, "class-slice", profile = profile.clone().unwrap_or_else(unknown), of = of)
}

/// How much of its memory was looked at, where that is known.
fn memory(card: &Card, language: Language) -> Option<String> {
    let figure = card.figure(FILLED)?;
    let filled = amount(&figure.metric, figure.value);
    let Some(bytes) = card.memory_bytes else {
        return Some(say!(language, "memory-untold", filled = filled));
    };
    let told = amount(&figure.metric, bytes as f64);
    let rest = (!card.is_memory_whole()).then(|| say!(language, "memory-rest"));
    let called = catalogue::named_by(&card.name).next().filter(|_| card.slice.is_none());
    let other = called.filter(|gpu| !has_memory_of(card.memory_bytes, gpu)).map(|gpu| {
        let has = language.list(gpu.memory_sizes().map(|gb| format!("{gb} GB")));
        say!(language, "memory-other", card = &gpu.name, has = has)
    });
    let line = say!(language, "memory-filled", filled = filled, told = told);
    let all: Vec<String> = std::iter::once(line).chain(other).chain(rest).collect();
    Some(all.join(&say!(language, "list-semicolon")))
}

fn card(card: &Card, catalogue: &CatalogueName, out: &mut Page) -> io::Result<()> {
    let language = out.language;
    let bold = Style::new().bold();
    let colon = say!(language, "list-colon");
    let shown = card.shown();
    writeln!(out, "\n{bold}{}{bold:#}{colon}{}", in_one_line(&shown), verdict(card, language))?;
    if let Some(line) = memory(card, language) {
        writeln!(out, "{line}")?;
    }
    let head = [
        say!(language, "head-metric"),
        say!(language, "head-reaches"),
        say!(language, "head-of-datasheet"),
        say!(language, "head-healthy"),
        say!(language, "head-standing"),
    ];
    if !card.figures.is_empty() {
        print_table(head, card.figures.iter().map(|figure| cells(figure, catalogue, language)), out)?;
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
        Quality::Slice => say!(language, "quality-slice"),
        Quality::Unclassed => say!(language, "quality-unclassed"),
        Quality::Slow => say!(language, "quality-slow"),
        Quality::Faulty => say!(language, "quality-faulty"),
    }
}

fn cells(figure: &Figure, catalogue: &CatalogueName, language: Language) -> [String; 5] {
    let Figure { metric, value, of_datasheet, healthy, standing, .. } = figure;
    let shown = amount(metric, *value);
    let reaches = bounded(shown, figure.known(), language);
    let share = of_datasheet.map_or("-".to_owned(), |share| format!("{:.1} %", share * 100.0));
    let healthy = healthy.as_ref().map_or("-".to_owned(), |healthy| {
        let (low, high) = (amount(metric, healthy.low), amount(metric, healthy.high));
        let basis = whose(healthy, catalogue, language);
        say!(language, "healthy-range", low = low, high = high, basis = basis)
    });
    let standing = match standing {
        Standing::Healthy => say!(language, "standing-healthy"),
        Standing::Below => say!(language, "standing-below"),
        Standing::Faulty => say!(language, "standing-faulty"),
        Standing::Unknown => "-".to_owned(),
    };
    [metric.to_string(), reaches, share, healthy, standing]
}

fn bounded(shown: String, known: Option<Side>, language: Language) -> String {
    match known {
        Some(Side::Least) => say!(language, "at-least", figure = shown),
        Some(Side::Most) => say!(language, "at-most", figure = shown),
        None => shown,
    }
}

/// What a band rests on, and on whose word that is so.
fn whose(healthy: &Healthy, catalogue: &CatalogueName, language: Language) -> String {
    let basis = basis_said(healthy.basis, language);
    let Some(sha256) = &healthy.overlay else { return basis };
    let title = catalogue.overlay_of(healthy).map_or(sha256, |overlay| &overlay.title);
    say!(language, "basis-says", basis = basis, title = escaped(title))
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

/// What makes no band, and why.
pub fn left_out_said(of: &LeftOut, language: Language) -> String {
    let why = match &of.why {
        Why::Quality(quality) => quality_said(*quality, language),
        Why::OtherName => say!(language, "left-out-other-name"),
        Why::FarOff { metric, typical, middle } => {
            let [typical, middle] = [typical, middle].map(|value| amount(metric, *value));
            say!(language, "left-out-far-off", metric = metric.as_str(), typical = typical, middle = middle)
        }
    };
    say!(language, "left-out", card = escaped(&of.card), source = &of.source, why = why)
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
        Chain::Report { by_own: Some(own), .. } => {
            for card in &own.cards {
                let verdict = verdict(card, language);
                writeln!(
                    out,
                    "{}",
                    say!(language, "inventory-by-own", card = card.shown(), verdict = verdict)
                )?;
            }
            (say!(language, "inventory-figures-hold"), AnsiColor::Yellow)
        }
        Chain::Report { by_own: None, .. } => (say!(language, "inventory-holds"), AnsiColor::Green),
    };
    let style = colour.on_default().bold();
    writeln!(out, "{style}{what}{style:#}")
}

pub fn json(inventory: &Inventory, chain: &Chain, now: Timestamp, out: &mut Page) -> io::Result<()> {
    let cards = |of: &Inventory| -> Vec<Value> {
        of.cards.iter().map(|card| json!({ "card": card.shown(), "quality": card.quality() })).collect()
    };
    let value = json!({
        "covers_now": inventory.covers(now),
        "cards": cards(inventory),
        "by_own_catalogue": chain.by_own().map(cards),
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

/// Rows of a table: a terminal is no place for thousands of lines, and `--json` has them all.
const ROWS_MAX: usize = 40;

fn some<const N: usize>(head: [String; N], all: Vec<[String; N]>, out: &mut Page) -> io::Result<()> {
    let (language, more) = (out.language, all.len().saturating_sub(ROWS_MAX));
    print_table(head, all.into_iter().take(ROWS_MAX), out)?;
    if more > 0 { writeln!(out, "{}", say!(language, "more-lines-json", count = more)) } else { Ok(()) }
}

fn shown(moment: Timestamp) -> String {
    moment.strftime("%Y-%m-%d %H:%M:%S UTC").to_string()
}

/// What can be offered.
pub fn offer(offer: &Offer, out: &mut Page) -> io::Result<()> {
    let language = out.language;
    let as_of = shown(offer.as_of);
    let head = say!(language, "offer-of", count = offer.certificates, as_of = as_of);
    writeln!(out, "{head}")?;
    if offer.replaced > 0 {
        writeln!(out, "{}", say!(language, "offer-replaced", count = offer.replaced))?;
    }
    if let (Some(from), Some(until)) = (offer.measured_from, offer.measured_until) {
        let [from, until] = [from, until].map(shown);
        let levels = language.list(offer.levels.iter().map(|(level, count)| format!("{level:?} ({count})")));
        writeln!(out, "{}", say!(language, "offer-word", from, until, levels))?;
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
        some(head, rows.collect(), out)?;
    }
    if !offer.refused.is_empty() {
        writeln!(out)?;
        let rows = offer.refused.iter();
        let rows = rows.map(|r| [r.what.said(language), r.source.clone(), r.why.said(language)]);
        some(heads::refused(language), rows.collect(), out)?;
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
    if of.by_overlay > 0 {
        let titles = of.overlays.iter().map(|overlay| format!("\"{}\"", escaped(&overlay.title)));
        let titles = language.list(titles);
        writeln!(out, "{}", say!(language, "offer-by-overlay", count = of.by_overlay, titles = titles))?;
    }
    let head = [
        say!(language, "head-metric"),
        say!(language, "head-cards"),
        say!(language, "head-least"),
        say!(language, "head-median"),
        say!(language, "head-together"),
    ];
    let row = |reach: &Reach| {
        let Reach { metric, cards, least, median, sum, at_least } = reach;
        let shown = |value| bounded(amount(metric, value), at_least.then_some(Side::Least), language);
        let [least, median, sum] = [*least, *median, *sum].map(shown);
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
    let salts = offer
        .other_salts
        .iter()
        .map(|other| [other.node.clone(), other.cards.to_string(), say!(language, "offer-other-salt")]);
    let rows: Vec<[String; 3]> = aside.chain(doubles).chain(salts).collect();
    if rows.is_empty() {
        return Ok(());
    }
    writeln!(out)?;
    let head =
        [say!(language, "head-not-offered"), say!(language, "head-card"), say!(language, "head-because")];
    some(head, rows, out)
}
