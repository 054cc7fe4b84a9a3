//! Findings as rows of a table: those of one clause that say the same of several devices stand in one.
//! Owns which are told together and the wording of these rows; must not judge.

use std::collections::HashMap;

use super::rows::{from_to, severity, verdict_word};
use crate::contract::{Amount, Finding, Subject, Verdict};
use crate::language::{Language, say};

pub type Row = [String; 7];
/// Of its columns.
const ON: usize = 2;
const DEMANDED: usize = 3;
const FOUND: usize = 4;

pub fn head(language: Language) -> Row {
    [
        say!(language, "head-clause"),
        say!(language, "head-severity"),
        say!(language, "head-on"),
        say!(language, "head-demanded"),
        say!(language, "head-found"),
        say!(language, "head-verdict"),
        say!(language, "head-because"),
    ]
}

pub fn row(f: &Finding, language: Language) -> Row {
    let [demanded, found] = f.amounts(language).map(|amount| amount.unwrap_or_else(|| "-".to_owned()));
    [
        f.clause.clone(),
        severity(f.severity, language),
        f.subject.said(language),
        demanded,
        found,
        verdict_word(f.verdict, language),
        f.because.said(language),
    ]
}

/// In the order of the contract. Devices that meet a clause are counted, so that those which do not are seen; where all of them do
/// not, and for one reason, they are counted too.
pub fn rows(findings: &[Finding], language: Language) -> Vec<Row> {
    /// Fewer are told one by one.
    const TOGETHER: usize = 3;
    let mut groups: Vec<Vec<(&Finding, Row)>> = Vec::new();
    let (mut places, mut judged) = (HashMap::new(), HashMap::<&str, usize>::new());
    for finding in findings {
        let row = row(finding, language);
        let place = *places.entry(likeness(finding, &row)).or_insert(groups.len());
        match groups.get_mut(place) {
            Some(group) => group.push((finding, row)),
            None => groups.push(vec![(finding, row)]),
        }
        *judged.entry(&finding.clause).or_default() += 1;
    }
    let told = |group: Vec<(&Finding, Row)>| {
        let of_clause = group.first().and_then(|(finding, _)| judged.get(finding.clause.as_str()));
        let is_all = of_clause == Some(&group.len());
        let is_met = group.iter().all(|(finding, _)| finding.verdict == Verdict::Pass);
        match group.len() >= TOGETHER && (is_all || is_met) {
            true => together(group, is_all, language).into_iter().collect(),
            false => group.into_iter().map(|(_, row)| row).collect::<Vec<_>>(),
        }
    };
    groups.into_iter().flat_map(told).collect()
}

/// Findings of which this is equal differ in their devices and figures alone.
fn likeness(finding: &Finding, [clause, .., found, verdict, because]: &Row) -> [String; 5] {
    let figure = match &finding.observed {
        Some(Amount::Number { unit, .. }) => format!("{unit:?}"),
        Some(Amount::Ratio { .. }) => String::new(),
        Some(Amount::Text { .. }) | None => found.clone(),
    };
    let on = match &finding.subject {
        Subject::Device { .. } => format!("{:?}", finding.bound),
        Subject::Node => String::new(),
    };
    [clause, verdict, because, &figure, &on].map(String::clone)
}

/// The figures from the lowest to the highest, the bound with the digits that tell it from whatever is nearest to it.
fn together(mut group: Vec<(&Finding, Row)>, is_all: bool, language: Language) -> Option<Row> {
    let count = group.len();
    let demanded = group.iter().map(|(_, row)| row[DEMANDED].clone()).max_by_key(String::len)?;
    let figure = |finding: &Finding| finding.observed.as_ref().and_then(Amount::number).unwrap_or_default();
    group.sort_by(|(a, _), (b, _)| figure(a).total_cmp(&figure(b)));
    let ((_, lowest), (_, highest)) = (group.first()?, group.last()?);
    let mut row = lowest.clone();
    if lowest[FOUND] != highest[FOUND] {
        row[FOUND] = from_to(&lowest[FOUND], &highest[FOUND]);
    }
    row[DEMANDED] = demanded;
    row[ON] = match is_all {
        true => say!(language, "all-devices", count),
        false => say!(language, "count-devices", count),
    };
    Some(row)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::contract::{Reason, Severity};
    use crate::units::Unit;

    fn on(index: u32, clause: &str, value: f64, verdict: Verdict) -> Finding {
        let number = |value| Some(Amount::Number { value, unit: Unit::FlopPerSecond });
        Finding {
            clause: clause.to_owned(),
            severity: Severity::Must,
            subject: Subject::Device { index, selector: format!("cuda:{index}") },
            verdict,
            observed: number(value),
            bound: number(1e12),
            because: if verdict == Verdict::Pass { Reason::Met } else { Reason::NotMet },
        }
    }

    fn told(findings: &[Finding]) -> Vec<String> {
        let rows = rows(findings, Language::English);
        rows.into_iter()
            .map(|[clause, _, on, _, found, verdict, _]| [clause, on, found, verdict].join(" "))
            .collect()
    }

    #[test]
    fn who_meets_a_clause_is_counted_and_who_does_not_is_named() {
        let mut all: Vec<Finding> =
            (0..8).map(|at| on(at, "a", 2e12 + f64::from(at) * 1e10, Verdict::Pass)).collect();
        assert_eq!(told(&all), ["a all 8 devices 2 .. 2.07 TFLOP/s PASS"]);
        all[3] = on(3, "a", 0.5e12, Verdict::Fail);
        all[5] = on(5, "a", 0.25e12, Verdict::Fail);
        all.push(on(0, "b", 2e12, Verdict::Pass));
        let rows = [
            "a 6 devices 2 .. 2.07 TFLOP/s PASS",
            "a cuda:3 500 GFLOP/s FAIL",
            "a cuda:5 250 GFLOP/s FAIL",
            "b cuda:0 2 TFLOP/s PASS",
        ];
        assert_eq!(told(&all), rows);
    }

    #[test]
    fn what_all_fail_in_one_way_is_counted_and_two_devices_are_named() {
        let failed = |count| (0..count).map(|at| on(at, "a", 0.5e12, Verdict::Fail)).collect::<Vec<_>>();
        assert_eq!(told(&failed(8)), ["a all 8 devices 500 GFLOP/s FAIL"]);
        assert_eq!(told(&failed(2)).len(), 2);
        let mut reasons = failed(3);
        reasons[1].because = Reason::WrongResult { why: "row 7".to_owned() };
        assert_eq!(told(&reasons).len(), 3);
    }

    #[test]
    fn texts_that_differ_are_not_told_together() {
        let mut texts: Vec<Finding> = (0..3).map(|at| on(at, "driver", 0.0, Verdict::Pass)).collect();
        for (at, finding) in texts.iter_mut().enumerate() {
            finding.observed = Some(Amount::Text { value: format!("55{at}.1.2") });
        }
        assert_eq!(told(&texts).len(), 3);
    }
}
