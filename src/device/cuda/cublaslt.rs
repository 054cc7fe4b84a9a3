//! cuBLASLt where the machine has it, as a table of functions.
//! Owns their signatures; must not know ops. Statuses are plain numbers, as in `api.rs`: newer libraries have more of them.
#![allow(unsafe_code, non_snake_case)]

use std::ffi::{c_int, c_void};
use std::sync::OnceLock;

use cudarc::driver::sys::CUstream;
use libloading::Library;

use super::library::{self, Loaded, Sought};

/// What a call answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(transparent)]
pub struct Status(pub c_int);

impl Status {
    pub const SUCCESS: Status = Status(0);

    /// `Err` says which call gave what answer.
    pub fn of(self, call: &str) -> Result<(), String> {
        if self == Self::SUCCESS { Ok(()) } else { Err(format!("{call}: {self}")) }
    }
}

/// By the names of cublas_api.h.
impl std::fmt::Display for Status {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let name = match self.0 {
            0 => "SUCCESS",
            1 => "NOT_INITIALIZED",
            3 => "ALLOC_FAILED",
            7 => "INVALID_VALUE",
            8 => "ARCH_MISMATCH",
            11 => "MAPPING_ERROR",
            13 => "EXECUTION_FAILED",
            14 => "INTERNAL_ERROR",
            15 => "NOT_SUPPORTED",
            16 => "LICENSE_ERROR",
            unknown => return write!(f, "status {unknown}, which has no name"),
        };
        write!(f, "CUBLAS_STATUS_{name} ({})", self.0)
    }
}

/// An object of the library: its context, a description of a product, of a matrix, or of what is preferred.
pub type Handle = *mut c_void;

/// How the library will do a product; opaque.
#[derive(Clone, Copy, Debug, Default)]
#[repr(C)]
pub struct Algorithm([u64; 8]);

/// What it proposes for one.
#[derive(Clone, Copy, Debug, Default)]
#[repr(C)]
pub struct Proposal {
    pub algorithm: Algorithm,
    pub workspace_bytes: usize,
    pub state: c_int,
    waves: f32,
    reserved: [c_int; 4],
}

library::functions! {
    /// The library's functions, as cublasLt.h declares them for versions 11 to 13.
    cublasLtGetVersion() -> usize;
    cublasLtCreate(*mut Handle) -> Status;
    cublasLtDestroy(Handle) -> Status;
    cublasLtMatmulDescCreate(*mut Handle, c_int, c_int) -> Status;
    cublasLtMatmulDescDestroy(Handle) -> Status;
    cublasLtMatmulDescSetAttribute(Handle, c_int, *const c_void, usize) -> Status;
    cublasLtMatrixLayoutCreate(*mut Handle, c_int, u64, u64, i64) -> Status;
    cublasLtMatrixLayoutDestroy(Handle) -> Status;
    cublasLtMatmulPreferenceCreate(*mut Handle) -> Status;
    cublasLtMatmulPreferenceDestroy(Handle) -> Status;
    cublasLtMatmulPreferenceSetAttribute(Handle, c_int, *const c_void, usize) -> Status;
    cublasLtMatmulAlgoGetHeuristic(
        Handle, Handle, Handle, Handle, Handle, Handle, Handle, c_int, *mut Proposal, *mut c_int
    ) -> Status;
    cublasLtMatmulAlgoConfigGetAttribute(*const Algorithm, c_int, *mut c_void, usize, *mut usize) -> Status;
    cublasLtMatmul(
        Handle, Handle, *const c_void, u64, Handle, u64, Handle, *const c_void, u64, Handle, u64, Handle,
        *const Algorithm, u64, usize, CUstream
    ) -> Status;
}

/// The oldest major version with all these functions.
const OLDEST: u32 = 11;

/// The loaded library.
pub struct CublasLt {
    pub functions: Functions,
    pub version: String,
    pub loaded: Loaded,
}

impl CublasLt {
    fn new(library: Library) -> Result<Self, String> {
        let functions = Functions::resolve(&library)?;
        // SAFETY: takes nothing and needs no driver.
        let version = version(unsafe { (functions.cublasLtGetVersion)() });
        let loaded = Loaded::with(library, functions.cublasLtCreate as usize);
        Ok(Self { functions, version, loaded })
    }
}

/// The library, for a driver of this version (as `cuDriverGetVersion` counts) and not made for a newer one, loaded once; or why
/// there is none.
pub fn load(driver: c_int) -> Result<&'static CublasLt, String> {
    static LIBRARY: OnceLock<Result<CublasLt, String>> = OnceLock::new();
    let found = LIBRARY.get_or_init(|| {
        let newest = u32::try_from(driver / 1000).unwrap_or(0);
        let names = (OLDEST..=newest).rev().map(|major| format!("libcublasLt.so.{major}")).collect();
        library::find(&Sought { variable: "ASSAY_CUBLASLT", stem: "libcublasLt", names }, CublasLt::new)
    });
    found.as_ref().map_err(Clone::clone)
}

/// `12.9.1` for 120901, as the library counts. Before 12 it counted in thousands.
fn version(number: usize) -> String {
    let major = if number < 100_000 { 1000 } else { 10_000 };
    format!("{}.{}.{}", number / major, number % major / 100, number % 100)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_and_statuses_are_said_as_people_know_them() {
        assert_eq!(
            [120_901, 130_100, 111_103, 11_601].map(version),
            ["12.9.1", "13.1.0", "11.11.3", "11.6.1"]
        );
        assert_eq!(Status(15).of("f"), Err("f: CUBLAS_STATUS_NOT_SUPPORTED (15)".to_owned()));
        assert_eq!(Status(4711).to_string(), "status 4711, which has no name");
        assert_eq!(Status(0).of("f"), Ok(()));
    }
}
