//! Products by cuBLASLt: descriptions of them, what the library proposes, its workspace, and the calls.
//! Owns every call to the opened library; must not know how it is found.
#![allow(unsafe_code)]

use std::cell::RefCell;
use std::collections::HashMap;
use std::ffi::{c_int, c_void};
use std::rc::Rc;

use super::cublaslt::{Algorithm, CublasLt, Handle, Proposal, Status};
use super::gpu::{DeviceMemory, Gpu};
use super::memory::Memory;
use super::patience::Handed;
use super::run::{After, Runner};
use crate::device::op::{Precision, Shape};
use crate::device::{Buf, DeviceError, Reach, Ticket, Unsupported, Variant};

/// The library's context on one device, and every product that it was asked for.
pub struct Vendor {
    gpu: Rc<Gpu>,
    library: &'static CublasLt,
    context: Object,
    products: RefCell<HashMap<(Precision, Shape), Proposed>>,
    workspace: RefCell<Option<DeviceMemory>>,
}

/// What the library made of a product, or why it has none.
type Proposed = Result<Rc<Product>, Unsupported>;

/// What is multiplied, and where: `a`, `b` and `c` of the op.
#[derive(Clone, Copy)]
pub struct Factors {
    pub precision: Precision,
    pub shape: Shape,
    pub bufs: [Buf; 3],
}

/// One product as the library knows it, done as it proposes first: what everybody gets who asks it.
pub struct Product {
    pub label: String,
    description: Object,
    /// Of a, b and c. The library counts by columns, so that to it c is n x m and the product of b and a.
    layouts: [Object; 3],
    algorithm: Algorithm,
    workspace_bytes: u64,
    one: u64,
}

/// The most workspace that a product may take: what the vendor recommends for Hopper.
const WORKSPACE_BYTES: u64 = 32 << 20;

/// A thing of the library's, given back when dropped.
struct Object {
    gpu: Rc<Gpu>,
    raw: Handle,
    destroy: unsafe extern "C" fn(Handle) -> Status,
}

impl Object {
    fn new(
        gpu: &Rc<Gpu>,
        destroy: unsafe extern "C" fn(Handle) -> Status,
        call: &str,
        create: impl FnOnce(&mut Handle) -> Status,
    ) -> Result<Self, String> {
        let mut raw = std::ptr::null_mut();
        create(&mut raw).of(call)?;
        Ok(Self { gpu: Rc::clone(gpu), raw, destroy })
    }
}

impl Drop for Object {
    fn drop(&mut self) {
        // Of a broken device nothing is given back, as in `gpu.rs`.
        if self.gpu.enter().is_ok() {
            // SAFETY: created once, destroyed here only, by the function that belongs to it.
            let _ = unsafe { (self.destroy)(self.raw) };
        }
    }
}

/// How the library counts a format: elements of a and b, of c, what it adds in, what it scales by, and 1 in that.
struct Types {
    element: c_int,
    result: c_int,
    compute: c_int,
    scale: c_int,
    one: u64,
}

impl Types {
    /// By the numbers of library_types.h and cublas_api.h. `None` for what is no format of products.
    fn of(precision: Precision) -> Option<Self> {
        const R_32F: c_int = 0;
        const R_64F: c_int = 1;
        const R_32I: c_int = 10;
        const COMPUTE_32F: c_int = 68;
        let in_fp32 = |element, compute| Self {
            element,
            result: R_32F,
            compute,
            scale: R_32F,
            one: u64::from(1f32.to_bits()),
        };
        Some(match precision {
            Precision::Fp64 => {
                Self { element: R_64F, result: R_64F, compute: 70, scale: R_64F, one: 1f64.to_bits() }
            }
            Precision::Fp32 => in_fp32(R_32F, COMPUTE_32F),
            Precision::Tf32 => in_fp32(R_32F, 77),
            Precision::Fp16 => in_fp32(2, COMPUTE_32F),
            Precision::Bf16 => in_fp32(14, COMPUTE_32F),
            Precision::Fp8E4m3 => in_fp32(28, COMPUTE_32F),
            Precision::Fp8E5m2 => in_fp32(29, COMPUTE_32F),
            Precision::Int8 => Self { element: 3, result: R_32I, compute: 72, scale: R_32I, one: 1 },
            Precision::Int32 => return None,
        })
    }
}

/// Whether this has run on hardware and given right results, shown by a result in results/.
const PROVEN: bool = false;

impl Vendor {
    /// Makes the library ready for this device, and reads its file for its digest: both can take long, and `each` is called meanwhile.
    pub fn open(
        gpu: &Rc<Gpu>,
        library: &'static CublasLt,
        each: &mut dyn FnMut(),
    ) -> Result<Self, Unsupported> {
        let functions = &library.functions;
        let enter = gpu.enter_elsewhere();
        let made = gpu.patience().during(each, move || {
            library.loaded.digest();
            enter()?;
            let mut raw = std::ptr::null_mut();
            // SAFETY: a context of the driver is current; the library fills in the handle. So in all calls of `Object::new`.
            unsafe { (functions.cublasLtCreate)(&mut raw) }.of("cublasLtCreate").map(|()| Handed::new(raw))
        });
        let refused = |why| Unsupported::us(format!("cuBLASLt {} does not start: {why}", library.version));
        let raw = made.map_err(refused)?.take();
        Ok(Self {
            gpu: Rc::clone(gpu),
            library,
            context: Object { gpu: Rc::clone(gpu), raw, destroy: functions.cublasLtDestroy },
            products: RefCell::default(),
            workspace: RefCell::default(),
        })
    }

    pub fn variant(&self, label: String) -> Variant {
        Variant {
            label,
            kernel: self.library.loaded.digest().unwrap_or_default().to_owned(),
            caveat: (!PROVEN).then(|| "products by cuBLASLt have not yet run on hardware".to_owned()),
            reach: if PROVEN { Reach::Card } else { Reach::Kernel },
        }
    }

    /// What the library proposes for a product, or why it has none. Asked once.
    pub fn product(&self, precision: Precision, shape: Shape) -> Proposed {
        if let Some(known) = self.products.borrow().get(&(precision, shape)) {
            return known.clone();
        }
        let made = self.proposed(precision, shape).map(Rc::new).map_err(|why| {
            let (version, name, Shape { m, n, k }) = (&self.library.version, precision.name(), shape);
            Unsupported::us(format!("cuBLASLt {version} has no such product in {name}, {m}x{n}x{k}: {why}"))
        });
        self.products.borrow_mut().insert((precision, shape), made.clone());
        made
    }

    fn proposed(&self, precision: Precision, shape: Shape) -> Result<Product, String> {
        let types = Types::of(precision).ok_or("it is no format of products")?;
        self.gpu.enter().map_err(|error| error.to_string())?;
        let description = self.description(precision, &types)?;
        let [m, n, k] = [shape.m, shape.n, shape.k].map(u64::from);
        let layouts = [
            self.layout(types.element, k, m)?,
            self.layout(types.element, k, n)?,
            self.layout(types.result, n, m)?,
        ];
        let preference = self.preference()?;
        let (mut proposal, mut found) = (Proposal::default(), 0);
        let [a, b, c] = layouts.each_ref().map(|layout| layout.raw);
        // SAFETY: all objects are alive; there is room for the one proposal that is asked for.
        let status = unsafe {
            (self.library.functions.cublasLtMatmulAlgoGetHeuristic)(
                self.context.raw,
                description.raw,
                b,
                a,
                c,
                c,
                preference.raw,
                1,
                &mut proposal,
                &mut found,
            )
        };
        status.of("cublasLtMatmulAlgoGetHeuristic")?;
        if found < 1 {
            return Err("it proposes nothing".to_owned());
        }
        Status(proposal.state).of("its proposal")?;
        let workspace_bytes = proposal.workspace_bytes as u64;
        let (algorithm, one) = (proposal.algorithm, types.one);
        Ok(Product { label: self.label(&algorithm), description, layouts, algorithm, workspace_bytes, one })
    }

    /// The rows of the first factor are columns to the library, which must be turned; of the second they are already right.
    fn description(&self, precision: Precision, types: &Types) -> Result<Object, String> {
        const TRANSPOSE_FIRST: c_int = 3;
        const FAST_ACCUMULATION: c_int = 25;
        let functions = &self.library.functions;
        let destroy = functions.cublasLtMatmulDescDestroy;
        // SAFETY: as in `open`.
        let made = Object::new(&self.gpu, destroy, "cublasLtMatmulDescCreate", |at| unsafe {
            (functions.cublasLtMatmulDescCreate)(at, types.compute, types.scale)
        })?;
        let set = |attribute: c_int, value: &[u8]| {
            // SAFETY: the object is alive; the value is read during the call, and as long as stated.
            let status = unsafe {
                let (at, size) = (value.as_ptr().cast(), value.len());
                (functions.cublasLtMatmulDescSetAttribute)(made.raw, attribute, at, size)
            };
            status.of("cublasLtMatmulDescSetAttribute")
        };
        set(TRANSPOSE_FIRST, &1i32.to_le_bytes())?;
        if matches!(precision, Precision::Fp8E4m3 | Precision::Fp8E5m2) {
            // As our own kernels add: in the tensor units alone.
            set(FAST_ACCUMULATION, &[1])?;
        }
        Ok(made)
    }

    fn layout(&self, element: c_int, rows: u64, columns: u64) -> Result<Object, String> {
        let functions = &self.library.functions;
        let destroy = functions.cublasLtMatrixLayoutDestroy;
        // SAFETY: as in `open`.
        Object::new(&self.gpu, destroy, "cublasLtMatrixLayoutCreate", |at| unsafe {
            (functions.cublasLtMatrixLayoutCreate)(at, element, rows, columns, rows as i64)
        })
    }

    fn preference(&self) -> Result<Object, String> {
        const WORKSPACE_MAX: c_int = 1;
        let functions = &self.library.functions;
        let destroy = functions.cublasLtMatmulPreferenceDestroy;
        // SAFETY: as in `open`.
        let made = Object::new(&self.gpu, destroy, "cublasLtMatmulPreferenceCreate", |at| unsafe {
            (functions.cublasLtMatmulPreferenceCreate)(at)
        })?;
        let most = WORKSPACE_BYTES.to_le_bytes();
        // SAFETY: the object is alive; the value is read during the call, and as long as stated.
        let status = unsafe {
            (functions.cublasLtMatmulPreferenceSetAttribute)(
                made.raw,
                WORKSPACE_MAX,
                most.as_ptr().cast(),
                most.len(),
            )
        };
        status.of("cublasLtMatmulPreferenceSetAttribute").map(|()| made)
    }

    /// The algorithm by its numbers, as far as this version tells them.
    fn label(&self, algorithm: &Algorithm) -> String {
        const TOLD: [(&str, c_int, usize); 5] =
            [("algo", 0, 4), ("tile", 1, 4), ("splitk", 2, 4), ("stages", 6, 4), ("cluster", 8, 2)];
        let told = TOLD.iter().filter_map(|(name, attribute, bytes)| {
            let (mut value, mut written) = ([0; 4], 0);
            // SAFETY: there is room for as many bytes as stated.
            let status = unsafe {
                (self.library.functions.cublasLtMatmulAlgoConfigGetAttribute)(
                    algorithm,
                    *attribute,
                    value.as_mut_ptr().cast(),
                    *bytes,
                    &mut written,
                )
            };
            (status == Status::SUCCESS).then(|| format!("-{name}{}", u32::from_le_bytes(value)))
        });
        format!("cublaslt-{}{}", self.library.version, told.collect::<String>())
    }

    /// Starts a product `repeat` times. The library counts no work.
    pub fn submit(
        &self,
        runner: &mut Runner,
        memory: &Memory,
        factors: Factors,
        repeat: u32,
    ) -> Result<Ticket, DeviceError> {
        let Factors { precision, shape, bufs: [a, b, c] } = factors;
        let refused = |unsupported: Unsupported| DeviceError::Validation { why: unsupported.why };
        let product = self.product(precision, shape).map_err(refused)?;
        self.make_room(memory, product.workspace_bytes)?;
        let workspace = self.workspace.borrow();
        let workspace = workspace.as_ref().filter(|_| product.workspace_bytes > 0);
        let workspace = workspace.map_or(Ok(0), |memory| memory.range(0, product.workspace_bytes))?;
        let matrix = |buf, rows: u32, columns: u32, bytes: u64| {
            memory.get(buf)?.range(0, u64::from(rows) * u64::from(columns) * bytes)
        };
        let at = [
            matrix(a, shape.m, shape.k, precision.bytes())?,
            matrix(b, shape.n, shape.k, precision.bytes())?,
            matrix(c, shape.m, shape.n, precision.result_bytes())?,
        ];
        let multiply = || self.multiply(&product, at, workspace);
        runner.submit_ordered(After::Nothing, |_| Ok(()), |_| (0..repeat).try_for_each(|_| multiply()))
    }

    /// Nothing may still use the old workspace when a larger one takes its place.
    fn make_room(&self, memory: &Memory, bytes: u64) -> Result<(), DeviceError> {
        let mut workspace = self.workspace.borrow_mut();
        if bytes > workspace.as_ref().map_or(0, |held| held.bytes) {
            memory.finish()?;
            *workspace = None;
            *workspace = Some(self.gpu.alloc(bytes)?);
        }
        Ok(())
    }

    /// Orders one product.
    fn multiply(&self, product: &Product, [a, b, c]: [u64; 3], workspace: u64) -> Result<(), DeviceError> {
        let zero = 0u64;
        let factor = |number: &u64| std::ptr::from_ref(number).cast::<c_void>();
        let [of_a, of_b, of_c] = product.layouts.each_ref().map(|layout| layout.raw);
        // SAFETY: all objects are alive; the addresses are of ranges that were checked, in memory that lives as long as the work; both
        // numbers are read during the call, in the type that the description names.
        let status = unsafe {
            (self.library.functions.cublasLtMatmul)(
                self.context.raw,
                product.description.raw,
                factor(&product.one),
                b,
                of_b,
                a,
                of_a,
                factor(&zero),
                c,
                of_c,
                c,
                of_c,
                &product.algorithm,
                workspace,
                product.workspace_bytes as usize,
                self.gpu.stream,
            )
        };
        status.of("cublasLtMatmul").map_err(|why| DeviceError::Validation { why })
    }
}
