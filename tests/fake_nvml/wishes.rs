//! What the test wants this library to say and to do, read once from the environment. A value that cannot be read is
//! an error, so that a misspelt test does not meet a healthy card. Must not know NVML.

use std::collections::BTreeMap;
use std::sync::OnceLock;

#[derive(Debug, Default)]
pub struct Wishes {
    /// Codes that functions answer with, `function:code,...`; `*` stands for all that ask a card.
    fail: BTreeMap<String, u32>,
    /// Numbers that functions answer with, `function:number,...`, decimal or after `0x` hexadecimal.
    values: BTreeMap<String, u64>,
    /// Texts that functions answer with, `function:text;...`.
    texts: BTreeMap<String, String>,
    /// Each call takes so long.
    pub slow_ms: u64,
    /// In this function the process dies.
    crash: Option<String>,
    /// This function never returns.
    hang: Option<String>,
    /// Sensors that never change.
    pub frozen: bool,
    /// Xid codes, `polls:code,...`: the code comes once so many polls have found nothing.
    pub xids: Vec<(u64, u64)>,
}

impl Wishes {
    /// Reads `ASSAY_NVML_<FIELD>` through `get`.
    pub fn read(get: impl Fn(&str) -> Option<String>) -> Result<Self, String> {
        let text = |name: &str| get(&format!("ASSAY_NVML_{name}"));
        let pairs = |name: &str, separator: char| -> Result<Vec<(String, String)>, String> {
            let list = text(name).unwrap_or_default();
            let entries = list.split(separator).filter(|entry| !entry.is_empty());
            let pair = |entry: &str| {
                let (key, value) = entry.split_once(':').ok_or(format!("ASSAY_NVML_{name}: {entry:?}"))?;
                Ok((key.to_owned(), value.to_owned()))
            };
            entries.map(pair).collect()
        };
        let numbers = |name: &str| -> Result<Vec<(String, u64)>, String> {
            let number = |(key, value): (String, String)| {
                let parsed = match value.strip_prefix("0x") {
                    Some(digits) => u64::from_str_radix(digits, 16),
                    None => value.parse(),
                };
                parsed.map(|number| (key, number)).map_err(|e| format!("ASSAY_NVML_{name}: {value:?}: {e}"))
            };
            pairs(name, ',')?.into_iter().map(number).collect()
        };
        let polls = |(polls, code): (String, u64)| {
            let polls = polls.parse().map_err(|e| format!("ASSAY_NVML_XID: {polls:?}: {e}"))?;
            Ok::<_, String>((polls, code))
        };
        let slow_ms = text("SLOW_MS").map_or(Ok(0), |ms| ms.parse());
        Ok(Self {
            fail: numbers("FAIL")?.into_iter().map(|(function, code)| (function, code as u32)).collect(),
            values: numbers("VALUES")?.into_iter().collect(),
            texts: pairs("TEXTS", ';')?.into_iter().collect(),
            slow_ms: slow_ms.map_err(|e| format!("ASSAY_NVML_SLOW_MS: {e}"))?,
            crash: text("CRASH"),
            hang: text("HANG"),
            frozen: text("FROZEN").is_some(),
            xids: numbers("XID")?.into_iter().map(polls).collect::<Result<_, _>>()?,
        })
    }

    pub fn failure(&self, function: &str, asks_a_card: bool) -> Option<u32> {
        let all = self.fail.get("*").filter(|_| asks_a_card);
        self.fail.get(function).or(all).copied()
    }

    pub fn value(&self, function: &str, otherwise: u64) -> u64 {
        self.values.get(function).copied().unwrap_or(otherwise)
    }

    pub fn text<'a>(&'a self, function: &str, otherwise: &'a str) -> &'a str {
        self.texts.get(function).map_or(otherwise, String::as_str)
    }

    /// Whether the card is divided into parts.
    pub fn is_divided(&self) -> bool {
        self.value("nvmlDeviceGetMigMode", 0) != 0
    }

    pub fn crashes_in(&self, function: &str) -> bool {
        self.crash.as_deref() == Some(function)
    }

    pub fn hangs_in(&self, function: &str) -> bool {
        self.hang.as_deref() == Some(function)
    }
}

/// The wishes of this process.
pub fn asked() -> &'static Result<Wishes, String> {
    static ASKED: OnceLock<Result<Wishes, String>> = OnceLock::new();
    ASKED.get_or_init(|| Wishes::read(|name| std::env::var(name).ok()))
}
