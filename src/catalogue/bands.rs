//! What healthy cards reach: reference bands by card and metric, each with what it rests on.
//! Owns bands and how they are written; must not judge anything by them.

use serde::{Deserialize, Serialize};

use super::sources::Confidence;
use super::{Gpu, limits};
use crate::evidence::metric::{Kind, MetricName};
use crate::units::Unit;

/// What one kind of card reaches in one metric, in the metric's unit. Where only one figure is known, all three are it.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Band {
    pub card: String,
    pub metric: MetricName,
    pub low: f64,
    /// The median; where only a range is published, its middle.
    pub typical: f64,
    pub high: f64,
    /// How many devices it rests on, where that is known.
    pub devices: Option<u32>,
    /// Tool, shape, data: figures compare only under equal ones.
    pub conditions: String,
    pub basis: Basis,
    /// Ids of sources.
    pub sources: Vec<String>,
    pub confidence: Confidence,
    /// The digest of the overlay that it comes from; `None` where it is built in.
    #[serde(skip)]
    pub overlay: Option<String>,
}

impl Band {
    /// Whether it says anything of nodes with so many devices. Cards alone decide all figures but those between two of them: switches
    /// that join all links of each to each other stand on boards of eight, boards of four may do without and give a pair a third of the
    /// links, and a bridge joins two.
    pub fn holds_of(&self, devices: u32) -> bool {
        match self.metric.probe() {
            "peer" if self.conditions.contains("bridge") => devices == 2,
            "peer" => devices >= 8,
            _ => true,
        }
    }
}

/// Few cards were seen and cards differ: a healthy one may reach so much less than the least that was seen.
pub const BETWEEN_CARDS: f64 = 0.95;

/// What may be demanded of every healthy card where the least that was seen is `low`.
pub fn demandable(low: f64) -> f64 {
    down(low * BETWEEN_CARDS)
}

/// Rounded down to three digits, as people write it.
pub fn down(value: f64) -> f64 {
    let step = libm::pow(10.0, libm::log10(value).floor() - 2.0);
    (value / step).floor() * step
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Basis {
    /// From signed reports of this program: low and high are the 5th and 95th percentile of the samples.
    Own,
    /// Measured by another tool, under conditions of its own.
    Published,
    /// A share of the datasheet that cards of the same architecture reach.
    Inferred,
}

/// A line of the table: a band of one or several cards as a person writes it.
#[derive(Clone, Debug, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Row {
    /// Names with `;` between them.
    pub cards: String,
    pub metric: String,
    pub low: f64,
    pub typical: f64,
    pub high: f64,
    /// A unit of the metric, or `% of datasheet`.
    pub unit: String,
    #[serde(default)]
    pub devices: Option<u32>,
    #[serde(default)]
    pub conditions: String,
    pub basis: Basis,
    pub sources: String,
    pub confidence: Confidence,
}

/// Of the dense peak.
pub const OF_DATASHEET: &str = "% of datasheet";

impl Row {
    /// The bands that this line stands for, one for each card, or what is wrong with it.
    pub fn bands(&self, gpus: &[Gpu]) -> Result<Vec<Band>, String> {
        let metric = MetricName::parse(&self.metric).map_err(|e| e.to_string())?;
        let names = self.cards.split(';').map(str::trim).filter(|name| !name.is_empty());
        let band = |name: &str| {
            let gpu = gpus.iter().find(|gpu| gpu.name == name);
            let gpu = gpu.ok_or_else(|| {
                format!("there is no card {name:?}; write its name as in the table of cards")
            })?;
            let [low, typical, high] = self.figures(gpu, &metric)?;
            Ok(Band {
                card: gpu.name.clone(),
                metric: metric.clone(),
                low,
                typical,
                high,
                devices: self.devices,
                conditions: self.conditions.clone(),
                basis: self.basis,
                sources: self.sources.split_whitespace().map(str::to_owned).collect(),
                confidence: self.confidence,
                overlay: None,
            })
        };
        names.map(band).collect()
    }

    /// How much all bands that it stands for say together.
    pub fn bytes_written_out(&self) -> usize {
        let Self { cards, metric, conditions, sources, .. } = self;
        let each = [metric, conditions, sources].map(String::len).into_iter().sum::<usize>();
        cards.len().saturating_add(cards.split(';').count().saturating_mul(each))
    }

    /// Low, typical and high in the metric's unit.
    fn figures(&self, gpu: &Gpu, metric: &MetricName) -> Result<[f64; 3], String> {
        let Kind::Number(unit) = metric.kind() else {
            return Err(format!("{metric} is a text, of which there is no band"));
        };
        let written = [self.low, self.typical, self.high];
        if self.unit == OF_DATASHEET {
            let peak = limits::peak_of(gpu, metric)
                .ok_or_else(|| format!("the table of cards has no peak of {metric} for {}", gpu.name))?;
            return Ok(written.map(|percent| percent / 100.0 * peak));
        }
        let one = Unit::parse(unit, &format!("1 {}", self.unit)).map_err(|e| e.to_string())?;
        Ok(written.map(|number| number * one))
    }
}
