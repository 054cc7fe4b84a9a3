//! The kernels compiled for the CPU: a library that the tests build from kernels/*.cu (see cpu_kernels.h).

use std::ffi::{CString, c_char, c_int, c_uint, c_void};

use libloading::{Library, Symbol};

use super::image::Signature;

pub struct Kernels(Library);

type Describe = unsafe extern "C" fn(*const c_char, *mut c_uint) -> c_int;
type Launch = unsafe extern "C" fn(*const c_char, *const Grid, *const *const c_void);

/// How much of a kernel one launch runs, as cpu_kernels.cpp has it.
#[derive(Clone, Copy)]
#[repr(C)]
pub struct Grid {
    pub x: c_uint,
    pub y: c_uint,
    pub threads: c_uint,
    pub cluster: c_uint,
    pub shared: c_uint,
    pub lost_box: c_uint,
}

/// An argument's bytes, as large and as aligned as any may be.
#[derive(Clone, Copy)]
#[repr(C, align(64))]
pub struct Argument(pub [u8; 128]);

impl Kernels {
    /// Loads the library that ASSAY_FAKE_CUDA_KERNELS names.
    pub fn load() -> Self {
        let path = std::env::var("ASSAY_FAKE_CUDA_KERNELS").expect("ASSAY_FAKE_CUDA_KERNELS is not set");
        // SAFETY: our own library; its initialisers only fill a table.
        Self(unsafe { Library::new(&path) }.unwrap_or_else(|error| panic!("{path}: {error:?}")))
    }

    /// Both compilers must agree about a kernel's arguments.
    pub fn check(&self, signature: &Signature) {
        let name = CString::new(signature.name.as_str()).unwrap();
        let mut sizes = [0u32; 16];
        // SAFETY: the function is as cpu_kernels.cpp declares it, and there is room for 16 sizes.
        let count = unsafe {
            let describe: Symbol<'_, Describe> = self.0.get(b"cpu_kernel").unwrap();
            describe(name.as_ptr(), sizes.as_mut_ptr())
        };
        let known = &sizes[..usize::try_from(count).unwrap_or(0)];
        assert_eq!(known, signature.sizes, "{}: the CPU's kernel and the PTX differ", signature.name);
    }

    /// Runs a kernel to its end.
    pub fn launch(&self, name: &str, grid: &Grid, arguments: &[Argument]) {
        let name = CString::new(name).unwrap();
        let pointers: Vec<*const c_void> = arguments.iter().map(|a| std::ptr::from_ref(a).cast()).collect();
        // SAFETY: as above; the arguments were checked against the kernel's sizes when it was looked up.
        unsafe {
            let launch: Symbol<'_, Launch> = self.0.get(b"cpu_launch").unwrap();
            launch(name.as_ptr(), grid, pointers.as_ptr());
        }
    }
}
