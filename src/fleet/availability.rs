//! How often nodes were sound when they were looked at, and for how long cards ran without a failure.
//! Owns what counts as a failure; both come with exact bounds, because a few reports say little.

use serde::Serialize;

use super::row::Row;
use crate::chance::{mtbf_at_least, share_interval};

const CONFIDENCE: f64 = 0.95;

#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Availability {
    /// Reports in which every device ran to its end and computed rightly, of all that count.
    pub whole: u64,
    pub reports: u64,
    /// The exact interval of that share, with 95 % confidence.
    pub share: (f64, f64),
    /// Device hours under a load that was kept up.
    pub watched_hours: f64,
    /// Devices that were lost, or wrong under load.
    pub failures: u32,
    /// Device hours between failures, at least, with 95 % confidence; `None` where nothing was watched.
    pub mtbf_hours_at_least: Option<f64>,
}

pub fn availability(rows: &[Row]) -> Option<Availability> {
    let reports = rows.len() as u64;
    let whole = rows.iter().filter(|row| row.is_whole()).count() as u64;
    let watched_hours = rows.iter().fold(0.0, |sum, row| sum + row.watched_s) / 3600.0;
    let failures = rows.iter().fold(0u32, |sum, row| sum.saturating_add(row.failures));
    (reports > 0).then(|| Availability {
        whole,
        reports,
        share: share_interval(whole, reports, CONFIDENCE),
        watched_hours,
        failures,
        mtbf_hours_at_least: (watched_hours > 0.0)
            .then(|| mtbf_at_least(u64::from(failures), watched_hours, CONFIDENCE)),
    })
}
