//! What may be demanded of what: the scope, statistic and quorum that go with a rule.
//! Owns what a clause may not demand; must not know how clauses are written.

use super::super::quantity::{Base, Quantity};
use super::{Bound, Rule, Scope, Side};
use crate::evidence::stats::Stat;
use crate::units::Unit;

/// Whether a rule can be judged in this scope.
pub(super) fn scope(rule: &Rule, scope: Scope) -> Result<(), String> {
    adds_up(rule, scope)?;
    between_devices(rule, scope)?;
    comparison(rule, scope)?;
    delivered(rule, scope)
}

fn adds_up(rule: &Rule, scope: Scope) -> Result<(), String> {
    let adds_up = match rule {
        Rule::Bound(bound) => {
            let units = [Unit::Nanosecond, Unit::Share, Unit::JoulePerFlop, Unit::Kelvin, Unit::Cycle];
            !units.contains(&bound.quantity.unit())
        }
        Rule::Ratio { .. } | Rule::Equals { .. } | Rule::Never { .. } => false,
    };
    match scope {
        Scope::Node if !adds_up => {
            Err("scope \"node\" adds up devices, and this does not add up; use \"every_device\"".to_owned())
        }
        Scope::Node | Scope::EveryDevice | Scope::AnyDevice | Scope::Fleet => Ok(()),
    }
}

fn between_devices(rule: &Rule, scope: Scope) -> Result<(), String> {
    let between = rule.metrics().into_iter().find(|metric| metric.lies_between_devices());
    let Some(metric) = between else { return Ok(()) };
    if let Rule::Ratio { .. } = rule {
        return Err(format!("{metric} lies between devices, so no device has a ratio to it; use at_least"));
    }
    match scope {
        Scope::EveryDevice => Ok(()),
        Scope::AnyDevice | Scope::Node | Scope::Fleet => {
            Err(format!("{metric} lies between devices and is judged on the node; remove scope"))
        }
    }
}

fn comparison(rule: &Rule, scope: Scope) -> Result<(), String> {
    match (rule, scope) {
        _ if !rule.compares_devices() => Ok(()),
        (Rule::Ratio { .. } | Rule::Equals { .. }, _) => {
            Err("what compares devices has no ratio to anything; use at_most".to_owned())
        }
        (_, Scope::EveryDevice) => Ok(()),
        (_, Scope::AnyDevice | Scope::Node | Scope::Fleet) => {
            Err("what compares devices is judged on the node; remove scope".to_owned())
        }
    }
}

/// Probes whose samples do not go on until something is decided: one pass over the memory, what lies between devices, windows of a load.
const FIXED: [&str; 4] = ["memory", "peer", "collective", "sustain"];

/// What is delivered is a rate of one device, of which there must be enough.
fn delivered(rule: &Rule, scope: Scope) -> Result<(), String> {
    let (figure, least) = match rule {
        Rule::Bound(Bound { figure, side: Side::Least, quantity }) => (figure, Some(quantity)),
        Rule::Bound(Bound { figure, side: Side::Most, .. }) | Rule::Ratio { figure, .. } => (figure, None),
        Rule::Equals { .. } | Rule::Never { .. } => return Ok(()),
    };
    if figure.statistic != Some(Stat::Delivered) {
        return Ok(());
    }
    let metric = &figure.metric;
    match (least.map(Quantity::unit), scope) {
        (None, _) => Err("statistic \"delivered\" decides at_least alone; name another statistic".to_owned()),
        (Some(Unit::Nanosecond), _) => Err("a latency is not delivered; name another statistic".to_owned()),
        (Some(_), _) if FIXED.contains(&metric.probe()) => Err(format!(
            "{metric} is not sampled until it is decided; name another statistic than \"delivered\""
        )),
        (Some(_), Scope::EveryDevice) => Ok(()),
        (Some(_), Scope::AnyDevice | Scope::Node | Scope::Fleet) => {
            Err("statistic \"delivered\" is decided device by device; use scope \"every_device\"".to_owned())
        }
    }
}

/// What is decided over all cards needs a quorum, and only that has one. Shares of the fleet's median exist nowhere else.
pub(super) fn quorum(rule: &Rule, scope: Scope, has_quorum: bool) -> Result<(), String> {
    let (figure, of) = match rule {
        Rule::Bound(bound) => (Some(&bound.figure), bound.quantity.share().map(|share| share.of)),
        Rule::Ratio { .. } | Rule::Equals { .. } | Rule::Never { .. } => (None, None),
    };
    match (scope, has_quorum, of) {
        (Scope::Fleet, false, _) => Err(
            "scope \"fleet\" needs the share of cards that must meet it; write for example quorum = \"99 %\""
                .to_owned(),
        ),
        (Scope::EveryDevice | Scope::AnyDevice | Scope::Node, true, _) => {
            Err("quorum is a share of all cards; write scope = \"fleet\", or remove it".to_owned())
        }
        (Scope::EveryDevice | Scope::AnyDevice | Scope::Node, _, Some(Base::FleetMedian)) => {
            Err("the fleet's median is known over the fleet alone; write scope = \"fleet\" and a quorum"
                .to_owned())
        }
        (_, _, Some(Base::FleetMedian))
            if figure.is_none_or(|figure| figure.statistic != Some(Stat::P50)) =>
        {
            Err("the fleet's median is that of medians; write statistic = \"p50\"".to_owned())
        }
        _ => Ok(()),
    }
}
