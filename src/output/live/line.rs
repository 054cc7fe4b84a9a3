//! A line of the live display, which never gets longer than its room.
//! Owns how many columns a character takes; must not know what is said.

use std::fmt::Write as _;

use anstyle::Style;
use unicode_width::UnicodeWidthChar;

use crate::language::Language;

pub const PLAIN: Style = Style::new();

pub struct Line {
    pub text: String,
    pub room: usize,
    pub colour: bool,
    pub language: Language,
}

impl Line {
    pub fn put(&mut self, text: &str, style: Style) {
        let language = self.language;
        let mut shown_text = String::new();
        for (c, columns) in text.chars().map(|c| shown(c, language)) {
            if columns > self.room {
                // Nor does anything else stand behind what was cut off.
                self.room = 0;
                break;
            }
            self.room -= columns;
            shown_text.push(c);
        }
        let _ = match self.colour && style != PLAIN {
            true => write!(self.text, "{style}{shown_text}{style:#}"),
            false => write!(self.text, "{shown_text}"),
        };
    }

    /// In exactly so many columns. What is cut off is marked.
    pub fn put_padded(&mut self, text: &str, width: usize, style: Style) {
        let mut left = width;
        let mut padded = String::new();
        let is_cut = self.columns(text) > width;
        for (c, columns) in text.chars().map(|c| shown(c, self.language)) {
            if columns + usize::from(is_cut) > left {
                break;
            }
            left -= columns;
            padded.push(c);
        }
        if is_cut && left > 0 {
            left -= 1;
            padded.push('~');
        }
        self.put(&format!("{padded}{:left$}", ""), style);
    }

    /// At the end of so many columns.
    pub fn put_right(&mut self, text: &str, width: usize) {
        let gap = width.saturating_sub(self.columns(text));
        self.put(&format!("{:gap$}{text}", ""), PLAIN);
    }

    pub fn columns(&self, text: &str) -> usize {
        text.chars().map(|c| shown(c, self.language).1).sum()
    }
}

/// A character and the columns that it takes. Of what terminals do not agree about only that is shown which the language needs;
/// the rest would break the lines.
fn shown(c: char, language: Language) -> (char, usize) {
    let needed = match language {
        Language::English => false,
        Language::Chinese => {
            matches!(c, '\u{4e00}'..='\u{9fff}' | '\u{3001}'..='\u{3011}' | '\u{ff01}'..='\u{ff5e}' | '“' | '”')
        }
    };
    match (c == ' ' || c.is_ascii_graphic(), needed) {
        (true, _) => (c, 1),
        (false, true) => (c, c.width_cjk().unwrap_or(1)),
        (false, false) => ('?', 1),
    }
}
