//! Days by the calendar in UTC, and how many of them count where some time does not.
//! Owns how excluded time shortens delays and moves deadlines; must not know what is late.

use jiff::civil::{Date, Time};
use jiff::tz::Offset;
use jiff::{Span, Timestamp};

use crate::contract::Exclusion;

const DAY_S: i64 = 86_400;

/// The time that a contract excludes, in seconds since 1970: in order, and none twice.
#[derive(Clone, Debug, Default)]
pub struct Calendar(Vec<(i64, i64)>);

impl Calendar {
    pub fn new(exclusions: &[Exclusion]) -> Self {
        let seconds = |exclusion: &Exclusion| (exclusion.from.0.as_second(), exclusion.until.0.as_second());
        let mut all: Vec<(i64, i64)> = exclusions.iter().map(seconds).collect();
        all.sort_unstable();
        let mut merged: Vec<(i64, i64)> = Vec::with_capacity(all.len());
        for (from, until) in all {
            match merged.last_mut() {
                Some(last) if from <= last.1 => last.1 = last.1.max(until),
                Some(_) | None => merged.push((from, until)),
            }
        }
        Self(merged)
    }

    /// Days after `from`, `to` included, less the excluded time in them in full days of 24 hours: some hours of maintenance
    /// make no day of delay shorter.
    pub fn days(&self, from: Date, to: Date) -> u32 {
        let days = days_between(from, to);
        let Some((start, end)) = end_of(from).zip(end_of(to)) else { return days };
        let within = |(from, until): &(i64, i64)| (until.min(&end) - from.max(&start)).max(0);
        let excluded: i64 = self.0.iter().map(within).sum();
        days.saturating_sub(u32::try_from(excluded / DAY_S).unwrap_or(u32::MAX))
    }

    /// The first day up to which so many days count after `from`. `None` beyond the year 9999.
    pub fn after(&self, from: Date, days: u32) -> Option<Date> {
        let start = end_of(from)?;
        let mut end = start + i64::from(days) * DAY_S;
        for (from, until) in &self.0 {
            if *from < end {
                end += (until - from.max(&start)).max(0);
            }
        }
        days_after(from, u32::try_from((end - start) / DAY_S).ok()?)
    }
}

/// In seconds since 1970.
fn end_of(day: Date) -> Option<i64> {
    let next = day.tomorrow().ok()?.to_datetime(Time::midnight());
    Some(Offset::UTC.to_timestamp(next).ok()?.as_second())
}

/// The day in UTC.
pub fn day(at: Timestamp) -> Date {
    Offset::UTC.to_datetime(at).date()
}

/// Full days from one to the other; none where it lies before.
pub fn days_between(from: Date, to: Date) -> u32 {
    let days = from.until(to).map_or(0, |span| span.get_days());
    u32::try_from(days).unwrap_or(0)
}

/// So many days later, whatever is excluded. `None` beyond the year 9999.
pub fn days_after(from: Date, days: u32) -> Option<Date> {
    from.checked_add(Span::new().try_days(days).ok()?).ok()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::contract::when::When;

    fn calendar(exclusions: &[(&str, &str)]) -> Calendar {
        let exclusion = |(from, until): &(&str, &str)| Exclusion {
            from: When(from.parse().unwrap()),
            until: When(until.parse().unwrap()),
            reason: "r".to_owned(),
        };
        Calendar::new(&exclusions.iter().map(exclusion).collect::<Vec<_>>())
    }

    fn date(text: &str) -> Date {
        text.parse().unwrap()
    }

    #[test]
    fn excluded_time_is_no_delay() {
        let (due, today) = (date("2027-01-31"), date("2027-02-20"));
        let hours = ("2027-02-10T02:00:00Z", "2027-02-10T06:00:00Z");
        let three_days = ("2027-02-01T06:00:00Z", "2027-02-04T06:00:00Z");
        for (excluded, days, after_ten) in [
            (vec![], 20, "2027-02-10"),
            (vec![hours], 20, "2027-02-10"),
            (vec![three_days], 17, "2027-02-13"),
            // Named twice, or in parts that overlap, it is excluded once.
            (
                vec![three_days, three_days, ("2027-02-02T00:00:00Z", "2027-02-03T00:00:00Z")],
                17,
                "2027-02-13",
            ),
            (vec![("2027-01-01T00:00:00Z", "2027-02-01T00:00:00Z")], 20, "2027-02-10"),
            (vec![("2027-01-01T00:00:00Z", "2027-02-06T00:00:00Z")], 15, "2027-02-15"),
            (vec![("2027-02-09T12:00:00Z", "2027-02-12T12:00:00Z")], 17, "2027-02-13"),
            (vec![("2027-02-11T00:00:00Z", "2027-02-12T00:00:00Z")], 19, "2027-02-10"),
            (vec![("2027-01-01T00:00:00Z", "9998-01-01T00:00:00Z")], 0, "9998-01-10"),
        ] {
            let calendar = calendar(&excluded);
            assert_eq!(calendar.days(due, today), days, "{excluded:?}");
            let after = calendar.after(due, 10).unwrap();
            assert_eq!(after, date(after_ten), "{excluded:?}");
            assert_eq!(calendar.days(due, after), 10, "{excluded:?}");
            assert_eq!(calendar.days(due, after.yesterday().unwrap()), 9, "{excluded:?}");
        }
    }

    #[test]
    fn days_without_end_are_no_day() {
        let calendar = Calendar::default();
        for days in [u32::MAX, 7_304_485, 4_000_000] {
            assert_eq!(calendar.after(date("2027-01-31"), days), None);
            assert_eq!(days_after(date("2027-01-31"), days), None);
        }
        assert_eq!(calendar.days(Date::MIN, Date::MAX), days_between(Date::MIN, Date::MAX));
    }
}
