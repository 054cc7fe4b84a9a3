//! Text from elsewhere, whose author may want a reader to see what is not there: verdicts drawn by a terminal's own sequences, lines that
//! nobody printed, names that read backwards. Owns what of it is shown; must not know what it says.

use std::borrow::Cow;
use std::io::{self, Write};

/// What styles of ours are made of. No other sequence reaches a terminal, whoever wrote it.
const STYLES: [&str; 6] = ["\x1b[0m", "\x1b[1m", "\x1b[31m", "\x1b[32m", "\x1b[33m", "\x1b[36m"];

/// The character, or a mark in the place of one that is obeyed, or not seen, rather than read.
pub fn visible(c: char) -> char {
    match c {
        '\n' | '\t' => c,
        '\u{ad}' | '\u{61c}' | '\u{180e}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' => '\u{fffd}',
        '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e007f}' => {
            '\u{fffd}'
        }
        c if c.is_control() => '\u{fffd}',
        c => c,
    }
}

/// The same text in one line: what comes after a break would stand where only we begin lines, and a pipeline obeys some.
pub fn in_one_line(text: &str) -> Cow<'_, str> {
    let breaks = |c: char| matches!(c, '\n' | '\r' | '\u{b}' | '\u{c}' | '\u{85}' | '\u{2028}' | '\u{2029}');
    if text.contains(breaks) { text.replace(breaks, " ").into() } else { text.into() }
}

/// The beginning of a text of any length, all of it to be seen, in one line.
pub fn in_short(text: &str, most: usize) -> String {
    let cut: String = text.chars().take(most).collect();
    in_one_line(&cut).chars().map(visible).collect()
}

/// Why something could not be read, where whoever says so may quote what it read at any length.
pub fn reason(why: &impl std::fmt::Display) -> String {
    in_short(&why.to_string(), 500)
}

/// One word for a shell, whatever stands in it.
pub fn quoted(text: &str) -> String {
    format!("'{}'", text.replace('\'', r"'\''"))
}

/// The same of a path, which is quoted only where it must be. Names of files come from others too.
pub fn word(path: &std::path::Path) -> String {
    let text = path.display().to_string();
    let is_plain = |c: char| c.is_alphanumeric() || "/._-+=:,@%".contains(c);
    if text.chars().all(is_plain) { text } else { quoted(&text) }
}

/// A stream that people read, perhaps on a terminal. Each text is to be written whole.
pub struct Shown<W> {
    to: W,
}

impl<W: Write> Shown<W> {
    pub fn new(to: W) -> Self {
        Self { to }
    }
}

impl<W: Write> Write for Shown<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.to.write_all(shown(&String::from_utf8_lossy(bytes)).as_bytes())?;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.to.flush()
    }
}

/// A text with nothing in it that a terminal obeys, but our styles.
fn shown(text: &str) -> Cow<'_, str> {
    if text.chars().all(|c| visible(c) == c) {
        return text.into();
    }
    let (mut safe, mut rest) = (String::with_capacity(text.len()), text);
    while let Some(c) = rest.chars().next() {
        let style = STYLES.iter().find(|style| rest.starts_with(**style));
        match style {
            Some(style) => safe.push_str(style),
            None => safe.push(visible(c)),
        }
        rest = &rest[style.map_or(c.len_utf8(), |style| style.len())..];
    }
    safe.into()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn a_shell_reads_one_word() {
        assert_eq!(quoted("it's $HOME"), r"'it'\''s $HOME'");
        assert_eq!(word("a/b-1.dsse.json".as_ref()), "a/b-1.dsse.json");
        assert_eq!(word("a b;$(id)".as_ref()), "'a b;$(id)'");
    }

    fn seen(text: &str) -> String {
        let mut out = Vec::new();
        Shown::new(&mut out).write_all(text.as_bytes()).unwrap();
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn a_terminal_gets_our_styles_and_nothing_else_to_obey() {
        let styled = "\x1b[1m\x1b[32mPASS\x1b[0m 通过\tµ\n";
        assert_eq!(seen(styled), styled);
        for bad in [
            "\x1b]0;title\x07",
            "\x1b[2K",
            "\x1b[8m",
            "\r",
            "\u{8}",
            "\u{9b}2J",
            "\u{202e}",
            "\u{200b}",
            "\x1b",
        ] {
            let got = seen(&format!("a{bad}b"));
            assert!(
                got.starts_with('a') && got.ends_with('b') && got.contains('\u{fffd}'),
                "{bad:?}: {got:?}"
            );
            assert!(!got.contains('\x1b') && got.chars().all(|c| visible(c) == c), "{bad:?}: {got:?}");
        }
    }

    #[test]
    fn what_is_told_in_one_line_stays_in_it() {
        assert_eq!(in_one_line("a\r\n::b\u{2028}c"), "a  ::b c");
        assert_eq!(in_short("a\nb\x1bcd", 4), "a b\u{fffd}");
    }
}
