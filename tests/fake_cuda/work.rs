//! Modules, streams and events. What is ordered is done late, when somebody asks whether it is done: a caller that
//! does not wait sees old data.

use std::ffi::{CStr, c_char, c_int, c_uint, c_void};
use std::sync::Arc;
use std::time::Instant;

use super::device::put;
use super::image;
use super::kernels::{Argument, Grid, Kernels};
use super::state::{Event, Function, Recorded, State, holds};
use super::together::Joint;
use super::{
    INVALID_HANDLE, INVALID_VALUE, LAUNCH_FAILED, LAUNCH_OUT_OF_RESOURCES, NOT_FOUND, NOT_READY, Refusal,
    call,
};

/// One thing in a stream.
pub enum Work {
    Launch {
        name: String,
        grid: Grid,
        arguments: Vec<Argument>,
    },
    Copy {
        to: u64,
        from: u64,
        bytes: u64,
    },
    Set {
        to: u64,
        value: u32,
        words: u64,
    },
    /// A library's.
    Foreign(Foreign),
    /// The same in several streams.
    Together(Arc<Joint>),
    Record(usize),
    /// Nothing behind it begins before this event.
    Await(usize),
}

/// What a library for tests orders: called once, on this, when its turn comes.
pub struct Foreign {
    act: unsafe extern "C" fn(*mut c_void),
    on: usize,
}

impl Foreign {
    pub fn new(act: unsafe extern "C" fn(*mut c_void), on: *mut c_void) -> Self {
        Self { act, on: on as usize }
    }

    pub fn act(&self) {
        // SAFETY: what the library promised when it ordered it.
        unsafe { (self.act)(self.on as *mut c_void) }
    }
}

/// For libraries for tests that compute on this driver: puts a call into a stream of the current context.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn assay_fake_order(
    act: unsafe extern "C" fn(*mut c_void),
    on: *mut c_void,
    stream: usize,
) -> i32 {
    call("assay_fake_order", |state| {
        state.stream(stream)?.push_back(Work::Foreign(Foreign::new(act, on)));
        Ok(())
    })
}

/// And whether these bytes are device memory; 0 if they are.
#[unsafe(no_mangle)]
pub extern "C" fn assay_fake_holds(from: u64, bytes: u64) -> i32 {
    call("assay_fake_holds", |state| {
        state.in_context()?;
        if holds(&state.memory, from, bytes) { Ok(()) } else { Err(INVALID_VALUE) }
    })
}

impl State {
    /// Does everything in all streams.
    pub fn run_everything(&mut self) {
        let streams: Vec<usize> = self.streams.keys().copied().collect();
        for stream in streams {
            self.run_until(stream, None);
        }
    }

    /// Does what a stream holds, up to the record of `event`.
    fn run_until(&mut self, stream: usize, event: Option<usize>) {
        self.run_while(stream, |work| !matches!(work, Work::Record(handle) if Some(*handle) == event));
    }

    /// The same up to the first of which `more` is false, which is done as well.
    pub fn run_while(&mut self, stream: usize, more: impl Fn(&Work) -> bool) {
        while let Some(work) = self.streams.get_mut(&stream).and_then(std::collections::VecDeque::pop_front) {
            if self.sticky.is_some() {
                return;
            }
            let goes_on = more(&work);
            self.run(work);
            if !goes_on {
                return;
            }
        }
    }

    fn run(&mut self, work: Work) {
        match work {
            Work::Launch { name, grid, arguments } => {
                self.ran += 1;
                let lost = self.faults.lose_kernels.as_ref().is_some_and(|named| name.starts_with(named));
                if lost || self.faults.lose == Some(self.ran) {
                    self.sticky = Some(LAUNCH_FAILED);
                    return;
                }
                if !self.faults.idle {
                    self.kernels.get_or_insert_with(Kernels::load).launch(&name, &grid, &arguments);
                }
                let spoilt = self.faults.spoil_kernels.as_ref().is_some_and(|(named, from)| {
                    self.suspects += u64::from(name.starts_with(named));
                    name.starts_with(named) && self.suspects >= *from
                });
                if spoilt {
                    self.spoil();
                }
                if self.faults.flip.is_some_and(|n| self.ran.is_multiple_of(n)) {
                    self.flip_a_bit();
                }
            }
            // SAFETY: both ranges were checked when the copy was ordered, and freeing runs everything first.
            Work::Copy { to, from, bytes } => unsafe {
                std::ptr::copy(from as *const u8, to as *mut u8, bytes as usize);
            },
            // SAFETY: as above.
            Work::Set { to, value, words } => unsafe {
                std::slice::from_raw_parts_mut(to as *mut u32, words as usize).fill(value);
            },
            Work::Foreign(work) => work.act(),
            Work::Together(joint) => self.meet(&joint),
            Work::Await(event) => self.run_up_to(event),
            Work::Record(event) => {
                if let Some(event) = self.events.get_mut(&event) {
                    event.recorded = Recorded::At(Instant::now());
                }
            }
        }
    }

    /// Does what comes before the record of `event`, in whatever stream that is; nothing where it is recorded already.
    fn run_up_to(&mut self, event: usize) {
        let holds_it = |work: &Work| matches!(work, Work::Record(handle) if *handle == event);
        let stream = self.streams.iter().find(|(_, queue)| queue.iter().any(holds_it)).map(|(s, _)| *s);
        if let Some(stream) = stream {
            self.run_until(stream, Some(event));
        }
    }

    /// Not what kernels count in.
    fn spoil(&self) {
        for (at, _) in self.memory.iter().filter(|(_, bytes)| **bytes >= 16 << 10) {
            // SAFETY: the beginning of a live allocation.
            unsafe { *(*at as *mut u8).add(2) ^= 0x10 };
        }
    }

    fn flip_a_bit(&self) {
        if let Some((at, bytes)) = self.memory.iter().max_by_key(|(_, bytes)| **bytes) {
            // SAFETY: the middle of a live allocation.
            unsafe { *((at + bytes / 2) as *mut u8) ^= 0x10 };
        }
    }
}

#[unsafe(no_mangle)]
pub unsafe extern "C" fn cuModuleLoadDataEx(
    module: *mut usize,
    image: *const u8,
    count: c_uint,
    options: *const c_int,
    values: *const *mut c_void,
) -> i32 {
    call("cuModuleLoadDataEx", |state| {
        state.in_context()?;
        if image.is_null() {
            return Err(INVALID_VALUE);
        }
        // SAFETY: the caller gives an image.
        match unsafe { image::kernels(image, state.faults.sm) } {
            Ok(kernels) => {
                let handle = state.handle();
                state.modules.insert(handle, kernels);
                put(module, handle)
            }
            Err((code, said)) => {
                // SAFETY: the caller gives as many options as it says.
                unsafe { write_log(&said, count, options, values) };
                Err(code)
            }
        }
    })
}

/// Writes to the error log (option 5) of the size given by option 6.
unsafe fn write_log(said: &str, count: c_uint, options: *const c_int, values: *const *mut c_void) {
    // SAFETY: as the caller promises.
    let option =
        |wanted| unsafe { (0..count as usize).find(|i| *options.add(*i) == wanted).map(|i| *values.add(i)) };
    if let (Some(log), Some(length)) = (option(5), option(6)) {
        let kept = said.len().min((length as usize).saturating_sub(1));
        // SAFETY: the log has that length.
        unsafe {
            std::ptr::copy_nonoverlapping(said.as_ptr(), log.cast::<u8>(), kept);
            log.cast::<u8>().add(kept).write(0);
        }
    }
}

#[unsafe(no_mangle)]
pub unsafe extern "C" fn cuModuleUnload(module: usize) -> i32 {
    call("cuModuleUnload", |state| {
        state.in_context()?;
        state.modules.remove(&module).ok_or(INVALID_HANDLE)?;
        state.functions.retain(|_, function| function.module != module);
        Ok(())
    })
}

#[unsafe(no_mangle)]
pub unsafe extern "C" fn cuModuleGetFunction(
    function: *mut usize,
    module: usize,
    name: *const c_char,
) -> i32 {
    call("cuModuleGetFunction", |state| {
        state.in_context()?;
        // SAFETY: the caller gives a C string.
        let name = unsafe { CStr::from_ptr(name) }.to_string_lossy();
        let kernels = state.modules.get(&module).ok_or(INVALID_HANDLE)?;
        let signature = kernels.iter().find(|kernel| kernel.name == name).cloned().ok_or(NOT_FOUND)?;
        state.kernels.get_or_insert_with(Kernels::load).check(&signature);
        let handle = state.handle();
        state.functions.insert(handle, Function { module, signature, shared_max: SHARED_ALWAYS });
        put(function, handle)
    })
}

/// Shared memory of a block in bytes: what every kernel may have, and what one may that asks for it.
const SHARED_ALWAYS: u32 = 48 << 10;
const SHARED_MAX: c_int = 227 << 10;

#[unsafe(no_mangle)]
pub unsafe extern "C" fn cuFuncSetAttribute(function: usize, attribute: c_int, value: c_int) -> i32 {
    call("cuFuncSetAttribute", |state| {
        state.in_context()?;
        let function = state.functions.get_mut(&function).ok_or(INVALID_HANDLE)?;
        if attribute != 8 || !(0..=SHARED_MAX).contains(&value) {
            return Err(INVALID_VALUE);
        }
        function.shared_max = value as u32;
        Ok(())
    })
}

#[unsafe(no_mangle)]
#[allow(clippy::too_many_arguments, reason = "the interface")]
pub unsafe extern "C" fn cuLaunchKernel(
    function: usize,
    x: c_uint,
    y: c_uint,
    z: c_uint,
    threads: c_uint,
    threads_y: c_uint,
    threads_z: c_uint,
    shared: c_uint,
    stream: usize,
    arguments: *const *const c_void,
    extra: *const *const c_void,
) -> i32 {
    call("cuLaunchKernel", |state| {
        state.in_context()?;
        state.launches += 1;
        if let Some((_, code)) = state.faults.refuse.filter(|(n, _)| *n == state.launches) {
            return Err(code);
        }
        let Function { signature, shared_max, .. } =
            state.functions.get(&function).cloned().ok_or(INVALID_HANDLE)?;
        let cluster = signature.cluster;
        let whole = (1..1 << 31).contains(&x) && (1..=65_535).contains(&y) && z == 1;
        let fits = shared <= shared_max && x.is_multiple_of(cluster);
        if !whole || !fits || threads == 0 || (threads_y, threads_z) != (1, 1) || !extra.is_null() {
            return Err(INVALID_VALUE);
        }
        if threads > signature.threads_max {
            return Err(LAUNCH_OUT_OF_RESOURCES);
        }
        let value = |(i, size): (usize, &u32)| {
            let mut value = Argument([0; 128]);
            // SAFETY: the caller gives a pointer to a value of its size for every argument that the kernel declares.
            unsafe {
                let at: *const u8 = (*arguments.add(i)).cast();
                std::ptr::copy_nonoverlapping(at, value.0.as_mut_ptr(), *size as usize);
            }
            value
        };
        let arguments = signature.sizes.iter().enumerate().map(value).collect();
        let lost_box = state.faults.lose_box.unwrap_or(0) as u32;
        let grid = Grid { x, y, threads, cluster, shared, lost_box };
        let launch = Work::Launch { name: signature.name, grid, arguments };
        state.stream(stream)?.push_back(launch);
        Ok(())
    })
}

#[unsafe(no_mangle)]
pub unsafe extern "C" fn cuMemcpyHtoDAsync_v2(to: u64, from: u64, bytes: usize, stream: usize) -> i32 {
    call("cuMemcpyHtoDAsync", |state| across(state, [to, from], [to, from], bytes as u64, stream))
}

#[unsafe(no_mangle)]
pub unsafe extern "C" fn cuMemcpyDtoHAsync_v2(to: u64, from: u64, bytes: usize, stream: usize) -> i32 {
    call("cuMemcpyDtoHAsync", |state| across(state, [to, from], [from, to], bytes as u64, stream))
}

/// Memory that the driver did not pin is copied before the call returns, as the real one may.
fn across(
    state: &mut State,
    [to, from]: [u64; 2],
    [device, host]: [u64; 2],
    bytes: u64,
    stream: usize,
) -> Result<(), Refusal> {
    let is_pinned = holds(&state.pinned, host, 1);
    if !holds(&state.memory, device, bytes) || is_pinned && !holds(&state.pinned, host, bytes) {
        return Err(INVALID_VALUE);
    }
    state.stream(stream)?.push_back(Work::Copy { to, from, bytes });
    if !is_pinned {
        state.run_until(stream, None);
    }
    Ok(())
}

#[unsafe(no_mangle)]
pub unsafe extern "C" fn cuMemcpyDtoDAsync_v2(to: u64, from: u64, bytes: usize, stream: usize) -> i32 {
    call("cuMemcpyDtoDAsync", |state| {
        let bytes = bytes as u64;
        if !holds(&state.memory, to, bytes) || !holds(&state.memory, from, bytes) {
            return Err(INVALID_VALUE);
        }
        state.stream(stream)?.push_back(Work::Copy { to, from, bytes });
        Ok(())
    })
}

#[unsafe(no_mangle)]
pub unsafe extern "C" fn cuMemcpyPeerAsync(
    to: u64,
    to_context: usize,
    from: u64,
    from_context: usize,
    bytes: usize,
    stream: usize,
) -> i32 {
    call("cuMemcpyPeerAsync", |state| {
        let bytes = bytes as u64;
        let (target, source) = (state.device_of(to_context)?, state.device_of(from_context)?);
        if !state.lies_on(target, to, bytes) || !state.lies_on(source, from, bytes) {
            return Err(INVALID_VALUE);
        }
        state.stream(stream)?.push_back(Work::Copy { to, from, bytes });
        Ok(())
    })
}

#[unsafe(no_mangle)]
pub unsafe extern "C" fn cuMemsetD32Async(to: u64, value: c_uint, words: usize, stream: usize) -> i32 {
    call("cuMemsetD32Async", |state| {
        let words = words as u64;
        if !to.is_multiple_of(4) || !holds(&state.memory, to, words * 4) {
            return Err(INVALID_VALUE);
        }
        state.stream(stream)?.push_back(Work::Set { to, value, words });
        Ok(())
    })
}

#[unsafe(no_mangle)]
pub unsafe extern "C" fn cuStreamCreate(stream: *mut usize, flags: c_uint) -> i32 {
    call("cuStreamCreate", |state| {
        state.in_context()?;
        if flags > 1 {
            return Err(INVALID_VALUE);
        }
        let handle = state.handle();
        state.streams.insert(handle, std::collections::VecDeque::new());
        put(stream, handle)
    })
}

#[unsafe(no_mangle)]
pub unsafe extern "C" fn cuStreamDestroy_v2(stream: usize) -> i32 {
    call("cuStreamDestroy", |state| {
        state.stream(stream)?;
        state.run_until(stream, None);
        state.streams.remove(&stream);
        Ok(())
    })
}

/// An event that was never recorded holds nothing up.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn cuStreamWaitEvent(stream: usize, event: usize, flags: c_uint) -> i32 {
    call("cuStreamWaitEvent", |state| {
        state.event(event)?;
        if flags != 0 {
            return Err(INVALID_VALUE);
        }
        state.stream(stream)?.push_back(Work::Await(event));
        Ok(())
    })
}

#[unsafe(no_mangle)]
pub unsafe extern "C" fn cuEventCreate(event: *mut usize, flags: c_uint) -> i32 {
    call("cuEventCreate", |state| {
        state.in_context()?;
        if flags & !0b111 != 0 {
            return Err(INVALID_VALUE);
        }
        let handle = state.handle();
        state.events.insert(handle, Event { timed: flags & 2 == 0, recorded: Recorded::Never });
        put(event, handle)
    })
}

#[unsafe(no_mangle)]
pub unsafe extern "C" fn cuEventDestroy_v2(event: usize) -> i32 {
    call("cuEventDestroy", |state| {
        state.event(event)?;
        state.events.remove(&event);
        Ok(())
    })
}

#[unsafe(no_mangle)]
pub unsafe extern "C" fn cuEventRecord(event: usize, stream: usize) -> i32 {
    call("cuEventRecord", |state| {
        state.stream(stream)?;
        state.event(event)?.recorded = Recorded::Queued { asked: false };
        state.stream(stream)?.push_back(Work::Record(event));
        Ok(())
    })
}

/// Not ready when first asked; then everything up to the event is done.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn cuEventQuery(event: usize) -> i32 {
    call("cuEventQuery", |state| {
        if state.faults.hangs(state.calls) {
            return Err(NOT_READY);
        }
        match &mut state.event(event)?.recorded {
            Recorded::Never | Recorded::At(_) => Ok(()),
            Recorded::Queued { asked: asked @ false } => {
                *asked = true;
                Err(NOT_READY)
            }
            Recorded::Queued { asked: true } => {
                state.run_up_to(event);
                state.sticky.map_or(Ok(()), Err)
            }
        }
    })
}

#[unsafe(no_mangle)]
pub unsafe extern "C" fn cuEventElapsedTime(ms: *mut f32, from: usize, to: usize) -> i32 {
    call("cuEventElapsedTime", |state| {
        let mut at = |event| -> Result<Instant, Refusal> {
            let event = state.event(event)?;
            match event.recorded {
                _ if !event.timed => Err(INVALID_HANDLE),
                Recorded::Never => Err(INVALID_HANDLE),
                Recorded::Queued { .. } => Err(NOT_READY),
                Recorded::At(instant) => Ok(instant),
            }
        };
        let (from, to) = (at(from)?, at(to)?);
        put(ms, to.saturating_duration_since(from).as_secs_f32() * 1e3)
    })
}
