//! Breaks lines of help between Chinese characters, which the parser cannot: it breaks at spaces, and takes each character for
//! one column.
//! Owns where a line may end; must not know what it says.

use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

/// Below so many columns of text beside a flag, the text goes below it.
const LEAST_BESIDE: usize = 24;
/// How far below.
const INDENT: usize = 10;

/// Each line that holds wide characters and is longer than the page, broken; what follows stands below its text.
pub fn wrapped(text: &str, width: usize) -> String {
    text.split('\n').map(|line| wrapped_line(line, width)).collect::<Vec<_>>().join("\n")
}

fn wrapped_line(line: &str, width: usize) -> String {
    let plain = anstream::adapter::strip_str(line).to_string();
    // Commands are to be copied whole.
    let is_prose = plain.chars().any(|c| c.width() == Some(2));
    if plain.width() <= width || !is_prose {
        return line.to_owned();
    }
    let indent = plain.len() - plain.trim_start().len();
    let (head, hang) = match beside(&plain) {
        Some(column) if column + LEAST_BESIDE <= width => (column, column),
        Some(column) => (column, INDENT),
        None => (indent, indent),
    };
    let (head_text, body) = split_at_column(line, head);
    let mut out = head_text.to_owned();
    let mut column = head;
    if head != hang {
        out = format!("{}\n{:hang$}", out.trim_end(), "");
        column = hang;
    }
    for piece in pieces(body) {
        let visible = anstream::adapter::strip_str(piece).to_string();
        if column + visible.trim_end().width() > width && column > hang {
            out.truncate(out.trim_end_matches(' ').len());
            out.push('\n');
            out.push_str(&" ".repeat(hang));
            column = hang;
        }
        out.push_str(piece);
        column += visible.width();
    }
    out
}

/// Where the text stands that a flag or a name has beside it: behind the first gap of a line that begins with such.
fn beside(plain: &str) -> Option<usize> {
    let indent = plain.len() - plain.trim_start().len();
    let gap = plain.get(indent..)?.find("  ")? + indent;
    let text = plain.get(gap..)?;
    Some(plain.get(..gap)?.width() + text.len() - text.trim_start().len())
}

/// Before and behind so many visible columns; what styles the first part stays with it.
fn split_at_column(line: &str, column: usize) -> (&str, &str) {
    let mut seen = 0;
    let mut in_code = false;
    for (at, c) in line.char_indices() {
        if !in_code && c != '\u{1b}' && seen >= column {
            return line.split_at(at);
        }
        match c {
            '\u{1b}' => in_code = true,
            'm' if in_code => in_code = false,
            _ if in_code => {}
            _ => seen += c.width().unwrap_or(0),
        }
    }
    (line, "")
}

/// The smallest parts that stay together, each with the spaces behind it: words, single wide characters with the marks that belong to
/// them, and what stands in short brackets.
fn pieces(text: &str) -> Vec<&str> {
    let mut pieces = Vec::new();
    let mut rest = text;
    while !rest.is_empty() {
        let (piece, after) = rest.split_at(first_break(rest));
        pieces.push(piece);
        rest = after;
    }
    pieces
}

fn first_break(text: &str) -> usize {
    let whole = short_brackets(text);
    let mut characters = text.char_indices().peekable();
    while let Some((at, c)) = characters.next() {
        let Some((_, next)) = characters.peek().copied() else { break };
        let end = at + c.len_utf8();
        let may = match (c, next) {
            (_, ' ') => false,
            (' ', _) => true,
            (_, next) if CLOSES.contains(next) => false,
            (c, _) if OPENS.contains(c) => false,
            (c, next) => c.width() == Some(2) || next.width() == Some(2),
        };
        if may && end >= whole {
            return end;
        }
    }
    text.len()
}

/// How far a bracket goes that `text` begins with, if that is short.
fn short_brackets(text: &str) -> usize {
    for (opens, closes) in [('[', ']'), ('`', '`')] {
        let inside = text.strip_prefix(opens).and_then(|rest| rest.split_once(closes));
        if let Some((inside, _)) = inside
            && inside.width() <= BRACKETS
        {
            return inside.len() + 2;
        }
    }
    0
}

/// So many columns in brackets are short.
const BRACKETS: usize = 30;
/// No line begins with these.
const CLOSES: &str = "，。、；：？！）”》】";
/// No line ends with these.
const OPENS: &str = "（“《【";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_broken_between_wide_characters_and_marks_stay_where_they_belong() {
        let text = "  -c, --contract <FILE>  据以判定的合同，没有合同时（第三种情形）只测量 [默认值：3]";
        assert_eq!(
            wrapped(text, 50),
            "  -c, --contract <FILE>  据以判定的合同，没有合同\n                         时（第三种情形）只测量\n                         [默认值：3]"
        );
        assert!(wrapped(text, 50).lines().all(|line| line.width() <= 50));
        assert_eq!(wrapped("    甲乙丙，丁", 10), "    甲乙\n    丙，丁");
        assert_eq!(wrapped("甲乙（丙）丁", 8), "甲乙\n（丙）丁");
    }

    #[test]
    fn on_a_narrow_page_the_text_goes_below_the_flag() {
        assert_eq!(
            wrapped("      --one-at-a-time  逐台测量设备", 30),
            "      --one-at-a-time\n          逐台测量设备"
        );
    }

    #[test]
    fn styles_take_no_room_and_other_lines_stay() {
        let styled = "\u{1b}[1m甲乙\u{1b}[0m丙丁";
        assert_eq!(wrapped(styled, 8), styled);
        assert_eq!(anstream::adapter::strip_str(&wrapped(styled, 4)).to_string(), "甲乙\n丙丁");
        let command = "assay fleet plan --lot 330 --aql 1% --ltpd 5%";
        assert_eq!(wrapped(command, 20), command);
    }
}
