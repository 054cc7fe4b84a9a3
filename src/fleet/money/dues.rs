//! What follows by the contract's remedies from what is late or not met.
//! Owns how remedies are counted: of the clauses of one remedy the worst counts for each node, and all price cuts of a node together are
//! at most its price.

use std::collections::BTreeMap;

use jiff::civil::Date;
use rust_decimal::Decimal;

use super::faults::{Fault, Faults, Period};
use super::price::{cents, share, sum};
use super::{Due, DueKind, Standing};
use crate::contract::terms::{DELIVERY, Kind};
use crate::contract::when::When;
use crate::contract::{Quantity, Remedy};
use crate::fleet::calendar::days_after;

pub(super) fn dues(faults: &Faults<'_, '_>, node_month: Option<Decimal>) -> Vec<Due> {
    let mut counted = Counted { faults, node_month, cut: BTreeMap::new() };
    faults.contract.remedies.iter().flat_map(|remedy| counted.dues(remedy)).collect()
}

struct Counted<'a, 'r> {
    faults: &'a Faults<'a, 'r>,
    node_month: Option<Decimal>,
    /// By how much the price of each node has fallen already.
    cut: BTreeMap<&'a str, Decimal>,
}

/// What follows from one period of one fault.
struct Part<'f> {
    fault: &'f Fault<'f>,
    amount: Option<Decimal>,
    on: Option<Date>,
    /// The day from which the days to claim it count.
    arose: Option<Date>,
}

impl<'a> Counted<'a, '_> {
    fn dues(&mut self, remedy: &'a Remedy) -> Vec<Due> {
        let mut all: Vec<Fault<'a>> = Vec::new();
        for (nth, of) in remedy.of.iter().enumerate() {
            if !remedy.of[..nth].contains(of) {
                all.extend(self.faults.of(of).into_iter().filter(|fault| concerns(remedy, fault)));
            }
        }
        let faults = worst(&remedy.kind, all);
        let parts: Vec<Part<'_>> = faults.iter().flat_map(|fault| self.parts(remedy, fault)).collect();
        self.rows(remedy, &parts)
    }

    fn parts<'f>(&mut self, remedy: &Remedy, fault: &'f Fault<'a>) -> Vec<Part<'f>> {
        let after = |period: &Period, days: u32| self.faults.calendar.after(period.from, days);
        match (&remedy.kind, fault.running()) {
            (Kind::Credit { per_day, cap }, _) => self.credits(fault, per_day, cap),
            (Kind::PriceCut { cap }, Some(running)) => {
                vec![Part { fault, amount: self.cut(fault, cap), on: None, arose: Some(running.from) }]
            }
            (Kind::Replace { within_days }, Some(running)) => {
                let (on, arose) = (after(running, *within_days), Some(running.from));
                vec![Part { fault, amount: None, on, arose }]
            }
            (Kind::Terminate { within_days }, Some(running)) => {
                let on = after(running, *within_days);
                vec![Part { fault, amount: None, on, arose: on }]
            }
            (Kind::PriceCut { .. } | Kind::Replace { .. } | Kind::Terminate { .. }, None) => Vec::new(),
        }
    }

    /// A share for each day, the earliest first, up to the cap: each period has what it adds, to the cent.
    fn credits<'f>(&self, fault: &'f Fault<'a>, per_day: &Quantity, cap: &Quantity) -> Vec<Part<'f>> {
        let (per_day, cap) = (share(per_day.value()), share(cap.value()));
        let up_to = |days: u32| {
            let share = (Decimal::from(days) * per_day).min(cap);
            Some(cents(self.node_month?.checked_mul(share)?))
        };
        let mut days = 0u32;
        let part = |period: &Period| {
            let before = up_to(days);
            days = days.saturating_add(period.days);
            let amount = up_to(days).zip(before).map(|(all, before)| all - before);
            Part { fault, amount, on: None, arose: Some(period.until.unwrap_or(self.faults.today)) }
        };
        fault.periods.iter().map(part).collect()
    }

    /// By how much a node's price for a month falls, never below nothing.
    fn cut(&mut self, fault: &Fault<'a>, cap: &Quantity) -> Option<Decimal> {
        let month = self.node_month?;
        let wanted = cents(month.checked_mul(share(fault.short.min(cap.value())))?);
        let cut = self.cut.entry(fault.node?).or_default();
        let amount = wanted.min(cents(month) - *cut);
        *cut += amount;
        Some(amount)
    }

    /// Parts by what they are for, how they stand, and whether they can still be claimed.
    fn rows(&self, remedy: &Remedy, parts: &[Part<'_>]) -> Vec<Due> {
        let claim_by = |part: &Part<'_>| days_after(part.arose?, remedy.claim_days?);
        let is_over = |by: Option<Date>| by.is_some_and(|by| by < self.faults.today);
        let mut rows: BTreeMap<_, Vec<&Part<'_>>> = BTreeMap::new();
        for part in parts {
            let of = remedy.of.iter().position(|of| of == part.fault.of);
            // One lease is ended once, by the right that arose first.
            let is_past = !matches!(remedy.kind, Kind::Terminate { .. }) && is_over(claim_by(part));
            rows.entry((of, standing(remedy, part.fault), is_past)).or_default().push(part);
        }
        let row = |((_, standing, is_past), parts): (_, Vec<&Part<'_>>)| {
            let by = parts.iter().filter_map(|part| claim_by(part));
            let by = if is_past { by.max() } else { by.min() };
            let (claim_by, is_past) = (by.map(When), is_over(by));
            row(remedy, standing, &parts).map(|due| Due { claim_by, is_past, ..due })
        };
        rows.into_iter().filter_map(row).collect()
    }
}

/// `None` where no right has arisen yet.
fn row(remedy: &Remedy, standing: Standing, parts: &[&Part<'_>]) -> Option<Due> {
    let kind = DueKind::from(&remedy.kind);
    if let Kind::Terminate { within_days } = remedy.kind {
        let is_beyond = |part: &&Part<'_>| part.fault.running().is_some_and(|now| now.days > within_days);
        parts.iter().find(|part| is_beyond(part))?;
    }
    let of = parts.first()?.fault.of;
    let mut faults: Vec<&Fault<'_>> = parts.iter().map(|part| part.fault).collect();
    faults.dedup_by(|a, b| std::ptr::eq(*a, *b));
    let named = faults.iter().filter_map(|fault| fault.node.filter(|_| of != DELIVERY));
    let is_paid = matches!(kind, DueKind::Credit | DueKind::PriceCut);
    Some(Due {
        kind,
        of: of.to_owned(),
        standing,
        nodes: named.map(str::to_owned).collect(),
        count: u32::try_from(faults.len()).unwrap_or(u32::MAX),
        amount: if is_paid { sum(parts.iter().map(|part| part.amount)) } else { None },
        on: parts.iter().filter_map(|part| part.on).min().map(When),
        claim_by: None,
        is_past: false,
    })
}

/// Whether the remedy has something to say of it.
fn concerns(remedy: &Remedy, fault: &Fault<'_>) -> bool {
    let is_late = fault.of == DELIVERY;
    // Who accepts a node as it is keeps it, at the price that is right for it.
    match remedy.kind {
        Kind::Credit { .. } => fault.running().is_some() || fault.days() > 0,
        // What did not come can be neither cheaper nor exchanged.
        Kind::PriceCut { .. } => !is_late && fault.running().is_some(),
        Kind::Replace { .. } => !is_late && fault.running().is_some() && !fault.is_waived,
        Kind::Terminate { .. } => fault.running().is_some() && !fault.is_waived && !fault.is_open,
    }
}

/// Of each node the worst; the first of equals.
fn worst<'a>(kind: &Kind, faults: Vec<Fault<'a>>) -> Vec<Fault<'a>> {
    let weight = |fault: &Fault<'_>| match kind {
        Kind::Credit { .. } => f64::from(fault.days()),
        Kind::PriceCut { .. } => fault.short,
        Kind::Replace { .. } | Kind::Terminate { .. } => {
            fault.running().map_or(0.0, |running| f64::from(running.days))
        }
    };
    let mut by_node: BTreeMap<&'a str, usize> = BTreeMap::new();
    let mut kept: Vec<Fault<'a>> = Vec::new();
    for fault in faults {
        let at = fault.node.map(|node| *by_node.entry(node).or_insert(kept.len()));
        match at.and_then(|at| kept.get_mut(at)) {
            Some(other) if weight(&fault) > weight(other) => *other = fault,
            Some(_) => {}
            None => kept.push(fault),
        }
    }
    kept
}

fn standing(remedy: &Remedy, fault: &Fault<'_>) -> Standing {
    // What never passed is late. Where the same remedy pays for that too, it pays once.
    let pays_for_late = || remedy.of.iter().any(|of| of == DELIVERY);
    match remedy.kind {
        _ if fault.is_open => Standing::Open,
        _ if fault.has_come || fault.of == DELIVERY => Standing::Owed,
        Kind::PriceCut { .. } => Standing::IfKept,
        Kind::Credit { .. } if pays_for_late() => Standing::IfKept,
        Kind::Credit { .. } | Kind::Replace { .. } | Kind::Terminate { .. } => Standing::Owed,
    }
}
