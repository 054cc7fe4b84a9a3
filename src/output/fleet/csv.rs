//! The answer as one line per card, figures in base units, for spreadsheets. What is missing from a list has a line too.

use std::io::{self, Write};

use super::super::csv::guarded;
use super::cards::{Cards, HEADER};
use crate::fleet::Answer;

pub fn answer(answer: &Answer, out: &mut dyn Write) -> io::Result<()> {
    let cards = Cards::of(answer);
    let mut writer = ::csv::Writer::from_writer(out);
    writer.write_record(HEADER.into_iter().chain(cards.metrics()))?;
    for row in cards.rows() {
        let texts = row.texts.iter().map(|text| guarded(text));
        let figures =
            row.figures.iter().map(|figure| figure.map_or(String::new(), |figure| figure.to_string()));
        writer.write_record(texts.chain(figures))?;
    }
    writer.flush()
}
