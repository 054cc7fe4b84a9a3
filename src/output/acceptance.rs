//! How many nodes to test and what to make of it, as a person or a program reads it.

use std::io::{self, Write};
use std::path::Path;

use serde_json::json;

use super::listing::{print_json, print_table};
use super::page::Page;
use crate::fleet::plan::sequential::{Rule, Sequential, TESTED_MAX};
use crate::fleet::plan::{Plan, Risks};
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
            None => writeln!(
                out,
                "\nTesting one node at a time is not worked out for more than {TESTED_MAX} tests."
            )?,
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
    let (aim, lot, tested, borne) =
        (&plan.aim, plan.aim.lot(), plan.single.tested, plan.single.accept_at_most);
    if tested == lot {
        writeln!(out, "To decide about {}, test all of them.", nodes(lot))?;
    } else {
        writeln!(
            out,
            "To decide about {}, test {tested} of them, drawn by chance after they were named.",
            nodes(lot)
        )?;
    }
    match borne {
        0 => writeln!(out, "  accept the lot if none of the tested nodes is bad")?,
        1 => writeln!(out, "  accept the lot if at most 1 of the tested nodes is bad")?,
        _ => writeln!(out, "  accept the lot if at most {borne} of the tested nodes are bad")?,
    }
    writeln!(out, "  reject it if {} or more are", borne + 1)?;
    let Risks { producer, consumer } = aim.risks();
    let (good, bad) = (aim.good(), aim.bad());
    let of_lot = |bad: u32| share(f64::from(bad) / f64::from(lot));
    writeln!(out, "\nWhat that promises, where the test finds every bad node that it is run on:")?;
    writeln!(
        out,
        "  a good lot, with at most {} bad ({}), is rejected with a chance of at most {}, here {}",
        nodes(good),
        of_lot(good),
        share(producer),
        share(plan.risks.producer)
    )?;
    writeln!(
        out,
        "  a bad lot, with at least {} bad ({}), is accepted with a chance of at most {}, here {}",
        nodes(bad),
        of_lot(bad),
        share(consumer),
        share(plan.risks.consumer)
    )?;
    if bad > good + 1 {
        writeln!(out, "  in between, either may happen")?;
    }
    writeln!(out, "No sample promises that the nodes which were not tested are good.")
}

fn one_by_one(sequential: &Sequential, out: &mut Page) -> io::Result<()> {
    let Risks { producer, consumer } = sequential.risks;
    writeln!(
        out,
        "\nOr test the drawn nodes one at a time, and stop as soon as the number of bad ones says so."
    )?;
    writeln!(
        out,
        "The promise is the same (here {} and {}), and the tests are never more:\n",
        share(producer),
        share(consumer)
    )?;
    let rules = sequential.rules();
    let every = rules.len().div_ceil(RULES_MAX);
    // The last one ends it all, so it is always shown.
    let shown = rules.iter().rev().step_by(every).rev();
    print_table(["after test", "accept with", "reject with"], shown.map(rule), out)?;
    if every > 1 {
        writeln!(out, "\nThese are 1 of every {every} of {} rules; --json says all.", rules.len())?;
    }
    Ok(())
}

fn rule(rule: &Rule) -> [String; 3] {
    let Rule { from_test, to_test, accept_at_most, reject_from } = *rule;
    [
        if from_test == to_test { from_test.to_string() } else { format!("{from_test} to {to_test}") },
        match accept_at_most {
            None => "-".to_owned(),
            Some(0) => "none bad".to_owned(),
            Some(most) => format!("at most {most} bad"),
        },
        reject_from.map_or("-".to_owned(), |least| format!("{least} bad or more")),
    ]
}

fn characteristic(plan: &Plan, out: &mut Page) -> io::Result<()> {
    writeln!(out, "\nHow often a lot is accepted, by how many of its nodes are bad:\n")?;
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
    print_table(["bad nodes", "of the lot", "one sample", "one at a time", "tests on average"], cells, out)
}

impl Drawn<'_> {
    fn text(&self, out: &mut Page) -> io::Result<()> {
        let Self { file, seed, sha256, nodes } = self;
        writeln!(
            out,
            "\nThe nodes to test, in this order, drawn from {} by the seed {seed:?}:\n",
            file.display()
        )?;
        for node in nodes {
            writeln!(out, "{node}")?;
        }
        writeln!(out, "\nnames of the lot, sorted: sha256 {sha256}")?;
        writeln!(out, "The draw is fair if the provider gave these names before anybody knew the seed.")?;
        writeln!(out, "Anybody can repeat it: sort by `printf %s NAME | openssl dgst -sha256 -hmac SEED`.")
    }
}

fn nodes(count: u32) -> String {
    format!("{count} node{}", if count == 1 { "" } else { "s" })
}

fn share(share: f64) -> String {
    Unit::Share.format(share)
}
