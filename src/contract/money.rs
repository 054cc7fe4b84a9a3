//! An amount of money, exact to the last digit.
//! Owns how it is written; must not know what it is paid for.

use std::fmt;

use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};

/// No lease in any currency costs more; what is beyond it is a slip, and would leave no room to reckon with.
const AMOUNT_MOST: u64 = 1_000_000_000_000_000;

/// Such as `2.40 USD`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(try_from = "String", into = "String")]
#[schemars(!try_from, !into, with = "String")]
pub struct Money {
    pub amount: Decimal,
    /// Three capital letters (ISO 4217).
    pub currency: String,
}

impl TryFrom<String> for Money {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        let refused =
            |why: &str| format!("{text:?} {why}; write an amount and a currency, such as \"2.40 USD\"");
        let (amount, currency) = text.trim().split_once(' ').ok_or_else(|| refused("names no currency"))?;
        let amount: Decimal = amount.parse().map_err(|_| refused("has no amount in front"))?;
        let currency = currency.trim();
        if currency.len() != 3 || !currency.bytes().all(|b| b.is_ascii_uppercase()) {
            return Err(refused("has a currency that is not three capital letters"));
        }
        if amount <= Decimal::ZERO {
            return Err(refused("is no price"));
        }
        if amount > Decimal::from(AMOUNT_MOST) {
            return Err(refused(&format!("is more than {AMOUNT_MOST}, more than anything costs")));
        }
        Ok(Self { amount, currency: currency.to_owned() })
    }
}

impl From<Money> for String {
    fn from(money: Money) -> Self {
        money.to_string()
    }
}

impl fmt::Display for Money {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.amount, self.currency)
    }
}
