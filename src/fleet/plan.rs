//! Acceptance sampling: how many nodes of a lot to test, and how many bad ones among them to bear, so that two risks are kept.
//! Owns the question ([`Aim`]) and its answers; a lot is finite and nobody tests a node twice, so all chances are
//! hypergeometric, and none is an approximation.
//!
//! What both answers promise, of nodes drawn by chance and a test that finds every bad node that it is run on: a lot with
//! at most [`Aim::good`] bad nodes is rejected with at most the producer's risk, and one with at least [`Aim::bad`] is
//! accepted with at most the consumer's. Between the two either may happen. Neither says that the nodes which were not
//! tested are good.

pub mod draw;
pub mod sequential;

use serde::Serialize;

use self::sequential::{Course, Sequential};
use crate::chance::{Count, Hypergeometric};
use crate::units::Unit;

pub const LOT_MAX: u32 = 1_000_000;

/// By how much a computed chance may exceed a risk that it equals.
const ROUNDING: f64 = 1e-12;

/// Shares of bad nodes.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct Shares {
    /// The acceptable quality level: so many are still good.
    pub aql: f64,
    /// The lot tolerance percent defective: so many are bad.
    pub ltpd: f64,
}

/// How often a plan may err.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct Risks {
    /// That a good lot is rejected.
    pub producer: f64,
    /// That a bad lot is accepted.
    pub consumer: f64,
}

/// What a plan must tell apart, and how surely. Only [`Aim::new`] makes one.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct Aim {
    lot: u32,
    shares: Shares,
    risks: Risks,
    good: u32,
    bad: u32,
}

/// Why there is no such plan: what was asked, by which option, what to ask instead.
#[derive(Debug, PartialEq, thiserror::Error)]
pub enum Senseless {
    #[error("--lot {0}: a lot has 1 to {LOT_MAX} nodes; give the number of nodes that are decided about")]
    Lot(u32),
    #[error("--ltpd {}: a share of bad nodes lies above 0 % and at most at 100 %; write for example 5%", Unit::Share.format(*.0))]
    Ltpd(f64),
    #[error(
        "--aql {} is not below --ltpd {}: what is still good must be less than what is bad, or no sample can tell them apart; \
         write for example --aql 1% --ltpd 5%",
        Unit::Share.format(*.0),
        Unit::Share.format(*.1)
    )]
    Shares(f64, f64),
    #[error("{option} {}: a risk lies above 0 % and below 50 %; write for example 5%", Unit::Share.format(*risk))]
    Risk { option: &'static str, risk: f64 },
}

impl Aim {
    pub fn new(lot: u32, shares: Shares, risks: Risks) -> Result<Self, Senseless> {
        let Shares { aql, ltpd } = shares;
        if lot == 0 || lot > LOT_MAX {
            return Err(Senseless::Lot(lot));
        }
        if !(ltpd > 0.0 && ltpd <= 1.0) {
            return Err(Senseless::Ltpd(ltpd));
        }
        if !(aql >= 0.0 && aql < ltpd) {
            return Err(Senseless::Shares(aql, ltpd));
        }
        for (option, risk) in [("--producer-risk", risks.producer), ("--consumer-risk", risks.consumer)] {
            if !(risk > 0.0 && risk < 0.5) {
                return Err(Senseless::Risk { option, risk });
            }
        }
        // 3 % of 100 nodes are 3, whatever the last bit of the product says.
        let (aql_nodes, ltpd_nodes) = (aql * f64::from(lot), ltpd * f64::from(lot));
        let good = (aql_nodes + 1e-6).floor() as u32;
        let bad = ((ltpd_nodes - 1e-6).ceil() as u32).max(good + 1);
        Ok(Self { lot, shares, risks, good, bad })
    }

    pub fn lot(&self) -> u32 {
        self.lot
    }

    pub fn shares(&self) -> Shares {
        self.shares
    }

    pub fn risks(&self) -> Risks {
        self.risks
    }

    /// The most bad nodes with which the lot is still good.
    pub fn good(&self) -> u32 {
        self.good
    }

    /// The fewest bad nodes with which the lot is bad.
    pub fn bad(&self) -> u32 {
        self.bad
    }

    /// About twelve numbers of bad nodes, from none to twice what makes a lot bad.
    fn looked_at(&self) -> Vec<u32> {
        let tenths = (0..=10u64).map(|tenth| (u64::from(self.bad) * tenth).div_ceil(5) as u32);
        let mut all: Vec<u32> = tenths.chain([self.good]).filter(|bad| *bad <= self.lot).collect();
        all.sort_unstable();
        all.dedup();
        all
    }
}

/// The plan of one sample: test so many, then decide.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Single {
    /// How many nodes to test.
    pub tested: u32,
    /// With how many bad ones among them the lot is accepted at most.
    pub accept_at_most: u32,
}

impl Single {
    /// The plan with the fewest tests that keeps both risks; of those the one that bears the fewest bad nodes.
    pub fn smallest(aim: &Aim) -> Self {
        // Both go up from below and stop at the first pair that keeps both risks: more bad nodes borne need more tests to keep
        // the consumer's risk, and more tests find more bad nodes, which must be borne to keep the producer's. Testing all and
        // bearing `good` keeps both, so they stop.
        let mut accept_at_most = 0;
        loop {
            let plan = |tested, accept_at_most| Self { tested, accept_at_most };
            let tested = least(1, aim.lot, |n| {
                plan(n, accept_at_most).accepts(aim.lot, aim.bad) <= aim.risks.consumer + ROUNDING
            });
            let borne = least(accept_at_most, aim.good, |c| {
                plan(tested, c).rejects(aim.lot, aim.good) <= aim.risks.producer + ROUNDING
            });
            if borne == accept_at_most {
                return plan(tested, accept_at_most);
            }
            accept_at_most = borne;
        }
    }

    /// The chance that a lot with so many bad nodes is accepted.
    pub fn accepts(&self, lot: u32, bad: u32) -> f64 {
        self.found(lot, bad).at_most(self.accept_at_most.into())
    }

    /// The chance that it is rejected.
    pub fn rejects(&self, lot: u32, bad: u32) -> f64 {
        self.found(lot, bad).at_least(u64::from(self.accept_at_most) + 1)
    }

    fn found(&self, lot: u32, bad: u32) -> Hypergeometric {
        Hypergeometric { lot: lot.into(), bad: bad.into(), drawn: self.tested.into() }
    }
}

/// The least number that holds; once one does, all above must, and the last does.
fn least(mut from: u32, mut last: u32, holds: impl Fn(u32) -> bool) -> u32 {
    while from < last {
        let middle = from + (last - from) / 2;
        if holds(middle) { last = middle } else { from = middle + 1 }
    }
    last
}

/// What the plans do with a lot of which so many nodes are bad.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct Point {
    pub bad: u32,
    /// The chance that the one sample accepts it.
    pub single: f64,
    pub sequential: Option<Course>,
}

/// Both plans for one aim, and what they do with lots of all kinds.
#[derive(Clone, Debug)]
pub struct Plan {
    pub aim: Aim,
    pub single: Single,
    /// What the one sample's risks are exactly.
    pub risks: Risks,
    /// None where so many tests are needed that it is not worked out.
    pub sequential: Option<Sequential>,
    pub characteristic: Vec<Point>,
}

impl Plan {
    pub fn new(aim: Aim) -> Self {
        let single = Single::smallest(&aim);
        let sequential = Sequential::nearest(&aim, &single);
        let point = |bad| Point {
            bad,
            single: single.accepts(aim.lot, bad),
            sequential: sequential.as_ref().map(|sequential| sequential.course(aim.lot, bad)),
        };
        let risks =
            Risks { producer: single.rejects(aim.lot, aim.good), consumer: single.accepts(aim.lot, aim.bad) };
        let characteristic = aim.looked_at().into_iter().map(point).collect();
        Self { aim, single, risks, sequential, characteristic }
    }
}
