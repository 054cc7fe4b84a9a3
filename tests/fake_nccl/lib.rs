//! An NCCL without a GPU: what it is asked for it orders on the driver for tests (`tests/fake_cuda`), and does when all streams have come
//! to it. It enforces what the real one demands, and can be told to break. Test-only.
#![allow(unsafe_code, reason = "a library of the vendor is a C interface: raw handles and pointers")]
#![allow(clippy::missing_safety_doc, reason = "every function is called under the rules of nccl.h")]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "it may stop the test")]
#![allow(non_snake_case, reason = "the names of the interface")]

mod driver;
#[path = "../fake_library/faults.rs"]
mod faults;
mod job;

use std::collections::BTreeMap;
use std::ffi::{c_char, c_int};
use std::sync::{Mutex, PoisonError};

use faults::Faults;
use job::{Job, Kind, Mistake, What};

/// A refusal, by its number in the interface.
type Refusal = c_int;

const UNHANDLED_CUDA_ERROR: Refusal = 1;
const INVALID_ARGUMENT: Refusal = 4;
const INVALID_USAGE: Refusal = 5;

const FLOAT32: c_int = 7;
const SUM: c_int = 0;

/// One rank of a clique of communicators.
#[derive(Clone, Copy)]
struct Comm {
    clique: usize,
    rank: usize,
    ranks: usize,
    device: c_int,
}

/// What one rank was asked for within a group.
struct Part {
    comm: Comm,
    what: What,
    at: [u64; 2],
    stream: usize,
}

struct State {
    faults: Faults<Mistake>,
    next: usize,
    comms: BTreeMap<usize, Comm>,
    /// Open groups within one another, and what was asked for in them.
    groups: usize,
    parts: Vec<Part>,
}

static STATE: Mutex<Option<State>> = Mutex::new(None);

fn call(name: &str, act: impl FnOnce(&mut State) -> Result<(), Refusal>) -> c_int {
    let mut guard = STATE.lock().unwrap_or_else(PoisonError::into_inner);
    let state = guard.get_or_insert_with(|| {
        let faults = Faults::from_environment("NCCL", &job::MISTAKES);
        job::make(faults.mistake);
        State { faults, next: 0xC000, comms: BTreeMap::new(), groups: 0, parts: Vec::new() }
    });
    if let Some(code) = state.faults.at(name) {
        return code;
    }
    act(state).err().unwrap_or(0)
}

/// How many communicators have not been destroyed.
#[unsafe(no_mangle)]
pub extern "C" fn assay_fake_nccl_live() -> u64 {
    let guard = STATE.lock().unwrap_or_else(PoisonError::into_inner);
    guard.as_ref().map_or(0, |state| state.comms.len()) as u64
}

#[unsafe(no_mangle)]
pub unsafe extern "C" fn ncclGetVersion(version: *mut c_int) -> c_int {
    call("ncclGetVersion", |_| {
        // SAFETY: the caller gives a place for it.
        unsafe { version.write(22_703) };
        Ok(())
    })
}

#[unsafe(no_mangle)]
pub extern "C" fn ncclGetLastError(_: usize) -> *const c_char {
    c"the stand-in was told so\n".as_ptr()
}

#[unsafe(no_mangle)]
pub unsafe extern "C" fn ncclCommInitAll(comms: *mut usize, count: c_int, devices: *const c_int) -> c_int {
    call("ncclCommInitAll", |state| {
        // As the real one does where it is told to be talkative.
        println!("NCCL version 2.27.3+cuda0.0");
        // SAFETY: the caller gives so many devices.
        let devices = unsafe { std::slice::from_raw_parts(devices, count as usize) };
        let there = driver::devices()?;
        let twice = devices.iter().enumerate().any(|(i, device)| devices[..i].contains(device));
        if twice || devices.iter().any(|device| !(0..there).contains(device)) {
            return Err(INVALID_ARGUMENT);
        }
        let clique = state.next;
        for (rank, device) in devices.iter().enumerate() {
            state.next += 16;
            state.comms.insert(state.next, Comm { clique, rank, ranks: devices.len(), device: *device });
            // SAFETY: and room for so many communicators.
            unsafe { comms.add(rank).write(state.next) };
        }
        Ok(())
    })
}

#[unsafe(no_mangle)]
pub extern "C" fn ncclCommDestroy(comm: usize) -> c_int {
    call("ncclCommDestroy", |state| state.comms.remove(&comm).map(|_| ()).ok_or(INVALID_ARGUMENT))
}

#[unsafe(no_mangle)]
pub extern "C" fn ncclGroupStart() -> c_int {
    call("ncclGroupStart", |state| {
        state.groups += 1;
        Ok(())
    })
}

/// Orders what was asked for, of which every rank must have its part: the real one would wait for the missing ones forever.
#[unsafe(no_mangle)]
pub extern "C" fn ncclGroupEnd() -> c_int {
    call("ncclGroupEnd", |state| {
        state.groups = state.groups.checked_sub(1).ok_or(INVALID_USAGE)?;
        if state.groups > 0 {
            return Ok(());
        }
        let parts = std::mem::take(&mut state.parts);
        let Some(first) = parts.first() else { return Ok(()) };
        let whole = parts.len() == first.comm.ranks
            && parts.iter().enumerate().all(|(rank, part)| {
                part.comm.rank == rank && part.comm.clique == first.comm.clique && part.what == first.what
            });
        if !whole {
            return Err(INVALID_USAGE);
        }
        let streams: Vec<usize> = parts.iter().map(|part| part.stream).collect();
        driver::order(Job { what: first.what, at: parts.iter().map(|part| part.at).collect() }, &streams)
    })
}

/// One thread that serves several ranks must group them, and each rank's buffers lie on its device.
fn part(
    name: &str,
    kind: Kind,
    at: [u64; 2],
    count: usize,
    datatype: c_int,
    comm: usize,
    stream: usize,
) -> c_int {
    call(name, |state| {
        let comm = *state.comms.get(&comm).ok_or(INVALID_ARGUMENT)?;
        let what = What { kind, count };
        if datatype != FLOAT32 || count == 0 {
            return Err(INVALID_ARGUMENT);
        }
        for (at, elements) in at.into_iter().zip(what.sizes(comm.ranks)) {
            driver::lies_on(comm.device, at, elements as u64 * 4)?;
        }
        if state.groups == 0 && comm.ranks > 1 {
            return Err(INVALID_USAGE);
        }
        state.parts.push(Part { comm, what, at, stream });
        Ok(())
    })
}

#[unsafe(no_mangle)]
pub extern "C" fn ncclAllReduce(
    from: u64,
    to: u64,
    count: usize,
    datatype: c_int,
    op: c_int,
    comm: usize,
    stream: usize,
) -> c_int {
    if op != SUM {
        return INVALID_ARGUMENT;
    }
    part("ncclAllReduce", Kind::AllReduce, [from, to], count, datatype, comm, stream)
}

#[unsafe(no_mangle)]
pub extern "C" fn ncclReduceScatter(
    from: u64,
    to: u64,
    count: usize,
    datatype: c_int,
    op: c_int,
    comm: usize,
    stream: usize,
) -> c_int {
    if op != SUM {
        return INVALID_ARGUMENT;
    }
    part("ncclReduceScatter", Kind::ReduceScatter, [from, to], count, datatype, comm, stream)
}

#[unsafe(no_mangle)]
pub extern "C" fn ncclAllGather(
    from: u64,
    to: u64,
    count: usize,
    datatype: c_int,
    comm: usize,
    stream: usize,
) -> c_int {
    part("ncclAllGather", Kind::AllGather, [from, to], count, datatype, comm, stream)
}

#[unsafe(no_mangle)]
pub extern "C" fn ncclBroadcast(
    from: u64,
    to: u64,
    count: usize,
    datatype: c_int,
    root: c_int,
    comm: usize,
    stream: usize,
) -> c_int {
    if root != 0 {
        return INVALID_ARGUMENT;
    }
    part("ncclBroadcast", Kind::Broadcast, [from, to], count, datatype, comm, stream)
}
