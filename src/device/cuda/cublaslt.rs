//! cuBLASLt where the machine has it, as a table of functions: found by name or in the usual places, never linked and never needed.
//! Owns finding and loading; must not know ops. Statuses are plain numbers, as in `api.rs`: newer libraries have more of them.
#![allow(unsafe_code, non_snake_case)]

mod places;

use std::ffi::{c_int, c_void};
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use cudarc::driver::sys::CUstream;
use libloading::Library;

use super::api;

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

macro_rules! functions {
    ($($name:ident($($argument:ty),*) -> $answer:ty;)*) => {
        /// The library's functions, as cublasLt.h declares them for versions 11 to 13.
        pub struct Functions {
            $(pub $name: unsafe extern "C" fn($($argument),*) -> $answer,)*
        }

        impl Functions {
            fn resolve(library: &Library) -> Result<Self, String> {
                Ok(Self {
                    // SAFETY: the library's documentation gives the function of this name this signature.
                    $($name: *unsafe { library.get(stringify!($name)) }
                        .map_err(|_| format!("it has no function {}", stringify!($name)))?,)*
                })
            }
        }
    };
}

functions! {
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

/// The loaded library. What its file is stands in evidence, as for the driver's: whoever lends the machine chooses it.
pub struct CublasLt {
    pub functions: Functions,
    /// `None` where the system does not tell.
    pub path: Option<PathBuf>,
    pub version: String,
    digest: OnceLock<Option<String>>,
    /// What the functions lie in.
    _library: Library,
}

impl CublasLt {
    fn new(library: Library) -> Result<Self, String> {
        let functions = Functions::resolve(&library)?;
        // SAFETY: takes nothing and needs no driver.
        let version = version(unsafe { (functions.cublasLtGetVersion)() });
        let path = api::file_at(functions.cublasLtCreate as usize as u64);
        Ok(Self { functions, path, version, digest: OnceLock::new(), _library: library })
    }

    /// SHA-256 of the file, lower-case hex. It has hundreds of megabytes, so that only who needs the digest pays for it.
    pub fn digest(&self) -> Option<&str> {
        self.digest.get_or_init(|| api::digest(self.path.as_deref()?)).as_deref()
    }
}

/// The library, for a driver of this version (as `cuDriverGetVersion` counts), loaded once; or why there is none.
pub fn load(driver: c_int) -> Result<&'static CublasLt, String> {
    static LIBRARY: OnceLock<Result<CublasLt, String>> = OnceLock::new();
    let found = LIBRARY.get_or_init(|| {
        let newest = u32::try_from(driver / 1000).unwrap_or(0);
        let variable =
            |name: &str| std::env::var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from);
        first(&places::places(newest, &variable, Path::new("/")))
    });
    found.as_ref().map_err(Clone::clone)
}

/// The first that can be used.
fn first(places: &[PathBuf]) -> Result<CublasLt, String> {
    let mut refusals = Vec::new();
    for place in places {
        // SAFETY: loading a library runs its initialisers, which the worker process is there to contain.
        let used = match unsafe { Library::new(place) } {
            // A bare name that the loader does not know.
            Err(_) if place.parent() == Some(Path::new("")) => continue,
            loaded => loaded.map_err(|error| reason(&error)).and_then(CublasLt::new),
        };
        match used {
            Ok(library) => return Ok(library),
            Err(why) => refusals.push(format!("{} cannot be used: {why}", place.display())),
        }
    }
    Err(refusals.into_iter().next().unwrap_or_else(|| places::NOT_FOUND.to_owned()))
}

/// What the loader itself says, where it says something.
fn reason(error: &libloading::Error) -> String {
    std::error::Error::source(error).map_or_else(|| error.to_string(), ToString::to_string)
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
