//! Where text for people goes, how wide it may be, and in which language it is.
//! Owns these; must not know what is written.

use std::io::{self, IsTerminal, Write};

use crate::language::Language;

/// A stream for people. A file has no width: its lines are as long as they need to be.
pub struct Page<'a> {
    out: &'a mut dyn Write,
    pub width: Option<u16>,
    pub language: Language,
}

impl<'a> Page<'a> {
    /// The standard output by way of `out`: as wide as the terminal, where it is one.
    pub fn standard(out: &'a mut dyn Write) -> Self {
        let terminal = io::stdout().is_terminal().then(terminal_size::terminal_size).flatten();
        Self { out, width: terminal.map(|(width, _)| width.0), language: Language::default() }
    }

    pub fn file(out: &'a mut dyn Write) -> Self {
        Self { out, width: None, language: Language::default() }
    }

    /// The same page for readers of that language.
    pub fn speaking(&mut self, language: Language) -> &mut Self {
        self.language = language;
        self
    }
}

impl Write for Page<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.out.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.out.flush()
    }
}
