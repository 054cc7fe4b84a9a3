//! A table of text without lines, as command-line tools print lists: columns beside one another where they fit, else a block for
//! each row. No word is ever broken, so that what was cut out of a table can be used.
//! Owns that layout; must not know what the cells say.

use std::io::{self, Write};

use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

use super::page::Page;
use crate::visible::in_one_line;

/// Cells up to so many columns stay in one line: names, figures, verdicts.
const SHORT: usize = 24;
/// No column is wider than this for the sake of one cell, which would make every row as long.
const WIDEST: usize = 1000;
/// Between two columns.
const GAP: usize = 2;

pub fn print_table<H: AsRef<str>, R: IntoIterator<Item: Into<String>>>(
    header: impl IntoIterator<Item = H>,
    rows: impl IntoIterator<Item = R>,
    out: &mut Page,
) -> io::Result<()> {
    let head: Vec<String> = header.into_iter().map(|text| text.as_ref().to_uppercase()).collect();
    let rows: Vec<Vec<String>> =
        rows.into_iter().map(|row| row.into_iter().map(in_one_line_of).collect()).collect();
    let columns = columns(&head, &rows);
    match (out.width.map(usize::from), fitted(&columns, out.width)) {
        (Some(width), None) => rows.iter().try_for_each(|row| block(&head, row, width, out)),
        (_, Some(widths)) => {
            std::iter::once(&head).chain(&rows).try_for_each(|row| beside(row, &widths, out))
        }
        (None, None) => Ok(()),
    }
}

fn in_one_line_of(cell: impl Into<String>) -> String {
    in_one_line(&cell.into()).into_owned()
}

/// How wide a column is at least and at most.
struct Column {
    least: usize,
    most: usize,
}

fn columns(head: &[String], rows: &[Vec<String>]) -> Vec<Column> {
    let cells = |at: usize| {
        std::iter::once(head).chain(rows.iter().map(Vec::as_slice)).filter_map(move |row| row.get(at))
    };
    let count = rows.iter().map(Vec::len).chain([head.len()]).max().unwrap_or(0);
    let column = |at| {
        let most = cells(at).flat_map(|text| text.lines()).map(UnicodeWidthStr::width).max().unwrap_or(0);
        let word =
            cells(at).flat_map(|text| pieces(text)).map(|piece| piece.trim_end().width()).max().unwrap_or(0);
        let most = most.min(WIDEST);
        Column { least: if most <= SHORT { most } else { word.clamp(SHORT, most) }, most }
    };
    (0..count).map(column).collect()
}

/// The width of each column, of which those with long texts share what the others leave; `None` where they do not fit.
fn fitted(columns: &[Column], width: Option<u16>) -> Option<Vec<usize>> {
    let Some(width) = width else { return Some(columns.iter().map(|column| column.most).collect()) };
    let gaps = GAP * columns.len().saturating_sub(1);
    let least: usize = columns.iter().map(|column| column.least).sum();
    let spare = usize::from(width).checked_sub(gaps + least)?;
    let wish: usize = columns.iter().map(|column| column.most - column.least).sum();
    let share = |column: &Column| {
        let wanted = column.most - column.least;
        column.least + if wish <= spare { wanted } else { wanted * spare / wish }
    };
    Some(columns.iter().map(share).collect())
}

fn beside(row: &[String], widths: &[usize], out: &mut Page) -> io::Result<()> {
    // On a page without a width a row is a line.
    let room = |width: &usize| out.width.map_or(usize::MAX, |_| *width);
    let cells: Vec<Vec<String>> =
        row.iter().zip(widths).map(|(text, width)| wrapped(text, room(width))).collect();
    for at in 0..cells.iter().map(Vec::len).max().unwrap_or(0) {
        let mut line = String::new();
        for (cell, width) in cells.iter().zip(widths) {
            let text = cell.get(at).map_or("", String::as_str);
            let pad = width.saturating_sub(text.width()) + GAP;
            line += &format!("{text}{:pad$}", "");
        }
        writeln!(out, "{}", line.trim_end())?;
    }
    Ok(())
}

/// The first cell as a title; below it the others that say anything, each after what its column is called.
fn block(head: &[String], row: &[String], width: usize, out: &mut Page) -> io::Result<()> {
    const INDENT: usize = 2;
    let Some((title, cells)) = row.split_first() else { return Ok(()) };
    writeln!(out, "{title}")?;
    let mut line = String::new();
    for (name, cell) in head.iter().skip(1).zip(cells).filter(|(_, cell)| !["", "-"].contains(&cell.as_str()))
    {
        let text = format!("{name} {cell}");
        if !line.is_empty() && line.width() + GAP + text.trim_start().width() > width {
            writeln!(out, "{line}")?;
            line.clear();
        }
        let gap = if line.is_empty() { INDENT } else { GAP };
        line += &format!("{:gap$}{}", "", text.trim_start());
        if line.width() > width {
            let lines = wrapped(line.trim_start(), width.saturating_sub(2 * INDENT));
            for (at, part) in lines.iter().enumerate() {
                let indent = if at == 0 { INDENT } else { 2 * INDENT };
                writeln!(out, "{:indent$}{part}", "")?;
            }
            line.clear();
        }
    }
    if line.is_empty() { Ok(()) } else { writeln!(out, "{line}") }
}

/// A text in lines of so many columns, of which a Chinese character takes two. What cannot be broken is longer.
pub fn wrapped(text: &str, width: usize) -> Vec<String> {
    let mut lines = Vec::new();
    for whole in text.lines() {
        // Of which so many columns are filled: to count them anew for each word takes too long of a text of a million.
        let (mut line, mut filled) = (String::new(), 0);
        for piece in pieces(whole) {
            if !line.is_empty() && filled + piece.trim_end().width() > width {
                lines.push(line.trim_end().to_owned());
                (line, filled) = (String::new(), 0);
            }
            line += piece;
            filled += piece.width();
        }
        lines.push(line.trim_end().to_owned());
    }
    lines
}

/// What is never broken, with the blanks behind it: words, and the characters of a script
/// that has no blanks.
fn pieces(text: &str) -> Vec<&str> {
    let (mut pieces, mut from, mut last) = (Vec::new(), 0, None);
    for (at, c) in text.char_indices() {
        if last.is_some_and(|last| may_part(last, c)) {
            pieces.push(&text[from..at]);
            from = at;
        }
        last = Some(c);
    }
    pieces.push(&text[from..]);
    pieces
}

fn may_part(before: char, after: char) -> bool {
    let is_wide = |c: char| c.width() == Some(2);
    let closes = |c: char| "，。；：、）】》”’！？".contains(c);
    let opens = |c: char| "（【《“‘".contains(c);
    match (before.is_whitespace(), after.is_whitespace()) {
        (_, true) => false,
        (true, false) => true,
        (false, false) => (is_wide(before) || is_wide(after)) && !closes(after) && !opens(before),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn printed(head: &[&str], rows: &[&[&str]], width: Option<u16>) -> String {
        let mut text = Vec::new();
        let mut page = Page::file(&mut text);
        page.width = width;
        print_table(head, rows.iter().map(|row| row.iter().copied()), &mut page).unwrap();
        String::from_utf8(text).unwrap()
    }

    #[test]
    fn long_cells_are_wrapped_inside_their_column_on_a_page_with_a_width() {
        let rows: &[&[&str]] = &[&["short", "a sentence that is longer than a narrow page"]];
        assert_eq!(printed(&["what", "why"], rows, None).lines().count(), 2);
        let narrow = printed(&["what", "why"], rows, Some(40));
        assert!(narrow.lines().count() > 2 && narrow.lines().all(|line| line.len() <= 40), "{narrow}");
        assert!(narrow.lines().skip(2).all(|line| line.starts_with("       ")), "{narrow}");
    }

    #[test]
    fn rows_that_do_not_fit_become_blocks_and_no_word_is_broken() {
        let words = [
            "bandwidth-of-memory",
            "must",
            "sim:h100,noise=0.002,seed=1,index=0",
            "2.6 TB/s",
            "INCONCLUSIVE",
        ];
        let because = "run again without `--probe`, which measures all, or with `--probe stream` too";
        let row: Vec<&str> = words.into_iter().chain([because]).collect();
        let head = ["clause", "severity", "on", "demanded", "verdict", "because"];
        let text = printed(&head, &[&row, &row], Some(80));
        assert!(text.lines().all(|line| line.len() <= 80), "{text}");
        assert_eq!(text.matches(words[2]).count(), 2, "{text}");
        for part in ["\n  SEVERITY must  ON sim:", "VERDICT INCONCLUSIVE\n", "\n  BECAUSE run again"] {
            assert!(text.contains(part), "{part} in\n{text}");
        }
        assert!(text.starts_with("bandwidth-of-memory\n"));
        // On a page without a width they stay lines.
        assert_eq!(printed(&head, &[&row, &row], None).lines().count(), 3);
    }

    #[test]
    fn chinese_is_parted_between_characters_but_not_before_a_stop() {
        assert_eq!(wrapped("要求未达到，请重测。", 10), ["要求未达", "到，请重", "测。"]);
        assert_eq!(wrapped("见 `assay doctor` 的说明", 16), ["见 `assay", "doctor` 的说明"]);
        assert_eq!(wrapped("", 10), Vec::<String>::new());
    }
}
