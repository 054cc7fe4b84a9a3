//! What the GPUs of one process do together, by NCCL: buffers that each lends, a communicator of each, and the calls.
//! Owns every call to the opened library; must not know how it is found, nor what is measured.
#![allow(unsafe_code)]

use std::cell::{Cell, OnceCell};
use std::ffi::c_int;
use std::rc::Rc;

use super::gpu::{Event, Gpu};
use super::memory::Memory;
use super::nccl::{self, Answer, Comm, FLOAT32, Nccl, SUM};
use super::run::{After, Runner};
use crate::device::collective::Collective;
use crate::device::{Buf, DeviceError, Reach, Ticket, Unsupported, Variant};

/// All GPUs that were opened together.
pub struct Band {
    members: Vec<Member>,
    library: Result<&'static Nccl, String>,
    /// One of each member; made when first asked for, since that takes long.
    comms: OnceCell<Result<Vec<Comm>, Unsupported>>,
}

struct Member {
    gpu: Rc<Gpu>,
    lent: Cell<Option<Lent>>,
    /// Marks the end of its part.
    ended: Event,
}

/// Two buffers: what is given, and where the result goes.
#[derive(Clone, Copy)]
struct Lent {
    bufs: [Buf; 2],
    at: [u64; 2],
    bytes: [u64; 2],
}

/// Whether this has run on hardware and given right results, shown by a result in results/.
const PROVEN: bool = false;

impl Band {
    pub fn new(gpus: impl Iterator<Item = Rc<Gpu>>) -> Result<Rc<Self>, DeviceError> {
        let member = |gpu: Rc<Gpu>| {
            gpu.enter()?;
            let ended = gpu.event_without_time()?;
            Ok(Member { gpu, lent: Cell::new(None), ended })
        };
        let members = gpus.map(member).collect::<Result<_, DeviceError>>()?;
        Ok(Rc::new(Self { members, library: nccl::load(), comms: OnceCell::new() }))
    }

    fn comms(&self) -> Result<&[Comm], Unsupported> {
        let made = self.comms.get_or_init(|| {
            let library = *self.library.as_ref().map_err(Unsupported::us)?;
            let devices: Vec<c_int> = self.members.iter().map(|member| member.gpu.device).collect();
            let mut comms = vec![std::ptr::null_mut(); devices.len()];
            // SAFETY: there is room for as many communicators as there are devices.
            let answer = unsafe {
                let count = devices.len() as c_int;
                (library.functions.ncclCommInitAll)(comms.as_mut_ptr(), count, devices.as_ptr())
            };
            let refused = |why| Unsupported::us(format!("NCCL {} does not start: {why}", library.version));
            library.of("ncclCommInitAll", answer).map_err(refused).map(|()| comms)
        });
        made.as_ref().map(Vec::as_slice).map_err(Clone::clone)
    }

    /// The only form of what is done together, where so many `ranks` can do it.
    pub fn variant(&self, ranks: u32) -> Result<Variant, Unsupported> {
        let count = self.comms()?.len();
        if count != ranks as usize {
            return Err(Unsupported::us(format!("{count} GPUs were opened together, not {ranks}")));
        }
        let library = self.library.as_ref().map_err(Unsupported::us)?;
        Ok(Variant {
            label: format!("nccl-{}", library.version),
            kernel: library.loaded.digest().unwrap_or_default().to_owned(),
            caveat: (!PROVEN).then(|| "collectives by NCCL have not yet run on hardware".to_owned()),
            reach: if PROVEN { Reach::Card } else { Reach::Kernel },
        })
    }

    /// Takes what the GPU at this place lends.
    pub fn lend(&self, place: usize, memory: &Memory, bufs: [Buf; 2]) -> Result<(), DeviceError> {
        let [from, to] = [memory.get(bufs[0])?, memory.get(bufs[1])?];
        let at = [from.range(0, from.bytes)?, to.range(0, to.bytes)?];
        self.members[place].lent.set(Some(Lent { bufs, at, bytes: [from.bytes, to.bytes] }));
        Ok(())
    }

    /// It is about to free this one.
    pub fn give_back(&self, place: usize, buf: Buf) {
        let lent = &self.members[place].lent;
        lent.set(lent.get().filter(|lent| !lent.bufs.contains(&buf)));
    }

    /// Starts a collective `repeat` times, for the GPU at this place, whose runner it is. The library counts no work.
    pub fn submit(
        &self,
        place: usize,
        runner: &mut Runner,
        (kind, elements): (Collective, u64),
        repeat: u32,
    ) -> Result<Ticket, DeviceError> {
        let sizes = kind.sizes(self.members.len() as u32, elements);
        let mut at = Vec::new();
        for (rank, member) in self.members.iter().enumerate() {
            let enough = |lent: &Lent| lent.bytes.iter().zip(sizes).all(|(have, need)| *have / 4 >= need);
            let why = || DeviceError::Validation { why: format!("GPU {rank} has not lent enough memory") };
            at.push(member.lent.get().filter(enough).ok_or_else(why)?.at);
        }
        runner.submit_ordered(
            After::Nothing,
            |_| Ok(()),
            |_| {
                (0..repeat).try_for_each(|_| self.group(kind, sizes, &at))?;
                self.gather(place)
            },
        )
    }

    /// Orders it once, on all members.
    fn group(&self, kind: Collective, sizes: [u64; 2], at: &[[u64; 2]]) -> Result<(), DeviceError> {
        let refused = |why| DeviceError::Validation { why };
        let library = *self.library.as_ref().map_err(|why| refused(why.clone()))?;
        let comms = self.comms().map_err(|unsupported| refused(unsupported.why))?;
        let functions = &library.functions;
        // SAFETY: takes nothing.
        library.of("ncclGroupStart", unsafe { (functions.ncclGroupStart)() }).map_err(refused)?;
        let parts = self.members.iter().zip(comms).zip(at);
        let ordered = parts.map(|((member, comm), at)| part(library, kind, sizes, *at, (*comm, &member.gpu)));
        let ordered = ordered.collect::<Result<Vec<()>, String>>();
        // What was begun is ended, whatever became of it.
        // SAFETY: takes nothing.
        let ended = library.of("ncclGroupEnd", unsafe { (functions.ncclGroupEnd)() });
        ordered.and(ended).map_err(refused)
    }

    /// Lets the GPU at this place wait for the part of all others, and makes it current again.
    fn gather(&self, place: usize) -> Result<(), DeviceError> {
        let own = &self.members[place].gpu;
        for other in self.members.iter().filter(|member| !Rc::ptr_eq(&member.gpu, own)) {
            other.gpu.enter()?;
            other.gpu.record(&other.ended)?;
            own.enter()?;
            own.follow(&other.ended)?;
        }
        own.enter()
    }
}

/// Orders the part of one member.
fn part(
    library: &Nccl,
    kind: Collective,
    [gives, has]: [u64; 2],
    [from, to]: [u64; 2],
    (comm, gpu): (Comm, &Gpu),
) -> Result<(), String> {
    let functions = &library.functions;
    let (gives, has, stream) = (gives as usize, has as usize, gpu.stream);
    // SAFETY: the communicator and the stream are of this member and alive; both buffers have room for as many elements, and are not
    // freed while they are lent.
    let (call, answer): (_, Answer) = unsafe {
        match kind {
            Collective::AllReduce => {
                ("ncclAllReduce", (functions.ncclAllReduce)(from, to, gives, FLOAT32, SUM, comm, stream))
            }
            Collective::AllGather => {
                ("ncclAllGather", (functions.ncclAllGather)(from, to, gives, FLOAT32, comm, stream))
            }
            Collective::ReduceScatter => (
                "ncclReduceScatter",
                (functions.ncclReduceScatter)(from, to, has, FLOAT32, SUM, comm, stream),
            ),
            Collective::Broadcast => {
                ("ncclBroadcast", (functions.ncclBroadcast)(from, to, gives, FLOAT32, 0, comm, stream))
            }
        }
    };
    library.of(call, answer)
}

impl Drop for Band {
    /// Of a broken device nothing is given back, as in `gpu.rs`; and communicators end together.
    fn drop(&mut self) {
        let whole = self.members.iter().all(|member| member.gpu.enter().is_ok());
        if let (Ok(library), Some(Ok(comms)), true) = (&self.library, self.comms.get(), whole) {
            for comm in comms {
                // SAFETY: made once, destroyed here only.
                let _ = unsafe { (library.functions.ncclCommDestroy)(*comm) };
            }
        }
    }
}
