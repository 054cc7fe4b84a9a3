//! Every reason of a verdict has its sentence in every language.

use std::collections::BTreeSet;

use gpu_assay::contract::finding::{Claim, Sampling};
use gpu_assay::contract::{Amount, Flag, Reason};
use gpu_assay::device::{DeviceError, ProvenanceKind};
use gpu_assay::evidence::Ended;
use gpu_assay::evidence::lapse::LapseKind;
use gpu_assay::language::Language;
use gpu_assay::proof::level::TrustLevel;
use gpu_assay::units::Unit;

use crate::languages::is_chinese;
use crate::support::data;
use Reason as R;

/// One reason of each code.
fn reasons() -> Vec<Reason> {
    let amount = || Amount::Number { value: 1e9, unit: Unit::BytePerSecond };
    let text = || "as recorded".to_owned();
    let (low, high, why, ended) =
        (amount(), amount(), text(), || Ended::Lost { why: text(), during: Some(text()) });
    let (claims, sampling) = (vec![Claim { source: text(), value: text() }], Sampling::Cap);
    let (is, accepted) = (ProvenanceKind::Simulated, vec![ProvenanceKind::Hardware]);
    vec![
        R::Met,
        R::NotMet,
        R::On { devices: vec![text(), text()], metric: Some(text()), because: Box::new(R::NotMet) },
        R::NotProved,
        R::ProvedLittle,
        R::ProvedAtLevel { is: TrustLevel::L1, demanded: TrustLevel::L2 },
        R::WithinGuard { guard: Amount::Number { value: 0.01, unit: Unit::Share } },
        R::DecidedOverFleet,
        R::NamesAChallenge { challenge: "ab".to_owned() },
        R::AnswersNoChallenge,
        R::ShownByAProof,
        R::OtherCatalogue { pinned: text(), has: text() },
        R::DeliveredEnough { low: low.clone(), high: high.clone(), samples: 3, sampling },
        R::DeliveredTooLittle { low: low.clone(), high: high.clone(), samples: 3, sampling },
        R::DeliveredOpen { low, high, samples: 3 },
        R::TooFewSamples { samples: 3 },
        R::NoDevice,
        R::NotOpened { ended: ended() },
        R::ProvenanceRefused { is, accepted },
        R::NotMeasured { metric: "gemm.bf16.rate".into() },
        R::DeviceNotCompleted { ended: ended() },
        R::RunNotCompleted { ended: Ended::Unfinished },
        R::CardCannot { why: why.clone() },
        R::WeCannot { why: why.clone() },
        R::Failed { error: DeviceError::Hang { after_ms: 3 } },
        R::Skipped { why: why.clone() },
        R::WrongResult { why: why.clone() },
        R::WrongUnderLoad { wrong: 1, checked: 2 },
        R::NotKeptUp { watched_ns: 1, asked_ns: 2 },
        R::BrokeOff { times: 2, gap_ns: 3, unknown: 0 },
        R::Lapsed { lapse: LapseKind::Stood, times: 2, ns: 3 },
        R::CanaryMissed,
        R::NothingCompared,
        R::MemoryErrors { words: 3 },
        R::NotReadBack { filled: 3, checked: 2 },
        R::ClocksDisagree { device_ns: 1, host_ns: 2 },
        R::OnlyALowerBound { why },
        R::ShortfallMayBeOurs,
        R::NoFigure,
        R::TooFastToBeTrue { figure: amount(), limit: amount() },
        R::MeasuredAlone,
        R::TelemetryAbsent { flag: Flag::Xid },
        R::SensorSilent { what: "power".into() },
        R::NeverThrottled,
        R::NoErrorSoFar,
        R::TelemetryTooShort { readings: 3 },
        R::TelemetrySilent { from_ns: 3, to_ns: 4 },
        R::TelemetryFrozen { readings: 3, seconds: 3 },
        R::FlagSeen { flag: Flag::Xid, readings: 3, at_ns: 3 },
        R::TooFewDevices { present: 1, demanded: 2 },
        R::DevicesHidden { present: 1, demanded: 2, by: text() },
        R::PartsHidden { present: 1, demanded: 2 },
        R::TooFewCompleted { completed: 1, demanded: 2 },
        R::SkuMatches { is: text() },
        R::SkuDiffers { is: text() },
        R::SkuUnclear { is: text() },
        R::SkuContradicted { is: text(), id: "10de:2330".to_owned() },
        R::IdentityConflict { field: text(), device: text(), telemetry: text() },
        R::SourcesDisagree { field: text(), claims },
        R::SameDevice { selectors: vec![text(), text()], field: text(), value: text() },
    ]
}

#[test]
fn every_reason_is_said_in_every_language() {
    let schema = std::fs::read_to_string(data("schemas/report.schema.json")).unwrap();
    let schema: serde_json::Value = serde_json::from_str(&schema).unwrap();
    let codes = schema["$defs"]["Reason"]["oneOf"].as_array().unwrap().len();
    let said: BTreeSet<String> =
        reasons().iter().map(|reason| serde_json::to_value(reason).unwrap()["code"].to_string()).collect();
    assert_eq!(said.len(), codes, "one of each code");
    for reason in reasons() {
        for language in Language::ALL {
            let text = reason.said(language);
            assert!(!text.is_empty() && !text.contains("{$") && !text.starts_with('['), "{reason:?}: {text}");
            assert_eq!(is_chinese(&text), language == Language::Chinese, "{text}");
        }
        assert_eq!(reason.to_string(), reason.said(Language::English));
    }
}
