//! What a provider signs of a node that it offers: which cards there are by what they do, what each reaches, and until when that is
//! said. No contract is needed.
//! Owns the certificate's form and what it comes to; what it says follows from one report, see [`draw`].

pub mod bands;
pub mod class;
pub mod draw;
pub mod offer;
pub mod recheck;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::catalogue::bands::{BETWEEN_CARDS, Basis};
use crate::catalogue::in_use::OverlayName;
use crate::contract::when::Moment;
use crate::contract::{Reason, Side, Verdict};
use crate::device::ProvenanceKind;
use crate::evidence::metric::{FILLED, MetricName};
use crate::evidence::stats::Stat;
use crate::exit::Exit;
use crate::report::compare::Certified;
use crate::report::{Report, TrustLevel};
use crate::seal::statement::{Kind, StatementError, Subject};
use crate::seal::{Envelope, SecretKey, Verified};
use class::{By, Class};

pub const KIND: Kind = Kind { uri: "https://gpu-assay.dev/inventory/v1", what: "inventory certificate" };
/// Additions keep it, changes of meaning raise it.
pub const FORMAT: u32 = 1;

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Inventory {
    pub format: u32,
    pub tool_version: String,
    /// SHA-256 of the signed bytes of the report that all of it follows from.
    pub report_sha256: String,
    /// What the node is called, as the run was told.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub node: Option<String>,
    /// When the run began, by the machine's own clock.
    pub measured: Moment,
    pub valid_until: Moment,
    /// How far the report can be trusted by itself.
    pub level: TrustLevel,
    /// What cards were compared with.
    pub catalogue: CatalogueName,
    /// Whether the run came to its end.
    pub is_finished: bool,
    /// Where sources disagree about a card or one is there twice.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub conflicts: Vec<Reason>,
    /// SHA-256 of the salt behind which names of cards are hidden; `None` where they stand as they are. Behind another salt the same
    /// card has another name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub salt_sha256: Option<String>,
    pub cards: Vec<Card>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct CatalogueName {
    /// Of the built-in data.
    pub version: String,
    /// Of that and all overlays, as a contract pins it.
    pub sha256: String,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub overlays: Vec<OverlayName>,
}

impl CatalogueName {
    /// The overlay that a band is from.
    pub fn overlay_of(&self, healthy: &Healthy) -> Option<&OverlayName> {
        let sha256 = healthy.overlay.as_ref()?;
        self.overlays.iter().find(|overlay| overlay.sha256 == *sha256)
    }
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Card {
    pub selector: String,
    /// What it calls itself.
    pub name: String,
    /// `None` where it was never opened.
    pub kind: Option<ProvenanceKind>,
    /// `uuid ...` and `serial ...`, as the report has them.
    pub ids: Vec<String>,
    /// The memory that its driver names, in bytes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub memory_bytes: Option<u64>,
    /// Where it is a part of a card only.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub slice: Option<Slice>,
    /// What it is by its figures; `None` where it is like no card of the catalogue, or a part of one.
    pub class: Option<Class>,
    pub figures: Vec<Figure>,
    /// What of it gave no figure that counts.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub refused: Vec<Refused>,
}

/// A part of a divided card (MIG), by the machine's own word.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Slice {
    /// Such as `1g.18gb`, where its name says so.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub profile: Option<String>,
    /// What the card is called that it is a part of.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub of: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub of_uuid: Option<String>,
}

/// What a card reaches, in the metric's unit.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Figure {
    pub metric: MetricName,
    /// Of the samples, where there are many.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub statistic: Option<Stat>,
    pub value: f64,
    /// It may be more.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub at_least: bool,
    /// It may be less.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub at_most: bool,
    /// As a share of what the datasheet of its class says, dense.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub of_datasheet: Option<f64>,
    /// What healthy cards of its class reach, where that is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub healthy: Option<Healthy>,
    pub standing: Standing,
}

impl Figure {
    /// Where the card may have more or less: on which side the figure is known.
    pub fn known(&self) -> Option<Side> {
        match (self.at_least, self.at_most) {
            (true, _) => Some(Side::Least),
            (false, true) => Some(Side::Most),
            (false, false) => None,
        }
    }

    /// Whether it shows that the card computes as it should: the link to its host, or how much memory it has, does not.
    fn is_of_a_healthy_card(&self) -> bool {
        self.metric.kind().is_arithmetic() && self.standing == Standing::Healthy
    }
}

/// Without them nobody knows whether memory holds anything, and whether it is there.
const MEMORY: [&str; 2] = ["memory.errors.count", FILLED];

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Healthy {
    pub low: f64,
    pub high: f64,
    pub basis: Basis,
    /// The digest of the overlay that says so; `None` where it is built in.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub overlay: Option<String>,
}

impl Healthy {
    /// What a healthy card reaches at least.
    pub(super) fn least(&self) -> f64 {
        self.low * BETWEEN_CARDS
    }

    /// The same of what should be small.
    pub(super) fn most(&self) -> f64 {
        self.high / BETWEEN_CARDS
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Standing {
    /// As healthy cards of its class.
    Healthy,
    /// Worse than healthy cards as this program measures them, by more than cards differ.
    Below,
    /// Something that must not be there at all, such as a wrong result.
    Faulty,
    /// Nothing is known to compare it with, only a lower bound was measured, or what it misses other tools have measured.
    Unknown,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Refused {
    pub metric: MetricName,
    /// `fail` where the card is shown to be at fault.
    pub verdict: Verdict,
    pub because: Reason,
}

/// What a card can be offered as.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Quality {
    /// Like healthy cards of its class in all that could be compared, a rate of operations among it.
    Good,
    /// Nothing is known of healthy cards of its class to compare its operations with, or it misses what others say they reach, which
    /// this program may miss by itself.
    Uncompared,
    /// Nothing tells it from other cards, sources contradict one another about its node, or the run broke off. Where many are summed
    /// only: then it could be counted twice, or for what it is not.
    Doubtful,
    /// Its memory was not filled and read in whole, or no rate of operations counts.
    Partial,
    /// A part of a card, whatever it reaches.
    Slice,
    /// Its figures are like no card of the catalogue, or too few of them count.
    Unclassed,
    /// Right, but slower than healthy cards.
    Slow,
    /// It was shown to compute or hold something wrong.
    Faulty,
}

impl Card {
    pub fn quality(&self) -> Quality {
        let stands = |standing| self.figures.iter().any(|figure| figure.standing == standing);
        let compared = || self.figures.iter().filter(|figure| figure.healthy.is_some());
        let is_missed = |figure: &Figure| figure.standing == Standing::Unknown && figure.known().is_none();
        if stands(Standing::Faulty) || self.refused.iter().any(|refused| refused.verdict == Verdict::Fail) {
            Quality::Faulty
        } else if self.slice.is_some() {
            Quality::Slice
        } else if self.class.is_none() {
            Quality::Unclassed
        } else if stands(Standing::Below) {
            Quality::Slow
        } else if !self.is_memory_whole()
            || !self.figures.iter().any(|figure| figure.metric.kind().is_arithmetic())
        {
            Quality::Partial
        } else if compared().any(is_missed) || !compared().any(Figure::is_of_a_healthy_card) {
            Quality::Uncompared
        } else {
            Quality::Good
        }
    }

    /// Whether all of its memory was filled and read: in the rest there may be errors, or nothing at all.
    pub fn is_memory_whole(&self) -> bool {
        MEMORY.iter().all(|metric| self.figure(metric).is_some_and(|figure| !figure.at_least))
    }

    /// Whether it is called otherwise than it looks.
    pub fn is_by_figures(&self) -> bool {
        self.class.as_ref().is_some_and(|class| class.by == By::Figures)
    }

    pub fn figure(&self, metric: &str) -> Option<&Figure> {
        self.figures.iter().find(|figure| figure.metric.as_str() == metric)
    }

    /// Selector and name.
    pub fn shown(&self) -> String {
        format!("{} ({})", self.selector, self.name)
    }
}

impl Inventory {
    pub fn seal(&self, key: &SecretKey) -> Result<Envelope, StatementError> {
        Ok(Envelope::seal(&KIND.encode(self.subjects(), self)?, key))
    }

    pub fn from_verified(verified: &Verified) -> Result<Self, StatementError> {
        let readable = |inventory: &Self| KIND.check_format(inventory.format, FORMAT);
        KIND.read(verified.bytes(), readable, |inventory| Ok(inventory.subjects()))
    }

    /// The report, and the node by the same digest.
    fn subjects(&self) -> Vec<Subject> {
        let name = self.node.as_ref().map_or_else(|| "report".to_owned(), |node| format!("report:{node}"));
        vec![Subject::new(name, self.report_sha256.clone())]
    }

    /// Whether it says anything of that moment.
    pub fn covers(&self, moment: Timestamp) -> bool {
        (self.measured.0..=self.valid_until.0).contains(&moment)
    }

    /// What it says of a later run.
    pub fn said_of(&self, after: &Report) -> Certified {
        let began = after.evidence.run.started.parse();
        Certified { until: self.valid_until.0, covers: began.is_ok_and(|began| self.covers(began)) }
    }

    /// The worst of its cards, at that moment.
    pub fn exit(&self, moment: Timestamp) -> Exit {
        let any = |quality| self.cards.iter().any(|card| card.quality() == quality);
        Exit::worst_of([
            (!self.conflicts.is_empty(), Exit::Identity),
            (any(Quality::Faulty) || any(Quality::Slow), Exit::Fail),
            (self.cards.iter().any(|card| card.quality() != Quality::Good), Exit::Inconclusive),
            (self.cards.is_empty(), Exit::Inconclusive),
            (!self.is_finished || !self.covers(moment), Exit::Inconclusive),
        ])
    }

    /// Whether its cards can be counted at all.
    pub fn is_sound(&self) -> bool {
        self.conflicts.is_empty() && self.is_finished
    }

    pub fn simulated(&self) -> usize {
        self.cards.iter().filter(|card| card.kind == Some(ProvenanceKind::Simulated)).count()
    }
}

/// The JSON Schema of the whole statement that is signed.
pub fn schema() -> String {
    KIND.schema::<Inventory>()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn figure(metric: &str, band: Option<Standing>) -> Figure {
        Figure {
            metric: MetricName::parse(metric).unwrap(),
            statistic: None,
            value: 1.0,
            at_least: false,
            at_most: false,
            of_datasheet: None,
            healthy: band.map(|_| Healthy { low: 1.0, high: 2.0, basis: Basis::Own, overlay: None }),
            standing: band.unwrap_or(Standing::Unknown),
        }
    }

    /// A card at 70 % of its rates has a good link all the same, and what it misses may be known from others only.
    #[test]
    fn a_card_is_in_order_by_what_it_computes() {
        let good = Some(Standing::Healthy);
        let missed = Some(Standing::Unknown);
        let link = ("link.h2d.rate", good);
        for (figures, quality) in [
            (&[("fma.fp32.rate", good), ("gemm.bf16.rate", good), link][..], Quality::Good),
            (&[("fma.fp32.rate", good), ("gemm.bf16.rate", None)], Quality::Good),
            (&[("fma.fp32.rate", good), ("gemm.bf16.rate", missed), link], Quality::Uncompared),
            (&[("fma.fp32.rate", good), ("stream.triad.rate", missed)], Quality::Uncompared),
            (&[("fma.fp32.rate", None), link], Quality::Uncompared),
            (&[("fma.fp32.rate", good), ("gemm.bf16.rate", Some(Standing::Below))], Quality::Slow),
        ] {
            let figures = figures.iter().map(|(metric, band)| figure(metric, *band));
            let card = card(figures.collect());
            assert_eq!(card.quality(), quality, "{:?}", card.figures);
        }
    }

    /// In order but for what is changed here.
    fn card(mut figures: Vec<Figure>) -> Card {
        let memory = |metric| Figure { value: 0.0, healthy: None, ..figure(metric, Some(Standing::Healthy)) };
        figures.extend(MEMORY.map(memory));
        Card {
            selector: "cuda:0".to_owned(),
            name: "card".to_owned(),
            kind: None,
            ids: Vec::new(),
            memory_bytes: None,
            slice: None,
            class: Some(Class { card: "H100 SXM5 80GB".to_owned(), by: By::Name }),
            figures,
            refused: Vec::new(),
        }
    }

    #[test]
    fn a_card_is_in_order_where_all_of_its_memory_was_looked_at() {
        let whole = card(vec![figure("fma.fp32.rate", Some(Standing::Healthy))]);
        assert_eq!(whole.quality(), Quality::Good);
        for metric in MEMORY {
            let mut part = whole.clone();
            part.figures.iter_mut().for_each(|figure| figure.at_least |= figure.metric.as_str() == metric);
            assert_eq!(part.quality(), Quality::Partial, "{metric}");
            part.figures.retain(|figure| figure.metric.as_str() != metric);
            assert_eq!(part.quality(), Quality::Partial, "{metric}");
        }
    }
}
