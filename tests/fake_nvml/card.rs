//! The made-up card: what it answers to every question about itself. Numbers are those of no real card, and no test
//! takes them for a measurement.

use std::ffi::{c_char, c_uint, c_ulonglong};
use std::sync::atomic::{AtomicU64, Ordering};

use nvml_wrapper_sys::bindings::*;

use crate::answer::{check_version, of_card, of_either, put, put_text};
use crate::part;
use crate::wishes::Wishes;

pub const UUID: &str = "GPU-00010203-0405-0607-0809-0a0b0c0d0e0f";
pub const ADDRESS: &str = "00000000:FE:00.0";
const MEMORY_BYTES: u64 = 143_771 << 20;
const USED_BYTES: u64 = 600 << 20;
const LINKS: c_uint = 18;

/// A value that moves from call to call, unless the sensors are frozen.
fn live(wishes: &Wishes, base: u64, spread: u64) -> u64 {
    static CALLS: AtomicU64 = AtomicU64::new(0);
    if wishes.frozen { base } else { base + CALLS.fetch_add(1, Ordering::SeqCst) * 977 % spread }
}

/// Functions of a card that write one number.
macro_rules! numbers {
    ($($name:ident: $type:ty = $value:expr;)*) => {
        $(
        #[unsafe(no_mangle)]
        pub unsafe extern "C" fn $name(device: nvmlDevice_t, out: *mut $type) -> nvmlReturn_t {
            let value: fn(&Wishes) -> u64 = $value;
            of_card(stringify!($name), device, |wishes| {
                put(out, wishes.value(stringify!($name), value(wishes)) as $type)
            })
        }
        )*
    };
}

numbers! {
    nvmlDeviceGetArchitecture: c_uint = |_| u64::from(NVML_DEVICE_ARCH_HOPPER);
    nvmlDeviceGetNumGpuCores: c_uint = |_| 132 * 128;
    nvmlDeviceGetMaxPcieLinkGeneration: c_uint = |_| 5;
    nvmlDeviceGetMaxPcieLinkWidth: c_uint = |_| 16;
    nvmlDeviceGetCurrPcieLinkGeneration: c_uint = |_| 5;
    nvmlDeviceGetCurrPcieLinkWidth: c_uint = |_| 16;
    nvmlDeviceGetPcieReplayCounter: c_uint = |_| 2;
    nvmlDeviceGetPowerUsage: c_uint = |wishes| live(wishes, 400_000, 90_000);
    nvmlDeviceGetEnforcedPowerLimit: c_uint = |_| 700_000;
    nvmlDeviceGetPowerManagementDefaultLimit: c_uint = |_| 700_000;
    nvmlDeviceGetTotalEnergyConsumption: c_ulonglong = |wishes| live(wishes, 5_000_000, 1_000_000);
    nvmlDeviceGetFanSpeed: c_uint = |_| 30;
    nvmlDeviceGetCurrentClocksEventReasons: c_ulonglong = |_| 0;
    nvmlDeviceGetSupportedClocksEventReasons: c_ulonglong = |_| 0x1ff;
    nvmlDeviceGetCurrentClocksThrottleReasons: c_ulonglong = |_| 0;
    nvmlDeviceGetSupportedClocksThrottleReasons: c_ulonglong = |_| 0x1ff;
    nvmlDeviceGetDefaultEccMode: c_uint = |_| 1;
    nvmlDeviceGetComputeMode: c_uint = |_| 0;
    nvmlDeviceGetPersistenceMode: c_uint = |_| 1;
    nvmlDeviceGetVirtualizationMode: c_uint = |_| 1;
}

/// Functions of a card that write a text.
macro_rules! texts {
    ($($name:ident = $value:expr;)*) => {
        $(
        #[unsafe(no_mangle)]
        pub unsafe extern "C" fn $name(device: nvmlDevice_t, out: *mut c_char, length: c_uint) -> nvmlReturn_t {
            of_card(stringify!($name), device, |wishes| put_text(out, length, wishes.text(stringify!($name), $value)))
        }
        )*
    };
}

texts! {
    nvmlDeviceGetName = "NVIDIA H200";
    nvmlDeviceGetUUID = UUID;
    nvmlDeviceGetSerial = "1650000000001";
    nvmlDeviceGetBoardPartNumber = "900-00000-0000-000";
    nvmlDeviceGetVbiosVersion = "96.00.00.00.01";
}

/// Functions of a card that write two numbers.
macro_rules! pairs {
    ($($name:ident = $first:expr, $second:expr;)*) => {
        $(
        #[unsafe(no_mangle)]
        pub unsafe extern "C" fn $name(
            device: nvmlDevice_t,
            first: *mut c_uint,
            second: *mut c_uint,
        ) -> nvmlReturn_t {
            of_card(stringify!($name), device, |wishes| {
                put(first, wishes.value(stringify!($name), $first) as c_uint)?;
                put(second, $second)
            })
        }
        )*
    };
}

pairs! {
    nvmlDeviceGetPowerManagementLimitConstraints = 200_000, 700_000;
    nvmlDeviceGetEccMode = 1, 1;
    nvmlDeviceGetMigMode = 0, 0;
}

/// Functions of a card that write a number for a kind of it; `None` for kinds that it does not have.
macro_rules! kinds {
    ($($name:ident = $value:expr;)*) => {
        $(
        #[unsafe(no_mangle)]
        pub unsafe extern "C" fn $name(device: nvmlDevice_t, kind: c_uint, out: *mut c_uint) -> nvmlReturn_t {
            let value: fn(&Wishes, c_uint) -> Option<u64> = $value;
            of_card(stringify!($name), device, |wishes| {
                let known = value(wishes, kind).ok_or(nvmlReturn_enum_NVML_ERROR_INVALID_ARGUMENT)?;
                put(out, wishes.value(stringify!($name), known) as c_uint)
            })
        }
        )*
    };
}

kinds! {
    nvmlDeviceGetClockInfo = |wishes, kind| (kind <= 2).then(|| live(wishes, 1500, 400));
    nvmlDeviceGetMaxClockInfo = |_, kind| (kind <= 2).then_some(1980);
    nvmlDeviceGetTemperature = |wishes, kind| (kind == 0).then(|| live(wishes, 50, 20));
    nvmlDeviceGetNvLinkState = |_, kind| (kind < LINKS).then_some(u64::from(kind != 3));
}

#[unsafe(no_mangle)]
pub unsafe extern "C" fn nvmlDeviceGetTotalEccErrors(
    device: nvmlDevice_t,
    which: nvmlMemoryErrorType_t,
    since: nvmlEccCounterType_t,
    out: *mut c_ulonglong,
) -> nvmlReturn_t {
    of_card("nvmlDeviceGetTotalEccErrors", device, |wishes| {
        if which > 1 || since > 1 {
            return Err(nvmlReturn_enum_NVML_ERROR_INVALID_ARGUMENT);
        }
        put(out, wishes.value(&format!("ecc{which}{since}"), u64::from(since * 4)))
    })
}

#[unsafe(no_mangle)]
pub unsafe extern "C" fn nvmlDeviceGetPciInfo_v3(
    device: nvmlDevice_t,
    out: *mut nvmlPciInfo_t,
) -> nvmlReturn_t {
    of_card("nvmlDeviceGetPciInfo_v3", device, |wishes| {
        let mut info = nvmlPciInfo_t {
            busIdLegacy: [0; 16],
            domain: 0,
            bus: 0xfe,
            device: 0,
            pciDeviceId: wishes.value("pciDeviceId", 0x2335_10de) as c_uint,
            pciSubSystemId: wishes.value("pciSubSystemId", 0x18be_10de) as c_uint,
            busId: [0; 32],
        };
        let length = info.busId.len() as c_uint;
        put_text(info.busId.as_mut_ptr(), length, wishes.text("busId", ADDRESS))?;
        put(out, info)
    })
}

#[unsafe(no_mangle)]
pub unsafe extern "C" fn nvmlDeviceGetMemoryInfo_v2(
    device: nvmlDevice_t,
    out: *mut nvmlMemory_v2_t,
) -> nvmlReturn_t {
    of_either("nvmlDeviceGetMemoryInfo_v2", device, |is_part, wishes| {
        // SAFETY: the caller passes a structure with its version filled in, or null.
        let Some(memory) = (unsafe { out.as_mut() }) else {
            return Err(nvmlReturn_enum_NVML_ERROR_INVALID_ARGUMENT);
        };
        check_version::<nvmlMemory_v2_t>(memory.version, 2)?;
        memory.total = if is_part { part::MEMORY_BYTES } else { wishes.value("memory", MEMORY_BYTES) };
        memory.used = USED_BYTES;
        Ok(())
    })
}

#[unsafe(no_mangle)]
pub unsafe extern "C" fn nvmlDeviceGetMemoryInfo(
    device: nvmlDevice_t,
    out: *mut nvmlMemory_t,
) -> nvmlReturn_t {
    of_card("nvmlDeviceGetMemoryInfo", device, |wishes| {
        let total = wishes.value("memory", MEMORY_BYTES);
        put(out, nvmlMemory_t { total, free: total - USED_BYTES, used: USED_BYTES })
    })
}

#[unsafe(no_mangle)]
pub unsafe extern "C" fn nvmlDeviceGetBAR1MemoryInfo(
    device: nvmlDevice_t,
    out: *mut nvmlBAR1Memory_t,
) -> nvmlReturn_t {
    of_card("nvmlDeviceGetBAR1MemoryInfo", device, |_| {
        put(out, nvmlBAR1Memory_t { bar1Total: 256 << 30, bar1Free: 255 << 30, bar1Used: 1 << 30 })
    })
}

#[unsafe(no_mangle)]
pub unsafe extern "C" fn nvmlDeviceGetUtilizationRates(
    device: nvmlDevice_t,
    out: *mut nvmlUtilization_t,
) -> nvmlReturn_t {
    of_card("nvmlDeviceGetUtilizationRates", device, |_| put(out, nvmlUtilization_t { gpu: 98, memory: 71 }))
}

#[unsafe(no_mangle)]
pub unsafe extern "C" fn nvmlDeviceGetGpuFabricInfoV(
    device: nvmlDevice_t,
    out: *mut nvmlGpuFabricInfoV_t,
) -> nvmlReturn_t {
    of_card("nvmlDeviceGetGpuFabricInfoV", device, |wishes| {
        // SAFETY: the caller passes a structure with its version filled in, or null.
        let Some(info) = (unsafe { out.as_mut() }) else {
            return Err(nvmlReturn_enum_NVML_ERROR_INVALID_ARGUMENT);
        };
        match wishes.value("fabric_version", 3) {
            2 => check_version::<nvmlGpuFabricInfo_v2_t>(info.version, 2)?,
            _ => check_version::<nvmlGpuFabricInfo_v3_t>(info.version, 3)?,
        }
        info.state = wishes.value("fabric", u64::from(NVML_GPU_FABRIC_STATE_COMPLETED)) as u8;
        Ok(())
    })
}

/// This process and strangers, who use other parts of a divided card.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn nvmlDeviceGetComputeRunningProcesses_v3(
    device: nvmlDevice_t,
    count: *mut c_uint,
    infos: *mut nvmlProcessInfo_t,
) -> nvmlReturn_t {
    of_either("nvmlDeviceGetComputeRunningProcesses_v3", device, |is_part, wishes| {
        let strangers = if is_part { 0 } else { wishes.value("strangers", 2) as u32 };
        let own = std::process::id();
        put_processes(count, infos, (0..strangers).map(|n| own.wrapping_add(1 + n)).chain([own]).collect())
    })
}

#[unsafe(no_mangle)]
pub unsafe extern "C" fn nvmlDeviceGetGraphicsRunningProcesses_v3(
    device: nvmlDevice_t,
    count: *mut c_uint,
    infos: *mut nvmlProcessInfo_t,
) -> nvmlReturn_t {
    of_either("nvmlDeviceGetGraphicsRunningProcesses_v3", device, |_, _| {
        put_processes(count, infos, vec![std::process::id()])
    })
}

fn put_processes(
    count: *mut c_uint,
    infos: *mut nvmlProcessInfo_t,
    pids: Vec<u32>,
) -> Result<(), nvmlReturn_t> {
    // SAFETY: the caller passes how many infos there is room for, or null.
    let Some(count) = (unsafe { count.as_mut() }) else {
        return Err(nvmlReturn_enum_NVML_ERROR_INVALID_ARGUMENT);
    };
    let room = std::mem::replace(count, pids.len() as c_uint);
    if pids.len() > room as usize {
        return Err(nvmlReturn_enum_NVML_ERROR_INSUFFICIENT_SIZE);
    }
    let none = c_uint::MAX;
    for (at, pid) in pids.into_iter().enumerate() {
        let info =
            nvmlProcessInfo_t { pid, usedGpuMemory: 1 << 20, gpuInstanceId: none, computeInstanceId: none };
        // SAFETY: there is room for so many.
        unsafe { *infos.add(at) = info };
    }
    Ok(())
}

/// Fields by id; `None` for those that the card does not have.
pub fn field(id: c_uint) -> Option<u64> {
    use nvml_wrapper_sys::bindings::field_id::*;
    match id {
        NVML_FI_DEV_MEMORY_TEMP => Some(62),
        NVML_FI_DEV_REMAPPED_COR => Some(1),
        NVML_FI_DEV_REMAPPED_UNC | NVML_FI_DEV_REMAPPED_PENDING | NVML_FI_DEV_REMAPPED_FAILURE => Some(0),
        NVML_FI_DEV_NVLINK_CRC_FLIT_ERROR_COUNT_TOTAL => Some(3),
        NVML_FI_DEV_NVLINK_REPLAY_ERROR_COUNT_TOTAL => Some(4),
        _ => None,
    }
}
