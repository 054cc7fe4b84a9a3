//! What a driver's answers mean: which end the device, which refuse one piece of work.
//! Owns that one decision; must not call the driver.

use super::api::Code;
use crate::device::DeviceError;

/// What `code` means as the answer to `call`, named `name`. `bytes` is what the call asked for, where it asked for memory.
pub fn meaning(call: &str, code: Code, name: &str, bytes: u64) -> DeviceError {
    let why = format!("{call}: {name}");
    match code {
        Code::OUT_OF_MEMORY => DeviceError::OutOfMemory { bytes },
        code if is_final(code) => DeviceError::Lost { why },
        _ => DeviceError::Validation { why },
    }
}

/// Whether nothing can be done with the device any more, at least not by this process.
///
/// Errors of running kernels (7xx) stay with the context for ever. So it is assumed of those that are not known yet, but
/// for the few that only refuse a call.
fn is_final(code: Code) -> bool {
    const REFUSALS: [i32; 8] = [701, 704, 705, 708, 711, 712, 713, 720];
    match code.0 {
        700..=799 => !REFUSALS.contains(&code.0),
        // The driver has shut down, the device is gone, ECC or NVLink failed, the system is not fit.
        4 | 100 | 101 | 201 | 214 | 220 | 226 | 227 | 802 | 803 | 805..=808 | 999 => true,
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_are_told_apart() {
        let kind = |code| meaning("cuLaunchKernel", Code(code), "NAME", 64);
        for code in [4, 214, 700, 702, 715, 718, 719, 721, 999, 777] {
            assert!(matches!(kind(code), DeviceError::Lost { .. }), "{code}");
        }
        for code in [1, 46, 200, 209, 218, 400, 701, 720, 917, 12_345, -1] {
            assert!(matches!(kind(code), DeviceError::Validation { .. }), "{code}");
        }
        assert_eq!(kind(2), DeviceError::OutOfMemory { bytes: 64 });
        assert!(kind(719).to_string().contains("cuLaunchKernel: NAME"));
    }
}
