//! A report as JUnit XML, for whatever shows the tests of a pipeline: a suite for the node and for each device, a case
//! for each clause. A failed `must` is a failure, an undecided one an error; `should` and `info` never break a build, and a `should`
//! that was not met is skipped, which viewers show where they would hide what a passed case says.
//! Owns that form; must not judge.

use std::io::{self, Write};

use quick_xml::Writer;
use quick_xml::events::{BytesDecl, BytesText, Event};

use super::findings;
use super::rows;
use crate::contract::{Finding, Severity, Subject, Verdict};
use crate::evidence::DeviceEvidence;
use crate::language::Language;
use crate::report::Report;

/// The cases of one subject.
struct Suite<'a> {
    name: &'a str,
    /// For how long it was measured; of the node, the longest of its devices.
    seconds: f64,
    findings: Vec<&'a Finding>,
    /// `None` of the node.
    device: Option<&'a DeviceEvidence>,
}

impl Suite<'_> {
    fn count(&self, mark: Mark) -> usize {
        self.findings.iter().filter(|finding| Mark::of(finding) == Some(mark)).count()
    }
}

/// What marks a case that is no plain pass.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Mark {
    Failure,
    Error,
    Skipped,
}

impl Mark {
    fn of(finding: &Finding) -> Option<Self> {
        match (finding.severity, finding.verdict) {
            (_, Verdict::Pass) | (Severity::Info, _) => None,
            (Severity::Must, Verdict::Fail) => Some(Mark::Failure),
            (Severity::Must, Verdict::Inconclusive) => Some(Mark::Error),
            (Severity::Should, Verdict::Fail | Verdict::Inconclusive) => Some(Mark::Skipped),
        }
    }
}

pub fn report(report: &Report, out: &mut dyn Write) -> io::Result<()> {
    let suites = suites(report);
    let sum = |mark| suites.iter().map(|suite| suite.count(mark)).sum::<usize>().to_string();
    let total = suites.iter().map(|suite| suite.findings.len()).sum::<usize>().to_string();
    let mut writer = Writer::new_with_indent(&mut *out, b' ', 2);
    writer.write_event(Event::Decl(BytesDecl::new("1.0", Some("UTF-8"), None)))?;
    let root = writer.create_element("testsuites").with_attributes([
        ("name", "assay"),
        ("tests", total.as_str()),
        ("failures", sum(Mark::Failure).as_str()),
        ("errors", sum(Mark::Error).as_str()),
    ]);
    let writer = root.write_inner_content(|writer| {
        suites.iter().try_for_each(|suite| write_suite(report, suite, writer))
    })?;
    writeln!(writer.get_mut())
}

/// The node first, then the devices in their order. Without a contract one case says that nothing was decided.
fn suites(report: &Report) -> Vec<Suite<'_>> {
    let on = |wanted: Option<usize>| {
        let is_there = move |finding: &&Finding| match &finding.subject {
            Subject::Node => wanted.is_none(),
            Subject::Device { index, .. } => wanted == Some(*index as usize),
        };
        report.findings.iter().filter(is_there).collect::<Vec<_>>()
    };
    let devices = &report.evidence.devices;
    let longest = devices.iter().map(seconds).fold(0.0, f64::max);
    let mut suites = vec![Suite { name: "node", seconds: longest, findings: on(None), device: None }];
    for (index, device) in devices.iter().enumerate() {
        let (name, seconds) = (device.selector.as_str(), seconds(device));
        suites.push(Suite { name, seconds, findings: on(Some(index)), device: Some(device) });
    }
    suites
}

/// Until the last look at the sensors: they are read at the end, and a load is watched as long as it lasts.
fn seconds(device: &DeviceEvidence) -> f64 {
    let last_reading = device.timeline.last().map_or(0, |at| at.at_ns);
    let load = device.sustained.iter().flat_map(|load| load.windows.last());
    load.map(|window| window.to_ns).fold(last_reading, u64::max) as f64 / 1e9
}

fn write_suite(report: &Report, suite: &Suite, writer: &mut Writer<&mut dyn Write>) -> io::Result<()> {
    let undecided = usize::from(suite.name == "node" && report.verdict.is_none());
    let name = clean(suite.name);
    let element = writer.create_element("testsuite").with_attributes([
        ("name", name.as_str()),
        ("tests", (suite.findings.len() + undecided).to_string().as_str()),
        ("failures", suite.count(Mark::Failure).to_string().as_str()),
        ("errors", suite.count(Mark::Error).to_string().as_str()),
        ("skipped", (suite.count(Mark::Skipped) + undecided).to_string().as_str()),
        ("timestamp", clean(&report.evidence.run.started).as_str()),
        ("time", format!("{:.3}", suite.seconds).as_str()),
    ]);
    element.write_inner_content(|writer| {
        write_properties(report, suite, writer)?;
        if undecided == 1 {
            write_no_contract(writer)?;
        }
        suite.findings.iter().try_for_each(|finding| write_case(&name, finding, writer))
    })?;
    Ok(())
}

/// On whose word it stands, and where the device is to be found.
fn write_properties(report: &Report, suite: &Suite, writer: &mut Writer<&mut dyn Write>) -> io::Result<()> {
    let place = suite.device.and_then(|device| rows::place(device, Language::English));
    let trust = Some(rows::trust(report, Language::English));
    let all = [("trust", trust), ("place", place)];
    writer.create_element("properties").write_inner_content(|writer| {
        let mut said = all.into_iter().filter_map(|(name, value)| Some((name, clean(&value?))));
        said.try_for_each(|(name, value)| {
            let property = [("name", name), ("value", value.as_str())];
            writer.create_element("property").with_attributes(property).write_empty().map(drop)
        })
    })?;
    Ok(())
}

fn write_no_contract(writer: &mut Writer<&mut dyn Write>) -> io::Result<()> {
    let case = [("name", "verdict"), ("classname", "assay.node")];
    let why = [("message", "there was no contract to judge by")];
    writer.create_element("testcase").with_attributes(case).write_inner_content(|writer| {
        writer.create_element("skipped").with_attributes(why).write_empty().map(drop)
    })?;
    Ok(())
}

fn write_case(suite: &str, finding: &Finding, writer: &mut Writer<&mut dyn Write>) -> io::Result<()> {
    let [clause, severity, ..] = findings::row(finding, Language::English).map(|text| clean(&text));
    let class = format!("assay.{suite}");
    let case = [("name", clause.as_str()), ("classname", class.as_str())];
    let why = clean(&finding.in_short(Language::English));
    let decided = format!("{severity} clause {}", rows::verdict_word(finding.verdict, Language::English));
    let said = format!("{decided}: {why}");
    writer.create_element("testcase").with_attributes(case).write_inner_content(|writer| {
        // What is said once is read; a case that is not marked has no other place for it.
        let element = match Mark::of(finding) {
            Some(Mark::Failure) => "failure",
            Some(Mark::Error) => "error",
            Some(Mark::Skipped) => {
                let element = writer.create_element("skipped");
                return element.with_attribute(("message", said.as_str())).write_empty().map(drop);
            }
            None => {
                let element = writer.create_element("system-out");
                return element.write_text_content(BytesText::new(&said)).map(drop);
            }
        };
        let why = [("message", why.as_str()), ("type", finding.verdict.name())];
        let element = writer.create_element(element).with_attributes(why);
        element.write_text_content(BytesText::new(&decided)).map(drop)
    })?;
    Ok(())
}

/// What XML 1.0 cannot hold, however it is escaped, becomes visible.
fn clean(text: &str) -> String {
    let allowed = |c: char| matches!(c, '\t' | '\n' | '\r' | ' '..='\u{d7ff}' | '\u{e000}'..='\u{fffd}' | '\u{10000}'..);
    text.chars().map(|c| if allowed(c) { c } else { '\u{fffd}' }).collect()
}
