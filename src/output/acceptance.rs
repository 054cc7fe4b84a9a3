//! How many nodes to test and what to make of it, as a person or a program reads it.

use std::io::{self, Write};
use std::path::Path;

use serde_json::json;

use super::listing::{print_json, print_table};
use super::page::Page;
use crate::contract::escaped;
use crate::fleet::plan::sequential::{Rule, Sequential, TESTED_MAX};
use crate::fleet::plan::{Plan, Risks};
use crate::language::{Language, say};
use crate::units::Unit;

/// So many rules are printed; more nobody follows on paper.
const RULES_MAX: usize = 40;

/// A plan, and the nodes that were drawn for it.
pub struct Planned<'a> {
    pub plan: &'a Plan,
    pub drawn: Option<&'a Drawn<'a>>,
}

pub struct Drawn<'a> {
    pub file: &'a Path,
    pub seed: &'a str,
    /// Of all names, in the order of their bytes.
    pub sha256: String,
    /// In the order in which to test them.
    pub nodes: Vec<&'a str>,
}

impl Planned<'_> {
    pub fn text(&self, out: &mut Page) -> io::Result<()> {
        single(self.plan, out)?;
        match &self.plan.sequential {
            Some(sequential) => one_by_one(sequential, out)?,
            None => {
                let most = TESTED_MAX.to_string();
                writeln!(out, "\n{}", say!(out.language, "plan-no-course", most = most))?;
            }
        }
        characteristic(self.plan, out)?;
        self.drawn.map_or(Ok(()), |drawn| drawn.text(out))
    }

    pub fn json(&self, out: &mut Page) -> io::Result<()> {
        let Plan { aim, single, risks, sequential, characteristic } = self.plan;
        let sequential = sequential.as_ref().map(|s| json!({ "rules": s.rules(), "risks": s.risks }));
        let drawn = self.drawn.map(|drawn| {
            json!({ "seed": drawn.seed, "names_sha256": drawn.sha256, "nodes_in_order_of_testing": drawn.nodes })
        });
        let single = json!({ "plan": single, "risks": risks });
        print_json(
            &json!({
                "aim": aim,
                "single": single,
                "sequential": sequential,
                "characteristic": characteristic,
                "drawn": drawn
            }),
            out,
        )
    }
}

fn single(plan: &Plan, out: &mut Page) -> io::Result<()> {
    let language = out.language;
    let (aim, lot, tested, borne) =
        (&plan.aim, plan.aim.lot(), plan.single.tested, plan.single.accept_at_most);
    if tested == lot {
        writeln!(out, "{}", say!(language, "plan-test-all", lot = lot))?;
    } else {
        writeln!(out, "{}", say!(language, "plan-test-some", lot = lot, tested = tested))?;
    }
    writeln!(out, "  {}", say!(language, "plan-accept", bad = borne))?;
    writeln!(out, "  {}", say!(language, "plan-reject", bad = borne + 1))?;
    let Risks { producer, consumer } = aim.risks();
    let (good, bad) = (aim.good(), aim.bad());
    let of_lot = |bad: u32| share(f64::from(bad) / f64::from(lot));
    let (most, here) = (share(producer), share(plan.risks.producer));
    let of_good = say!(language, "plan-good-lot", bad = good, share = of_lot(good), most = most, here = here);
    let (most, here) = (share(consumer), share(plan.risks.consumer));
    let of_bad = say!(language, "plan-bad-lot", bad = bad, share = of_lot(bad), most = most, here = here);
    writeln!(out, "\n{}\n  {of_good}\n  {of_bad}", say!(language, "plan-promise"))?;
    if bad > good + 1 {
        writeln!(out, "  {}", say!(language, "plan-between"))?;
    }
    writeln!(out, "{}", say!(language, "plan-no-promise"))
}

fn one_by_one(sequential: &Sequential, out: &mut Page) -> io::Result<()> {
    let language = out.language;
    let Risks { producer, consumer } = sequential.risks;
    let (producer, consumer) = (share(producer), share(consumer));
    writeln!(out, "\n{}", say!(language, "plan-one-by-one"))?;
    writeln!(out, "{}\n", say!(language, "plan-same-promise", producer = producer, consumer = consumer))?;
    let rules = sequential.rules();
    let every = rules.len().div_ceil(RULES_MAX);
    // The last one ends it all, so it is always shown.
    let shown = rules.iter().rev().step_by(every).rev();
    let header = [
        say!(language, "plan-head-after"),
        say!(language, "plan-head-accept"),
        say!(language, "plan-head-reject"),
    ];
    print_table(header, shown.map(|one| rule(one, language)), out)?;
    if every > 1 {
        writeln!(out, "\n{}", say!(language, "plan-some-rules", every = every, all = rules.len()))?;
    }
    Ok(())
}

fn rule(rule: &Rule, language: Language) -> [String; 3] {
    let Rule { from_test, to_test, accept_at_most, reject_from } = *rule;
    [
        if from_test == to_test {
            from_test.to_string()
        } else {
            say!(language, "plan-range", from = from_test, to = to_test)
        },
        accept_at_most.map_or("-".to_owned(), |most| say!(language, "plan-most-bad", most = most)),
        reject_from.map_or("-".to_owned(), |least| say!(language, "plan-least-bad", least = least)),
    ]
}

fn characteristic(plan: &Plan, out: &mut Page) -> io::Result<()> {
    let language = out.language;
    writeln!(out, "\n{}\n", say!(language, "plan-how-often"))?;
    let cells = plan.characteristic.iter().map(|point| {
        let course = point.sequential;
        [
            point.bad.to_string(),
            share(f64::from(point.bad) / f64::from(plan.aim.lot())),
            share(point.single),
            course.map_or("-".to_owned(), |course| share(course.accepted)),
            course.map_or("-".to_owned(), |course| format!("{:.1}", course.tested)),
        ]
    });
    let header = [
        say!(language, "plan-head-bad"),
        say!(language, "plan-head-of-lot"),
        say!(language, "plan-head-sample"),
        say!(language, "plan-head-course"),
        say!(language, "plan-head-tests"),
    ];
    print_table(header, cells, out)
}

impl Drawn<'_> {
    fn text(&self, out: &mut Page) -> io::Result<()> {
        let language = out.language;
        let Self { file, seed, sha256, nodes } = self;
        let (file, seed) = (file.display().to_string(), say!(language, "quoted", text = escaped(seed)));
        writeln!(out, "\n{}\n", say!(language, "plan-drawn", file = file, seed = seed))?;
        for node in nodes {
            writeln!(out, "{node}")?;
        }
        writeln!(out, "\n{}", say!(language, "plan-names", sha256 = sha256))?;
        writeln!(out, "{}", say!(language, "plan-fair"))?;
        writeln!(out, "{}", say!(language, "plan-repeat"))
    }
}

fn share(share: f64) -> String {
    Unit::Share.format(share)
}
