//! A cuBLASLt without a GPU: what it is asked for it orders on the driver for tests (`tests/fake_cuda`), and multiplies when its turn
//! comes, with the reference's meaning of numbers. It enforces what the real one demands, and can be told to break. Test-only.
#![allow(unsafe_code, reason = "a library of the vendor is a C interface: raw handles and pointers")]
#![allow(clippy::missing_safety_doc, reason = "every function is called under the rules of cublasLt.h")]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "it may stop the test")]
#![allow(non_snake_case, reason = "the names of the interface")]

mod driver;
#[path = "../fake_library/faults.rs"]
mod faults;
mod product;

use std::collections::{HashMap, HashSet};
use std::ffi::{c_int, c_void};
use std::sync::{Mutex, PoisonError};

use faults::Faults;
use product::{Matrix, Mistake, Product, Types};

/// A refusal, by its number in the interface.
type Refusal = c_int;

const INVALID_VALUE: Refusal = 7;
const NOT_SUPPORTED: Refusal = 15;

/// What a description says.
#[derive(Clone, Copy)]
struct Description {
    compute: c_int,
    scale: c_int,
    transposes: [bool; 2],
}

struct State {
    faults: Faults<Mistake>,
    next: usize,
    contexts: HashSet<usize>,
    descriptions: HashMap<usize, Description>,
    layouts: HashMap<usize, Matrix>,
    /// The workspace that each preference allows.
    preferences: HashMap<usize, u64>,
}

static STATE: Mutex<Option<State>> = Mutex::new(None);

fn call(name: &str, act: impl FnOnce(&mut State) -> Result<(), Refusal>) -> c_int {
    let mut guard = STATE.lock().unwrap_or_else(PoisonError::into_inner);
    let state = guard.get_or_insert_with(|| State {
        faults: Faults::from_environment("CUBLASLT", &product::MISTAKES),
        next: 0xB000,
        contexts: HashSet::new(),
        descriptions: HashMap::new(),
        layouts: HashMap::new(),
        preferences: HashMap::new(),
    });
    if let Some(code) = state.faults.at(name) {
        return code;
    }
    act(state).err().unwrap_or(0)
}

impl State {
    fn handle(&mut self) -> usize {
        self.next += 16;
        self.next
    }

    /// The product that these objects describe, if it is one that the library has.
    fn product(
        &self,
        context: usize,
        description: usize,
        layouts: [usize; 4],
    ) -> Result<(Types, Product), Refusal> {
        let description = self.descriptions.get(&description).ok_or(INVALID_VALUE)?;
        if !self.contexts.contains(&context) || description.transposes != [true, false] {
            return Err(INVALID_VALUE);
        }
        let [first, second, c, d] = layouts.map(|layout| self.layouts.get(&layout).copied());
        let [first, second, c, d] = [first, second, c, d].map(|layout| layout.ok_or(INVALID_VALUE));
        Product::of(description.compute, description.scale, [first?, second?, c?, d?])
    }
}

fn put<T>(place: *mut T, value: T) -> Result<(), Refusal> {
    if place.is_null() {
        return Err(INVALID_VALUE);
    }
    // SAFETY: the caller gives a place for a value of this type.
    unsafe { place.write(value) };
    Ok(())
}

/// How many objects have not been given back.
#[unsafe(no_mangle)]
pub extern "C" fn assay_fake_cublaslt_live() -> u64 {
    let guard = STATE.lock().unwrap_or_else(PoisonError::into_inner);
    guard.as_ref().map_or(0, |state| {
        state.contexts.len() + state.descriptions.len() + state.layouts.len() + state.preferences.len()
    }) as u64
}

#[unsafe(no_mangle)]
pub extern "C" fn cublasLtGetVersion() -> usize {
    120_405
}

#[unsafe(no_mangle)]
pub unsafe extern "C" fn cublasLtCreate(context: *mut usize) -> c_int {
    call("cublasLtCreate", |state| {
        driver::in_context()?;
        let handle = state.handle();
        state.contexts.insert(handle);
        put(context, handle)
    })
}

#[unsafe(no_mangle)]
pub unsafe extern "C" fn cublasLtDestroy(context: usize) -> c_int {
    call("cublasLtDestroy", |state| state.contexts.remove(&context).then_some(()).ok_or(INVALID_VALUE))
}

#[unsafe(no_mangle)]
pub unsafe extern "C" fn cublasLtMatmulDescCreate(at: *mut usize, compute: c_int, scale: c_int) -> c_int {
    call("cublasLtMatmulDescCreate", |state| {
        let handle = state.handle();
        state.descriptions.insert(handle, Description { compute, scale, transposes: [false; 2] });
        put(at, handle)
    })
}

#[unsafe(no_mangle)]
pub unsafe extern "C" fn cublasLtMatmulDescDestroy(description: usize) -> c_int {
    call("cublasLtMatmulDescDestroy", |state| {
        state.descriptions.remove(&description).map(|_| ()).ok_or(INVALID_VALUE)
    })
}

#[unsafe(no_mangle)]
pub unsafe extern "C" fn cublasLtMatmulDescSetAttribute(
    description: usize,
    attribute: c_int,
    value: *const c_void,
    bytes: usize,
) -> c_int {
    call("cublasLtMatmulDescSetAttribute", |state| {
        let description = state.descriptions.get_mut(&description).ok_or(INVALID_VALUE)?;
        match (attribute, bytes) {
            // SAFETY: the caller gives a value of that size.
            (3 | 4, 4) => match unsafe { value.cast::<i32>().read_unaligned() } {
                turned @ (0 | 1) => description.transposes[attribute as usize - 3] = turned == 1,
                _ => return Err(INVALID_VALUE),
            },
            // Fast accumulation, of FP8.
            (25, 1) => {}
            _ => return Err(INVALID_VALUE),
        }
        Ok(())
    })
}

#[unsafe(no_mangle)]
pub unsafe extern "C" fn cublasLtMatrixLayoutCreate(
    at: *mut usize,
    element: c_int,
    rows: u64,
    columns: u64,
    leading: i64,
) -> c_int {
    call("cublasLtMatrixLayoutCreate", |state| {
        if leading < rows as i64 {
            return Err(INVALID_VALUE);
        }
        let handle = state.handle();
        state.layouts.insert(handle, Matrix { element, rows, columns, leading });
        put(at, handle)
    })
}

#[unsafe(no_mangle)]
pub unsafe extern "C" fn cublasLtMatrixLayoutDestroy(layout: usize) -> c_int {
    call("cublasLtMatrixLayoutDestroy", |state| {
        state.layouts.remove(&layout).map(|_| ()).ok_or(INVALID_VALUE)
    })
}

#[unsafe(no_mangle)]
pub unsafe extern "C" fn cublasLtMatmulPreferenceCreate(at: *mut usize) -> c_int {
    call("cublasLtMatmulPreferenceCreate", |state| {
        let handle = state.handle();
        state.preferences.insert(handle, 0);
        put(at, handle)
    })
}

#[unsafe(no_mangle)]
pub unsafe extern "C" fn cublasLtMatmulPreferenceDestroy(preference: usize) -> c_int {
    call("cublasLtMatmulPreferenceDestroy", |state| {
        state.preferences.remove(&preference).map(|_| ()).ok_or(INVALID_VALUE)
    })
}

#[unsafe(no_mangle)]
pub unsafe extern "C" fn cublasLtMatmulPreferenceSetAttribute(
    preference: usize,
    attribute: c_int,
    value: *const c_void,
    bytes: usize,
) -> c_int {
    call("cublasLtMatmulPreferenceSetAttribute", |state| {
        let allowed = state.preferences.get_mut(&preference).ok_or(INVALID_VALUE)?;
        if (attribute, bytes) != (1, 8) {
            return Err(INVALID_VALUE);
        }
        // SAFETY: the caller gives a value of that size.
        *allowed = unsafe { value.cast::<u64>().read_unaligned() };
        Ok(())
    })
}

/// What is proposed for a product; the first words of the algorithm say for which.
#[derive(Clone, Copy)]
#[repr(C)]
pub struct Proposal {
    algorithm: [u64; 8],
    workspace_bytes: usize,
    state: c_int,
    waves: f32,
    reserved: [c_int; 4],
}

/// What products here want beside their matrices.
const WORKSPACE_BYTES: u64 = 4096;

#[unsafe(no_mangle)]
#[allow(clippy::too_many_arguments, reason = "the interface")]
pub unsafe extern "C" fn cublasLtMatmulAlgoGetHeuristic(
    context: usize,
    description: usize,
    first: usize,
    second: usize,
    c: usize,
    d: usize,
    preference: usize,
    wanted: c_int,
    proposals: *mut Proposal,
    found: *mut c_int,
) -> c_int {
    call("cublasLtMatmulAlgoGetHeuristic", |state| {
        let allowed = *state.preferences.get(&preference).ok_or(INVALID_VALUE)?;
        let (_, product) = state.product(context, description, [first, second, c, d])?;
        if wanted < 1 || allowed < WORKSPACE_BYTES || product.is_refused(state.faults.mistake) {
            return put(found, 0);
        }
        let algorithm = product.algorithm();
        let workspace_bytes = WORKSPACE_BYTES as usize;
        put(proposals, Proposal { algorithm, workspace_bytes, state: 0, waves: 1.0, reserved: [0; 4] })?;
        put(found, 1)
    })
}

/// Numbers of its one algorithm; it knows nothing of clusters.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn cublasLtMatmulAlgoConfigGetAttribute(
    algorithm: *const [u64; 8],
    attribute: c_int,
    value: *mut u32,
    bytes: usize,
    written: *mut usize,
) -> c_int {
    call("cublasLtMatmulAlgoConfigGetAttribute", |_| {
        if algorithm.is_null() || bytes != 4 {
            return Err(INVALID_VALUE);
        }
        put(
            value,
            match attribute {
                0 => 66,
                1 => 20,
                2 => 1,
                6 => 14,
                _ => return Err(INVALID_VALUE),
            },
        )?;
        put(written, 4)
    })
}

#[unsafe(no_mangle)]
#[allow(clippy::too_many_arguments, reason = "the interface")]
pub unsafe extern "C" fn cublasLtMatmul(
    context: usize,
    description: usize,
    alpha: *const u64,
    first: u64,
    first_layout: usize,
    second: u64,
    second_layout: usize,
    beta: *const u64,
    c: u64,
    c_layout: usize,
    d: u64,
    d_layout: usize,
    algorithm: *const [u64; 8],
    workspace: u64,
    workspace_bytes: usize,
    stream: usize,
) -> c_int {
    call("cublasLtMatmul", |state| {
        let layouts = [first_layout, second_layout, c_layout, d_layout];
        let (types, product) = state.product(context, description, layouts)?;
        // SAFETY: the caller gives an algorithm and both numbers in the type to scale by, whose 1 and 0 these are.
        let fits = unsafe {
            let is = |at: *const u64, number: u64| {
                let mut value = [0; 8];
                std::ptr::copy_nonoverlapping(at.cast(), value.as_mut_ptr(), types.scale_bytes());
                u64::from_le_bytes(value) == number
            };
            *algorithm == product.algorithm() && is(alpha, types.one()) && is(beta, 0)
        };
        let aligned = [first, second, c, d, workspace].iter().all(|at| at.is_multiple_of(256));
        let has_room = workspace_bytes as u64 >= WORKSPACE_BYTES;
        if !fits || !aligned || !has_room || c != d {
            return Err(INVALID_VALUE);
        }
        let product = product.lying_at([first, second, d]);
        product.check_memory()?;
        driver::holds(workspace, workspace_bytes as u64)?;
        driver::order(product.with(state.faults.mistake), stream)
    })
}
