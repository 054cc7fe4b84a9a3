//! Why a pass does not count: what nobody can tell of a report, and what its own words make unlikely.
//! Owns these reasons and what one report says of its times; must not know other nodes.

use jiff::{SignedDuration, Timestamp};

use crate::report::Report;

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Doubt {
    /// A card has neither UUID nor serial number.
    Unnamed,
    /// The last report lost a device, had wrong results, or contradicts itself about what a card is.
    Unsound,
    /// Nobody can tell whether it answers the challenge that it names: that is not at hand, or none of the tenant's.
    Unanswered { challenge: String },
    /// It was sealed before it began, or longer after it than a run takes.
    Untimely { started: String, sealed: String },
    /// It says that it began later than now.
    ToCome { started: String },
    /// It was judged by another text of the contract: both digests.
    OtherText { judged: String, ours: String },
}

impl Doubt {
    pub fn clause(&self) -> &'static str {
        match self {
            Doubt::Unnamed => "fleet.unnamed",
            Doubt::Unsound => "fleet.unsound",
            Doubt::Unanswered { .. } => "fleet.challenge",
            Doubt::Untimely { .. } | Doubt::ToCome { .. } => "fleet.time",
            Doubt::OtherText { .. } => "fleet.contract",
        }
    }
}

/// From its start, or since it was last taken up again, until it is sealed a run takes as long as its load, and less than this
/// for all else: minutes on hardware, hours in simulation, and somebody's night where a run that broke off is sealed by hand.
const BESIDE_THE_LOAD: SignedDuration = SignedDuration::from_hours(24);

/// Whether a report's own times do not go together. All are by the machine's clock, which may lie about all of them alike.
pub fn untimely(report: &Report, started: Timestamp) -> Option<Doubt> {
    let run = &report.evidence.run;
    let taken_up = report.evidence.resumed.last().and_then(|last| last.at.parse::<Timestamp>().ok());
    let from = taken_up.map_or(started, |taken_up| taken_up.max(started));
    let load = SignedDuration::from_millis(i64::try_from(run.sustain_ms.unwrap_or(0)).unwrap_or(i64::MAX));
    let most = BESIDE_THE_LOAD.saturating_add(load);
    let goes = report.sealed_at.parse::<Timestamp>().is_ok_and(|sealed| {
        let took = sealed.duration_since(from);
        !took.is_negative() && took <= most
    });
    let shown = |text: &str| text.chars().take(64).collect();
    (!goes).then(|| Doubt::Untimely { started: shown(&run.started), sealed: shown(&report.sealed_at) })
}
