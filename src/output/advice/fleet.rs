//! What to do about a fleet: accept it or not, what to ask for, what to claim.
//! Owns the order of these steps; what is due was counted before.

use std::collections::BTreeSet;

use super::{Step, day, money};
use crate::contract::Verdict;
use crate::contract::finding::id;
use crate::contract::terms::DELIVERY;
use crate::exit::Exit;
use crate::fleet::envelopes::REPORT;
use crate::fleet::intake::Refusal;
use crate::fleet::money::{Due, DueKind, Standing};
use crate::fleet::nodes::State;
use crate::fleet::{Answer, DUPLICATE, NodeAnswer};
use crate::language::{Language, say};

/// How the fleet stands as a whole.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Decision {
    /// All that is due is there and accepted, and nothing speaks against it.
    Accepted,
    /// No date has come yet, and nothing speaks against what came.
    NothingDue,
    /// Something is to be measured again before anybody can say.
    Open,
    /// All that came is good, and more was due.
    Partial,
    Refused,
}

impl Decision {
    pub fn of(answer: &Answer) -> Self {
        match answer.exit() {
            Exit::Pass if answer.counts.contracted.is_some() && answer.counts.promised == 0 => {
                Decision::NothingDue
            }
            Exit::Pass => Decision::Accepted,
            Exit::Inconclusive => Decision::Open,
            Exit::Fail if is_good(answer) => Decision::Partial,
            Exit::Fail
            | Exit::Usage
            | Exit::Environment
            | Exit::Identity
            | Exit::Signature
            | Exit::Bug
            | Exit::Interrupted => Decision::Refused,
        }
    }

    /// In a word or two.
    pub fn said(self, answer: &Answer, language: Language) -> String {
        match self {
            Decision::Accepted => say!(language, "decision-accepted"),
            Decision::NothingDue => say!(language, "decision-nothing-due"),
            Decision::Open => say!(language, "decision-open"),
            Decision::Partial => {
                say!(language, "decision-partial", accepted = answer.counts.accepted, due = due(answer))
            }
            Decision::Refused => say!(language, "decision-refused"),
        }
    }
}

/// Nodes that there are to be by now, or in all where none is due yet.
pub fn due(answer: &Answer) -> u32 {
    let counts = &answer.counts;
    if counts.promised > 0 { counts.promised } else { counts.contracted.unwrap_or(counts.delivered) }
}

/// What keeps the fleet from being accepted besides what is late, in a sentence. `None` where that is nothing.
pub fn because(answer: &Answer, language: Language) -> Option<String> {
    let nodes = |is: &dyn Fn(&NodeAnswer) -> bool| answer.nodes.iter().filter(|node| is(node)).count();
    let refused = |kinds: &[Refusal]| answer.refused.iter().filter(|one| kinds.contains(&one.what)).count();
    let over =
        |verdict| answer.over_fleet.iter().filter(|over| over.decides() && over.verdict == verdict).count();
    let never = answer.listed.as_ref().map_or(0, |listed| listed.never_reported.len());
    let (double, bad) = (nodes(&is_double), refused(&Refusal::UNSOUND));
    let copied = refused(&[Refusal::Replayed, Refusal::OtherSalt]);
    let rejected = nodes(&|node| node.state == State::Rejected && !is_double(node));
    let (failed, undecided) = (over(Verdict::Fail), nodes(&|node| node.state == State::Undecided));
    let open = over(Verdict::Inconclusive);
    let causes = match Decision::of(answer) {
        Decision::Refused => vec![
            (double, say!(language, "cause-double", count = double)),
            (bad, say!(language, "cause-unsound", count = bad)),
            (copied, say!(language, "cause-copied", count = copied)),
            (rejected, say!(language, "cause-rejected", count = rejected)),
            (failed, say!(language, "cause-over-fleet", count = failed)),
            (never, say!(language, "cause-never", count = never)),
        ],
        Decision::Open => vec![
            (undecided, say!(language, "cause-undecided", count = undecided)),
            (open, say!(language, "cause-over-fleet-open", count = open)),
        ],
        Decision::Partial => vec![(never, say!(language, "cause-never", count = never))],
        Decision::Accepted | Decision::NothingDue => return None,
    };
    let causes: Vec<String> =
        causes.into_iter().filter(|(count, _)| *count > 0).map(|(_, said)| said).collect();
    (!causes.is_empty()).then(|| say!(language, "lead-because", causes = language.list(&causes)))
}

/// Whether nothing is wrong with what came.
fn is_good(answer: &Answer) -> bool {
    let fails = answer.over_fleet.iter().any(|over| over.decides() && over.verdict == Verdict::Fail);
    answer.counts.delivered > 0 && answer.counts.accepted == answer.counts.delivered && !fails
}

/// What to do next. Never empty.
pub fn fleet(answer: &Answer, language: Language) -> Vec<Step> {
    let mut steps = Vec::new();
    if answer.simulated() > 0 {
        steps.push(Step::new(say!(language, "step-simulated")));
    }
    strange(answer, language, &mut steps);
    refused(answer, language, &mut steps);
    let missing = answer.counts.missing;
    if missing > 0 {
        steps.push(Step::new(say!(language, "step-missing", count = missing)));
    }
    for over in answer.over_fleet.iter().filter(|over| over.decides() && over.verdict == Verdict::Fail) {
        let nodes: BTreeSet<String> = over.failed.iter().map(|card| card.node.clone()).collect();
        let (clause, count) = (&over.clause, over.failed.len());
        steps.push(Step::about(say!(language, "step-over-fleet", clause, count), nodes));
    }
    let dues = answer.money.as_ref().map_or(&[][..], |money| &money.dues);
    let currency = answer.money.as_ref().map_or("", |money| &money.currency);
    steps.extend(dues.iter().map(|due| claim(due, currency, answer, language)));
    again(answer, dues, language, &mut steps);
    if steps.is_empty() && Decision::of(answer) == Decision::Accepted {
        steps.push(Step::new(say!(language, "step-accept")));
    }
    watch(answer, language, &mut steps);
    let next = answer.milestones.iter().find(|milestone| !milestone.is_over && milestone.lacking > 0);
    if let Some(next) = next {
        let due = day(next.due.0, language);
        steps.push(Step::new(say!(language, "step-next", count = next.lacking, day = due)));
    }
    if steps.is_empty() {
        steps.push(Step::new(say!(language, "step-none")));
    }
    steps
}

/// Whether a card of the node was in another one before.
fn is_double(node: &NodeAnswer) -> bool {
    node.reasons.iter().any(|why| why.clause == DUPLICATE)
}

/// Whether a card of the node is another than it says or than was agreed.
fn is_other(node: &NodeAnswer) -> bool {
    let of_identity = [id::SKU, id::CONFLICT, id::DUPLICATE];
    node.state == State::Rejected && node.reasons.iter().any(|why| of_identity.contains(&why.clause.as_str()))
}

/// Cards that are not what or where they should be.
fn strange(answer: &Answer, language: Language, steps: &mut Vec<Step>) {
    let nodes = |is: fn(&NodeAnswer) -> bool| -> Vec<String> {
        answer.nodes.iter().filter(|node| is(node)).map(|node| node.name.clone()).collect()
    };
    let (double, other) = (nodes(is_double), nodes(is_other));
    if !double.is_empty() {
        steps.push(Step::about(say!(language, "step-double", count = double.len()), double));
    }
    if !other.is_empty() {
        steps.push(Step::about(say!(language, "step-other-card", count = other.len()), other));
    }
}

/// The end of a path, which names a report well enough in a sentence; tables have all of it. Reports have the same name in all
/// directories, and launches number those of every node alike.
fn short(source: &str) -> String {
    let mut parts: Vec<&str> = source.rsplit(['/', '\\']).collect();
    if parts.len() > 1 && parts.first() == Some(&REPORT) {
        parts.remove(0);
    }
    parts.truncate(2);
    parts.reverse();
    parts.join("/")
}

fn refused(answer: &Answer, language: Language, steps: &mut Vec<Step>) {
    let sources = |kinds: &[Refusal]| -> Vec<String> {
        let of = answer.refused.iter().filter(|refused| kinds.contains(&refused.what));
        of.map(|refused| short(&refused.source)).collect()
    };
    let all = [
        (sources(&[Refusal::Replayed]), Refusal::Replayed),
        (sources(&[Refusal::Changed, Refusal::Contradicts]), Refusal::Changed),
        (sources(&[Refusal::OtherRules]), Refusal::OtherRules),
        (sources(&[Refusal::UnknownKey]), Refusal::UnknownKey),
        (sources(&[Refusal::Unreadable]), Refusal::Unreadable),
        (sources(&[Refusal::OtherContract]), Refusal::OtherContract),
        (sources(&[Refusal::OtherSalt]), Refusal::OtherSalt),
        (sources(&[Refusal::Unsealed]), Refusal::Unsealed),
    ];
    for (sources, kind) in all {
        let count = sources.len();
        if count == 0 {
            continue;
        }
        let what = match kind {
            Refusal::Replayed => say!(language, "step-replayed", count = count),
            Refusal::Changed | Refusal::Contradicts => say!(language, "step-changed", count = count),
            Refusal::OtherRules => say!(language, "step-other-rules", count = count),
            Refusal::UnknownKey => say!(language, "step-unknown-key", count = count),
            Refusal::Unreadable => say!(language, "step-unreadable", count = count),
            Refusal::OtherContract => say!(language, "step-other-contract", count = count),
            Refusal::OtherSalt => say!(language, "step-other-salt", count = count),
            Refusal::Unsealed => say!(language, "step-unsealed", count = count),
            // What is out of time was left out on purpose.
            Refusal::OutOfTime => continue,
        };
        steps.push(Step::about(what, sources));
    }
}

/// What the contract gives for one thing that falls short.
fn claim(due: &Due, currency: &str, answer: &Answer, language: Language) -> Step {
    let unknown = || say!(language, "money-unknown");
    let amount = due.amount.as_ref().map_or_else(unknown, |amount| money(amount, currency, language));
    let on = due.on.map_or_else(String::new, |on| day(on.0, language));
    let past = due.on.is_some_and(|on| crate::fleet::calendar::day(answer.as_of) > on.0);
    let is_delivery = due.of == DELIVERY;
    let (count, of) = (due.count, due.of.as_str());
    let what = match (due.kind, is_delivery) {
        (DueKind::Credit, _) if due.standing == Standing::Open => {
            say!(language, "due-credit-open", amount = amount, count = count)
        }
        (DueKind::Credit, _) if due.standing == Standing::IfKept => {
            say!(language, "due-credit-if-kept", amount = amount, count = count, clause = of)
        }
        (DueKind::PriceCut, _) if due.standing == Standing::IfKept => {
            say!(language, "due-price-cut-if-kept", amount = amount, count = count, clause = of)
        }
        (DueKind::Credit, true) => say!(language, "due-credit-late", amount = amount, count = count),
        (DueKind::Credit, false) => say!(language, "due-credit", amount = amount, count = count, clause = of),
        (DueKind::PriceCut, _) => {
            say!(language, "due-price-cut", amount = amount, count = count, clause = of)
        }
        (DueKind::Replace, _) if past => {
            say!(language, "due-replace-past", count = count, clause = of, day = on)
        }
        (DueKind::Replace, _) => say!(language, "due-replace", count = count, clause = of, day = on),
        (DueKind::Terminate, true) => say!(language, "due-terminate-late", count = count, day = on),
        (DueKind::Terminate, false) => say!(language, "due-terminate", count = count, clause = of, day = on),
    };
    let note = due.claim_by.map(|by| match (day(by.0, language), due.is_past) {
        (by, true) => say!(language, "claim-by-past", day = by),
        (by, false) => say!(language, "claim-by", day = by),
    });
    Step { note, ..Step::about(what, due.nodes.iter().cloned()) }
}

/// Nodes that must be measured again: those that nothing else says what to do about.
fn again(answer: &Answer, dues: &[Due], language: Language, steps: &mut Vec<Step>) {
    let claimed: BTreeSet<&str> = dues.iter().flat_map(|due| due.nodes.iter().map(String::as_str)).collect();
    let of = |state: State| answer.nodes.iter().filter(move |node| node.state == state);
    let unclaimed = of(State::Rejected)
        .filter(|node| !claimed.contains(node.name.as_str()) && !is_double(node) && !is_other(node));
    let unclaimed: Vec<String> = unclaimed.map(|node| node.name.clone()).collect();
    if !unclaimed.is_empty() {
        steps.push(Step::about(say!(language, "step-repair", count = unclaimed.len()), unclaimed));
    }
    let undecided: Vec<String> = of(State::Undecided).map(|node| node.name.clone()).collect();
    if !undecided.is_empty() {
        steps.push(Step::about(say!(language, "step-again", count = undecided.len()), undecided));
    }
}

/// Accepted nodes that deserve a second look.
fn watch(answer: &Answer, language: Language, steps: &mut Vec<Step>) {
    let accepted = || answer.nodes.iter().filter(|node| node.state == State::Accepted);
    let good: BTreeSet<&str> = accepted().map(|node| node.name.as_str()).collect();
    let far: BTreeSet<&str> =
        answer.outliers.iter().map(|far| far.node.as_str()).filter(|node| good.contains(node)).collect();
    if !far.is_empty() {
        let far: Vec<String> = far.into_iter().map(str::to_owned).collect();
        steps.push(Step::about(say!(language, "step-outliers", count = far.len()), far));
    }
    let failed: Vec<String> =
        accepted().filter(|node| node.failed_before > 0).map(|node| node.name.clone()).collect();
    if !failed.is_empty() {
        steps.push(Step::about(say!(language, "step-failed-before", count = failed.len()), failed));
    }
}
