//! Many inventory certificates as one: so many cards of each class, by what they reach.
//! Owns what counts and is counted once; must not know how it is shown.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

use jiff::Timestamp;
use serde::Serialize;

use super::{Card, CatalogueName, Figure, Healthy, Inventory, KIND, Quality, Slice};
use crate::catalogue::in_use::OverlayName;
use crate::device::{ProvenanceKind, same};
use crate::evidence::metric::MetricName;
use crate::evidence::stats::middle;
use crate::exit::Exit;
use crate::fleet::envelopes::{self, Job, Unreadable};
use crate::fleet::intake::{Cause, Refusal, Refused};
use crate::report::TrustLevel;
use crate::seal::TrustList;

/// What can be offered at a moment.
#[derive(Clone, Debug, Serialize)]
pub struct Offer {
    /// Of the program that summed.
    pub tool_version: String,
    pub as_of: Timestamp,
    /// Certificates that count.
    pub certificates: usize,
    /// How many of them stand on how much. Whether their figures follow from reports is not looked at here.
    pub levels: BTreeMap<TrustLevel, usize>,
    /// When the runs of these began, by the machines' own clocks; `None` where none counts.
    pub measured_from: Option<Timestamp>,
    pub measured_until: Option<Timestamp>,
    /// Older ones of the same nodes.
    pub replaced: usize,
    /// Signed statements of other kinds.
    pub others: usize,
    pub classes: Vec<ClassOffer>,
    /// Cards that are not offered.
    pub set_aside: Vec<SetAside>,
    /// Cards that are in several nodes, where they are not counted.
    pub doubles: Vec<Double>,
    /// Certificates that do not count, since nobody can tell whether their cards are those of others.
    pub other_salts: Vec<OtherSalt>,
    pub lapsed: Vec<Lapsed>,
    pub refused: Vec<Refused>,
}

/// All cards of one class that are not known to be worse than others.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ClassOffer {
    pub class: String,
    pub kind: ProvenanceKind,
    pub cards: usize,
    /// Those that are called otherwise.
    pub by_figures: usize,
    /// Those of which it is not known what healthy cards reach.
    pub uncompared: usize,
    /// Those that were compared with bands that are not built in, and whose.
    pub by_overlay: usize,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub overlays: Vec<OverlayName>,
    pub rates: Vec<Reach>,
}

/// What the cards of a class that have this figure reach, in the metric's unit.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Reach {
    pub metric: MetricName,
    pub cards: usize,
    pub least: f64,
    pub median: f64,
    pub sum: f64,
    /// All of it may be more: some of what is summed is a lower bound.
    pub at_least: bool,
}

#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct SetAside {
    pub node: String,
    pub card: String,
    pub quality: Quality,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub slice: Option<Slice>,
}

#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Double {
    pub node: String,
    pub card: String,
    /// Where a newer certificate has it.
    pub first: String,
}

/// A certificate of cards whose names are hidden behind another salt than those of the most, or not hidden.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct OtherSalt {
    pub node: String,
    pub cards: usize,
    /// `None` where names stand as they are.
    pub salt_sha256: Option<String>,
}

impl OtherSalt {
    fn of(Told { node, inventory, .. }: &Told) -> Self {
        let salt_sha256 = inventory.salt_sha256.clone();
        Self { node: node.clone(), cards: inventory.cards.len(), salt_sha256 }
    }
}

/// A certificate that says nothing of the moment.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Lapsed {
    pub source: String,
    pub measured: Timestamp,
    pub valid_until: Timestamp,
}

/// What cards are bought for, as far as it was measured.
const RATES: [&str; 7] = [
    "gemm.bf16.rate",
    "gemm.fp8_e4m3.rate",
    "sustain.bf16.rate",
    "fma.fp64.rate",
    "fma.fp32.rate",
    "stream.triad.rate",
    "memory.filled.bytes",
];

/// One certificate, and where it lies.
struct Found {
    source: String,
    inventory: Inventory,
}

enum Came {
    Found(Box<Found>),
    Refused(Refused),
    Other,
}

/// Reads and sums everything under `paths`, see [`envelopes::each`]. `seen` is called after each.
pub fn offer(
    paths: &[PathBuf],
    trust: &TrustList,
    as_of: Timestamp,
    seen: &(dyn Fn() + Sync),
) -> Result<Offer, Unreadable> {
    let all = envelopes::each(paths, seen, |job| came(job, trust))?;
    let (mut found, mut refused, mut others) = (Vec::new(), Vec::new(), 0);
    for came in all {
        match came {
            Came::Found(one) => found.push(*one),
            Came::Refused(one) => refused.push(one),
            Came::Other => others += 1,
        }
    }
    Ok(summed(found, refused, others, as_of))
}

fn came(job: Job, trust: &TrustList) -> Came {
    let opened = match envelopes::open(job, trust) {
        Ok(opened) => opened,
        // A run makes a certificate once it has a report.
        Err(Refused { what: Refusal::Unsealed, .. }) => return Came::Other,
        Err(refused) => return Came::Refused(refused),
    };
    if !KIND.is_of(opened.verified.bytes()) {
        return Came::Other;
    }
    match Inventory::from_verified(&opened.verified) {
        Ok(inventory) => Came::Found(Box::new(Found { source: opened.source, inventory })),
        Err(why) => Came::Refused(Refused {
            source: opened.source,
            what: Refusal::Unreadable,
            why: Cause::Told(why.to_string()),
        }),
    }
}

/// A certificate as it counts at a moment.
struct Told {
    /// What its node is called, or where it lies.
    node: String,
    role: Role,
    inventory: Inventory,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Role {
    Counts,
    /// There is a newer one of the same node, or it says nothing of the moment any more. What it shows to be bad was bad all the same.
    Past,
    /// Its cards may be those of certificates that count, behind other names.
    OtherSalt,
}

fn summed(found: Vec<Found>, refused: Vec<Refused>, others: usize, as_of: Timestamp) -> Offer {
    let lapsed = found.iter().filter(|found| !found.inventory.covers(as_of)).map(|found| Lapsed {
        source: found.source.clone(),
        measured: found.inventory.measured.0,
        valid_until: found.inventory.valid_until.0,
    });
    let lapsed: Vec<Lapsed> = lapsed.collect();
    let all = found.len() - lapsed.len();
    let told = told(found, as_of);
    let is = |role: Role| told.iter().filter(move |told| told.role == role);
    let other_salts: Vec<OtherSalt> = is(Role::OtherSalt).map(OtherSalt::of).collect();
    let certificates = is(Role::Counts).count();
    let mut levels = BTreeMap::new();
    is(Role::Counts).for_each(|told| *levels.entry(told.inventory.level).or_default() += 1);
    let measured = || is(Role::Counts).map(|told| told.inventory.measured.0);
    let Cards { counted, set_aside, doubles } = cards(&told);
    Offer {
        tool_version: env!("CARGO_PKG_VERSION").to_owned(),
        as_of,
        certificates,
        levels,
        measured_from: measured().min(),
        measured_until: measured().max(),
        replaced: all - certificates - other_salts.len(),
        others,
        classes: classes(&counted),
        set_aside,
        doubles,
        other_salts,
        lapsed,
        refused,
    }
}

/// All that were there at that moment, the newest first; of one time the one with the worst card.
fn told(mut found: Vec<Found>, as_of: Timestamp) -> Vec<Told> {
    let worst = |of: &Inventory| of.cards.iter().map(Card::quality).max();
    found.retain(|found| found.inventory.measured.0 <= as_of);
    found.sort_by(|a, b| {
        let key = |of: &Inventory| (of.measured, worst(of));
        key(&b.inventory).cmp(&key(&a.inventory)).then_with(|| a.source.cmp(&b.source))
    });
    let mut all: Vec<Told> = Vec::new();
    let mut known: BTreeSet<Node> = BTreeSet::new();
    for Found { source, inventory } in found {
        let counts = inventory.covers(as_of) && node(&inventory).is_none_or(|node| known.insert(node));
        let role = if counts { Role::Counts } else { Role::Past };
        all.push(Told { node: inventory.node.clone().unwrap_or(source), role, inventory });
    }
    let Some(salt) = common_salt(&all).map(ToOwned::to_owned) else { return all };
    for told in all.iter_mut().filter(|told| told.role == Role::Counts && told.inventory.salt_sha256 != salt)
    {
        told.role = Role::OtherSalt;
    }
    all
}

#[derive(PartialEq, Eq, PartialOrd, Ord)]
enum Node {
    Named(String),
    /// One without a name is its cards.
    Cards(BTreeSet<String>),
}

/// `None` where nothing tells it from others.
fn node(inventory: &Inventory) -> Option<Node> {
    let cards = || inventory.cards.iter().flat_map(|card| &card.ids).cloned().collect::<BTreeSet<_>>();
    match &inventory.node {
        Some(name) => Some(Node::Named(name.clone())),
        None => Some(cards()).filter(|cards| !cards.is_empty()).map(Node::Cards),
    }
}

/// What most cards that count are named behind: only those are known to be different cards. Of as many, the newest.
fn common_salt(all: &[Told]) -> Option<&Option<String>> {
    let counting = || all.iter().filter(|told| told.role == Role::Counts).map(|told| &told.inventory);
    let mut cards: BTreeMap<&Option<String>, usize> = BTreeMap::new();
    for of in counting() {
        *cards.entry(&of.salt_sha256).or_default() += of.cards.len();
    }
    // The last of equal ones is taken.
    counting().rev().map(|of| &of.salt_sha256).max_by_key(|salt| cards.get(salt))
}

fn is_bad(card: &Card) -> bool {
    matches!(card.quality(), Quality::Slow | Quality::Faulty)
}

/// The names of cards that certificates which count call bad, each with their node.
fn bad(all: &[Told]) -> BTreeMap<&str, (&str, Quality)> {
    let mut bad = BTreeMap::new();
    for Told { node, inventory, .. } in all.iter().filter(|told| told.role == Role::Counts) {
        for card in inventory.cards.iter().filter(|card| is_bad(card)) {
            bad.extend(card.ids.iter().map(|id| (id.as_str(), (node.as_str(), card.quality()))));
        }
    }
    bad
}

/// The oldest certificate that counts and has a card of this name, by its place.
fn claims(all: &[Told]) -> BTreeMap<&str, usize> {
    let counting = all.iter().enumerate().filter(|(_, told)| told.role == Role::Counts);
    let cards = counting.flat_map(|(at, told)| told.inventory.cards.iter().map(move |card| (at, card)));
    // The last of equal names stays.
    cards.flat_map(|(at, card)| card.ids.iter().map(move |id| (id.as_str(), at))).collect()
}

#[derive(Default)]
struct Cards<'a> {
    counted: Vec<(&'a Card, &'a CatalogueName)>,
    set_aside: Vec<SetAside>,
    doubles: Vec<Double>,
}

/// Each card as the newest certificate has it: what it was before, or in another node, does not count any more. But one that a
/// certificate of another node still calls bad is so.
fn cards(all: &[Told]) -> Cards<'_> {
    let mut cards = Cards::default();
    let (bad, claims) = (bad(all), claims(all));
    // Where each name was seen first: which certificate, of which node.
    let mut first: BTreeMap<&str, (usize, &str)> = BTreeMap::new();
    for (at, Told { node, role, inventory }) in all.iter().enumerate() {
        for card in &inventory.cards {
            let is_told = match role {
                Role::Counts => true,
                Role::Past => {
                    let is_claimed =
                        |id: &String| claims.get(id.as_str()).is_some_and(|oldest| *oldest >= at);
                    is_bad(card) && card.ids.iter().any(is_claimed)
                }
                Role::OtherSalt => false,
            };
            if !is_told {
                continue;
            }
            let is_doubtful = !inventory.is_sound() || card.ids.is_empty();
            let elsewhere =
                card.ids.iter().filter_map(|id| bad.get(id.as_str())).filter(|(of, _)| of != node);
            let least = if is_doubtful { Quality::Doubtful } else { Quality::Good };
            let quality =
                elsewhere.map(|(_, quality)| *quality).fold(card.quality().max(least), Quality::max);
            // A board in two nodes is there once; in one it may carry several cards.
            let counts = |id: &str, of: &str| of != node || !same::is_of_board(id);
            let known = card
                .ids
                .iter()
                .find_map(|id| first.get(id.as_str()).copied().filter(|(_, of)| counts(id, of)));
            for id in &card.ids {
                first.entry(id).or_insert((at, node));
            }
            match (known, quality) {
                // What is past, or was said of the same node later, is no contradiction.
                (Some((seen, of)), _) if *role == Role::Past || (of == node && seen != at) => {}
                (Some((_, of)), _) => {
                    let double = Double { node: node.clone(), card: card.shown(), first: of.to_owned() };
                    cards.doubles.push(double);
                }
                (None, Quality::Good | Quality::Uncompared) => {
                    cards.counted.push((card, &inventory.catalogue));
                }
                (None, quality) => cards.set_aside.push(SetAside {
                    node: node.clone(),
                    card: card.shown(),
                    quality,
                    slice: card.slice.clone(),
                }),
            }
        }
    }
    cards.set_aside.sort_by(|a, b| (&a.node, &a.card).cmp(&(&b.node, &b.card)));
    cards.doubles.sort_by(|a, b| (&a.node, &a.card).cmp(&(&b.node, &b.card)));
    cards
}

fn classes(cards: &[(&Card, &CatalogueName)]) -> Vec<ClassOffer> {
    let mut by_class: BTreeMap<(&str, bool), Vec<(&Card, &CatalogueName)>> = BTreeMap::new();
    for (card, catalogue) in cards {
        let Some(class) = &card.class else { continue };
        let is_simulated = card.kind == Some(ProvenanceKind::Simulated);
        by_class.entry((&class.card, is_simulated)).or_default().push((card, catalogue));
    }
    by_class.into_iter().map(|((class, is_simulated), all)| self::class(class, is_simulated, &all)).collect()
}

fn class(class: &str, is_simulated: bool, all: &[(&Card, &CatalogueName)]) -> ClassOffer {
    let cards: Vec<&Card> = all.iter().map(|(card, _)| *card).collect();
    let mut overlays: Vec<OverlayName> = Vec::new();
    let mut by_overlay = 0;
    for (card, catalogue) in all {
        let healthy = card.figures.iter().filter_map(|figure| figure.healthy.as_ref());
        let of_others: Vec<&Healthy> = healthy.filter(|healthy| healthy.overlay.is_some()).collect();
        by_overlay += usize::from(!of_others.is_empty());
        for overlay in of_others.into_iter().filter_map(|healthy| catalogue.overlay_of(healthy)) {
            if !overlays.contains(overlay) {
                overlays.push(overlay.clone());
            }
        }
    }
    ClassOffer {
        class: class.to_owned(),
        kind: if is_simulated { ProvenanceKind::Simulated } else { ProvenanceKind::Hardware },
        cards: cards.len(),
        uncompared: cards.iter().filter(|card| card.quality() == Quality::Uncompared).count(),
        by_figures: cards.iter().filter(|card| card.is_by_figures()).count(),
        by_overlay,
        overlays,
        rates: RATES.iter().filter_map(|metric| reach(metric, &cards)).collect(),
    }
}

fn reach(metric: &str, cards: &[&Card]) -> Option<Reach> {
    let figures: Vec<&Figure> = cards.iter().filter_map(|card| card.figure(metric)).collect();
    let values: Vec<f64> = figures.iter().map(|figure| figure.value).collect();
    Some(Reach {
        metric: MetricName::parse(metric).ok()?,
        cards: values.len(),
        least: values.iter().copied().reduce(f64::min)?,
        sum: values.iter().sum(),
        median: middle(values)?,
        at_least: figures.iter().any(|figure| figure.at_least),
    })
}

impl Offer {
    /// See the help of `assay fleet inventory`.
    pub fn exit(&self) -> Exit {
        Exit::worst_of([
            (!self.refused.is_empty(), Exit::Signature),
            (!self.doubles.is_empty(), Exit::Identity),
            (self.classes.is_empty() || !self.lapsed.is_empty(), Exit::Inconclusive),
            (!self.other_salts.is_empty(), Exit::Inconclusive),
        ])
    }
}

#[cfg(test)]
mod tests;
