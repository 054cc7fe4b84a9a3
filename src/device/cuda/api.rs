//! The CUDA driver library as a table of functions, each resolved once and by name; results are plain numbers.
//! Owns loading; must not know what is run. cudarc finds and holds the library and gives the types of handles. Its own
//! calls are not used: they panic where a symbol is missing, and their closed result enum has no room for codes that
//! newer drivers return.
#![allow(unsafe_code, non_snake_case)]

use std::ffi::{CStr, c_char, c_int, c_uint, c_void};
use std::io::Read as _;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use cudarc::driver::sys::{self, CUcontext, CUdeviceptr, CUevent, CUfunction, CUmodule, CUstream};
use sha2::{Digest as _, Sha256};

/// What a driver call answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(transparent)]
pub struct Code(pub c_int);

impl Code {
    pub const SUCCESS: Code = Code(0);
    pub const OUT_OF_MEMORY: Code = Code(2);
    pub const NOT_READY: Code = Code(600);
    pub const PEER_ACCESS_ALREADY_ENABLED: Code = Code(704);
}

macro_rules! functions {
    (
        required { $($name:ident($($argument:ty),*);)* }
        optional { $($maybe:ident($($other:ty),*);)* }
    ) => {
        pub struct Api {
            $(pub $name: unsafe extern "system" fn($($argument),*) -> Code,)*
            $(pub $maybe: Option<unsafe extern "system" fn($($other),*) -> Code>,)*
            pub library: Loaded,
        }

        impl Api {
            /// Resolves every function; the error names the first that must be there and is not.
            fn resolve(library: Loaded) -> Result<Self, String> {
                Ok(Self {
                    // SAFETY: the driver's documentation gives the function of this name this signature.
                    $($name: unsafe { symbol(stringify!($name)) }.ok_or_else(|| lacks(stringify!($name), &library))?,)*
                    // SAFETY: as above.
                    $($maybe: unsafe { symbol(stringify!($maybe)) },)*
                    library,
                })
            }
        }
    };
}

functions! {
    required {
        cuInit(c_uint);
        cuDriverGetVersion(*mut c_int);
        cuDeviceGetCount(*mut c_int);
        cuDeviceGet(*mut c_int, c_int);
        cuDeviceGetName(*mut c_char, c_int, c_int);
        cuDeviceTotalMem_v2(*mut usize, c_int);
        cuDeviceGetAttribute(*mut c_int, c_int, c_int);
        cuDeviceGetPCIBusId(*mut c_char, c_int, c_int);
        cuDevicePrimaryCtxRetain(*mut CUcontext, c_int);
        cuDevicePrimaryCtxRelease_v2(c_int);
        cuCtxSetCurrent(CUcontext);
        cuMemGetInfo_v2(*mut usize, *mut usize);
        cuMemAlloc_v2(*mut CUdeviceptr, usize);
        cuMemFree_v2(CUdeviceptr);
        cuMemHostAlloc(*mut *mut c_void, usize, c_uint);
        cuMemFreeHost(*mut c_void);
        cuMemcpyHtoDAsync_v2(CUdeviceptr, *const c_void, usize, CUstream);
        cuMemcpyDtoHAsync_v2(*mut c_void, CUdeviceptr, usize, CUstream);
        cuMemcpyDtoDAsync_v2(CUdeviceptr, CUdeviceptr, usize, CUstream);
        cuMemsetD32Async(CUdeviceptr, c_uint, usize, CUstream);
        cuModuleLoadDataEx(*mut CUmodule, *const c_void, c_uint, *mut c_int, *mut *mut c_void);
        cuModuleUnload(CUmodule);
        cuModuleGetFunction(*mut CUfunction, CUmodule, *const c_char);
        cuFuncSetAttribute(CUfunction, c_int, c_int);
        cuLaunchKernel(
            CUfunction, c_uint, c_uint, c_uint, c_uint, c_uint, c_uint, c_uint, CUstream, *mut *mut c_void, *mut *mut c_void
        );
        cuStreamCreate(*mut CUstream, c_uint);
        cuStreamDestroy_v2(CUstream);
        cuStreamWaitEvent(CUstream, CUevent, c_uint);
        cuEventCreate(*mut CUevent, c_uint);
        cuEventDestroy_v2(CUevent);
        cuEventRecord(CUevent, CUstream);
        cuEventQuery(CUevent);
        cuEventElapsedTime(*mut f32, CUevent, CUevent);
    }
    optional {
        cuDeviceCanAccessPeer(*mut c_int, c_int, c_int);
        cuCtxEnablePeerAccess(CUcontext, c_uint);
        cuMemcpyPeerAsync(CUdeviceptr, CUcontext, CUdeviceptr, CUcontext, usize, CUstream);
        cuMemHostGetDevicePointer_v2(*mut CUdeviceptr, *mut c_void, c_uint);
        cuGetErrorName(c_int, *mut *const c_char);
        cuDeviceGetUuid(*mut sys::CUuuid, c_int);
        cuDeviceGetUuid_v2(*mut sys::CUuuid, c_int);
        cuTensorMapEncodeTiled(
            *mut c_void, c_int, c_uint, *mut c_void, *const u64, *const u64, *const u32, *const u32, c_int, c_int, c_int, c_int
        );
    }
}

fn lacks(name: &str, library: &Loaded) -> String {
    let path = library.path.as_deref().unwrap_or(Path::new("the CUDA driver library"));
    format!(
        "{} has no function {name}: this driver is too old or broken; install a newer one",
        path.display()
    )
}

/// # Safety
/// `F` must be the type of the function that the driver documents under this name.
unsafe fn symbol<F: Copy>(name: &str) -> Option<F> {
    // SAFETY: the library is there, `load` has asked; the type is the caller's promise.
    unsafe { sys::culib().get::<F>(name.as_bytes()).ok().map(|symbol| *symbol) }
}

/// Which file was loaded: what loads a test driver also lets a dishonest host load one of its own.
#[derive(Clone, Debug, Default)]
pub struct Loaded {
    pub path: Option<PathBuf>,
    /// Lower-case hex.
    pub sha256: Option<String>,
}

const NOT_FOUND: &str = "no CUDA driver library found: neither libcuda.so nor libcuda.so.1 can be loaded; install the \
     NVIDIA driver, or in a container give it the GPU (docker run --gpus all, with the NVIDIA container toolkit)";

/// The driver's functions, initialised. The error says what is missing.
pub fn load() -> Result<&'static Api, String> {
    static API: OnceLock<Result<Api, String>> = OnceLock::new();
    let api = API.get_or_init(|| {
        // SAFETY: loading a library runs its initialisers, which the worker process is there to contain.
        if !unsafe { sys::is_culib_present() } {
            return Err(NOT_FOUND.to_owned());
        }
        let api = Api::resolve(loaded())?;
        // SAFETY: the first call, as the driver demands; its one argument must be 0.
        match unsafe { (api.cuInit)(0) } {
            Code::SUCCESS => Ok(api),
            code => Err(format!("the CUDA driver does not start: {}{}", api.name(code), hint(code))),
        }
    });
    api.as_ref().map_err(Clone::clone)
}

/// What helps against the usual reasons for which a driver does not start.
fn hint(code: Code) -> &'static str {
    match code.0 {
        100 => "; it finds no GPU: see nvidia-smi, and whether CUDA_VISIBLE_DEVICES hides it",
        802 => "; the fabric manager of this system is not running (systemctl start nvidia-fabricmanager)",
        803 => {
            "; the driver's library and its kernel module are of different versions: reboot or reload the module"
        }
        804 => "; the forward-compatibility library does not fit this GPU: take it off the library path",
        999 => "; the driver is in a bad state: see dmesg for Xid messages, then reload the module or reboot",
        _ => "",
    }
}

impl Api {
    /// A code by the driver's own name for it, with its number.
    pub fn name(&self, code: Code) -> String {
        let mut name: *const c_char = std::ptr::null();
        if let Some(ask) = self.cuGetErrorName {
            // SAFETY: the driver stores a pointer to a string of its own that is never freed, or none.
            let answer = unsafe { ask(code.0, &mut name) };
            if answer == Code::SUCCESS && !name.is_null() {
                // SAFETY: as above.
                let text = unsafe { CStr::from_ptr(name) }.to_string_lossy();
                return format!("{text} ({})", code.0);
            }
        }
        format!("error {} (the driver has no name for it)", code.0)
    }
}

/// The file behind the library that cudarc has loaded, found by the address of a function in it.
fn loaded() -> Loaded {
    // SAFETY: only the address is used.
    let address = unsafe { symbol::<*const ()>("cuInit") }.map(|function| function as usize as u64);
    let path = address.and_then(file_at);
    let sha256 = path.as_deref().and_then(digest);
    Loaded { path, sha256 }
}

/// The file that is mapped at this address of this process, where the system says.
pub fn file_at(address: u64) -> Option<PathBuf> {
    mapped_file(&std::fs::read_to_string("/proc/self/maps").ok()?, address)
}

/// SHA-256 of a file that can be read, in lower-case hex.
pub fn digest(path: &Path) -> Option<String> {
    let (mut file, mut digest) = (std::fs::File::open(path).ok()?, Sha256::new());
    let mut piece = vec![0; 1 << 20];
    loop {
        match file.read(&mut piece).ok()? {
            0 => return Some(hex::encode(digest.finalize())),
            read => digest.update(&piece[..read]),
        }
    }
}

/// The file that `maps` (/proc/self/maps) says is mapped at `address`.
fn mapped_file(maps: &str, address: u64) -> Option<PathBuf> {
    maps.lines().find_map(|line| {
        let (range, rest) = line.split_once(' ')?;
        let (from, to) = range.split_once('-')?;
        let range = u64::from_str_radix(from, 16).ok()?..u64::from_str_radix(to, 16).ok()?;
        let path = rest.splitn(5, ' ').nth(4)?.trim();
        (range.contains(&address) && path.starts_with('/')).then(|| PathBuf::from(path))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_loaded_file_is_found_by_address() {
        let maps = "7f10-7f20 r--p 00000000 fd:00 11 /usr/lib/libc.so.6\n\
                    7f20-7f30 r-xp 00001000 fd:00 12                         /usr/lib/with space/libcuda.so.1\n\
                    7f30-7f40 rw-p 00000000 00:00 0\n";
        assert_eq!(mapped_file(maps, 0x7f20), Some(PathBuf::from("/usr/lib/with space/libcuda.so.1")));
        assert_eq!(mapped_file(maps, 0x7f1f), Some(PathBuf::from("/usr/lib/libc.so.6")));
        assert_eq!(mapped_file(maps, 0x7f30), None);
        assert_eq!(mapped_file("garbage\n- x\n", 0), None);
    }
}
