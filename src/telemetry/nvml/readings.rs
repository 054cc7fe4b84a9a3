//! What NVML says of a card that changes while it is measured.
//! Owns which answer fills which field of a reading, and what the driver's words for reduced clocks mean.

use std::collections::BTreeMap;

use nvml_wrapper_sys::bindings as c;
use nvml_wrapper_sys::bindings::field_id as id;

use super::card::{Card, Clock, Ecc, Since};
use super::raw::Events;
use super::refusal::{Answer, Refusal};
use crate::telemetry::{Reading, Throttle};

/// Reads one card, and remembers what must be remembered between readings.
pub struct Sensors {
    card: Card,
    /// Reasons that this card can tell; `None` where it does not say.
    reasons_known: Option<u64>,
    /// `None` where errors cannot be watched, or no longer.
    errors: Option<Events>,
    xid_codes: BTreeMap<u64, u64>,
}

/// More errors than this between two readings are left for the next one.
const EVENTS_MAX: usize = 1000;

impl Sensors {
    pub fn new(card: Card) -> Self {
        Self {
            card,
            reasons_known: card.clock_event_reasons_known().ok(),
            errors: Events::watch(card).ok(),
            xid_codes: BTreeMap::new(),
        }
    }

    pub fn read(&mut self) -> Reading {
        let card = self.card;
        let word = card.clock_event_reasons().ok();
        let (busy, memory_busy) = card.busy_percent().ok().unzip();
        let ecc = |which, since| card.ecc_errors(which, since).ok();
        let reading = Reading {
            memory_used_bytes: card.memory().ok().map(|memory| memory.used_bytes),
            clock_mhz: card.clock_mhz(Clock::Multiprocessors).ok(),
            memory_clock_mhz: card.clock_mhz(Clock::Memory).ok(),
            power_mw: card.power_mw().ok(),
            power_limit_mw: card.power_limit_mw().ok(),
            energy_mj: card.energy_mj().ok(),
            temperature_c: card.temperature_c().ok(),
            fan_percent: card.fan_percent().ok(),
            busy_percent: busy,
            memory_busy_percent: memory_busy,
            throttle: word.and_then(|word| throttle(word, self.reasons_known)),
            clock_event_reasons: word,
            ecc_uncorrected: ecc(Ecc::Uncorrected, Since::DriverLoaded),
            ecc_corrected: ecc(Ecc::Corrected, Since::DriverLoaded),
            ecc_uncorrected_ever: ecc(Ecc::Uncorrected, Since::Ever),
            ecc_corrected_ever: ecc(Ecc::Corrected, Since::Ever),
            pcie_generation: card.pcie_generation().ok(),
            pcie_width: card.pcie_width().ok(),
            pcie_replays: card.pcie_replays().ok().map(u64::from),
            ..with_fields(card)
        };
        self.with_errors(reading)
    }

    /// Counts the errors that came since the last reading. Where they can no longer be watched, nobody knows how many
    /// there are.
    fn with_errors(&mut self, reading: Reading) -> Reading {
        for _ in 0..EVENTS_MAX {
            match self.errors.as_ref().map(Events::next) {
                Some(Ok(Some(error))) if error.is_anothers => {}
                Some(Ok(Some(error))) => *self.xid_codes.entry(error.code).or_default() += 1,
                Some(Ok(None)) | None => break,
                Some(Err(_)) => self.errors = None,
            }
        }
        if self.errors.is_none() {
            return reading;
        }
        Reading {
            xid: Some(self.xid_codes.values().sum()),
            xid_codes: Some(self.xid_codes.iter().map(|(code, count)| (*code, *count)).collect()),
            ..reading
        }
    }
}

/// What NVML has as numbered fields only, or counts there with fewer calls.
fn with_fields(card: Card) -> Reading {
    let ids = [
        id::NVML_FI_DEV_MEMORY_TEMP,
        id::NVML_FI_DEV_RETIRED_SBE,
        id::NVML_FI_DEV_RETIRED_DBE,
        id::NVML_FI_DEV_RETIRED_PENDING,
        id::NVML_FI_DEV_REMAPPED_COR,
        id::NVML_FI_DEV_REMAPPED_UNC,
        id::NVML_FI_DEV_REMAPPED_PENDING,
        id::NVML_FI_DEV_REMAPPED_FAILURE,
        id::NVML_FI_DEV_NVLINK_CRC_FLIT_ERROR_COUNT_TOTAL,
        id::NVML_FI_DEV_NVLINK_CRC_DATA_ERROR_COUNT_TOTAL,
        id::NVML_FI_DEV_NVLINK_REPLAY_ERROR_COUNT_TOTAL,
        id::NVML_FI_DEV_NVLINK_RECOVERY_ERROR_COUNT_TOTAL,
    ];
    let Ok(answers) = card.fields(ids) else { return Reading::default() };
    let [memory_temperature, single, double, pending, rows @ .., flit, data, replay, recovery] = answers;
    let [corrected, uncorrected, rows_pending, rows_failed] = rows;
    Reading {
        // A card without that sensor gives zero.
        memory_temperature_c: small(memory_temperature).filter(|celsius| *celsius > 0),
        retired_pages: sum([single, double]).and_then(|pages| u32::try_from(pages).ok()),
        retired_pages_pending: small(pending),
        remapped_rows_corrected: small(corrected),
        remapped_rows_uncorrected: small(uncorrected),
        remapped_rows_pending: small(rows_pending),
        remapped_rows_failed: small(rows_failed),
        nvlink_errors: sum([flit, data, replay, recovery]),
        ..Reading::default()
    }
}

fn small(answer: Answer<u64>) -> Option<u32> {
    answer.ok().and_then(|value| u32::try_from(value).ok())
}

/// The sum of those that the card counts: `None` where it counts none of them, or where one is not known.
fn sum<const N: usize>(answers: [Answer<u64>; N]) -> Option<u64> {
    answers
        .into_iter()
        .filter(|answer| !answer.as_ref().is_err_and(Refusal::is_the_cards))
        .try_fold(None, |sum: Option<u64>, answer| {
            Some(Some(sum.unwrap_or(0).saturating_add(answer.ok()?)))
        })?
}

/// The driver's word in the words of readings. `None` where it leaves open whether heat is the reason: the general
/// bit for a slowdown by hardware, alone, on a card that does not tell its kinds apart.
fn throttle(word: u64, known: Option<u64>) -> Option<Vec<Throttle>> {
    const THERMAL: u64 = c::nvmlClocksEventReasonSwThermalSlowdown as u64 | HARDWARE_THERMAL;
    const HARDWARE_THERMAL: u64 = c::nvmlClocksThrottleReasonHwThermalSlowdown as u64;
    const POWER: u64 = c::nvmlClocksEventReasonSwPowerCap as u64;
    const BRAKE: u64 = c::nvmlClocksThrottleReasonHwPowerBrakeSlowdown as u64;
    const HARDWARE: u64 = c::nvmlClocksThrottleReasonHwSlowdown as u64;
    let by_hardware = word & HARDWARE != 0 && word & (HARDWARE_THERMAL | BRAKE) == 0;
    if by_hardware && known.is_none_or(|known| known & HARDWARE_THERMAL == 0) {
        return None;
    }
    let reasons = [
        (Throttle::Thermal, word & THERMAL != 0),
        (Throttle::Power, word & POWER != 0),
        // By hardware and not for heat: the supply, or its protection, holds the card back.
        (Throttle::Brake, word & BRAKE != 0 || by_hardware),
    ];
    Some(reasons.into_iter().filter(|(_, holds)| *holds).map(|(reason, _)| reason).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_drivers_word_becomes_reasons() {
        let all = Some(0x1ff);
        for (word, reasons) in [
            (0, vec![]),
            // Idle, application clocks, sync boost, display clocks and what a later driver may add are no throttling.
            (0x1 | 0x2 | 0x10 | 0x100 | 1 << 40, vec![]),
            (0x4, vec![Throttle::Power]),
            (0x20, vec![Throttle::Thermal]),
            (0x40 | 0x8, vec![Throttle::Thermal]),
            (0x80 | 0x8, vec![Throttle::Brake]),
            (0x4 | 0x8, vec![Throttle::Power, Throttle::Brake]),
            (0x4 | 0x20 | 0x80, vec![Throttle::Thermal, Throttle::Power, Throttle::Brake]),
        ] {
            assert_eq!(throttle(word, all), Some(reasons), "{word:#x}");
        }
    }

    #[test]
    fn a_slowdown_of_an_untold_kind_leaves_heat_open() {
        for known in [None, Some(0xf)] {
            assert_eq!(throttle(0x8, known), None);
            assert_eq!(throttle(0x8 | 0x40, known), Some(vec![Throttle::Thermal]));
        }
        assert_eq!(throttle(0x8, Some(0x1ff)), Some(vec![Throttle::Brake]));
    }

    #[test]
    fn a_sum_needs_all_parts_that_the_card_counts() {
        let refused = |code| Err(Refusal::Code { function: "f", code });
        assert_eq!(sum([Ok(1), Ok(2)]), Some(3));
        assert_eq!(sum([Ok(1), refused(c::nvmlReturn_enum_NVML_ERROR_NOT_SUPPORTED)]), Some(1));
        assert_eq!(sum([Ok(1), refused(c::nvmlReturn_enum_NVML_ERROR_UNKNOWN)]), None);
        assert_eq!(sum([refused(c::nvmlReturn_enum_NVML_ERROR_NOT_SUPPORTED)]), None);
    }
}
