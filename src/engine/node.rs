//! What is measured between the devices of a node: one process opens all of them. Every ordered pair is a case; others are of all at once.
//! Owns that plan and its loop; must not know what a case does.

use std::io;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::bench::Bench;
use super::case::Case;
use super::{Settings, run_case};
use crate::device::backend::{OpenOptions, Opened};
use crate::device::{Identity, Unsupported, inventory, parts};
use crate::evidence::event::{Event, Sign, Sink, What};
use crate::evidence::metric::{MetricName, PEER_SLOWEST, pair, peer_name};
use crate::evidence::{Absence, AbsenceReason, Ended};
use crate::telemetry;

/// What the node worker is to do.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct NodePlan {
    /// Selectors of all devices of the run, in its order.
    pub selectors: Vec<String>,
    pub settings: Settings,
    /// Places of those that did not come to the end of their own part: they are left in peace.
    #[serde(default)]
    pub broken: Vec<u32>,
    /// What workers of this plan before this one told of.
    #[serde(default)]
    pub told: Vec<MetricName>,
    /// What of that they broke off at.
    #[serde(default)]
    pub lost: Vec<MetricName>,
}

impl NodePlan {
    /// Why nothing is done with the device at this place, where nothing is.
    fn left_out(&self, place: u32) -> Option<String> {
        let name = self.selectors.get(place as usize).map_or("a device", String::as_str);
        if self.broken.contains(&place) {
            return Some(format!("{name} had not come to the end of its own part"));
        }
        // A copy has two ends. Where two broke off that have one end in common, the next with it would too.
        let is_end = |name: &&str| pair(name).is_some_and(|(from, to)| [from, to].contains(&place));
        let lost: Vec<&str> = self.lost.iter().map(MetricName::as_str).filter(is_end).collect();
        (lost.len() > 1).then(|| format!("what was done with {name} broke off: {}", lost.join(", ")))
    }
}

/// Data goes from one device of the run to another.
#[derive(Clone, Copy, Debug)]
pub struct Pair {
    pub from: u32,
    pub to: u32,
    /// The place of `from` among the devices that were opened together.
    pub peer: u32,
}

/// The cases there are; without what was not asked for.
pub struct Between {
    pub pairs: Option<CaseOf>,
    pub all: Option<CasesOfAll>,
}

/// Makes the case of a pair, on the device that data goes to.
pub type CaseOf = fn(Pair, &Identity, &Settings) -> Option<Case>;

/// Makes the cases of all devices at once.
pub type CasesOfAll = fn(&[&Identity], &Settings) -> Vec<Case>;

/// Devices that one backend opens together, by their places in the run. A part of a divided card stands alone: no process sees two.
type Group<'a> = (&'a str, Vec<(u32, &'a str)>);

/// Runs a node worker's whole plan. Everything that happens goes to `sink`; the only error is that it does not take it.
pub fn run(plan: &NodePlan, sink: &mut dyn Sink, between: &Between) -> io::Result<()> {
    let groups = groups(plan);
    apart(plan, &groups, sink, between)?;
    without(plan, groups.len() < 2, sink, between)?;
    // What some of the devices do together is not what all of them do.
    let is_whole = matches!(&groups[..], [(_, members)] if members.len() == plan.selectors.len());
    let between = Between { all: between.all.filter(|_| is_whole), ..*between };
    let mut how = Ended::Completed;
    for (_, members) in groups.iter().filter(|(_, members)| members.len() > 1) {
        how = run_group(plan, members, sink, &between)?;
        if how != Ended::Completed {
            break;
        }
    }
    sink.event(&Event { at_ns: 0, device: None, what: What::NodeEnded(how) })
}

fn groups(plan: &NodePlan) -> Vec<Group<'_>> {
    let mut groups: Vec<Group> = Vec::new();
    let whole = (0..).zip(&plan.selectors).filter(|(place, _)| plan.left_out(*place).is_none());
    for (place, selector) in whole {
        // A selector of no backend names no device that could be opened.
        let Ok((backend, _)) = inventory::split(selector) else { continue };
        let name = parts::named(selector).map_or(backend.name, |_| selector);
        match groups.iter_mut().find(|(known, _)| *known == name) {
            Some((_, members)) => members.push((place, selector)),
            None => groups.push((name, vec![(place, selector)])),
        }
    }
    groups
}

/// Nothing goes between devices of two backends.
fn apart(plan: &NodePlan, groups: &[Group<'_>], sink: &mut dyn Sink, between: &Between) -> io::Result<()> {
    let mut absent = |metric: MetricName, name: &str, other: &str| {
        let Unsupported { by, why } =
            Unsupported::us(format!("{name} and {other} do not open devices together"));
        tell(plan, sink, metric, AbsenceReason::Unsupported { by, why })
    };
    for (name, members) in groups.iter().filter(|_| between.pairs.is_some()) {
        for (other, others) in groups.iter().filter(|(other, _)| other != name) {
            for (from, _) in members {
                for (to, _) in others {
                    let metric = MetricName::parse(&peer_name(*from, *to)).map_err(io::Error::other)?;
                    absent(metric, name, other)?;
                }
            }
        }
    }
    if let (Some(all), [(name, _), (other, _), ..]) = (between.all, groups) {
        for metric in all(&[], &plan.settings).into_iter().flat_map(|case| case.metrics) {
            absent(metric, name, other)?;
        }
    }
    Ok(())
}

/// Nothing is measured with a device that has broken down. Of devices that are no one group, [`apart`] has told what all do together.
fn without(plan: &NodePlan, is_one: bool, sink: &mut dyn Sink, between: &Between) -> io::Result<()> {
    let places: Vec<(u32, Option<String>)> =
        (0..).zip(&plan.selectors).map(|(place, _)| (place, plan.left_out(place))).collect();
    let mut absent = |metric: MetricName, why: &String| {
        tell(plan, sink, metric, AbsenceReason::Skipped { why: why.clone() })
    };
    let pairs = places.iter().flat_map(|from| places.iter().map(move |to| (from, to)));
    for ((from, of_sender), (to, of_receiver)) in pairs.filter(|_| between.pairs.is_some()) {
        if let Some(why) = of_sender.as_ref().or(of_receiver.as_ref()).filter(|_| from != to) {
            absent(MetricName::parse(&peer_name(*from, *to)).map_err(io::Error::other)?, why)?;
        }
    }
    let first = places.iter().find_map(|(_, why)| why.as_ref());
    if let (Some(all), Some(why)) = (between.all.filter(|_| is_one), first) {
        for metric in all(&[], &plan.settings).into_iter().flat_map(|case| case.metrics) {
            absent(metric, why)?;
        }
    }
    Ok(())
}

/// That there is no figure, unless a worker before this one told of it.
fn tell(plan: &NodePlan, sink: &mut dyn Sink, metric: MetricName, reason: AbsenceReason) -> io::Result<()> {
    if plan.told.contains(&metric) {
        return Ok(());
    }
    sink.event(&Event { at_ns: 0, device: None, what: What::Absent(Absence { metric, reason }) })
}

fn run_group(
    plan: &NodePlan,
    members: &[(u32, &str)],
    sink: &mut dyn Sink,
    between: &Between,
) -> io::Result<Ended> {
    let selectors: Vec<&str> = members.iter().map(|(_, selector)| *selector).collect();
    let options = OpenOptions { wait_limit: Duration::from_millis(plan.settings.wait_limit_ms) };
    // A node full of devices takes longer to open than a supervisor waits for a silent worker.
    let mut told = Ok(());
    let mut sign = || {
        let sign = Sign { metric: PEER_SLOWEST.to_owned(), ..Sign::default() };
        let sent = sink.event(&Event { at_ns: 0, device: None, what: What::Progress(sign) });
        told = std::mem::replace(&mut told, Ok(())).and(sent);
    };
    let opened = inventory::open_together(&selectors, options, &mut sign);
    told?;
    let mut opened = match opened {
        Ok(opened) => opened,
        Err(error) => return Ok(Ended::Lost { why: error.to_string(), during: None }),
    };
    // Readings belong to one device, and it had its own.
    opened.iter_mut().for_each(|device| device.telemetry = Box::new(telemetry::Absent));
    let identities: Vec<&Identity> = opened.iter().map(|device| device.device.identity()).collect();
    let of_all = between.all.map_or_else(Vec::new, |all| all(&identities, &plan.settings));
    let pairs = between.pairs.map_or(0, |_| members.len() * (members.len() - 1));
    let count = (pairs + of_all.len()) as u32;
    let mut number = 0;
    for (place, device) in opened.iter_mut().enumerate().filter(|_| pairs > 0) {
        for (peer, (from, _)) in (0..).zip(members).filter(|(peer, _)| *peer != place as u32) {
            let pair = Pair { from: *from, to: members[place].0, peer };
            let case = between.pairs.and_then(|of| of(pair, device.device.identity(), &plan.settings));
            let devices = std::slice::from_mut(device);
            if let Some(lost) = run_one(plan, devices, case.as_ref(), (number, count), sink)? {
                return Ok(lost);
            }
            number += 1;
        }
    }
    // Last, since it is code of others, which may take the process with it.
    for case in of_all {
        if let Some(lost) = run_one(plan, &mut opened, Some(&case), (number, count), sink)? {
            return Ok(lost);
        }
        number += 1;
    }
    Ok(Ended::Completed)
}

/// How the node's part ends where it cannot go on after this case.
fn run_one(
    plan: &NodePlan,
    devices: &mut [Opened],
    case: Option<&Case>,
    (number, count): (u32, u32),
    sink: &mut dyn Sink,
) -> io::Result<Option<Ended>> {
    let Some(case) = case.filter(|case| !plan.told.contains(&case.metrics[0])) else { return Ok(None) };
    let mut bench = Bench::new(devices, &plan.settings, None, sink);
    bench.begin(&case.metrics[0], number, count)?;
    let lost = run_case(case, &mut bench)?;
    Ok(lost.map(|error| Ended::Lost { why: error.to_string(), during: Some(case.metrics[0].to_string()) }))
}
