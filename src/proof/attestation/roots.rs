//! The roots that attestations must lead to: NVIDIA's, unless others are put in their place, once and before anything is
//! checked. Owns these; must not know files.

use std::sync::{LazyLock, OnceLock};

use super::chain::{self, Certificate};

/// The certificate of "NVIDIA Device Identity CA", SHA-256
/// 102bf659d5419614c9d8e6aecebc80454eb26b1df6a769ac720b9a690b167b48, as NVIDIA publishes it with its own verifier
/// (github.com/NVIDIA/nvtrust, guest_tools/gpu_verifiers/local_gpu_verifier/src/verifier/certs/verifier_device_root.pem).
const NVIDIA: &[u8] = include_bytes!("nvidia_device_root.pem");

static IN_USE: OnceLock<Roots> = OnceLock::new();

/// Certificates that are trusted as they stand.
pub struct Roots(pub(super) Vec<Certificate>);

impl Roots {
    /// From a file in PEM. `Err` says what is wrong with it.
    pub fn parse(pem: &[u8]) -> Result<Self, &'static str> {
        chain::parse(pem).map(Self)
    }

    /// The vendor's.
    fn built_in() -> &'static Self {
        // Should it not be readable, nothing leads to it.
        static BUILT_IN: LazyLock<Roots> =
            LazyLock::new(|| Roots::parse(NVIDIA).unwrap_or_else(|_| Roots(Vec::new())));
        &BUILT_IN
    }

    pub fn in_use() -> &'static Self {
        IN_USE.get().unwrap_or_else(|| Self::built_in())
    }

    /// These count from now on, and the vendor's no longer. Once: nobody changes in mid-process what was checked with.
    pub fn put_in_use(self) {
        let _ = IN_USE.set(self);
    }
}
