//! What was asked of a library for tests to go wrong, by variables of the environment. A value that cannot be read stops the
//! process: a misspelt fault must not be a healthy library.
//! Owns what all such libraries can do; what mistakes its results can have, each says itself.

use std::ffi::c_int;

/// Each is `ASSAY_FAKE_`, the library and the name in capitals.
pub struct Faults<M> {
    /// `function:code`: this function answers this code, always.
    fail: Option<(String, c_int)>,
    /// The name of a function that ends the process.
    crash: Option<String>,
    /// And of one that never returns.
    hang: Option<String>,
    /// `function:ms`: this function takes so long the first time.
    slow: Option<(String, u64)>,
    pub mistake: M,
}

impl<M: Copy + Default> Faults<M> {
    /// Results have no mistake, or one of these by its name.
    pub fn from_environment(library: &str, mistakes: &[(&str, M)]) -> Self {
        let variable = |name: &str| format!("ASSAY_FAKE_{library}_{name}");
        let text = |name: &str| std::env::var(variable(name)).ok();
        let misspelt = |name: &str, text: &str| -> ! {
            eprintln!("{} cannot be {text:?}", variable(name));
            std::process::abort()
        };
        let fail = text("FAIL").map(|text| pair(&text).unwrap_or_else(|| misspelt("FAIL", &text)));
        let slow = text("SLOW").map(|text| pair(&text).unwrap_or_else(|| misspelt("SLOW", &text)));
        let mistake = text("MISTAKE").map_or(M::default(), |text| {
            let known = mistakes.iter().find(|(name, _)| *name == text);
            known.map_or_else(|| misspelt("MISTAKE", &text), |(_, mistake)| *mistake)
        });
        Self { fail, crash: text("CRASH"), hang: text("HANG"), slow, mistake }
    }

    /// What `function` answers instead of doing its work.
    pub fn at(&mut self, function: &str) -> Option<c_int> {
        if self.crash.as_deref() == Some(function) {
            std::process::abort();
        }
        while self.hang.as_deref() == Some(function) {
            std::thread::park();
        }
        if let Some((_, ms)) = self.slow.take_if(|(name, _)| name == function) {
            std::thread::sleep(std::time::Duration::from_millis(ms));
        }
        self.fail.as_ref().filter(|(name, _)| name == function).map(|(_, code)| *code)
    }
}

/// `function:number`
fn pair<T: std::str::FromStr>(text: &str) -> Option<(String, T)> {
    let (name, number) = text.split_once(':')?;
    Some((name.to_owned(), number.parse().ok()?))
}
