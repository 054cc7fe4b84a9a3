//! What does not fit in tables. Owns how it is told, on one line each.

use serde::Serialize;

/// What is wrong, and where.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Problem {
    pub at: String,
    pub why: String,
}

impl Problem {
    /// On one line, of bounded length, that cannot write to a terminal what its reader does not see: tables of others are quoted.
    pub fn new(at: impl AsRef<str>, why: impl AsRef<str>) -> Self {
        const CHARS_MAX: usize = 300;
        let clean = |text: &str| {
            let shown = text.chars().map(|c| if c.is_control() { ' ' } else { c });
            shown.take(CHARS_MAX).collect()
        };
        Self { at: clean(at.as_ref()), why: clean(why.as_ref()) }
    }
}

impl std::fmt::Display for Problem {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}: {}", self.at, self.why)
    }
}
