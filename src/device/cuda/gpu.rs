//! One opened GPU: its context and stream, and everything that lives in them, freed when dropped.
//! Owns every call to an opened device and the state of being broken; must not know ops.
//!
//! A broken device is left to the end of the process: freeing may wait for work that never ends.
#![allow(unsafe_code)]

use std::cell::RefCell;
use std::ffi::{CString, c_int, c_void};
use std::rc::Rc;
use std::time::{Duration, Instant};

use cudarc::driver::sys::{CUcontext, CUevent, CUfunction, CUmodule, CUstream};

use super::api::{Api, Code};
use super::faults;
use super::host_memory::HostMemory;
use crate::device::DeviceError;

/// The context of one device and a stream in it. All others hold on to it.
pub struct Gpu {
    pub(super) api: &'static Api,
    pub(super) device: c_int,
    pub(super) context: CUcontext,
    pub(super) stream: CUstream,
    /// That of [`Lane::Side`].
    side: CUstream,
    pub(super) wait_limit: Duration,
    /// Set once, by the first final error.
    broken: RefCell<Option<DeviceError>>,
}

/// Where work is ordered: all of a lane is done in its order.
#[derive(Clone, Copy)]
pub enum Lane {
    Main,
    /// Beside the work of the main one.
    Side,
}

/// How much of a kernel one launch runs.
#[derive(Clone, Copy, Debug)]
pub struct Grid {
    pub blocks: u32,
    /// Threads per block.
    pub block: u32,
    pub shared_bytes: u32,
}

/// An argument as a kernel gets it.
pub enum Value {
    /// In the low bytes, as many as the kernel declares.
    Word(u64),
    Map(Box<TensorMap>),
}

impl Value {
    fn pointer(&mut self) -> *mut c_void {
        match self {
            Value::Word(word) => std::ptr::from_mut(word).cast(),
            Value::Map(map) => std::ptr::from_mut(&mut **map).cast(),
        }
    }
}

/// What the driver makes of a matrix for copies of boxes; opaque.
#[repr(C, align(64))]
pub struct TensorMap([u64; 16]);

/// A box as wgmma.cu copies it.
const BOX_ROWS: u32 = 128;
const BOX_BYTES: u32 = 128;

/// Streams that do not wait for the default stream.
const STREAM_NON_BLOCKING: u32 = 1;
const EVENT_WITH_TIME: u32 = 0;
const EVENT_WITHOUT_TIME: u32 = 2;
/// How long a wait sleeps between two looks: short against the batches that are timed.
const LOOK_EVERY: Duration = Duration::from_micros(20);

impl Gpu {
    pub fn open(api: &'static Api, device: c_int, wait_limit: Duration) -> Result<Rc<Self>, DeviceError> {
        let (mut context, broken) = (std::ptr::null_mut(), RefCell::new(None));
        // SAFETY: the driver fills in the handle.
        let code = unsafe { (api.cuDevicePrimaryCtxRetain)(&mut context, device) };
        if code != Code::SUCCESS {
            return Err(faults::meaning("cuDevicePrimaryCtxRetain", code, &api.name(code), 0));
        }
        let none = std::ptr::null_mut();
        let mut gpu = Self { api, device, context, stream: none, side: none, wait_limit, broken };
        gpu.enter()?;
        gpu.stream = gpu.new_stream()?;
        gpu.side = gpu.new_stream()?;
        Ok(Rc::new(gpu))
    }

    fn new_stream(&self) -> Result<CUstream, DeviceError> {
        let mut stream = std::ptr::null_mut();
        // SAFETY: a context is current; the driver fills in the handle.
        let code = unsafe { (self.api.cuStreamCreate)(&mut stream, STREAM_NON_BLOCKING) };
        self.answer("cuStreamCreate", code, 0)?;
        Ok(stream)
    }

    /// Makes this device the one that the thread's calls go to. Fails where it is broken.
    pub fn enter(&self) -> Result<(), DeviceError> {
        if let Some(broken) = &*self.broken.borrow() {
            return Err(broken.clone());
        }
        // SAFETY: the context lives as long as this value.
        let code = unsafe { (self.api.cuCtxSetCurrent)(self.context) };
        self.answer("cuCtxSetCurrent", code, 0)
    }

    /// Turns the answer to a call into a result, and remembers what ends the device.
    pub(super) fn answer(&self, call: &str, code: Code, bytes: u64) -> Result<(), DeviceError> {
        if code == Code::SUCCESS {
            return Ok(());
        }
        Err(self.noted(faults::meaning(call, code, &self.api.name(code), bytes)))
    }

    /// The first final error stays the answer to everything.
    fn noted(&self, error: DeviceError) -> DeviceError {
        if error.is_final() {
            return self.broken.borrow_mut().get_or_insert(error).clone();
        }
        error
    }

    pub(super) fn is_broken(&self) -> bool {
        self.broken.borrow().is_some()
    }

    /// Free and total device memory, in bytes.
    pub fn memory_info(&self) -> Result<(u64, u64), DeviceError> {
        let (mut free, mut total) = (0, 0);
        // SAFETY: the driver fills in both.
        let code = unsafe { (self.api.cuMemGetInfo_v2)(&mut free, &mut total) };
        self.answer("cuMemGetInfo", code, 0)?;
        Ok((free as u64, total as u64))
    }

    pub fn alloc(self: &Rc<Self>, bytes: u64) -> Result<DeviceMemory, DeviceError> {
        let mut at = 0;
        let size = usize::try_from(bytes).map_err(|_| DeviceError::OutOfMemory { bytes })?;
        // SAFETY: the driver fills in the address.
        let code = unsafe { (self.api.cuMemAlloc_v2)(&mut at, size) };
        self.answer("cuMemAlloc", code, bytes)?;
        Ok(DeviceMemory { gpu: Rc::clone(self), at, bytes })
    }

    pub fn event_with_time(self: &Rc<Self>) -> Result<Event, DeviceError> {
        self.event(EVENT_WITH_TIME)
    }

    pub fn event_without_time(self: &Rc<Self>) -> Result<Event, DeviceError> {
        self.event(EVENT_WITHOUT_TIME)
    }

    fn event(self: &Rc<Self>, flags: u32) -> Result<Event, DeviceError> {
        let mut raw = std::ptr::null_mut();
        // SAFETY: the driver fills in the handle.
        let code = unsafe { (self.api.cuEventCreate)(&mut raw, flags) };
        self.answer("cuEventCreate", code, 0)?;
        Ok(Event { gpu: Rc::clone(self), raw })
    }

    fn stream_of(&self, lane: Lane) -> CUstream {
        match lane {
            Lane::Main => self.stream,
            Lane::Side => self.side,
        }
    }

    /// Puts `event` behind everything that was ordered in this lane so far.
    pub fn record(&self, lane: Lane, event: &Event) -> Result<(), DeviceError> {
        // SAFETY: event and stream are alive and of this context.
        let code = unsafe { (self.api.cuEventRecord)(event.raw, self.stream_of(lane)) };
        self.answer("cuEventRecord", code, 0)
    }

    /// Lets what is ordered in this lane from now on wait for `event`, which may be another device's.
    pub fn hold(&self, lane: Lane, event: &Event) -> Result<(), DeviceError> {
        // SAFETY: event and stream are alive, and the stream is of this context.
        let code = unsafe { (self.api.cuStreamWaitEvent)(self.stream_of(lane), event.raw, 0) };
        self.answer("cuStreamWaitEvent", code, 0)
    }

    /// Waits until the device has come to `event`, not longer than the limit.
    pub fn wait(&self, event: &Event) -> Result<(), DeviceError> {
        let begun = Instant::now();
        loop {
            // SAFETY: the event is alive.
            let code = unsafe { (self.api.cuEventQuery)(event.raw) };
            if code != Code::NOT_READY {
                return self.answer("cuEventQuery", code, 0);
            }
            if begun.elapsed() >= self.wait_limit {
                let after_ms = u64::try_from(self.wait_limit.as_millis()).unwrap_or(u64::MAX);
                return Err(self.noted(DeviceError::Hang { after_ms }));
            }
            std::thread::sleep(LOOK_EVERY);
        }
    }

    /// The device's time from one event to the other. `None` where the driver gives no time that could be one.
    pub fn elapsed_ns(&self, from: &Event, to: &Event) -> Result<Option<u64>, DeviceError> {
        let mut ms = 0f32;
        // SAFETY: both events are alive and were created with time.
        let code = unsafe { (self.api.cuEventElapsedTime)(&mut ms, from.raw, to.raw) };
        self.answer("cuEventElapsedTime", code, 0)?;
        let ns = f64::from(ms) * 1e6;
        Ok((ns.is_finite() && ns >= 1.0).then_some(ns as u64))
    }

    /// Orders `words` zero words at the beginning of `to`.
    pub fn clear(&self, to: &DeviceMemory, words: u64) -> Result<(), DeviceError> {
        let to = to.range(0, words * 4)?;
        // SAFETY: the range lies in memory that lives as long as the work, which is waited for before it is freed.
        let code = unsafe { (self.api.cuMemsetD32Async)(to, 0, words as usize, self.stream) };
        self.answer("cuMemsetD32Async", code, 0)
    }

    /// Orders a copy from the beginning of `from` to byte `at` of `to`.
    pub fn upload(
        &self,
        lane: Lane,
        from: &HostMemory,
        to: &DeviceMemory,
        at: u64,
        bytes: u64,
    ) -> Result<(), DeviceError> {
        let to = to.range(at, at + bytes)?;
        from.holds(bytes)?;
        let stream = self.stream_of(lane);
        // SAFETY: both ranges are checked; see `clear` for how long they live.
        let code = unsafe { (self.api.cuMemcpyHtoDAsync_v2)(to, from.at().cast(), bytes as usize, stream) };
        self.answer("cuMemcpyHtoDAsync", code, 0)
    }

    /// Orders a copy from byte `at` of `from` to the beginning of `to`.
    pub fn download(
        &self,
        lane: Lane,
        from: &DeviceMemory,
        at: u64,
        to: &HostMemory,
        bytes: u64,
    ) -> Result<(), DeviceError> {
        let from = from.range(at, at + bytes)?;
        to.holds(bytes)?;
        let stream = self.stream_of(lane);
        // SAFETY: as in `upload`.
        let code = unsafe { (self.api.cuMemcpyDtoHAsync_v2)(to.at().cast(), from, bytes as usize, stream) };
        self.answer("cuMemcpyDtoHAsync", code, 0)
    }

    /// Orders a copy of `bytes` from one buffer to another.
    pub fn copy(&self, from: &DeviceMemory, to: &DeviceMemory, bytes: u64) -> Result<(), DeviceError> {
        let (from, to) = (from.range(0, bytes)?, to.range(0, bytes)?);
        // SAFETY: as in `upload`.
        let code = unsafe { (self.api.cuMemcpyDtoDAsync_v2)(to, from, bytes as usize, self.stream) };
        self.answer("cuMemcpyDtoDAsync", code, 0)
    }

    /// Loads a cubin or PTX. What the compiler of the driver says is part of the error.
    pub fn load(self: &Rc<Self>, image: &[u8]) -> Result<Module, DeviceError> {
        const ERROR_LOG: c_int = 5;
        const ERROR_LOG_BYTES: c_int = 6;
        // PTX is a C string, machine code does not mind.
        let mut image = image.to_vec();
        image.push(0);
        let mut log = vec![0u8; 4096];
        let mut options = [ERROR_LOG, ERROR_LOG_BYTES];
        let mut values = [log.as_mut_ptr().cast::<c_void>(), log.len() as *mut c_void];
        let mut raw = std::ptr::null_mut();
        // SAFETY: the image ends in a zero byte; the options are two and so are their values; the log is as long as stated.
        let code = unsafe {
            (self.api.cuModuleLoadDataEx)(
                &mut raw,
                image.as_ptr().cast(),
                options.len() as u32,
                options.as_mut_ptr(),
                values.as_mut_ptr(),
            )
        };
        match self.answer("cuModuleLoadDataEx", code, image.len() as u64) {
            Ok(()) => Ok(Module { gpu: Rc::clone(self), raw }),
            Err(DeviceError::Validation { why }) => {
                let text: Vec<u8> = log.into_iter().take_while(|byte| *byte != 0).collect();
                let text = String::from_utf8_lossy(&text);
                let why = if text.trim().is_empty() { why } else { format!("{why}: {}", text.trim()) };
                Err(DeviceError::Validation { why })
            }
            Err(other) => Err(other),
        }
    }

    /// Orders a kernel. `arguments` are as the kernel declares them.
    pub fn launch(&self, function: Function, grid: Grid, arguments: &mut [Value]) -> Result<(), DeviceError> {
        let mut pointers: Vec<*mut c_void> = arguments.iter_mut().map(Value::pointer).collect();
        // SAFETY: the function is of a loaded module. The plan gives arguments of the number and sizes that the kernel
        // declares, which the test driver enforces; the driver reads them during the call. Addresses in them come from
        // ranges that were checked.
        let code = unsafe {
            (self.api.cuLaunchKernel)(
                function.0,
                grid.blocks,
                1,
                1,
                grid.block,
                1,
                1,
                grid.shared_bytes,
                self.stream,
                pointers.as_mut_ptr(),
                std::ptr::null_mut(),
            )
        };
        self.answer("cuLaunchKernel", code, 0)
    }

    /// Lets blocks of `function` have so much shared memory: more than what every kernel may have must be asked for.
    pub fn allow_shared(&self, function: Function, bytes: u32) -> Result<(), DeviceError> {
        const MAX_DYNAMIC_SHARED_SIZE_BYTES: c_int = 8;
        let bytes = c_int::try_from(bytes).unwrap_or(c_int::MAX);
        // SAFETY: the function is of a loaded module.
        let code = unsafe { (self.api.cuFuncSetAttribute)(function.0, MAX_DYNAMIC_SHARED_SIZE_BYTES, bytes) };
        self.answer("cuFuncSetAttribute", code, 0)
    }

    /// Whether the driver knows copies of boxes.
    pub fn has_tensor_maps(&self) -> bool {
        self.api.cuTensorMapEncodeTiled.is_some()
    }

    /// `rows` rows of `row_bytes` bytes from `address` on, for copies of boxes of [`BOX_ROWS`] rows by [`BOX_BYTES`] bytes, which
    /// lie in shared memory as `wgmma` and `tcgen05` want them. A matrix of any format is one of bytes here.
    pub fn tensor_map(&self, address: u64, rows: u64, row_bytes: u64) -> Result<TensorMap, DeviceError> {
        const UINT8: c_int = 0;
        const INTERLEAVE_NONE: c_int = 0;
        const SWIZZLE_128B: c_int = 3;
        const L2_PROMOTION_256B: c_int = 3;
        const FILL_WITH_ZERO: c_int = 0;
        let why = || "this driver has no cuTensorMapEncodeTiled".to_owned();
        let encode = self.api.cuTensorMapEncodeTiled.ok_or_else(|| DeviceError::Validation { why: why() })?;
        let mut map = TensorMap([0; 16]);
        // SAFETY: the map is as large and as aligned as the driver demands; the arrays have an entry for each of the two
        // dimensions, that of strides for all but the innermost; the address is of a range that was checked.
        let code = unsafe {
            encode(
                map.0.as_mut_ptr().cast(),
                UINT8,
                2,
                address as *mut c_void,
                [row_bytes, rows].as_ptr(),
                [row_bytes].as_ptr(),
                [BOX_BYTES, BOX_ROWS].as_ptr(),
                [1, 1].as_ptr(),
                INTERLEAVE_NONE,
                SWIZZLE_128B,
                L2_PROMOTION_256B,
                FILL_WITH_ZERO,
            )
        };
        self.answer("cuTensorMapEncodeTiled", code, 0)?;
        Ok(map)
    }

    /// Calls one of the functions that free something. A refusal is not worth a failure: the process ends soon.
    pub(super) fn free(&self, call: impl FnOnce(&Api) -> Code) {
        if self.enter().is_ok() {
            let _ = call(self.api);
        }
    }
}

impl Drop for Gpu {
    fn drop(&mut self) {
        if self.is_broken() {
            return;
        }
        for stream in [self.stream, self.side].into_iter().filter(|stream| !stream.is_null()) {
            // SAFETY: everything in the stream was waited for or belongs to nobody.
            self.free(|api| unsafe { (api.cuStreamDestroy_v2)(stream) });
        }
        // SAFETY: retained once, in `open`.
        self.free(|api| unsafe { (api.cuDevicePrimaryCtxRelease_v2)(self.device) });
    }
}

/// A range of device memory.
pub struct DeviceMemory {
    gpu: Rc<Gpu>,
    at: u64,
    pub bytes: u64,
}

impl DeviceMemory {
    /// The address of byte `from`, if the bytes up to `end` are in here.
    pub fn range(&self, from: u64, end: u64) -> Result<u64, DeviceError> {
        if from > end || end > self.bytes {
            let why = format!("bytes {from} to {end} of a buffer of {} were asked for", self.bytes);
            return Err(DeviceError::Validation { why });
        }
        Ok(self.at + from)
    }
}

impl Drop for DeviceMemory {
    fn drop(&mut self) {
        // SAFETY: allocated once, freed here only; freeing waits for work that uses it.
        self.gpu.free(|api| unsafe { (api.cuMemFree_v2)(self.at) });
    }
}

pub struct Event {
    gpu: Rc<Gpu>,
    raw: CUevent,
}

impl Drop for Event {
    fn drop(&mut self) {
        // SAFETY: created once, destroyed here only.
        self.gpu.free(|api| unsafe { (api.cuEventDestroy_v2)(self.raw) });
    }
}

/// A loaded image.
pub struct Module {
    gpu: Rc<Gpu>,
    raw: CUmodule,
}

/// A kernel of a module that lives as long as the device is open.
#[derive(Clone, Copy)]
pub struct Function(CUfunction);

impl Module {
    pub fn function(&self, name: &str) -> Result<Function, DeviceError> {
        let mut raw = std::ptr::null_mut();
        let text = CString::new(name)
            .map_err(|_| DeviceError::Validation { why: format!("{name:?} is no name") })?;
        // SAFETY: the module is loaded; the driver fills in the handle.
        let code = unsafe { (self.gpu.api.cuModuleGetFunction)(&mut raw, self.raw, text.as_ptr()) };
        self.gpu.answer(&format!("cuModuleGetFunction({name})"), code, 0)?;
        Ok(Function(raw))
    }
}

impl Drop for Module {
    fn drop(&mut self) {
        // SAFETY: loaded once, unloaded here only, when no kernel of it is waited for any more.
        self.gpu.free(|api| unsafe { (api.cuModuleUnload)(self.raw) });
    }
}
