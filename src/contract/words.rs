//! Findings and their reasons in words, in each language. What is signed is the code and the figures; these sentences are
//! made when somebody reads them.
//! Owns which message says which reason; must not know how a verdict is reached.

use super::finding::{Amount, Claim, Finding, Reason, Sampling, Subject, Verdict};
use crate::evidence::Ended;
use crate::language::{Language, say};

impl Finding {
    /// What was demanded and found, and the reason: for readers who see nothing else.
    pub fn in_short(&self, language: Language) -> String {
        in_short(self.bound.as_ref(), self.observed.as_ref(), &self.because, language)
    }
}

/// The same of the parts that a finding is about.
pub fn in_short(
    bound: Option<&Amount>,
    observed: Option<&Amount>,
    because: &Reason,
    language: Language,
) -> String {
    let because = because.said(language);
    match (bound, observed) {
        (Some(bound), Some(found)) => say!(
            language,
            "finding-demanded-found",
            demanded = bound.said(language),
            found = found.said(language),
            because = because
        ),
        (Some(bound), None) => {
            say!(language, "finding-demanded", demanded = bound.said(language), because = because)
        }
        (None, Some(found)) => {
            say!(language, "finding-found", found = found.said(language), because = because)
        }
        (None, None) => because,
    }
}

impl Verdict {
    /// Within a sentence or a list; tables shout it.
    pub fn said(self, language: Language) -> String {
        match self {
            Verdict::Pass => say!(language, "word-pass"),
            Verdict::Inconclusive => say!(language, "word-inconclusive"),
            Verdict::Fail => say!(language, "word-fail"),
        }
    }
}

impl Amount {
    /// As [`Display`](std::fmt::Display) writes it, but texts between the language's own quotation marks.
    pub fn said(&self, language: Language) -> String {
        match self {
            Amount::Text { value } if value.parse::<f64>().is_err() => {
                say!(language, "quoted", text = escaped(value))
            }
            Amount::Number { .. } | Amount::Ratio { .. } | Amount::Text { .. } => self.to_string(),
        }
    }
}

impl Subject {
    pub fn said(&self, language: Language) -> String {
        match self {
            Subject::Device { selector, .. } => selector.clone(),
            Subject::Node => say!(language, "subject-node"),
        }
    }
}

impl std::fmt::Display for Subject {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.said(Language::English))
    }
}

impl std::fmt::Display for Reason {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.said(Language::English))
    }
}

impl Reason {
    /// The reason in a sentence without its full stop, and what to do about it where something can be done.
    pub fn said(&self, language: Language) -> String {
        use Reason as R;
        match self {
            R::Met => say!(language, "reason-met"),
            R::NotMet => say!(language, "reason-not-met"),
            R::WithinGuard { .. }
            | R::DecidedOverFleet
            | R::OtherCatalogue { .. }
            | R::DeliveredEnough { .. }
            | R::DeliveredTooLittle { .. }
            | R::DeliveredOpen { .. }
            | R::TooFewSamples { .. } => delivered(self, language),
            R::NoDevice
            | R::NotOpened { .. }
            | R::ProvenanceRefused { .. }
            | R::NotMeasured { .. }
            | R::DeviceNotCompleted { .. }
            | R::RunNotCompleted { .. }
            | R::CardCannot { .. }
            | R::WeCannot { .. }
            | R::Failed { .. }
            | R::Skipped { .. }
            | R::NotKeptUp { .. }
            | R::BrokeOff { .. } => unmeasured(self, language),
            R::WrongResult { .. }
            | R::WrongUnderLoad { .. }
            | R::CanaryMissed
            | R::NothingCompared
            | R::MemoryErrors { .. }
            | R::NotReadBack { .. }
            | R::ClocksDisagree { .. }
            | R::OnlyALowerBound { .. }
            | R::ShortfallMayBeOurs
            | R::NoFigure
            | R::TooFastToBeTrue { .. }
            | R::MeasuredAlone => unusable(self, language),
            R::TelemetryAbsent { .. }
            | R::SensorSilent { .. }
            | R::NeverThrottled
            | R::TelemetryTooShort { .. }
            | R::TelemetryFrozen { .. }
            | R::FlagSeen { .. } => telemetry(self, language),
            R::TooFewDevices { .. }
            | R::TooFewCompleted { .. }
            | R::SkuMatches { .. }
            | R::SkuDiffers { .. }
            | R::SkuUnclear { .. }
            | R::IdentityConflict { .. }
            | R::SourcesDisagree { .. }
            | R::SameDevice { .. } => identity(self, language),
        }
    }
}

/// Decisions on an interval, and what one report cannot decide.
#[allow(clippy::wildcard_enum_match_arm)] // [`Reason::said`] sends every reason to the part that says it.
fn delivered(reason: &Reason, language: Language) -> String {
    match reason {
        Reason::DeliveredEnough { low, high, samples, sampling } => say!(
            language,
            "reason-delivered-enough",
            low = low.to_string(),
            high = high.to_string(),
            sampled = sampled(*samples, *sampling, language)
        ),
        Reason::DeliveredTooLittle { low, high, samples, sampling } => say!(
            language,
            "reason-delivered-too-little",
            low = low.to_string(),
            high = high.to_string(),
            sampled = sampled(*samples, *sampling, language)
        ),
        Reason::DeliveredOpen { low, high, samples } => say!(
            language,
            "reason-delivered-open",
            low = low.to_string(),
            high = high.to_string(),
            samples = samples.to_string()
        ),
        Reason::WithinGuard { guard } => say!(language, "reason-within-guard", guard = guard.to_string()),
        Reason::DecidedOverFleet => say!(language, "reason-decided-over-fleet"),
        Reason::OtherCatalogue { pinned, has } => {
            say!(language, "reason-other-catalogue", pinned = pinned, has = has)
        }
        Reason::TooFewSamples { samples } => {
            say!(language, "reason-too-few-samples", samples = samples.to_string())
        }
        _ => String::new(),
    }
}

/// What was not measured, or not to its end.
#[allow(clippy::wildcard_enum_match_arm)] // As above.
fn unmeasured(reason: &Reason, language: Language) -> String {
    match reason {
        Reason::NoDevice => say!(language, "reason-no-device"),
        Reason::NotOpened { ended } => say!(language, "reason-not-opened", how = how(ended, language)),
        Reason::ProvenanceRefused { is, accepted } => say!(
            language,
            "reason-provenance-refused",
            is = is.said(language),
            code = is.to_string(),
            accepted = language.list(accepted.iter().map(|kind| kind.said(language)))
        ),
        Reason::NotMeasured { metric } => {
            say!(language, "reason-not-measured", metric = metric, how = how_to_measure(metric, language))
        }
        Reason::DeviceNotCompleted { ended } => {
            say!(language, "reason-device-not-completed", how = how(ended, language))
        }
        Reason::RunNotCompleted { ended } => {
            say!(language, "reason-run-not-completed", how = how(ended, language))
        }
        Reason::CardCannot { why } => say!(language, "reason-card-cannot", why = why),
        Reason::WeCannot { why } => say!(language, "reason-we-cannot", why = why),
        Reason::Failed { error } => say!(language, "reason-failed", error = error.said(language)),
        Reason::Skipped { why } => say!(language, "reason-skipped", why = why),
        Reason::NotKeptUp { watched_ns, asked_ns } => {
            say!(language, "reason-not-kept-up", watched = seconds(*watched_ns), asked = seconds(*asked_ns))
        }
        Reason::BrokeOff { times, gap_ns } => {
            say!(language, "reason-broke-off", times = *times, seconds = seconds(*gap_ns))
        }
        _ => String::new(),
    }
}

/// Figures that do not count.
#[allow(clippy::wildcard_enum_match_arm)] // As above.
fn unusable(reason: &Reason, language: Language) -> String {
    match reason {
        Reason::WrongResult { why } => say!(language, "reason-wrong-result", why = why),
        Reason::WrongUnderLoad { wrong, checked } => say!(
            language,
            "reason-wrong-under-load",
            wrong = wrong.to_string(),
            checked = checked.to_string()
        ),
        Reason::CanaryMissed => say!(language, "reason-canary-missed"),
        Reason::NothingCompared => say!(language, "reason-nothing-compared"),
        Reason::MemoryErrors { words } => say!(language, "reason-memory-errors", words = words.to_string()),
        Reason::NotReadBack { filled, checked } => {
            say!(language, "reason-not-read-back", filled = filled.to_string(), checked = checked.to_string())
        }
        Reason::ClocksDisagree { device_ns, host_ns } => say!(
            language,
            "reason-clocks-disagree",
            device = device_ns.to_string(),
            host = host_ns.to_string()
        ),
        Reason::OnlyALowerBound { why } => say!(language, "reason-only-a-lower-bound", why = why),
        Reason::ShortfallMayBeOurs => say!(language, "reason-shortfall-may-be-ours"),
        Reason::NoFigure => say!(language, "reason-no-figure"),
        Reason::TooFastToBeTrue { figure, limit } => say!(
            language,
            "reason-too-fast-to-be-true",
            figure = figure.to_string(),
            limit = limit.to_string()
        ),
        Reason::MeasuredAlone => say!(language, "reason-measured-alone"),
        _ => String::new(),
    }
}

/// What sensors say, or do not.
#[allow(clippy::wildcard_enum_match_arm)] // As above.
fn telemetry(reason: &Reason, language: Language) -> String {
    match reason {
        Reason::TelemetryAbsent { flag } => say!(language, "reason-telemetry-silent", what = flag.name()),
        Reason::SensorSilent { what } => say!(language, "reason-telemetry-silent", what = what),
        Reason::NeverThrottled => say!(language, "reason-never-throttled"),
        Reason::TelemetryTooShort { readings } => {
            say!(language, "reason-telemetry-too-short", readings = readings.to_string())
        }
        Reason::TelemetryFrozen { readings, seconds } => say!(
            language,
            "reason-telemetry-frozen",
            readings = readings.to_string(),
            seconds = seconds.to_string()
        ),
        Reason::FlagSeen { flag, readings, at_ns } => say!(
            language,
            "reason-flag-seen",
            flag = flag.name(),
            readings = readings.to_string(),
            seconds = seconds(*at_ns)
        ),
        _ => String::new(),
    }
}

/// How many devices there are, and which.
#[allow(clippy::wildcard_enum_match_arm)] // As above.
fn identity(reason: &Reason, language: Language) -> String {
    match reason {
        Reason::TooFewDevices { present, demanded } => say!(
            language,
            "reason-too-few-devices",
            present = present.to_string(),
            demanded = demanded.to_string()
        ),
        Reason::TooFewCompleted { completed, demanded } => say!(
            language,
            "reason-too-few-completed",
            completed = completed.to_string(),
            demanded = demanded.to_string()
        ),
        Reason::SkuMatches { is } => say!(language, "reason-sku-matches", name = escaped(is)),
        Reason::SkuDiffers { is } => say!(language, "reason-sku-differs", name = escaped(is)),
        Reason::SkuUnclear { is } => say!(language, "reason-sku-unclear", name = escaped(is)),
        Reason::IdentityConflict { field, device, telemetry } => say!(
            language,
            "reason-identity-conflict",
            field = field,
            device = escaped(device),
            telemetry = escaped(telemetry)
        ),
        Reason::SourcesDisagree { field, claims } => say!(
            language,
            "reason-sources-disagree",
            field = field,
            claims = language.list(claims.iter().map(|claim| told(claim, language)))
        ),
        Reason::SameDevice { selectors, field, value } => {
            let selectors = selectors.join(&say!(language, "list-and"));
            say!(language, "reason-same-device", selectors = selectors, field = field, value = value)
        }
        _ => String::new(),
    }
}

fn sampled(samples: u64, sampling: Sampling, language: Language) -> String {
    let samples = samples.to_string();
    match sampling {
        Sampling::Decided => say!(language, "sampled-until-decided", samples = samples),
        Sampling::Cap => say!(language, "sampled-to-the-cap", samples = samples),
        Sampling::Unknown => say!(language, "sampled-so-often", samples = samples),
    }
}

/// How something ended, within a sentence.
fn how(ended: &Ended, language: Language) -> String {
    match ended {
        Ended::Completed => say!(language, "ended-completed"),
        Ended::Unfinished => say!(language, "how-unfinished"),
        Ended::Interrupted => say!(language, "ended-interrupted"),
        Ended::Lost { why, during: None } => say!(language, "recorded", text = why),
        Ended::Lost { why, during: Some(during) } => {
            say!(language, "how-lost-during", why = why, during = during)
        }
    }
}

fn told(claim: &Claim, language: Language) -> String {
    say!(language, "claim", source = &claim.source, value = escaped(&claim.value))
}

fn how_to_measure(metric: &str, language: Language) -> String {
    match metric.split('.').next().unwrap_or_default() {
        "counters" => say!(language, "measure-counters"),
        "identity" => say!(language, "measure-identity"),
        probe => say!(language, "measure-probe", probe = probe),
    }
}

/// What a machine wrote, with everything made visible that would hide or break text. The marks around it are the message's.
fn escaped(text: &str) -> String {
    let quoted = format!("{text:?}");
    quoted.strip_prefix('"').and_then(|text| text.strip_suffix('"')).unwrap_or(&quoted).to_owned()
}

fn seconds(ns: u64) -> String {
    ((ns / 100_000_000) as f64 / 10.0).to_string()
}
