//! What remedies ask about: nodes that are late, and nodes that do not meet a clause, each from when to when.
//! Owns since when and for how long; must not know what follows from it.
//!
//! A node has come on the day of its first report that passed. Up to then it is late; what it fails in later is a matter of the clauses.

use jiff::civil::Date;

use crate::contract::terms::DELIVERY;
use crate::contract::{Clause, Contract, Severity, Verdict, finding};
use crate::fleet::calendar::{Calendar, day};
use crate::fleet::nodes::{Node, State};
use crate::fleet::over::{self, Is, OverFleet};
use crate::fleet::row::{Lacking, Row};

/// A node that is late or does not meet a clause.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Fault<'a> {
    /// The clause, or [`DELIVERY`].
    pub of: &'a str,
    /// `None` where nothing came.
    pub node: Option<&'a str>,
    /// Whether the node ever passed. A place that is filled has it, too.
    pub has_come: bool,
    /// Whether something is there that may yet prove to be good.
    pub is_open: bool,
    pub is_waived: bool,
    /// In the order of time; the last may be running. Never empty.
    pub periods: Vec<Period>,
    /// The share of the bound that the worst card misses, 1 where no number says it: wrong results, what must equal or never be.
    pub short: f64,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Period {
    /// The day due, or of the first report that failed.
    pub from: Date,
    /// The day of the report that passed; `None` while it runs.
    pub until: Option<Date>,
    /// Those that count.
    pub days: u32,
}

impl Fault<'_> {
    /// What is still so.
    pub fn running(&self) -> Option<&Period> {
        self.periods.last().filter(|period| period.until.is_none())
    }

    pub fn days(&self) -> u32 {
        self.periods.iter().fold(0, |sum, period| sum.saturating_add(period.days))
    }
}

/// All that faults are found by.
pub(super) struct Faults<'a, 'r> {
    pub contract: &'a Contract,
    pub nodes: &'a [Node<'r>],
    pub over_fleet: &'a [OverFleet],
    pub calendar: &'a Calendar,
    pub today: Date,
}

impl<'a> Faults<'a, '_> {
    pub fn of(&self, what: &'a str) -> Vec<Fault<'a>> {
        if what == DELIVERY {
            return self.late();
        }
        match self.over_fleet.iter().find(|over| over.clause == what) {
            Some(over) => self.nodes.iter().filter_map(|node| self.missed_over_fleet(node, over)).collect(),
            None => self.nodes.iter().filter_map(|node| self.missed(node, what)).collect(),
        }
    }

    /// Nodes that came, the earliest first, fill the places that the milestones promise in their order; then those that may prove
    /// to have come.
    fn late(&self) -> Vec<Fault<'a>> {
        let came = |node: &'a Node<'_>| Some((day(node.came()?), node.name.as_str()));
        let mut came: Vec<(Date, &str)> = self.nodes.iter().filter_map(came).collect();
        came.sort_unstable();
        let is_open = |node: &&Node<'_>| node.came().is_none() && node.state() == State::Undecided;
        let mut open = self.nodes.iter().filter(is_open);
        let mut came = came.into_iter();
        let (mut late, mut places) = (Vec::new(), 0);
        for milestone in self.contract.delivery.milestones() {
            for _ in places..milestone.nodes.get() {
                let came = came.next();
                let is_open = came.is_none() && open.next().is_some();
                let period = self.period(milestone.due.0, came.map(|(day, _)| day));
                if period.days > 0 {
                    late.push(Fault {
                        of: DELIVERY,
                        node: came.map(|(_, node)| node),
                        has_come: came.is_some(),
                        is_open,
                        is_waived: false,
                        periods: vec![period],
                        short: 1.0,
                    });
                }
            }
            places = milestone.nodes.get();
        }
        late
    }

    fn missed(&self, node: &'a Node<'_>, clause: &'a str) -> Option<Fault<'a>> {
        let stands = node.reports.iter().map(|row| (day(row.started), stand(row, clause)));
        self.fault(node, clause, node.waived.contains(&clause), stands)
    }

    /// A node with a card that does not meet what the fleet as a whole falls short of. What the fleet was like earlier nobody counts,
    /// so that only what is still so is a fault.
    fn missed_over_fleet(&self, node: &'a Node<'_>, over: &'a OverFleet) -> Option<Fault<'a>> {
        let here = over.failed.iter().any(|card| card.node == node.name);
        if over.verdict != Verdict::Fail || over.severity != Severity::Must || !here {
            return None;
        }
        let clause = self.contract.clauses.iter().find(|clause| clause.id == over.clause)?;
        let decisive = node.decisive()?;
        let rows = node.reports.iter().take_while(|row| row.started <= decisive.started);
        let stands = rows.map(|row| (day(row.started), stand_over_fleet(row, clause, over.median)));
        let mut fault = self.fault(node, &over.clause, over.waived, stands)?;
        fault.periods = vec![*fault.running()?];
        Some(fault)
    }

    /// `None` where the clause was never missed.
    fn fault(
        &self,
        node: &'a Node<'_>,
        of: &'a str,
        is_waived: bool,
        stands: impl Iterator<Item = (Date, Stand)>,
    ) -> Option<Fault<'a>> {
        let (mut periods, mut since, mut missed) = (Vec::new(), None, 0.0);
        for (day, stand) in stands {
            match (stand, since) {
                (Stand::Missed(short), _) => {
                    since = since.or(Some(day));
                    missed = short;
                }
                (Stand::Met, Some(from)) => {
                    periods.push(self.period(from, Some(day)));
                    since = None;
                }
                (Stand::Met, None) | (Stand::Open, _) => {}
            }
        }
        periods.extend(since.map(|from| self.period(from, None)));
        let has_come = node.came().is_some();
        let node = Some(node.name.as_str());
        (!periods.is_empty()).then_some(Fault {
            of,
            node,
            has_come,
            is_open: false,
            is_waived,
            periods,
            short: missed,
        })
    }

    fn period(&self, from: Date, until: Option<Date>) -> Period {
        Period { from, until, days: self.calendar.days(from, until.unwrap_or(self.today)) }
    }
}

/// How one report stands to one clause.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Stand {
    Met,
    /// It says nothing either way.
    Open,
    /// By the share of the bound that the worst card misses.
    Missed(f64),
}

fn stand(row: &Row, clause: &str) -> Stand {
    let here = || row.musts().map(|(_, lacking)| lacking).filter(|lacking| lacking.clause == clause);
    let missed = here().filter(|lacking| lacking.verdict == Verdict::Fail);
    match missed.map(|lacking| lacking.short.unwrap_or(1.0)).reduce(f64::max) {
        Some(short) => Stand::Missed(short),
        None if here().next().is_some() || !can_show(row) => Stand::Open,
        None => Stand::Met,
    }
}

fn stand_over_fleet(row: &Row, clause: &Clause, median: Option<f64>) -> Stand {
    let cards = || row.cards.iter().map(|card| over::is(clause, card, median));
    let missed = cards().filter_map(|is| match is {
        Is::Failed(short) => Some(short.unwrap_or(1.0)),
        Is::Met | Is::Undecided => None,
    });
    match missed.reduce(f64::max) {
        Some(short) => Stand::Missed(short),
        None if cards().any(|is| matches!(is, Is::Undecided)) || !can_show(row) => Stand::Open,
        None => Stand::Met,
    }
}

/// Whether a report can show that something is met again: one that is doubted shows no pass, and the card at fault may be among those that
/// are left out.
fn can_show(row: &Row) -> bool {
    let lacks = |lacking: &Lacking| lacking.clause == finding::id::DEVICES;
    row.doubts.is_empty() && !row.cards.is_empty() && !row.musts().any(|(_, lacking)| lacks(lacking))
}
