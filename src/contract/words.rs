//! Findings and their reasons in words, in each language. What is signed is the code and the figures; these sentences are
//! made when somebody reads them.
//! Owns which message says which reason; must not know how a verdict is reached.

use super::finding::{Amount, Claim, Finding, Reason, Sampling, Subject, Verdict};
use crate::device::ProvenanceKind;
use crate::evidence::Ended;
use crate::language::{Language, Value, say};
use crate::proof::level::TrustLevel;
use crate::units::{Unit, lasting};

impl Finding {
    /// What was demanded and found, and the reason: for readers who see nothing else.
    pub fn in_short(&self, language: Language) -> String {
        in_short(self.bound.as_ref(), self.observed.as_ref(), &self.because, language)
    }

    /// What was demanded and what was found, where there is either.
    pub fn amounts(&self, language: Language) -> [Option<String>; 2] {
        amounts(self.bound.as_ref(), self.observed.as_ref(), language)
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
    match amounts(bound, observed, language) {
        [Some(demanded), Some(found)] => {
            say!(language, "finding-demanded-found", demanded, found, because)
        }
        [Some(demanded), None] => say!(language, "finding-demanded", demanded, because),
        [None, Some(found)] => say!(language, "finding-found", found, because),
        [None, None] => because,
    }
}

/// What was demanded and found. Of two numbers that differ no reader must think that they are equal.
fn amounts(bound: Option<&Amount>, observed: Option<&Amount>, language: Language) -> [Option<String>; 2] {
    match (bound, observed) {
        (Some(Amount::Number { value: bound, unit }), Some(Amount::Number { value: found, unit: of }))
            if unit == of =>
        {
            unit.apart(*bound, *found).map(Some)
        }
        (Some(Amount::Ratio { value: bound }), Some(Amount::Ratio { value: found })) => {
            ratios(*bound, *found).map(Some)
        }
        _ => [bound, observed].map(|amount| Some(amount?.said(language))),
    }
}

/// With three decimals, or with as many as it takes to tell them apart.
fn ratios(bound: f64, found: f64) -> [String; 2] {
    const DECIMALS: std::ops::RangeInclusive<usize> = 3..=17;
    let both = |decimals| [bound, found].map(|value| format!("{value:.decimals$}"));
    let differ = |[bound, found]: &[String; 2]| bound != found;
    let told = (bound != found).then(|| DECIMALS.map(both).find(differ)).flatten();
    told.unwrap_or_else(|| both(*DECIMALS.start()))
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
    pub fn said(&self, l: Language) -> String {
        use Reason as R;
        match self {
            R::Met => say!(l, "reason-met"),
            R::NotMet => say!(l, "reason-not-met"),
            R::On { devices, metric, because } => on(devices, metric.as_deref(), because, l),
            R::WithinGuard { guard } => say!(l, "reason-within-guard", guard),
            R::DecidedOverFleet => say!(l, "reason-decided-over-fleet"),
            R::NamesAChallenge { challenge } => say!(l, "reason-names-a-challenge", challenge = challenge),
            R::AnswersNoChallenge => say!(l, "reason-answers-no-challenge"),
            R::ShownByAProof => say!(l, "reason-shown-by-a-proof"),
            R::NotProved => say!(l, "reason-not-proved"),
            R::ProvedLittle => say!(l, "reason-proved-little"),
            R::ProvedAtLevel { is, demanded } => proved_at(*is, *demanded, l),
            R::OtherCatalogue { pinned, has } => say!(l, "reason-other-catalogue", pinned, has),
            R::DeliveredEnough { low, high, samples, sampling } => {
                say!(l, "reason-delivered-enough", low, high, sampled = sampled(*samples, *sampling, l))
            }
            R::DeliveredTooLittle { low, high, samples, sampling } => {
                say!(l, "reason-delivered-too-little", low, high, sampled = sampled(*samples, *sampling, l))
            }
            R::DeliveredOpen { low, high, samples } => say!(l, "reason-delivered-open", low, high, samples),
            R::TooFewSamples { samples } => say!(l, "reason-too-few-samples", samples),
            R::NoDevice => say!(l, "reason-no-device"),
            R::NotOpened { ended } => say!(l, "reason-not-opened", how = how(ended, l)),
            R::ProvenanceRefused { is, accepted } => provenance_refused(*is, accepted, l),
            R::NotMeasured { metric } => say!(l, "reason-not-measured", metric, how = to_measure(metric, l)),
            R::DeviceNotCompleted { ended } => say!(l, "reason-device-not-completed", how = how(ended, l)),
            R::RunNotCompleted { ended } => say!(l, "reason-run-not-completed", how = how(ended, l)),
            R::CardCannot { why } => say!(l, "reason-card-cannot", why),
            R::WeCannot { why } => say!(l, "reason-we-cannot", why),
            R::Failed { error } => say!(l, "reason-failed", error = error.said(l)),
            R::Skipped { why } => say!(l, "reason-skipped", why),
            R::WrongResult { why } => say!(l, "reason-wrong-result", why),
            R::WrongUnderLoad { wrong, checked } => say!(l, "reason-wrong-under-load", wrong, checked),
            R::NotKeptUp { watched_ns, asked_ns } => not_kept_up(seconds(*watched_ns), seconds(*asked_ns), l),
            R::BrokeOff { times, gap_ns, unknown } => broke_off(*times, seconds(*gap_ns), *unknown, l),
            R::Lapsed { lapse, times, ns } => lapse.said(*times, *ns, l),
            R::CanaryMissed => say!(l, "reason-canary-missed"),
            R::NothingCompared => say!(l, "reason-nothing-compared"),
            R::MemoryErrors { words } => say!(l, "reason-memory-errors", words),
            R::NotReadBack { filled, checked } => not_read_back(*filled, *checked, l),
            R::ClocksDisagree { device_ns, host_ns } => clocks_disagree(*device_ns, *host_ns, l),
            R::OnlyALowerBound { why } => say!(l, "reason-only-a-lower-bound", why),
            R::ShortfallMayBeOurs => say!(l, "reason-shortfall-may-be-ours"),
            R::NoFigure => say!(l, "reason-no-figure"),
            R::TooFastToBeTrue { figure, limit } => say!(l, "reason-too-fast-to-be-true", figure, limit),
            R::MeasuredAlone => say!(l, "reason-measured-alone"),
            R::TelemetryAbsent { flag } => say!(l, "reason-telemetry-silent", what = flag.name()),
            R::SensorSilent { what } => say!(l, "reason-telemetry-silent", what),
            R::NeverThrottled => say!(l, "reason-never-throttled"),
            R::NoErrorSoFar => say!(l, "reason-no-error-so-far"),
            R::TelemetryTooShort { readings } => say!(l, "reason-telemetry-too-short", readings),
            R::TelemetrySilent { from_ns, to_ns } => telemetry_silent(*from_ns, *to_ns, l),
            R::TelemetryFrozen { readings, seconds } => say!(l, "reason-telemetry-frozen", readings, seconds),
            R::FlagSeen { flag, readings, at_ns } => flag_seen(flag.name(), *readings, seconds(*at_ns), l),
            R::TooFewDevices { present, demanded } => too_few_devices(*present, *demanded, l),
            R::DevicesHidden { present, demanded, by } => devices_hidden(*present, *demanded, by, l),
            R::PartsHidden { present, demanded } => say!(l, "reason-parts-hidden", present, demanded),
            R::TooFewCompleted { completed, demanded } => too_few_completed(*completed, *demanded, l),
            R::SkuMatches { is } => say!(l, "reason-sku-matches", name = escaped(is)),
            R::SkuDiffers { is } => say!(l, "reason-sku-differs", name = escaped(is)),
            R::SkuContradicted { is, id } => say!(l, "reason-sku-contradicted", name = escaped(is), id = id),
            R::SkuUnclear { is } => say!(l, "reason-sku-unclear", name = escaped(is)),
            R::IdentityConflict { field, device, telemetry } => conflict(field, device, telemetry, l),
            R::SourcesDisagree { field, claims } => sources_disagree(field, claims, l),
            R::SameDevice { selectors, field, value } => same_device(selectors, field, value, l),
        }
    }
}

fn conflict(field: &str, device: &str, telemetry: &str, l: Language) -> String {
    let [device, telemetry] = [escaped(device), escaped(telemetry)];
    say!(l, "reason-identity-conflict", field, device, telemetry)
}

/// Amounts are written alike in all languages, so that a message can hold them as they are.
impl<'a> From<&'a Amount> for Value<'a> {
    fn from(amount: &'a Amount) -> Self {
        Value::from(amount.to_string())
    }
}

fn not_read_back(filled: u64, checked: u64, l: Language) -> String {
    let [filled, checked] = [filled, checked].map(|bytes| Unit::Byte.format(bytes as f64));
    say!(l, "reason-not-read-back", filled, checked)
}

fn clocks_disagree(device_ns: u64, host_ns: u64, l: Language) -> String {
    let [device, host] = [device_ns, host_ns].map(|ns| Unit::Nanosecond.format(ns as f64));
    say!(l, "reason-clocks-disagree", device, host)
}

fn proved_at(is: TrustLevel, demanded: TrustLevel, language: Language) -> String {
    let [is, demanded] = [is, demanded].map(|level| format!("{level:?}"));
    say!(language, "reason-proved-at-level", is, demanded)
}

fn same_device(selectors: &[String], field: &str, value: &str, language: Language) -> String {
    let selectors = selectors.join(&say!(language, "list-and"));
    say!(language, "reason-same-device", selectors, field, value)
}

fn flag_seen(flag: &str, readings: u64, seconds: String, l: Language) -> String {
    say!(l, "reason-flag-seen", flag, readings, seconds)
}

fn provenance_refused(is: ProvenanceKind, accepted: &[ProvenanceKind], language: Language) -> String {
    say!(
        language,
        "reason-provenance-refused",
        is = is.said(language),
        code = is.to_string(),
        accepted = language.list(accepted.iter().map(|kind| kind.said(language)))
    )
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

/// The devices and the figure, before what is said of them.
fn on(devices: &[String], metric: Option<&str>, because: &Reason, l: Language) -> String {
    let devices = devices.join(" -> ");
    let on = match metric {
        Some(metric) => say!(l, "reason-on-figure", devices, metric),
        None => devices,
    };
    format!("{on}{}{}", say!(l, "list-colon"), because.said(l))
}

/// Two are what a contract demands, or what it takes to measure anything between devices.
fn too_few_devices(present: u32, demanded: u32, language: Language) -> String {
    match demanded {
        2 => say!(language, "reason-takes-two", present),
        _ => say!(language, "reason-too-few-devices", present, demanded),
    }
}

fn devices_hidden(present: u32, demanded: u32, by: &str, language: Language) -> String {
    say!(language, "reason-devices-hidden", present, demanded, by)
}

fn too_few_completed(completed: u32, demanded: u32, language: Language) -> String {
    say!(language, "reason-too-few-completed", completed, demanded)
}

fn sources_disagree(field: &str, claims: &[Claim], l: Language) -> String {
    say!(l, "reason-sources-disagree", field, claims = told(claims, l))
}

fn told(claims: &[Claim], language: Language) -> String {
    let told = |claim: &Claim| say!(language, "claim", source = &claim.source, value = escaped(&claim.value));
    language.list(claims.iter().map(told))
}

fn to_measure(metric: &str, language: Language) -> String {
    match metric.split('.').next().unwrap_or_default() {
        "counters" => say!(language, "measure-counters"),
        "identity" => say!(language, "measure-identity"),
        "vendor" => say!(language, "measure-vendor"),
        "sustain" => say!(language, "measure-load"),
        probe => say!(language, "measure-probe", probe),
    }
}

/// What a machine wrote, with everything made visible that would hide or break text. The marks around it are the message's.
pub fn escaped(text: &str) -> String {
    let quoted = format!("{text:?}");
    quoted.strip_prefix('"').and_then(|text| text.strip_suffix('"')).unwrap_or(&quoted).to_owned()
}

fn not_kept_up(watched: String, asked: String, l: Language) -> String {
    say!(l, "reason-not-kept-up", watched, asked)
}

fn broke_off(times: u64, seconds: String, unknown: u64, l: Language) -> String {
    match unknown {
        0 => say!(l, "reason-broke-off", times, seconds),
        _ => say!(l, "reason-broke-off-unknown", times, seconds),
    }
}

fn telemetry_silent(from_ns: u64, to_ns: u64, language: Language) -> String {
    say!(language, "reason-telemetry-gap", from = lasting(from_ns), to = lasting(to_ns))
}

fn seconds(ns: u64) -> String {
    ((ns / 100_000_000) as f64 / 10.0).to_string()
}
