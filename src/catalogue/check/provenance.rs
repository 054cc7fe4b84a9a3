//! Whether every cell says where it comes from, and every source and line is there for a reason.
//! Owns these rules; must not know what sources say.

use std::collections::BTreeSet;

use super::{Problem, at, is_first_hand, unknown};
use crate::catalogue::Gpu;
use crate::catalogue::columns::{COLUMNS, column};
use crate::catalogue::data::Catalogue;
use crate::catalogue::sources::{ALL, Confidence, Line};

pub fn check(catalogue: &Catalogue, problems: &mut Vec<Problem>) {
    let mut needed = BTreeSet::new();
    for gpu in &catalogue.gpus {
        for column in COLUMNS.iter().filter(|column| column.of(gpu).is_some()) {
            match backing(catalogue, gpu, column.name) {
                Ok(line) => needed.extend([line]),
                Err(why) => problems.push(Problem::new(at(gpu, column.name), why)),
            }
        }
    }
    for (index, line) in catalogue.provenance.iter().enumerate() {
        self::line(catalogue, line, problems);
        if !needed.contains(&index) {
            problems.push(Problem::new(place(line), "no cell rests on it; take it out"));
        }
    }
    sources(catalogue, problems);
}

/// The index of the one line that a cell rests on.
fn backing(catalogue: &Catalogue, gpu: &Gpu, column: &str) -> Result<usize, &'static str> {
    let ranked = catalogue.provenance.iter().enumerate();
    let mut ranked: Vec<_> =
        ranked.filter_map(|(index, line)| Some((line.rank(gpu, column)?, index))).collect();
    ranked.sort();
    match &ranked[..] {
        [] => Err("nothing says where it comes from; name a source in the provenance"),
        [.., (a, _), (b, _)] if a == b => Err("two lines of provenance speak of it; take one out"),
        [.., (_, index)] => Ok(*index),
    }
}

fn place(line: &Line) -> String {
    format!("provenance of {}, {}", line.card, line.columns)
}

fn line(catalogue: &Catalogue, line: &Line, problems: &mut Vec<Problem>) {
    let mut wrong = |why: String| problems.push(Problem::new(place(line), why));
    let card = catalogue.gpus.iter().find(|gpu| gpu.name == line.card);
    if card.is_none() && line.card != ALL {
        wrong("there is no such card; write its name as in the table of cards".to_owned());
    }
    for name in line.columns.split_whitespace().filter(|name| *name != ALL) {
        match (column(name), card) {
            (None, _) => wrong(format!("there is no column {name:?}")),
            (Some(column), Some(gpu)) if column.of(gpu).is_none() => wrong(format!("{name} is empty")),
            (Some(_), _) => {}
        }
    }
    if line.source_ids().next().is_none() {
        wrong("it names no source".to_owned());
    }
    if line.confidence == Confidence::High && !is_first_hand(line.source_ids(), catalogue) {
        wrong("confidence is high, but none of its sources was read; say medium or low".to_owned());
    }
    problems.extend(unknown(line.source_ids(), catalogue, &place(line)));
}

fn sources(catalogue: &Catalogue, problems: &mut Vec<Problem>) {
    let of_bands = catalogue.bands.iter().flat_map(|band| band.sources.iter().map(String::as_str));
    let used: BTreeSet<&str> =
        catalogue.provenance.iter().flat_map(Line::source_ids).chain(of_bands).collect();
    let mut seen = BTreeSet::new();
    for source in &catalogue.sources {
        let mut wrong = |why: &str| problems.push(Problem::new(format!("source {:?}", source.id), why));
        let formed = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || matches!(b, b'-' | b'.');
        if source.id.is_empty() || !source.id.bytes().all(formed) {
            wrong("an id is made of small letters, digits, points and hyphens");
        }
        if source.title.trim().is_empty() {
            wrong("it has no title");
        }
        if !seen.insert(source.id.as_str()) {
            wrong("it is listed twice");
        }
        if !used.contains(source.id.as_str()) {
            wrong("no figure rests on it; take it out");
        }
    }
}
