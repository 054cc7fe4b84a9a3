//! One simulated card with its time: what happens at each device call, and what the sensors would see.
//! Owns calls, tickets, errors and speed; what ops compute and how long an honest card takes lie elsewhere.

use std::time::Duration;

use super::behaviour::Behaviour;
use super::census;
use super::content::{STEPS_MAX, Source};
use super::exec;
use super::heat::{Heat, Work};
use super::memory::{Extent, Memory};
use super::needs::needs;
use super::profiles::Profile;
use super::timing::{self, Bound, Cost, LAUNCH_NS};
use super::together::{Band, Peer};
use crate::clock::{Clock, Stepped};
use crate::device::fault::{Often, When};
use crate::device::op::{Maker, Route};
use crate::device::walk::Way;
use crate::device::{Buf, DeviceError, Done, Op, Ticket, Unsupported, draw};

/// What the host spends in the driver for each kind of call.
const SUBMIT_NS: u64 = 2_000;
const WAIT_NS: u64 = 3_000;
const ALLOC_NS: u64 = 50_000;
const TRANSFER_NS: u64 = 10_000;
/// The least time between two executions of one submission.
const EXECUTION_NS_MIN: f64 = 1_500.0;
/// What counts as a pause of the card.
const IDLE_NS: u64 = 20_000_000;
const TICKETS_MAX: usize = 2;
/// One read may cost a few seconds at worst.
const READ_STEPS_MAX: f64 = 4.0 * STEPS_MAX;
/// However much a card drifts, it still moves.
const DRIFT_MIN: f64 = 0.05;

/// The card that a device and its telemetry share.
#[derive(Debug)]
pub struct World {
    pub card: &'static Profile,
    pub behaviour: Behaviour,
    pub clock: Stepped,
    pub memory: Memory,
    heat: Heat,
    wait_limit: Duration,
    /// Device calls so far, of every kind that can fail.
    calls: u64,
    /// Why every further call fails.
    dead: Option<DeviceError>,
    lost_by_time: bool,
    open: Vec<Open>,
    tickets: u64,
    /// When the card has finished all it was given.
    free_at_ns: u64,
    /// All cards that were opened together, itself included.
    pub together: Vec<Peer>,
    pub band: Band,
}

/// Submitted work. Its effects are in memory already; its time has not passed.
#[derive(Debug)]
struct Open {
    ticket: u64,
    end_ns: u64,
    result: Result<Done, DeviceError>,
}

impl World {
    pub fn new(card: &'static Profile, behaviour: Behaviour, wait_limit: Duration) -> Self {
        let words = |bytes: u64| bytes / 4;
        let mut memory = Memory::new(
            words(behaviour.memory_bytes),
            words(behaviour.real_bytes),
            words(behaviour.oom_bytes.min(behaviour.memory_bytes)),
        );
        for (addr, bit) in &behaviour.flips {
            memory.break_cell(*addr, |cell| cell.inverted |= 1 << bit);
        }
        for (addr, bit, at_one) in &behaviour.stuck {
            memory.break_cell(*addr, |cell| {
                let mask = if *at_one { &mut cell.stuck_at_one } else { &mut cell.stuck_at_zero };
                *mask |= 1 << bit;
            });
        }
        Self {
            card,
            behaviour,
            clock: Stepped::default(),
            memory,
            heat: Heat::cold(),
            wait_limit,
            calls: 0,
            dead: None,
            lost_by_time: false,
            open: Vec::new(),
            tickets: 0,
            free_at_ns: 0,
            together: Vec::new(),
            band: Band::default(),
        }
    }

    pub fn supports(&self, op: &Op) -> Result<(), Unsupported> {
        if let Op::Gemm { by: Maker::Vendor, .. } = op
            && !self.behaviour.library
        {
            return Err(Unsupported::us("this simulated card comes without its vendor's library"));
        }
        if let Some((precision, rate)) = timing::arithmetic(self.card, op) {
            let name = precision.name();
            if self.behaviour.cannot.contains(&precision) || rate == 0.0 {
                return Err(Unsupported::card(format!("this card has no {name} arithmetic")));
            }
            if self.behaviour.unwritten.contains(&precision) {
                return Err(Unsupported::us(format!("there is no {name} kernel for {} yet", op.name())));
            }
        }
        if let Op::Copy { route: Route::FromPeer(place), .. } = op {
            let alone = || Unsupported::us("it was not opened together with that card");
            self.together.get(*place as usize).ok_or_else(alone)?;
        }
        self.band.supports(op)?;
        let needs = needs(op).map_err(Unsupported::us)?;
        let most = self.behaviour.buffer_bytes_max;
        match needs.iter().find(|(_, bytes)| *bytes > u128::from(most)) {
            Some((_, bytes)) => Err(Unsupported::card(format!(
                "{} needs a buffer of {bytes} bytes, the largest here has {most}",
                op.name()
            ))),
            None => Ok(()),
        }
    }

    pub fn alloc(&mut self, bytes: u64) -> Result<Buf, DeviceError> {
        self.enter()?;
        self.answer()?;
        self.clock.advance_ns(ALLOC_NS);
        if bytes == 0 || !bytes.is_multiple_of(4) || bytes > self.behaviour.buffer_bytes_max {
            let most = self.behaviour.buffer_bytes_max;
            return Err(invalid(format!(
                "a buffer of {bytes} bytes; a multiple of 4 up to {most} is possible"
            )));
        }
        self.memory.alloc(bytes / 4).ok_or(DeviceError::OutOfMemory { bytes })
    }

    pub fn free(&mut self, buf: Buf) {
        self.memory.free(buf);
    }

    pub fn write(&mut self, to: Buf, at: u64, data: &[u8]) -> Result<(), DeviceError> {
        self.enter()?;
        self.answer()?;
        let extent = self.part(to, at, data.len())?;
        self.transfer(data.len());
        self.memory.store_source(extent, &Source::of(&exec::words_of(data)));
        Ok(())
    }

    pub fn read(&mut self, from: Buf, at: u64, out: &mut [u8]) -> Result<(), DeviceError> {
        self.enter()?;
        self.answer()?;
        let extent = self.part(from, at, out.len())?;
        let source = self.memory.snapshot(extent);
        if source.steps() > READ_STEPS_MAX {
            return Err(invalid(format!(
                "reading {} bytes of simulated results takes too long to compute; read fewer rows",
                out.len()
            )));
        }
        self.transfer(out.len());
        let mut words = vec![0; out.len() / 4];
        source.read(0, &mut words);
        for (slot, word) in out.chunks_exact_mut(4).zip(words) {
            slot.copy_from_slice(&word.to_le_bytes());
        }
        Ok(())
    }

    pub fn submit(&mut self, op: &Op, variant: usize, repeat: u32) -> Result<Ticket, DeviceError> {
        self.enter()?;
        self.clock.advance_ns(SUBMIT_NS);
        if self.open.len() >= TICKETS_MAX {
            return Err(invalid(format!("{TICKETS_MAX} tickets are open already")));
        }
        let result = self.alive().and_then(|()| self.start(op, variant, repeat));
        self.tickets += 1;
        self.open.push(Open { ticket: self.tickets, end_ns: self.free_at_ns, result });
        Ok(Ticket(self.tickets))
    }

    pub fn wait(&mut self, ticket: &Ticket) -> Result<Done, DeviceError> {
        let index = self.open.iter().position(|open| open.ticket == ticket.0);
        let open = index.map(|index| self.open.remove(index));
        self.enter()?;
        self.answer()?;
        let Open { end_ns, result, .. } = open.ok_or_else(|| invalid("no such ticket is open".to_owned()))?;
        let done = result?;
        let now_ns = self.clock.now_ns();
        if end_ns.saturating_sub(now_ns) > self.wait_limit_ns() {
            let hang = self.hang();
            return Err(self.in_vain(hang));
        }
        self.clock.advance_ns(end_ns.saturating_sub(now_ns) + WAIT_NS);
        self.lost_in_time()?;
        Ok(done)
    }

    /// Counts a call and lets happen what the script wants at it.
    fn enter(&mut self) -> Result<(), DeviceError> {
        self.calls += 1;
        if self.behaviour.crash_at_call == Some(self.calls) {
            std::process::abort();
        }
        while self.behaviour.stall_at_call == Some(self.calls) {
            std::thread::park();
        }
        if self.behaviour.fail.fires(self.calls) {
            return Err(self.behaviour.injected(self.wait_limit_ns() / 1_000_000));
        }
        Ok(())
    }

    /// Whether the card still works. Takes no time.
    pub fn alive(&mut self) -> Result<(), DeviceError> {
        if let Some(dead) = &self.dead {
            return Err(dead.clone());
        }
        if self.behaviour.hang_at_call.is_some_and(|at| self.calls >= at) {
            return Err(self.hang());
        }
        if self.behaviour.lost.fires(self.calls) {
            return Err(self.lose(format!("at device call {}", self.calls)));
        }
        self.lost_in_time()
    }

    fn lost_in_time(&mut self) -> Result<(), DeviceError> {
        let now_ns = self.clock.now_ns();
        if self.lost_by_time || self.behaviour.lost_at_ns.is_none_or(|at| now_ns < at) {
            return Ok(());
        }
        self.lost_by_time = true;
        Err(self.lose(format!("{} ms after the start", now_ns / 1_000_000)))
    }

    fn lose(&mut self, why: String) -> DeviceError {
        let error = DeviceError::Lost { why };
        if self.behaviour.lost.often == Often::Forever {
            self.dead = Some(error.clone());
        }
        error
    }

    /// Whether the card still answers a host that waits for it.
    fn answer(&mut self) -> Result<(), DeviceError> {
        self.alive().map_err(|error| self.in_vain(error))
    }

    /// The time that the host waits for a hung card.
    fn in_vain(&mut self, error: DeviceError) -> DeviceError {
        if let DeviceError::Hang { .. } = error {
            self.clock.advance_ns(self.wait_limit_ns());
        }
        error
    }

    fn hang(&mut self) -> DeviceError {
        let error = DeviceError::Hang { after_ms: self.wait_limit_ns() / 1_000_000 };
        self.dead = Some(error.clone());
        error
    }

    fn wait_limit_ns(&self) -> u64 {
        u64::try_from(self.wait_limit.as_nanos()).unwrap_or(u64::MAX)
    }

    /// Checks an op, carries it out and gives it its time on the card.
    fn start(&mut self, op: &Op, variant: usize, repeat: u32) -> Result<Done, DeviceError> {
        self.supports(op).map_err(|e| invalid(format!("{}: {}", op.name(), e.why)))?;
        for (buf, bytes) in needs(op).map_err(invalid)? {
            let have = self.memory.extent(buf).map(|extent| u128::from(extent.words) * 4);
            match have {
                Some(have) if have >= bytes => {}
                Some(have) => {
                    let what = op.name();
                    return Err(invalid(format!("{what} needs {bytes} bytes of a buffer of {have}")));
                }
                None => return Err(invalid(format!("{} names a buffer that does not exist", op.name()))),
            }
        }
        let mut cost = timing::cost(self.card, op, variant, self.working_set_bytes(op))
            .ok_or_else(|| invalid(format!("{} has no variant {variant}", op.name())))?;
        let wrong = self.upset(op, repeat).map_or(self.behaviour.wrong, |element| exec::Wrong {
            gemm_element: Some(element),
            ..self.behaviour.wrong
        });
        let begin_ns = self.clock.now_ns().max(self.free_at_ns);
        cost = self.cost_from_peer(op).or(self.cost_together(op, begin_ns)?).unwrap_or(cost);
        let device_ns = self.spend(cost, repeat);
        let mut counted = op.units().map(|units| units.wrapping_mul(u64::from(repeat)) as u32);
        if let Op::Lend { from, to } = *op {
            self.lend([from, to]);
        }
        if !self.behaviour.lazy {
            if let Op::Collective { kind, elements, .. } = *op {
                self.together(kind, elements)?;
            }
            let by_host = exec::execute(&mut self.memory, op, repeat, wrong).map_err(invalid)?;
            self.leave_records(op, begin_ns);
            counted = by_host.map(|words| words.wrapping_mul(repeat)).or(counted);
        }
        if self.behaviour.uncounted {
            counted = counted.map(|units| units / 2);
        }
        Ok(Done { device_ns, counted })
    }

    /// What depends on where and when an op ran.
    fn leave_records(&mut self, op: &Op, begin_ns: u64) {
        if let Op::Census { blocks, spin_ns, out } = *op {
            let words = census::watch(&self.behaviour, blocks, spin_ns, begin_ns);
            exec::put(&mut self.memory, out, &words);
        }
        if let Op::Walk { ring, slots, stride_bytes, first, hops, blocks, out } = *op {
            let way = Way { slots, stride_bytes, seed: 0, first, hops };
            let ends = exec::ends(&self.memory, ring, (0..blocks).map(|block| way.start(block)), hops);
            let words = census::walk(self.card, &self.behaviour, &ends, hops, begin_ns);
            exec::put(&mut self.memory, out, &words);
        }
    }

    /// The element of a product that comes out wrong by chance, if one does.
    fn upset(&mut self, op: &Op, repeat: u32) -> Option<u64> {
        let (Some(one_in), Op::Gemm { shape, .. }) = (self.behaviour.upset, op) else { return None };
        let happens = match self.behaviour.upset_when {
            None => true,
            Some(When::Hot { from_c }) => u64::from(self.temperature_c()) >= from_c,
            Some(When::Idle) => self.clock.now_ns().saturating_sub(self.free_at_ns) >= IDLE_NS,
        };
        let elements = u64::from(shape.m) * u64::from(shape.n);
        let draw =
            |salt: u64| f64::from(draw::hash(self.behaviour.seed ^ salt, self.tickets)) / 2f64.powi(32);
        let chance = elements as f64 * f64::from(repeat) / one_in as f64;
        (happens && draw(0x0075_7073_6574) < chance)
            .then(|| (draw(0x0077_6865_7265) * elements as f64) as u64)
    }

    /// Bytes that a chase hops around in.
    fn working_set_bytes(&self, op: &Op) -> u64 {
        match op {
            Op::Chase { ring, .. } => self
                .memory
                .extent(*ring)
                .map_or(0, |at| exec::ring_words(&self.memory.snapshot(at)).unwrap_or(at.words) * 4),
            Op::Fill { .. }
            | Op::Scan { .. }
            | Op::Flip { .. }
            | Op::Draw { .. }
            | Op::Expand { .. }
            | Op::Cells { .. }
            | Op::Tree { .. }
            | Op::Digest { .. }
            | Op::Stream { .. }
            | Op::Reread { .. }
            | Op::Fma { .. }
            | Op::Mma { .. }
            | Op::Gemm { .. }
            | Op::Ring { .. }
            | Op::Census { .. }
            | Op::Walk { .. }
            | Op::Lend { .. }
            | Op::Collective { .. }
            | Op::Copy { .. } => 0,
        }
    }

    /// Takes the time of `repeat` executions on the card; the return is what the card's own clock says.
    fn spend(&mut self, cost: Cost, repeat: u32) -> Option<u64> {
        let now_ns = self.clock.now_ns();
        let start_ns = now_ns.max(self.free_at_ns);
        let each_ns = (cost.ns / self.speed(cost.bound, start_ns)).max(EXECUTION_NS_MIN);
        let uniform = f64::from(draw::hash(self.behaviour.seed ^ 0x006E_6F69_7365, self.tickets));
        let noisy = if matches!(cost.bound, Bound::Clock) { 0.0 } else { self.behaviour.noise };
        let noise = 1.0 + noisy * (uniform / f64::from(u32::MAX) * 2.0 - 1.0);
        let alone_ns = each_ns * f64::from(repeat) * noise;
        let crowded = if cost.bound == Bound::Memory { self.behaviour.crowded } else { 0.0 };
        let work_ns = self.between_turns(start_ns, census::beside(start_ns, alone_ns, crowded));
        self.free_at_ns = start_ns.saturating_add((LAUNCH_NS + work_ns) as u64);
        self.heat.add(now_ns, Work { start_ns, end_ns: self.free_at_ns, load: cost.load });
        self.behaviour.timer.map(|share| (work_ns * share).max(1.0) as u64)
    }

    fn between_turns(&self, start_ns: u64, work_ns: f64) -> f64 {
        census::between_turns(start_ns, work_ns, self.behaviour.stolen)
    }

    /// How fast the card is at this time, as a multiple of an honest one.
    pub fn speed(&self, bound: Bound, at_ns: u64) -> f64 {
        let lies = &self.behaviour;
        let clocks = lies.compute_rate * lies.clock_lie * self.throttle(at_ns).unwrap_or(1.0);
        let of_kind = match bound {
            Bound::Compute => clocks * f64::from(lies.units) / f64::from(self.card.units),
            Bound::Cache => clocks,
            Bound::Memory => lies.memory_rate,
            Bound::Latency | Bound::Link => 1.0,
            Bound::Clock => return 1.0,
        };
        let drift = (1.0 - lies.drift_per_s * (at_ns as f64 / 1e9)).max(DRIFT_MIN);
        of_kind * lies.speed * drift
    }

    fn throttle(&self, at_ns: u64) -> Option<f64> {
        self.behaviour.throttle.filter(|(_, from_ns)| at_ns >= *from_ns).map(|(share, _)| share)
    }

    /// Moves bytes over the link, after all work that was submitted before.
    fn transfer(&mut self, bytes: usize) {
        let now_ns = self.clock.now_ns();
        let link = timing::link(self.card, bytes as f64);
        let link_ns = self.between_turns(now_ns, link.ns / self.speed(Bound::Link, now_ns));
        self.free_at_ns = self.free_at_ns.max(now_ns).saturating_add(TRANSFER_NS + link_ns as u64);
        self.clock.advance_ns(self.free_at_ns - now_ns);
    }

    /// The words behind `len` bytes at byte offset `at` of a buffer.
    fn part(&self, buf: Buf, at: u64, len: usize) -> Result<Extent, DeviceError> {
        let extent =
            self.memory.extent(buf).ok_or_else(|| invalid("the buffer does not exist".to_owned()))?;
        let len = len as u64;
        let fits = at.checked_add(len).is_some_and(|end| end <= extent.words * 4);
        if !fits || !at.is_multiple_of(4) || !len.is_multiple_of(4) {
            let have = extent.words * 4;
            return Err(invalid(format!(
                "{len} bytes at {at} of a buffer of {have}; multiples of 4 are needed"
            )));
        }
        Ok(Extent { base: extent.base + at / 4, words: len / 4 })
    }

    pub fn now_ns(&self) -> u64 {
        self.clock.now_ns()
    }

    /// The clock as the sensor shows it: lies included, idle cards slow down.
    pub fn clock_mhz(&mut self) -> u32 {
        let now_ns = self.now_ns();
        let share = self.behaviour.compute_rate.min(1.0) * self.throttle(now_ns).unwrap_or(1.0);
        let resting = if self.free_at_ns > now_ns { 1.0 } else { 0.25 };
        (f64::from(self.card.clock_mhz) * share * resting) as u32
    }

    /// The least that carries the card's link over 16 lanes; a resting link is trained down.
    pub fn pcie_generation(&self) -> u32 {
        const GB_PER_S: [f64; 5] = [4.0, 8.0, 15.8, 31.5, 63.0];
        let busy = GB_PER_S.iter().position(|most| self.card.link_rate <= most * 1e9).unwrap_or(4) as u32 + 1;
        if self.free_at_ns > self.now_ns() { busy } else { 1 }
    }

    pub fn power_mw(&mut self) -> u32 {
        let now_ns = self.now_ns();
        let share = self.heat.power_share(now_ns) * self.throttle(now_ns).unwrap_or(1.0);
        (f64::from(self.card.power_w) * 1000.0 * share) as u32
    }

    pub fn temperature_c(&mut self) -> u32 {
        let now_ns = self.now_ns();
        // A card that throttles for heat is hot, whatever it does now.
        let extra_c = if self.throttle(now_ns).is_some() { 20.0 } else { 0.0 };
        (self.heat.temperature_c(now_ns) + extra_c) as u32
    }

    pub fn is_throttled(&self) -> bool {
        self.throttle(self.now_ns()).is_some()
    }
}

pub fn invalid(why: String) -> DeviceError {
    DeviceError::Validation { why }
}
