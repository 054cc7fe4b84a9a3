//! How NVML is called: the library, its texts, values and events. Owns all unsafe code of telemetry; must not know
//! what an answer is good for.
#![allow(unsafe_code)]

use std::ffi::{CString, c_char};
use std::mem::MaybeUninit;
use std::sync::OnceLock;

use nvml_wrapper_sys::bindings as c;

use super::card::Card;
use super::refusal::{Answer, Refusal};

/// Calls one function of the library and gives an error for everything but success. Used here and in `card`
/// only, with arguments as the function's declaration in the bindings demands them.
macro_rules! call {
    ($calls:expr, $function:ident($($argument:expr),*)) => {
        match &$calls.$function {
            // SAFETY: the library is initialised, except for the call that does it. Handles come from this library,
            // and pointers lead to values of the declared type, and of the stated length, that outlive the call.
            Ok(function) => match unsafe { function($($argument),*) } {
                c::nvmlReturn_enum_NVML_SUCCESS => Ok(()),
                code => Err(Refusal::Code { function: stringify!($function), code }),
            },
            Err(_) => Err(Refusal::NoFunction(stringify!($function))),
        }
    };
}

pub(super) use call;

/// The value that a call writes; zero before.
pub(super) fn filled<T: Plain>(call: impl FnOnce(*mut T) -> Answer<()>) -> Answer<T> {
    filled_from(zeroed(), call)
}

/// The value that a call writes over `value`.
pub(super) fn filled_from<T: Plain>(mut value: T, call: impl FnOnce(*mut T) -> Answer<()>) -> Answer<T> {
    call(&mut value)?;
    Ok(value)
}

pub(super) fn zeroed<T: Plain>() -> T {
    // SAFETY: zero is a value of every `Plain` type.
    unsafe { MaybeUninit::zeroed().assume_init() }
}

/// # Safety
/// Every bit pattern is a value, as of integers and of structures and pointers in C.
pub(super) unsafe trait Plain: Copy {}

macro_rules! plain {
    ($($type:ty),*) => {
        // SAFETY: integers, raw pointers, and structures and unions of them.
        $(unsafe impl Plain for $type {})*
    };
}

plain!(
    u32,
    u64,
    c::nvmlDevice_t,
    c::nvmlEventSet_t,
    c::nvmlPciInfo_t,
    c::nvmlMemory_t,
    c::nvmlMemory_v2_t,
    c::nvmlBAR1Memory_t,
    c::nvmlUtilization_t,
    c::nvmlProcessInfo_t,
    c::nvmlFieldValue_t,
    c::nvmlEventData_t,
    c::nvmlGpuFabricInfoV_t,
    c::nvmlConfComputeSystemState_t,
    c::nvmlConfComputeGpuCertificate_t,
    c::nvmlConfComputeGpuAttestationReport_t
);

/// No text of NVML is longer.
const TEXT_BYTES: u32 = 96;

/// The text that a call writes, without what could upset a terminal.
pub(super) fn text(
    function: &'static str,
    call: impl FnOnce(*mut c_char, u32) -> Answer<()>,
) -> Answer<String> {
    let mut buffer = [0 as c_char; TEXT_BYTES as usize];
    call(buffer.as_mut_ptr(), TEXT_BYTES)?;
    let text = printable(&buffer);
    if text.is_empty() { Err(Refusal::Empty(function)) } else { Ok(text) }
}

/// What stands before the first zero, or all of it.
pub(super) fn printable(buffer: &[c_char]) -> String {
    let bytes: Vec<u8> = buffer.iter().map(|c| *c as u8).take_while(|b| *b != 0).collect();
    String::from_utf8_lossy(&bytes).trim().chars().filter(|c| !c.is_control()).collect()
}

/// [`call`] for a function that writes a text.
macro_rules! text_of {
    ($calls:expr, $function:ident($($argument:expr),*)) => {
        text(stringify!($function), |text, bytes| call!($calls, $function($($argument,)* text, bytes)))
    };
}

pub(super) use text_of;

/// The value of a field, by the type that the library says it has.
pub(super) fn field(value: &c::nvmlFieldValue_t) -> Answer<u64> {
    const FUNCTION: &str = "nvmlDeviceGetFieldValues";
    if value.nvmlReturn != c::nvmlReturn_enum_NVML_SUCCESS {
        return Err(Refusal::Code { function: FUNCTION, code: value.nvmlReturn });
    }
    // SAFETY: every member is an integer, so any of them may be read; the type says which one was written.
    unsafe {
        match value.valueType {
            c::nvmlValueType_enum_NVML_VALUE_TYPE_UNSIGNED_INT => Ok(u64::from(value.value.uiVal)),
            c::nvmlValueType_enum_NVML_VALUE_TYPE_UNSIGNED_LONG
            | c::nvmlValueType_enum_NVML_VALUE_TYPE_UNSIGNED_LONG_LONG => Ok(value.value.ullVal),
            _ => Err(Refusal::Type(FUNCTION)),
        }
    }
}

#[cfg(windows)]
const NAME: &str = "nvml.dll";
#[cfg(not(windows))]
const NAME: &str = "libnvidia-ml.so.1";

/// The library, loaded and initialised.
#[derive(Clone, Copy)]
pub struct Library {
    calls: &'static c::NvmlLib,
}

impl Library {
    /// Loads it once per process. It is never unloaded: that is the riskiest call of all, and gains nothing.
    pub fn load() -> Result<Library, String> {
        static LOADED: OnceLock<Result<&'static c::NvmlLib, String>> = OnceLock::new();
        let load = || {
            // SAFETY: loading runs the library's own initialisers, which is what was asked for.
            let calls =
                unsafe { c::NvmlLib::new(NAME) }.map_err(|e| format!("NVML cannot be loaded ({e})"))?;
            let calls: &'static c::NvmlLib = Box::leak(Box::new(calls));
            call!(calls, nvmlInit_v2()).map_err(|refusal| format!("NVML does not start: {refusal}"))?;
            Ok(calls)
        };
        LOADED.get_or_init(load).clone().map(|calls| Library { calls })
    }

    /// Where a function of the library lies in memory, by which the library's file can be found.
    pub fn address(self) -> Option<usize> {
        self.calls.nvmlInit_v2.as_ref().ok().map(|function| *function as *const () as usize)
    }

    pub fn version(self) -> Answer<String> {
        text_of!(self.calls, nvmlSystemGetNVMLVersion())
    }

    pub fn driver_version(self) -> Answer<String> {
        text_of!(self.calls, nvmlSystemGetDriverVersion())
    }

    pub fn cards(self) -> Answer<u32> {
        filled(|count| call!(self.calls, nvmlDeviceGetCount_v2(count)))
    }

    /// Whether it is on, and whether developers may look into it: 0 no, 1 yes.
    pub fn confidential_computing(self) -> Answer<(u32, u32)> {
        let state = filled(|state| call!(self.calls, nvmlSystemGetConfComputeState(state)))?;
        Ok((state.ccFeature, state.devToolsMode))
    }

    /// `GPU-...` or `MIG-...`, with dashes.
    pub fn card_by_uuid(self, uuid: &str) -> Answer<Card> {
        const FUNCTION: &str = "nvmlDeviceGetHandleByUUID";
        let uuid = CString::new(uuid).map_err(|_| Refusal::Type(FUNCTION))?;
        self.card(filled(|card| call!(self.calls, nvmlDeviceGetHandleByUUID(uuid.as_ptr(), card)))?, FUNCTION)
    }

    pub fn card_by_address(self, address: &str) -> Answer<Card> {
        const FUNCTION: &str = "nvmlDeviceGetHandleByPciBusId_v2";
        let address = CString::new(address).map_err(|_| Refusal::Type(FUNCTION))?;
        let found =
            filled(|card| call!(self.calls, nvmlDeviceGetHandleByPciBusId_v2(address.as_ptr(), card)))?;
        self.card(found, FUNCTION)
    }

    fn card(self, handle: c::nvmlDevice_t, function: &'static str) -> Answer<Card> {
        if handle.is_null() {
            Err(Refusal::Empty(function))
        } else {
            Ok(Card { calls: self.calls, handle, part: None })
        }
    }
}

/// The errors of one card since they are watched. Lives as long as the process, like the library.
pub struct Events {
    calls: &'static c::NvmlLib,
    set: c::nvmlEventSet_t,
    /// The part of the card that is meant.
    instance: Option<u32>,
}

/// One of them.
pub struct DriverError {
    /// The Xid code.
    pub code: u64,
    /// Whether the driver says that it is of another part of the card.
    pub is_anothers: bool,
}

impl Events {
    /// From now on, the critical errors of `card`.
    pub fn watch(card: Card) -> Answer<Events> {
        const XID: u64 = c::nvmlEventTypeXidCriticalError as u64;
        let set = filled(|set| call!(card.calls, nvmlEventSetCreate(set)))?;
        call!(card.calls, nvmlDeviceRegisterEvents(card.handle, XID, set))?;
        Ok(Events { calls: card.calls, set, instance: card.instance() })
    }

    /// The next error, without waiting for one. Of several errors between two calls NVML tells the last code for each.
    pub fn next(&self) -> Answer<Option<DriverError>> {
        /// Not of one part alone.
        const OF_NO_PART: u32 = u32::MAX;
        let event = filled(|event| call!(self.calls, nvmlEventSetWait_v2(self.set, event, 0)));
        match event {
            Ok(event) => {
                let of = event.gpuInstanceId;
                let is_anothers = self.instance.is_some_and(|own| of != own && of != OF_NO_PART);
                Ok(Some(DriverError { code: event.eventData, is_anothers }))
            }
            Err(refusal) if refusal.code() == Some(c::nvmlReturn_enum_NVML_ERROR_TIMEOUT) => Ok(None),
            Err(refusal) => Err(refusal),
        }
    }
}
