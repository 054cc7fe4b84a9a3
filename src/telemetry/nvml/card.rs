//! What can be asked of one card, as functions that are safe to call in any order. Every unsafe step is `raw`'s; the
//! lint sees it here because its macro is used here. Must not know what an answer is good for.
#![allow(unsafe_code)]

use nvml_wrapper_sys::bindings as c;

use super::raw::{call, field, filled, filled_from, printable, text, text_of, zeroed};
use super::refusal::{Answer, Refusal};

/// One card, by the handle that the library gave out for it. Handles stay valid as long as the library is loaded.
#[derive(Clone, Copy)]
pub struct Card {
    pub(super) calls: &'static c::NvmlLib,
    pub(super) handle: c::nvmlDevice_t,
    /// The part of it that is meant, where it is divided (MIG).
    pub(super) part: Option<c::nvmlDevice_t>,
}

/// PCI ids as they are written: vendor first.
pub struct Pci {
    /// `dddddddd:bb:dd.f` in NVML's own spelling.
    pub address: String,
    pub id: (u16, u16),
    pub subsystem_id: (u16, u16),
}

pub struct Memory {
    pub bytes: u64,
    pub used_bytes: u64,
}

#[derive(Clone, Copy)]
pub enum Clock {
    Multiprocessors,
    Memory,
}

#[derive(Clone, Copy)]
pub enum Ecc {
    Corrected,
    Uncorrected,
}

/// Over what time errors are counted.
#[derive(Clone, Copy)]
pub enum Since {
    DriverLoaded,
    Ever,
}

impl Card {
    /// The card that this is a part of, if it is one: of a part alone the driver says little.
    pub fn with_its_whole(self) -> Card {
        let whole = filled(|whole| {
            call!(self.calls, nvmlDeviceGetDeviceHandleFromMigDeviceHandle(self.handle, whole))
        });
        match whole {
            Ok(handle) if !handle.is_null() => Card { handle, part: Some(self.handle), ..self },
            Ok(_) | Err(_) => self,
        }
    }

    /// What has memory and processes of its own.
    fn own(self) -> c::nvmlDevice_t {
        self.part.unwrap_or(self.handle)
    }

    /// By which number errors are told to be of the part that is meant.
    pub fn instance(self) -> Option<u32> {
        let part = self.part?;
        filled(|out| call!(self.calls, nvmlDeviceGetGpuInstanceId(part, out))).ok()
    }

    pub fn name(self) -> Answer<String> {
        text_of!(self.calls, nvmlDeviceGetName(self.handle))
    }

    pub fn uuid(self) -> Answer<String> {
        text_of!(self.calls, nvmlDeviceGetUUID(self.handle))
    }

    pub fn serial(self) -> Answer<String> {
        text_of!(self.calls, nvmlDeviceGetSerial(self.handle))
    }

    pub fn board_part_number(self) -> Answer<String> {
        text_of!(self.calls, nvmlDeviceGetBoardPartNumber(self.handle))
    }

    pub fn vbios(self) -> Answer<String> {
        text_of!(self.calls, nvmlDeviceGetVbiosVersion(self.handle))
    }

    pub fn pci(self) -> Answer<Pci> {
        let pci = filled(|pci| call!(self.calls, nvmlDeviceGetPciInfo_v3(self.handle, pci)))?;
        // NVML packs the device id into the upper half, the vendor's into the lower.
        let split = |id: u32| ((id & 0xffff) as u16, (id >> 16) as u16);
        Ok(Pci {
            address: printable(&pci.busId),
            id: split(pci.pciDeviceId),
            subsystem_id: split(pci.pciSubSystemId),
        })
    }

    pub fn architecture(self) -> Answer<u32> {
        filled(|out| call!(self.calls, nvmlDeviceGetArchitecture(self.handle, out)))
    }

    pub fn cores(self) -> Answer<u32> {
        filled(|out| call!(self.calls, nvmlDeviceGetNumGpuCores(self.handle, out)))
    }

    pub fn memory(self) -> Answer<Memory> {
        let empty = c::nvmlMemory_v2_t { version: version_of::<c::nvmlMemory_v2_t>(2), ..zeroed() };
        let newer = filled_from(empty, |out| call!(self.calls, nvmlDeviceGetMemoryInfo_v2(self.own(), out)));
        match newer {
            Ok(memory) => Ok(Memory { bytes: memory.total, used_bytes: memory.used }),
            // Drivers before 510.
            Err(Refusal::NoFunction(_)) => {
                let memory = filled(|out| call!(self.calls, nvmlDeviceGetMemoryInfo(self.own(), out)))?;
                Ok(Memory { bytes: memory.total, used_bytes: memory.used })
            }
            Err(refusal) => Err(refusal),
        }
    }

    pub fn bar1_bytes(self) -> Answer<u64> {
        Ok(filled(|out| call!(self.calls, nvmlDeviceGetBAR1MemoryInfo(self.handle, out)))?.bar1Total)
    }

    pub fn pcie_generation_max(self) -> Answer<u32> {
        filled(|out| call!(self.calls, nvmlDeviceGetMaxPcieLinkGeneration(self.handle, out)))
    }

    pub fn pcie_width_max(self) -> Answer<u32> {
        filled(|out| call!(self.calls, nvmlDeviceGetMaxPcieLinkWidth(self.handle, out)))
    }

    pub fn pcie_generation(self) -> Answer<u32> {
        filled(|out| call!(self.calls, nvmlDeviceGetCurrPcieLinkGeneration(self.handle, out)))
    }

    pub fn pcie_width(self) -> Answer<u32> {
        filled(|out| call!(self.calls, nvmlDeviceGetCurrPcieLinkWidth(self.handle, out)))
    }

    pub fn pcie_replays(self) -> Answer<u32> {
        filled(|out| call!(self.calls, nvmlDeviceGetPcieReplayCounter(self.handle, out)))
    }

    pub fn power_mw(self) -> Answer<u32> {
        filled(|out| call!(self.calls, nvmlDeviceGetPowerUsage(self.handle, out)))
    }

    /// Since the driver was loaded.
    pub fn energy_mj(self) -> Answer<u64> {
        filled(|out| call!(self.calls, nvmlDeviceGetTotalEnergyConsumption(self.handle, out)))
    }

    pub fn power_limit_mw(self) -> Answer<u32> {
        filled(|out| call!(self.calls, nvmlDeviceGetEnforcedPowerLimit(self.handle, out)))
    }

    pub fn power_limit_default_mw(self) -> Answer<u32> {
        filled(|out| call!(self.calls, nvmlDeviceGetPowerManagementDefaultLimit(self.handle, out)))
    }

    /// Lowest and highest.
    pub fn power_limits_mw(self) -> Answer<(u32, u32)> {
        let mut most = 0;
        let least = filled(|least| {
            call!(self.calls, nvmlDeviceGetPowerManagementLimitConstraints(self.handle, least, &mut most))
        })?;
        Ok((least, most))
    }

    pub fn clock_mhz(self, clock: Clock) -> Answer<u32> {
        filled(|out| call!(self.calls, nvmlDeviceGetClockInfo(self.handle, clock.code(), out)))
    }

    pub fn clock_max_mhz(self, clock: Clock) -> Answer<u32> {
        filled(|out| call!(self.calls, nvmlDeviceGetMaxClockInfo(self.handle, clock.code(), out)))
    }

    pub fn temperature_c(self) -> Answer<u32> {
        let sensor = c::nvmlTemperatureSensors_enum_NVML_TEMPERATURE_GPU;
        filled(|out| call!(self.calls, nvmlDeviceGetTemperature(self.handle, sensor, out)))
    }

    pub fn fan_percent(self) -> Answer<u32> {
        filled(|out| call!(self.calls, nvmlDeviceGetFanSpeed(self.handle, out)))
    }

    /// Of the multiprocessors, and of the memory.
    pub fn busy_percent(self) -> Answer<(u32, u32)> {
        let rates = filled(|out| call!(self.calls, nvmlDeviceGetUtilizationRates(self.handle, out)))?;
        Ok((rates.gpu, rates.memory))
    }

    /// Why clocks are reduced now.
    pub fn clock_event_reasons(self) -> Answer<u64> {
        let newer = filled(|out| call!(self.calls, nvmlDeviceGetCurrentClocksEventReasons(self.handle, out)));
        match newer {
            // Drivers before 535 have it under the older name.
            Err(Refusal::NoFunction(_)) => {
                filled(|out| call!(self.calls, nvmlDeviceGetCurrentClocksThrottleReasons(self.handle, out)))
            }
            answer => answer,
        }
    }

    /// Which of the reasons the card can tell.
    pub fn clock_event_reasons_known(self) -> Answer<u64> {
        let newer =
            filled(|out| call!(self.calls, nvmlDeviceGetSupportedClocksEventReasons(self.handle, out)));
        match newer {
            Err(Refusal::NoFunction(_)) => {
                filled(|out| call!(self.calls, nvmlDeviceGetSupportedClocksThrottleReasons(self.handle, out)))
            }
            answer => answer,
        }
    }

    pub fn ecc_errors(self, which: Ecc, since: Since) -> Answer<u64> {
        let which = match which {
            Ecc::Corrected => c::nvmlMemoryErrorType_enum_NVML_MEMORY_ERROR_TYPE_CORRECTED,
            Ecc::Uncorrected => c::nvmlMemoryErrorType_enum_NVML_MEMORY_ERROR_TYPE_UNCORRECTED,
        };
        let since = match since {
            Since::DriverLoaded => c::nvmlEccCounterType_enum_NVML_VOLATILE_ECC,
            Since::Ever => c::nvmlEccCounterType_enum_NVML_AGGREGATE_ECC,
        };
        filled(|out| call!(self.calls, nvmlDeviceGetTotalEccErrors(self.handle, which, since, out)))
    }

    /// Now, and after the next reboot: 0 off, 1 on.
    pub fn ecc_modes(self) -> Answer<(u32, u32)> {
        let mut pending = 0;
        let now = filled(|now| call!(self.calls, nvmlDeviceGetEccMode(self.handle, now, &mut pending)))?;
        Ok((now, pending))
    }

    pub fn ecc_default(self) -> Answer<u32> {
        filled(|out| call!(self.calls, nvmlDeviceGetDefaultEccMode(self.handle, out)))
    }

    /// Now, and after the next reset: 0 off, 1 on.
    pub fn mig_modes(self) -> Answer<(u32, u32)> {
        let mut pending = 0;
        let now = filled(|now| call!(self.calls, nvmlDeviceGetMigMode(self.handle, now, &mut pending)))?;
        Ok((now, pending))
    }

    pub fn compute_mode(self) -> Answer<u32> {
        filled(|out| call!(self.calls, nvmlDeviceGetComputeMode(self.handle, out)))
    }

    pub fn persistence(self) -> Answer<u32> {
        filled(|out| call!(self.calls, nvmlDeviceGetPersistenceMode(self.handle, out)))
    }

    pub fn virtualisation(self) -> Answer<u32> {
        filled(|out| call!(self.calls, nvmlDeviceGetVirtualizationMode(self.handle, out)))
    }

    pub fn nvlink_is_active(self, link: u32) -> Answer<bool> {
        let state = filled(|out| call!(self.calls, nvmlDeviceGetNvLinkState(self.handle, link, out)))?;
        Ok(state == c::nvmlEnableState_enum_NVML_FEATURE_ENABLED)
    }

    /// State of the card's registration with its fabric.
    pub fn fabric_state(self) -> Answer<u32> {
        let of_version = |version| {
            let empty = c::nvmlGpuFabricInfoV_t { version, ..zeroed() };
            filled_from(empty, |out| call!(self.calls, nvmlDeviceGetGpuFabricInfoV(self.handle, out)))
        };
        let info = match of_version(version_of::<c::nvmlGpuFabricInfo_v3_t>(3)) {
            // Drivers before 570 know the structure without its last field.
            Err(refusal) if refusal.is_about_the_version() => {
                of_version(version_of::<c::nvmlGpuFabricInfo_v2_t>(2))?
            }
            answer => answer?,
        };
        Ok(u32::from(info.state))
    }

    /// Process ids with a context of any kind on this card. A process may stand there several times.
    pub fn processes(self) -> Answer<Vec<u32>> {
        let mut pids = self.listed(|count, infos| {
            call!(self.calls, nvmlDeviceGetComputeRunningProcesses_v3(self.own(), count, infos))
        })?;
        pids.extend(self.listed(|count, infos| {
            call!(self.calls, nvmlDeviceGetGraphicsRunningProcesses_v3(self.own(), count, infos))
        })?);
        Ok(pids)
    }

    /// Certificates in PEM, that of the key which signs reports first.
    pub fn attestation_chain(self) -> Answer<Vec<u8>> {
        const FUNCTION: &str = "nvmlDeviceGetConfComputeGpuCertificate";
        let given =
            filled(|out| call!(self.calls, nvmlDeviceGetConfComputeGpuCertificate(self.handle, out)))?;
        let chain = first(FUNCTION, &given.attestationCertChain, given.attestationCertChainSize)?;
        // Where the length counts the zero at the end of the text.
        Ok(chain.iter().copied().take_while(|byte| *byte != 0).collect())
    }

    /// A report that the card signs over `nonce`. Takes it a moment.
    pub fn attestation_report(self, nonce: &[u8; 32]) -> Answer<Vec<u8>> {
        const FUNCTION: &str = "nvmlDeviceGetConfComputeGpuAttestationReport";
        let asked = c::nvmlConfComputeGpuAttestationReport_t { nonce: *nonce, ..zeroed() };
        let given = filled_from(asked, |out| {
            call!(self.calls, nvmlDeviceGetConfComputeGpuAttestationReport(self.handle, out))
        })?;
        Ok(first(FUNCTION, &given.attestationReport, given.attestationReportSize)?.to_vec())
    }

    fn listed(
        self,
        call: impl FnOnce(*mut u32, *mut c::nvmlProcessInfo_t) -> Answer<()>,
    ) -> Answer<Vec<u32>> {
        const PROCESSES_MAX: usize = 512;
        let mut infos = vec![zeroed::<c::nvmlProcessInfo_t>(); PROCESSES_MAX];
        let mut count = PROCESSES_MAX as u32;
        call(&mut count, infos.as_mut_ptr())?;
        Ok(infos.iter().take(count as usize).map(|info| info.pid).collect())
    }

    /// Values by field id, each with its own answer.
    pub fn fields<const N: usize>(self, ids: [u32; N]) -> Answer<[Answer<u64>; N]> {
        let mut values = ids.map(|id| c::nvmlFieldValue_t { fieldId: id, ..zeroed() });
        call!(self.calls, nvmlDeviceGetFieldValues(self.handle, N as i32, values.as_mut_ptr()))?;
        Ok(values.map(|value| field(&value)))
    }
}

impl Clock {
    fn code(self) -> c::nvmlClockType_t {
        match self {
            Clock::Multiprocessors => c::nvmlClockType_enum_NVML_CLOCK_SM,
            Clock::Memory => c::nvmlClockType_enum_NVML_CLOCK_MEM,
        }
    }
}

/// The bytes that a function says it wrote.
fn first<'a>(function: &'static str, bytes: &'a [u8], given: u32) -> Answer<&'a [u8]> {
    bytes.get(..given as usize).filter(|bytes| !bytes.is_empty()).ok_or(Refusal::Length { function, given })
}

/// What NVML wants in the `version` of a structure.
fn version_of<T>(version: u32) -> u32 {
    size_of::<T>() as u32 | version << 24
}
