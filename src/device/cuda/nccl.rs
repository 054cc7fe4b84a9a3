//! NCCL where the machine has it, as a table of functions.
//! Owns their signatures; must not know ops. Answers are plain numbers, as in `api.rs`: newer libraries have more of them.
#![allow(unsafe_code, non_snake_case)]

use std::ffi::{CStr, c_char, c_int, c_void};
use std::sync::OnceLock;

use cudarc::driver::sys::CUstream;
use libloading::Library;

use super::library::{self, Loaded, Sought};

/// What a call answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(transparent)]
pub struct Answer(pub c_int);

impl Answer {
    pub const SUCCESS: Answer = Answer(0);
}

/// By the names of nccl.h.
impl std::fmt::Display for Answer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let name = match self.0 {
            0 => "ncclSuccess",
            1 => "ncclUnhandledCudaError",
            2 => "ncclSystemError",
            3 => "ncclInternalError",
            4 => "ncclInvalidArgument",
            5 => "ncclInvalidUsage",
            6 => "ncclRemoteError",
            7 => "ncclInProgress",
            unknown => return write!(f, "answer {unknown}, which has no name"),
        };
        write!(f, "{name} ({})", self.0)
    }
}

/// A communicator: one device's part in what all do together.
pub type Comm = *mut c_void;

/// By their numbers in nccl.h.
pub const FLOAT32: c_int = 7;
pub const SUM: c_int = 0;

library::functions! {
    /// The library's functions, as nccl.h declares them for version 2. A stream of its is one of the driver's.
    ncclGetVersion(*mut c_int) -> Answer;
    ncclCommInitAll(*mut Comm, c_int, *const c_int) -> Answer;
    ncclCommDestroy(Comm) -> Answer;
    ncclGroupStart() -> Answer;
    ncclGroupEnd() -> Answer;
    ncclAllReduce(u64, u64, usize, c_int, c_int, Comm, CUstream) -> Answer;
    ncclAllGather(u64, u64, usize, c_int, Comm, CUstream) -> Answer;
    ncclReduceScatter(u64, u64, usize, c_int, c_int, Comm, CUstream) -> Answer;
    ncclBroadcast(u64, u64, usize, c_int, c_int, Comm, CUstream) -> Answer;
}

/// The loaded library.
pub struct Nccl {
    pub functions: Functions,
    pub version: String,
    /// What the last error was about; libraries before 2.13 do not tell.
    last_error: Option<unsafe extern "C" fn(Comm) -> *const c_char>,
    pub loaded: Loaded,
}

impl Nccl {
    fn new(library: Library) -> Result<Self, String> {
        let functions = Functions::resolve(&library)?;
        let mut number = 0;
        // SAFETY: the library fills in the number, and needs no driver for it.
        let answer = unsafe { (functions.ncclGetVersion)(&mut number) };
        if answer != Answer::SUCCESS {
            return Err(format!("ncclGetVersion: {answer}"));
        }
        // SAFETY: as in `functions!`.
        let last_error = unsafe { library.get("ncclGetLastError") }.ok().map(|function| *function);
        let loaded = Loaded::with(library, functions.ncclCommInitAll as usize);
        Ok(Self { functions, version: version(number), last_error, loaded })
    }

    /// `Err` says which call gave what answer, and what the library itself says of it.
    pub fn of(&self, call: &str, answer: Answer) -> Result<(), String> {
        if answer == Answer::SUCCESS {
            return Ok(());
        }
        let mut why = format!("{call}: {answer}");
        if let Some(last_error) = self.last_error {
            // SAFETY: takes no communicator, too, and gives a string that lives until the next error of this thread, or none.
            let said = unsafe {
                let said = last_error(std::ptr::null_mut());
                (!said.is_null()).then(|| CStr::from_ptr(said).to_string_lossy().trim().to_owned())
            };
            said.filter(|said| !said.is_empty()).into_iter().for_each(|said| why += &format!(", {said}"));
        }
        Err(why)
    }
}

/// The library, loaded once; or why there is none.
pub fn load() -> Result<&'static Nccl, String> {
    static LIBRARY: OnceLock<Result<Nccl, String>> = OnceLock::new();
    let found = LIBRARY.get_or_init(|| {
        let names = vec!["libnccl.so.2".to_owned()];
        library::find(&Sought { variable: "ASSAY_NCCL", stem: "libnccl.so.2", names }, Nccl::new)
    });
    found.as_ref().map_err(Clone::clone)
}

/// `2.27.3` for 22703, as the library counts. Before 2.9 it counted in hundreds.
fn version(number: c_int) -> String {
    let major = if number < 10_000 { 1000 } else { 10_000 };
    format!("{}.{}.{}", number / major, number % major / 100, number % 100)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_and_answers_are_said_as_people_know_them() {
        assert_eq!([22_703, 20_905, 2_804].map(version), ["2.27.3", "2.9.5", "2.8.4"]);
        assert_eq!(Answer(2).to_string(), "ncclSystemError (2)");
        assert_eq!(Answer(4711).to_string(), "answer 4711, which has no name");
    }
}
