//! What to do next, in plain words and in the order of urgency, as it follows from an answer.
//! Owns these sentences; must not decide what the answer is, nor how a page looks.

mod cards;
mod fleet;
mod odd;
mod report;

pub use fleet::{Decision, because, due, fleet};
pub use report::{report, wishes};

use jiff::civil::Date;
use rust_decimal::Decimal;

use crate::contract::Remedy;
use crate::contract::terms::DELIVERY;
use crate::fleet::money::{Due, DueKind, Standing};
use crate::language::{Language, grouped, say};

/// Names that a step tells; of more it is told how many.
pub const NAMES_MAX: usize = 12;

/// One thing to do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Step {
    /// A sentence.
    pub what: String,
    /// The nodes, cards or clauses that it is about.
    pub about: Vec<String>,
    /// What must not be missed about it.
    pub note: Option<String>,
}

impl Step {
    fn new(what: String) -> Self {
        Self { what, about: Vec::new(), note: None }
    }

    fn about(what: String, about: impl IntoIterator<Item = String>) -> Self {
        Self { what, about: about.into_iter().collect(), note: None }
    }
}

/// Within how many days a remedy must be claimed.
fn within(remedy: &Remedy, language: Language) -> Option<String> {
    remedy.claim_days.map(|days| say!(language, "claim-within", days = days))
}

/// An amount as the language writes it: `5,769,920.00 CNY`.
pub fn money(amount: &Decimal, currency: &str, language: Language) -> String {
    say!(language, "money", amount = grouped(&amount.to_string()), currency = currency)
}

/// A sum of which every part is known, or that it is not.
pub fn total(amount: Option<&Decimal>, currency: &str, language: Language) -> String {
    amount.map_or_else(|| say!(language, "not-computable"), |amount| money(amount, currency, language))
}

/// What is due in money, and on what that depends.
pub fn sum(due: &Due, currency: &str, language: Language) -> String {
    let amount = match (&due.amount, due.kind) {
        (None, DueKind::Replace | DueKind::Terminate) => "-".to_owned(),
        (Some(sum), DueKind::PriceCut) => {
            say!(language, "each-month", amount = money(sum, currency, language))
        }
        (amount, _) => total(amount.as_ref(), currency, language),
    };
    match due.standing {
        Standing::Owed => amount,
        Standing::IfKept => say!(language, "if-kept", amount = amount),
        Standing::Open => say!(language, "if-open", amount = amount),
    }
}

/// The last day to claim it, and whether that is over.
pub fn claim_by(due: &Due, language: Language) -> String {
    match due.claim_by {
        Some(day) if due.is_past => say!(language, "claim-past", day = day.to_string()),
        Some(day) => day.to_string(),
        None => "-".to_owned(),
    }
}

/// What a remedy is called.
pub fn remedy(kind: DueKind, language: Language) -> String {
    match kind {
        DueKind::Credit => say!(language, "kind-credit"),
        DueKind::PriceCut => say!(language, "kind-price-cut"),
        DueKind::Replace => say!(language, "kind-replace"),
        DueKind::Terminate => say!(language, "kind-terminate"),
    }
}

/// What something is due for: a clause, or that nodes are late.
pub fn of(due: &Due, language: Language) -> String {
    if due.of == DELIVERY { say!(language, "for-delivery") } else { due.of.clone() }
}

/// A day as the language writes it in a sentence: `30 May 2024`.
pub fn day(day: Date, language: Language) -> String {
    say!(language, "date", year = day.year(), month = day.month(), day = day.day())
}
