//! Why NVML gives no answer. Owns the codes and their meaning; must not call anything.

use nvml_wrapper_sys::bindings as c;

/// Why NVML gives no answer.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    #[error("this driver's NVML has no {0}")]
    NoFunction(&'static str),
    #[error("{function} answers {code}, {}", meaning(*.code))]
    Code { function: &'static str, code: u32 },
    #[error("{0} gives an empty text")]
    Empty(&'static str),
    #[error("{0} gives a value of an unknown type")]
    Type(&'static str),
    #[error("{function} gives {given} bytes, which no such answer has")]
    Length { function: &'static str, given: u32 },
}

pub type Answer<T> = Result<T, Refusal>;

impl Refusal {
    /// Whether the card lacks what was asked for, which is an answer too.
    pub fn is_the_cards(&self) -> bool {
        self.code() == Some(c::nvmlReturn_enum_NVML_ERROR_NOT_SUPPORTED)
    }

    /// Whether an older driver may know an older form of what was asked for.
    pub fn is_about_the_version(&self) -> bool {
        self.code() == Some(c::nvmlReturn_enum_NVML_ERROR_ARGUMENT_VERSION_MISMATCH)
    }

    pub fn code(&self) -> Option<u32> {
        match self {
            Refusal::Code { code, .. } => Some(*code),
            Refusal::NoFunction(_) | Refusal::Empty(_) | Refusal::Type(_) | Refusal::Length { .. } => None,
        }
    }
}

fn meaning(code: u32) -> &'static str {
    match code {
        c::nvmlReturn_enum_NVML_ERROR_UNINITIALIZED => "not initialised",
        c::nvmlReturn_enum_NVML_ERROR_INVALID_ARGUMENT => "invalid argument",
        c::nvmlReturn_enum_NVML_ERROR_NOT_SUPPORTED => "not supported by this card",
        c::nvmlReturn_enum_NVML_ERROR_NO_PERMISSION => "no permission",
        c::nvmlReturn_enum_NVML_ERROR_NOT_FOUND => "not found",
        c::nvmlReturn_enum_NVML_ERROR_INSUFFICIENT_SIZE => "insufficient size",
        c::nvmlReturn_enum_NVML_ERROR_INSUFFICIENT_POWER => "power cables are not attached",
        c::nvmlReturn_enum_NVML_ERROR_DRIVER_NOT_LOADED => "the kernel driver is not loaded",
        c::nvmlReturn_enum_NVML_ERROR_TIMEOUT => "timeout",
        c::nvmlReturn_enum_NVML_ERROR_IRQ_ISSUE => "trouble with the card's interrupts",
        c::nvmlReturn_enum_NVML_ERROR_CORRUPTED_INFOROM => "the card's info ROM is corrupted",
        c::nvmlReturn_enum_NVML_ERROR_GPU_IS_LOST => "the card fell off the bus",
        c::nvmlReturn_enum_NVML_ERROR_RESET_REQUIRED => "the card needs a reset",
        c::nvmlReturn_enum_NVML_ERROR_OPERATING_SYSTEM => "the operating system denies it",
        c::nvmlReturn_enum_NVML_ERROR_LIB_RM_VERSION_MISMATCH => {
            "library and kernel driver are of different versions"
        }
        c::nvmlReturn_enum_NVML_ERROR_UNKNOWN => "unknown error",
        _ => "a code that this program does not know",
    }
}
