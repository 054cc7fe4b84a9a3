//! Whether every cell says where it comes from, and every source and line is there for a reason.
//! Owns these rules; must not know what sources say.

use std::collections::BTreeSet;

use super::{at, is_first_hand, unknown};
use crate::catalogue::Gpu;
use crate::catalogue::columns::{COLUMNS, column};
use crate::catalogue::data::Catalogue;
use crate::catalogue::problem::Problem;
use crate::catalogue::sources::{ALL, Confidence, Line};
use crate::language::{Language, say};

pub fn check(catalogue: &Catalogue, problems: &mut Vec<Problem>, l: Language) {
    let mut needed = BTreeSet::new();
    // Looked for once for each column, not for each cell: lines of others may be long, and cards many.
    let lines = COLUMNS.each_ref().map(|column| (column, speaking(catalogue, column.name)));
    for gpu in &catalogue.gpus {
        for (column, lines) in lines.iter().filter(|(column, _)| column.of(gpu).is_some()) {
            match backing(lines, gpu, l) {
                Ok(line) => needed.extend([line]),
                Err(why) => problems.push(Problem::new(at(gpu, column.name), why)),
            }
        }
    }
    for (index, line) in catalogue.provenance.iter().enumerate() {
        self::line(catalogue, line, problems, l);
        if !needed.contains(&index) {
            problems.push(Problem::new(place(line, l), say!(l, "wrong-needless-line")));
        }
    }
    sources(catalogue, problems, l);
}

/// A line that speaks of a column.
struct Speaking<'a> {
    index: usize,
    line: &'a Line,
    by_column: bool,
}

fn speaking<'a>(catalogue: &'a Catalogue, column: &str) -> Vec<Speaking<'a>> {
    let lines = catalogue.provenance.iter().enumerate();
    let lines =
        lines.filter_map(|(index, line)| Some(Speaking { index, line, by_column: line.names(column)? }));
    lines.collect()
}

/// The index of the one line that a cell rests on, of those that speak of its column.
fn backing(lines: &[Speaking], gpu: &Gpu, l: Language) -> Result<usize, String> {
    let rank = |one: &Speaking| Some(((one.by_column, one.line.is_about(gpu)?), one.index));
    let mut ranked: Vec<_> = lines.iter().filter_map(rank).collect();
    ranked.sort();
    match &ranked[..] {
        [] => Err(say!(l, "wrong-no-provenance")),
        [.., (a, _), (b, _)] if a == b => Err(say!(l, "wrong-two-lines")),
        [.., (_, index)] => Ok(*index),
    }
}

fn place(line: &Line, l: Language) -> String {
    say!(l, "at-provenance", card = &line.card, columns = &line.columns)
}

fn line(catalogue: &Catalogue, line: &Line, problems: &mut Vec<Problem>, l: Language) {
    // Once: it quotes all of the line, and each of its names may be wrong.
    let place = place(line, l);
    let mut wrong = |why: String| problems.push(Problem::new(&place, why));
    let card = catalogue.gpus.iter().find(|gpu| gpu.name == line.card);
    if card.is_none() && line.card != ALL {
        wrong(say!(l, "wrong-no-such-card"));
    }
    for name in line.columns.split_whitespace().filter(|name| *name != ALL) {
        match (column(name), card) {
            (None, _) => wrong(say!(l, "wrong-no-such-column", name = format!("{name:?}"))),
            (Some(column), Some(gpu)) if column.of(gpu).is_none() => {
                wrong(say!(l, "wrong-empty-column", name))
            }
            (Some(_), _) => {}
        }
    }
    if line.source_ids().next().is_none() {
        wrong(say!(l, "wrong-no-source"));
    }
    if line.confidence == Confidence::High && !is_first_hand(line.source_ids(), catalogue) {
        wrong(say!(l, "wrong-unread"));
    }
    problems.extend(unknown(line.source_ids(), catalogue, &place, l));
}

fn sources(catalogue: &Catalogue, problems: &mut Vec<Problem>, l: Language) {
    let of_bands = catalogue.bands.iter().flat_map(|band| band.sources.iter().map(String::as_str));
    let used: BTreeSet<&str> =
        catalogue.provenance.iter().flat_map(Line::source_ids).chain(of_bands).collect();
    let mut seen = BTreeSet::new();
    for source in &catalogue.sources {
        let at = say!(l, "at-source", id = format!("{:?}", source.id));
        let mut wrong = |why: String| problems.push(Problem::new(&at, why));
        let formed = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || matches!(b, b'-' | b'.');
        if source.id.is_empty() || !source.id.bytes().all(formed) {
            wrong(say!(l, "wrong-source-id"));
        }
        if source.title.trim().is_empty() {
            wrong(say!(l, "wrong-no-title"));
        }
        if !seen.insert(source.id.as_str()) {
            wrong(say!(l, "wrong-source-twice"));
        }
        if !used.contains(source.id.as_str()) {
            wrong(say!(l, "wrong-needless-source"));
        }
    }
}
