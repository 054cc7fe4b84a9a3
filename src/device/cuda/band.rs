//! What the GPUs of one process do together, by NCCL: buffers that each lends, a communicator of each, and the calls.
//! Owns every call to the opened library; must not know how it is found, nor what is measured.
#![allow(unsafe_code)]

use std::cell::{Cell, OnceCell};
use std::ffi::c_int;
use std::rc::Rc;

use cudarc::driver::sys::CUstream;

use super::gpu::{Event, Gpu, Lane};
use super::memory::Memory;
use super::nccl::{self, Answer, Comm, FLOAT32, Nccl, SUM};
use super::patience::Handed;
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

    /// Calls `each` while they are made.
    fn comms(&self, each: &mut dyn FnMut()) -> Result<&[Comm], Unsupported> {
        let made = self.comms.get_or_init(|| {
            let library = *self.library.as_ref().map_err(Unsupported::us)?;
            let devices: Vec<c_int> = self.members.iter().map(|member| member.gpu.device).collect();
            let made = self.patiently(each, move || {
                library.loaded.digest();
                let mut comms = vec![std::ptr::null_mut(); devices.len()];
                // SAFETY: there is room for as many communicators as there are devices.
                let answer = unsafe {
                    let count = devices.len() as c_int;
                    (library.functions.ncclCommInitAll)(comms.as_mut_ptr(), count, devices.as_ptr())
                };
                library.of("ncclCommInitAll", answer).map(|()| Handed::new(comms))
            });
            let refused = |why| Unsupported::us(format!("NCCL {} does not start: {why}", library.version));
            made.map(Handed::take).map_err(refused)
        });
        made.as_ref().map(Vec::as_slice).map_err(Clone::clone)
    }

    /// In another thread, where the first GPU is the one that calls go to, as here.
    fn patiently<T: Send>(
        &self,
        each: &mut dyn FnMut(),
        work: impl FnOnce() -> Result<T, String> + Send,
    ) -> Result<T, String> {
        let first = self.members.first().ok_or("there are no devices")?;
        let enter = first.gpu.enter_elsewhere();
        first.gpu.patience().during(each, move || enter().and_then(|()| work()))
    }

    /// Makes the communicators and, where memory is lent for it, does this once: the library connects devices when they are first to do
    /// something together, which takes a minute where they are many. Calls `each` meanwhile. What it lacks, [`Band::variant`] says.
    pub fn make_ready(
        &self,
        (kind, elements): (Collective, u64),
        each: &mut dyn FnMut(),
    ) -> Result<(), DeviceError> {
        if self.comms(each).is_err() {
            return Ok(());
        }
        let Ok(group) = self.group(kind, elements) else { return Ok(()) };
        let group = Handed::new(group);
        self.patiently(each, move || group.take().order()).map_err(|why| DeviceError::Validation { why })
    }

    /// The only form of what is done together, where so many `ranks` can do it.
    pub fn variant(&self, ranks: u32) -> Result<Variant, Unsupported> {
        let count = self.comms(&mut || ())?.len();
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
        let group = self.group(kind, elements)?;
        let order = || group.order().map_err(|why| DeviceError::Validation { why });
        runner.submit_ordered(
            After::Nothing,
            |_| Ok(()),
            |_| {
                (0..repeat).try_for_each(|_| order())?;
                self.gather(place)
            },
        )
    }

    /// A collective of what is lent.
    fn group(&self, kind: Collective, elements: u64) -> Result<Group, DeviceError> {
        let refused = |why| DeviceError::Validation { why };
        let library = *self.library.as_ref().map_err(|why| refused(why.clone()))?;
        let comms = self.comms(&mut || ()).map_err(|unsupported| refused(unsupported.why))?;
        let sizes = kind.sizes(self.members.len() as u32, elements);
        let mut parts = Vec::new();
        for (rank, (member, comm)) in self.members.iter().zip(comms).enumerate() {
            let enough = |lent: &Lent| lent.bytes.iter().zip(sizes).all(|(have, need)| *have / 4 >= need);
            let why = || refused(format!("GPU {rank} has not lent enough memory"));
            let at = member.lent.get().filter(enough).ok_or_else(why)?.at;
            parts.push(Part { at, comm: *comm, stream: member.gpu.stream });
        }
        Ok(Group { library, kind, sizes, parts })
    }

    /// Lets the GPU at this place wait for the part of all others, and makes it current again.
    fn gather(&self, place: usize) -> Result<(), DeviceError> {
        let own = &self.members[place].gpu;
        for other in self.members.iter().filter(|member| !Rc::ptr_eq(&member.gpu, own)) {
            other.gpu.enter()?;
            other.gpu.record(Lane::Main, &other.ended)?;
            own.enter()?;
            own.hold(Lane::Main, &other.ended)?;
        }
        own.enter()
    }
}

/// A collective as the library is told of it.
struct Group {
    library: &'static Nccl,
    kind: Collective,
    /// Elements that each gives, and has afterwards.
    sizes: [u64; 2],
    parts: Vec<Part>,
}

/// One member's: from where and to where, and by what.
struct Part {
    at: [u64; 2],
    comm: Comm,
    stream: CUstream,
}

impl Group {
    /// Orders it once, on all members.
    fn order(&self) -> Result<(), String> {
        let functions = &self.library.functions;
        // SAFETY: takes nothing.
        self.library.of("ncclGroupStart", unsafe { (functions.ncclGroupStart)() })?;
        let ordered: Result<(), String> = self.parts.iter().try_for_each(|part| self.part(part));
        // What was begun is ended, whatever became of it.
        // SAFETY: takes nothing.
        let ended = self.library.of("ncclGroupEnd", unsafe { (functions.ncclGroupEnd)() });
        ordered.and(ended)
    }

    /// Orders the part of one member.
    fn part(&self, part: &Part) -> Result<(), String> {
        let functions = &self.library.functions;
        let [gives, has] = self.sizes.map(|elements| elements as usize);
        let Part { at: [from, to], comm, stream } = *part;
        // SAFETY: the communicator and the stream are of this member and alive; both buffers have room for as many elements, and are
        // not freed while they are lent.
        let (call, answer): (_, Answer) = unsafe {
            match self.kind {
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
        self.library.of(call, answer)
    }
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
