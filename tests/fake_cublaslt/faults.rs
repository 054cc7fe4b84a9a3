//! What was asked to go wrong, by variables of the environment. A value that cannot be read stops the process: a misspelt
//! fault must not be a healthy library.

use std::ffi::c_int;

/// Each is `ASSAY_FAKE_CUBLASLT_` and the name in capitals.
pub struct Faults {
    /// `function:code`: this function answers this code, always.
    fail: Option<(String, c_int)>,
    /// The name of a function that ends the process.
    crash: Option<String>,
    pub mistake: Mistake,
}

/// How products go wrong.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Mistake {
    None,
    /// In one element.
    Wrong,
    /// What was just done is not done again where both factors are the same.
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
            Some("lazy") => Mistake::Lazy,
            Some(other) => misspelt("MISTAKE", other),
        };
        Self { fail, crash: text("CRASH"), mistake }
    }

    /// What `function` answers instead of doing its work.
    pub fn at(&self, function: &str) -> Option<c_int> {
        if self.crash.as_deref() == Some(function) {
            std::process::abort();
        }
        self.fail.as_ref().filter(|(name, _)| name == function).map(|(_, code)| *code)
    }
}

fn text(name: &str) -> Option<String> {
    std::env::var(format!("ASSAY_FAKE_CUBLASLT_{name}")).ok()
}

fn misspelt(name: &str, text: &str) -> ! {
    eprintln!("ASSAY_FAKE_CUBLASLT_{name} cannot be {text:?}");
    std::process::abort()
}
