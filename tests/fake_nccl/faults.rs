//! What was asked to go wrong, by variables of the environment. A value that cannot be read stops the process: a misspelt
//! fault must not be a healthy library.

use std::ffi::c_int;

/// Each is `ASSAY_FAKE_NCCL_` and the name in capitals.
pub struct Faults {
    /// `function:code`: this function answers this code, always.
    fail: Option<(String, c_int)>,
    /// The name of a function that ends the process.
    crash: Option<String>,
    /// And of one that never returns.
    hang: Option<String>,
    pub mistake: Mistake,
}

/// How results go wrong.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Mistake {
    None,
    /// In one element of the last rank.
    Wrong,
    /// What the last rank gives is left out.
    Deaf,
    /// The last rank has nothing of it.
    Mute,
    /// What was done once is not done again with the same buffers.
    Lazy,
}

impl Faults {
    pub fn from_environment() -> Self {
        let fail = text("FAIL").map(|text| {
            let both =
                text.split_once(':').and_then(|(name, code)| Some((name.to_owned(), code.parse().ok()?)));
            both.unwrap_or_else(|| misspelt("FAIL", &text))
        });
        let mistake = match text("MISTAKE").as_deref() {
            None => Mistake::None,
            Some("wrong") => Mistake::Wrong,
            Some("deaf") => Mistake::Deaf,
            Some("mute") => Mistake::Mute,
            Some("lazy") => Mistake::Lazy,
            Some(other) => misspelt("MISTAKE", other),
        };
        Self { fail, crash: text("CRASH"), hang: text("HANG"), mistake }
    }

    /// What `function` answers instead of doing its work.
    pub fn at(&self, function: &str) -> Option<c_int> {
        if self.crash.as_deref() == Some(function) {
            std::process::abort();
        }
        while self.hang.as_deref() == Some(function) {
            std::thread::park();
        }
        self.fail.as_ref().filter(|(name, _)| name == function).map(|(_, code)| *code)
    }
}

fn text(name: &str) -> Option<String> {
    std::env::var(format!("ASSAY_FAKE_NCCL_{name}")).ok()
}

fn misspelt(name: &str, text: &str) -> ! {
    eprintln!("ASSAY_FAKE_NCCL_{name} cannot be {text:?}");
    std::process::abort()
}
