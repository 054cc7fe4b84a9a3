//! The plan that looks after every test: Wald's sequential probability ratio test, ended where the plan of one sample ends.
//! Owns the lines at which it accepts and rejects, and what follows from them, by adding up all courses that testing can take.
//!
//! Wald's lines keep the risks about, not exactly, and ending early or without putting nodes back changes them. So the lines
//! are set as near to one another as both risks allow, by the exact chance of each course. What is promised is therefore
//! the same as with one sample, without slack, in never more tests. How many it takes on average is computed, not promised.

use std::ops::Range;

use serde::Serialize;

use super::{Aim, ROUNDING, Risks, Single};

/// With more tests than this the courses are too many to be added up in a moment.
pub const TESTED_MAX: u32 = 10_000;

/// How near to one another lines are tried, in parts of Wald's distance.
const NEAREST: f64 = 0.5;
const STEP: f64 = 0.02;
const STEPS: u32 = 100;

/// What becomes of a lot.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Course {
    /// The chance that it is accepted.
    pub accepted: f64,
    /// How many tests it takes on average.
    pub tested: f64,
}

/// What to do after each of these tests, with so many bad nodes found by then.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Rule {
    pub from_test: u32,
    pub to_test: u32,
    /// Accept with at most so many, where that is possible yet.
    pub accept_at_most: Option<u32>,
    /// Reject with so many or more, where that is possible yet.
    pub reject_from: Option<u32>,
}

#[derive(Clone, Debug)]
pub struct Sequential {
    /// After each test, the numbers of bad nodes found so far with which testing goes on. With fewer the lot is accepted, with
    /// as many as the end or more it is rejected. After the last test nothing goes on.
    pub goes_on: Vec<Range<u32>>,
    pub risks: Risks,
}

impl Sequential {
    /// The nearest lines that keep the risks.
    pub fn nearest(aim: &Aim, single: &Single) -> Option<Self> {
        if single.tested > TESTED_MAX {
            return None;
        }
        let evidence = Evidence::new(aim, single);
        let at = |accept, reject| Self::between(aim, evidence.lines(single, accept, reject));
        // Both lines together first, then each by itself: one that rejects sooner lets the other accept sooner.
        let both = nearest_that(|apart| at(apart, apart).keeps(aim));
        let reject = nearest_that(|apart| at(both, apart).keeps(aim));
        let accept = nearest_that(|apart| at(apart, reject).keeps(aim));
        Some(at(accept, reject))
    }

    fn keeps(&self, aim: &Aim) -> bool {
        self.risks.producer <= aim.risks.producer + ROUNDING
            && self.risks.consumer <= aim.risks.consumer + ROUNDING
    }

    fn between(aim: &Aim, goes_on: Vec<Range<u32>>) -> Self {
        let mut plan = Self { goes_on, risks: Risks { producer: 0.0, consumer: 0.0 } };
        plan.risks.producer = 1.0 - plan.course(aim.lot, aim.good).accepted;
        plan.risks.consumer = plan.course(aim.lot, aim.bad).accepted;
        plan
    }

    /// The lines as rules, one for each stretch of tests in which they are level.
    pub fn rules(&self) -> Vec<Rule> {
        let mut rules: Vec<Rule> = Vec::new();
        for (test, open) in (1..).zip(&self.goes_on) {
            let accept_at_most = open.start.checked_sub(1);
            let reject_from = (open.end <= test).then_some(open.end);
            match rules.last_mut() {
                Some(rule) if (rule.accept_at_most, rule.reject_from) == (accept_at_most, reject_from) => {
                    rule.to_test = test;
                }
                Some(_) | None => {
                    rules.push(Rule { from_test: test, to_test: test, accept_at_most, reject_from });
                }
            }
        }
        rules
    }

    /// What becomes of a lot with so many bad nodes: the chances of all courses are added up, test by test.
    pub fn course(&self, lot: u32, bad: u32) -> Course {
        let width = self.goes_on.iter().map(|open| open.end).max().unwrap_or(0);
        // By the number of bad nodes found so far.
        let mut chances = vec![0.0; width as usize + 2];
        chances[0] = 1.0;
        let (mut before, mut course) = (0..1, Course { accepted: 0.0, tested: 0.0 });
        for (tested, open) in (0u32..).zip(&self.goes_on) {
            let left = f64::from(lot - tested);
            for found in before.clone().rev() {
                let at = found as usize;
                let bad_share = (f64::from(bad) - f64::from(found)) / left;
                chances[at + 1] += chances[at] * bad_share;
                chances[at] *= 1.0 - bad_share;
            }
            let reached = before.start..before.end + 1;
            let mut ends = |range: Range<u32>| -> f64 {
                range.map(|found| std::mem::take(&mut chances[found as usize])).sum()
            };
            let accepted = ends(reached.start..open.start.min(reached.end));
            let rejected = ends(open.end.max(reached.start)..reached.end);
            course.accepted += accepted;
            course.tested += (accepted + rejected) * f64::from(tested + 1);
            before = open.start.max(reached.start)..open.end.min(reached.end);
        }
        course
    }
}

/// How far apart to set lines, in parts of Wald's distance: the least that keeps the risks. Infinitely far apart, they only
/// anticipate what is certain, which keeps the risks of the one sample.
fn nearest_that(keeps: impl Fn(f64) -> bool) -> f64 {
    let mut tried = (0..STEPS).map(|step| NEAREST + STEP * f64::from(step));
    tried.find(|apart| keeps(*apart)).unwrap_or(f64::INFINITY)
}

/// How much more likely what was found is with a bad lot than with a good one, as a logarithm: a sum over the bad nodes found and
/// one over the good.
struct Evidence {
    of_bad: Vec<f64>,
    of_good: Vec<f64>,
    accept: f64,
    reject: f64,
}

impl Evidence {
    fn new(aim: &Aim, single: &Single) -> Self {
        let sums = |of: u32, in_bad_lot: u32, in_good_lot: u32| -> Vec<f64> {
            let left = |nodes: u32, taken: u32| f64::from(nodes.saturating_sub(taken));
            // Where a bad lot has none left, it is certain that the lot is none.
            let each =
                (0..of).map(|i| libm::log(left(in_bad_lot, i)) - libm::log(left(in_good_lot, i).max(1.0)));
            let sums = each.scan(0.0, |sum, each| {
                *sum += each;
                Some(*sum)
            });
            std::iter::once(0.0).chain(sums).collect()
        };
        let Risks { producer, consumer } = aim.risks;
        Self {
            of_bad: sums(single.accept_at_most, aim.bad, aim.good),
            of_good: sums(single.tested, aim.lot - aim.bad, aim.lot - aim.good),
            accept: libm::log(consumer / (1.0 - producer)),
            reject: libm::log((1.0 - consumer) / producer),
        }
    }

    fn is(&self, tested: u32, found: u32) -> f64 {
        self.of_bad[found as usize] + self.of_good[(tested - found) as usize]
    }

    /// Wald's lines, each so many times as far from even as his. What cannot change the decision at the last test any more ends
    /// testing, and nothing else does that contradicts it.
    fn lines(&self, single: &Single, accept: f64, reject: f64) -> Vec<Range<u32>> {
        let (mut start, mut end) = (0, 0);
        let mut line = |tested: u32| {
            let most = single.accept_at_most.min(tested);
            // Both lines only rise.
            while start <= most && self.is(tested, start) <= self.accept * accept {
                start += 1;
            }
            while end <= most && self.is(tested, end) < self.reject * reject {
                end += 1;
            }
            let certain = (single.accept_at_most + 1).saturating_sub(single.tested - tested);
            let end_at = |line: u32| line.clamp(certain, single.accept_at_most + 1);
            end_at(start)..end_at(end)
        };
        (1..=single.tested).map(&mut line).collect()
    }
}
