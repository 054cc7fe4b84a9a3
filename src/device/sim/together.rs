//! What simulated cards of one node do together: how long it takes, and what each has in memory afterwards.
//! Owns effects on several cards at once; the meaning is `collective.rs`'s.

use std::cell::RefCell;
use std::rc::{Rc, Weak};

use super::content::{Rule, Source, blend};
use super::exec;
use super::memory::Extent;
use super::profiles::Profile;
use super::timing::{self, Bound, Cost};
use super::world::{World, invalid};
use crate::device::collective::Collective;
use crate::device::op::Route;
use crate::device::{Buf, DeviceError, Op, Unsupported};

/// The share of what a copy reaches that is left where all cards send at once.
const SHARE: f64 = 0.85;

/// The cards that were opened together, and what one of them lends.
#[derive(Debug, Default)]
pub struct Band {
    /// In their order, this one included.
    cards: Vec<Weak<RefCell<World>>>,
    place: usize,
    lent: Option<[Buf; 2]>,
}

/// A card of the node as the others know it.
#[derive(Clone, Copy, Debug)]
pub struct Peer {
    pub card: &'static Profile,
    index: u64,
}

impl Peer {
    pub fn of(world: &World) -> Self {
        Self { card: world.card, index: world.behaviour.index }
    }
}

/// Another card, and its place.
type Other = (usize, Rc<RefCell<World>>);

/// Lets these cards do something together.
pub fn join(worlds: &[Rc<RefCell<World>>]) {
    for (place, world) in worlds.iter().enumerate() {
        let cards = worlds.iter().map(Rc::downgrade).collect();
        world.borrow_mut().band = Band { cards, place, lent: None };
    }
}

/// Sums of FP32 elements.
#[derive(Debug)]
pub struct Added(Vec<Source>);

impl Added {
    pub fn evaluate(&self, from: u64, out: &mut [u32]) {
        let mut sums = vec![0f32; out.len()];
        for source in &self.0 {
            source.read(from, out);
            sums.iter_mut().zip(&*out).for_each(|(sum, word)| *sum += f32::from_bits(*word));
        }
        out.iter_mut().zip(sums).for_each(|(word, sum)| *word = sum.to_bits());
    }

    pub fn steps_per_word(&self) -> f64 {
        self.0.iter().map(|source| 1.0 + source.steps_per_word()).sum()
    }

    pub fn depth(&self) -> u32 {
        1 + self.0.iter().map(Source::depth).max().unwrap_or(0)
    }

    pub fn fingerprint(&self) -> u64 {
        self.0.iter().fold(14, |sum, source| blend(sum, &[source.fingerprint()]))
    }
}

impl Band {
    pub fn supports(&self, op: &Op) -> Result<(), Unsupported> {
        let count = self.cards.len();
        let ranks = if let Op::Collective { ranks, .. } = *op { ranks as usize } else { count };
        let alone = matches!(op, Op::Lend { .. } | Op::Collective { .. }) && count == 0;
        if alone || ranks != count {
            return Err(Unsupported::us(format!("{count} cards were opened together with it")));
        }
        Ok(())
    }

    /// All but the own card, each with its place.
    fn others(&self) -> Result<Vec<Other>, DeviceError> {
        let cards = self.cards.iter().enumerate().filter(|(place, _)| *place != self.place);
        let gone = || invalid("a card of the node is not open any more".to_owned());
        cards.map(|(place, card)| Ok((place, card.upgrade().ok_or_else(gone)?))).collect()
    }
}

impl World {
    pub fn lend(&mut self, bufs: [Buf; 2]) {
        self.band.lent = Some(bufs);
    }

    /// The card that a copy comes from, where it comes from one.
    pub fn peer(&self, op: &Op) -> Option<Peer> {
        let Op::Copy { route: Route::FromPeer(place), .. } = op else { return None };
        self.together.get(*place as usize).copied()
    }

    /// What a copy from another card costs.
    pub fn cost_from_peer(&self, op: &Op) -> Option<Cost> {
        self.peer(op).map(|peer| self.way_from(peer, op))
    }

    /// What it costs to get the data of `op` from there, if it ever comes.
    fn way_from(&self, peer: Peer, op: &Op) -> Cost {
        while self.behaviour.stall_at_peers.contains(&peer.index) {
            std::thread::park();
        }
        let rates = self.behaviour.peer_rates.iter().filter(|(index, _)| *index == peer.index);
        let way = timing::from_peer(self.card, peer.card, op.work() as f64);
        Cost { ns: rates.fold(way.ns, |ns, (_, share)| ns / share), ..way }
    }

    /// What a collective costs: the slowest way to another card decides, and the slowest card. One that is lost leaves all waiting.
    pub fn cost_together(&self, op: &Op, at_ns: u64) -> Result<Option<Cost>, DeviceError> {
        let Op::Collective { .. } = op else { return Ok(None) };
        let mut slowest: Option<Cost> = None;
        for (_, other) in self.band.others()? {
            let mut other = other.borrow_mut();
            other.alive()?;
            let speed = other.speed(Bound::Link, at_ns);
            let way = self.way_from(Peer::of(&other), op);
            let cost = Cost { ns: way.ns / SHARE / speed, ..way };
            slowest = slowest.filter(|known| known.ns >= cost.ns).or(Some(cost));
        }
        Ok(slowest)
    }

    /// Carries it out on all cards.
    pub fn together(&mut self, kind: Collective, elements: u64) -> Result<(), DeviceError> {
        let others = self.band.others()?;
        let ranks = others.len() + 1;
        let [gives, _] = kind.sizes(ranks as u32, elements);
        // From which rank, which words.
        let given =
            |own: &World, rank: usize, from: u64, words: u64| match others.iter().find(|(at, _)| *at == rank)
            {
                Some((_, other)) => other.borrow().given(gives, from, words),
                None => own.given(gives, from, words),
            };
        let part = elements / ranks as u64;
        let mut results = Vec::new();
        for rank in 0..ranks {
            let (from, words) =
                if kind == Collective::ReduceScatter { (rank as u64 * part, part) } else { (0, gives) };
            let all = (0..ranks).map(|other| given(self, other, from, words));
            results.push(all.collect::<Result<Vec<Source>, _>>()?);
        }
        for (rank, given) in results.into_iter().enumerate() {
            match others.iter().find(|(at, _)| *at == rank) {
                Some((_, other)) => other.borrow_mut().receive(kind, given)?,
                None => self.receive(kind, given)?,
            }
        }
        Ok(())
    }

    /// `words` words from word `from` on of what this card lends to give, which has at least `least`.
    fn given(&self, least: u64, from: u64, words: u64) -> Result<Source, DeviceError> {
        let at = self.lent(0, least)?;
        Ok(self.memory.snapshot(Extent { base: at.base + from, words }))
    }

    fn lent(&self, which: usize, least: u64) -> Result<Extent, DeviceError> {
        let extent = self.band.lent.and_then(|bufs| self.memory.extent(bufs[which]));
        let why = || invalid("a card of the node has not lent enough memory".to_owned());
        extent.filter(|extent| extent.words >= least).ok_or_else(why)
    }

    /// Leaves here what comes of what all have given.
    fn receive(&mut self, kind: Collective, given: Vec<Source>) -> Result<(), DeviceError> {
        let words = |sources: &[Source]| sources.iter().map(|source| source.words).sum::<u64>();
        let has = match kind {
            Collective::AllGather => words(&given),
            Collective::AllReduce | Collective::ReduceScatter | Collective::Broadcast => words(&given[..1]),
        };
        let to = Extent { words: has, ..self.lent(1, has)? };
        if self.behaviour.lazy {
            return Ok(());
        }
        match kind {
            Collective::AllReduce | Collective::ReduceScatter => {
                exec::keep(&mut self.memory, to, Rule::Added(Added(given))).map_err(invalid)?;
            }
            Collective::Broadcast => self.memory.store_source(to, &given[0]),
            Collective::AllGather => {
                let mut base = to.base;
                for source in given {
                    self.memory.store_source(Extent { base, words: source.words }, &source);
                    base += source.words;
                }
            }
        }
        if let Some(element) =
            self.behaviour.wrong.collective_element.and_then(|element| element.checked_rem(has))
        {
            let at = to.base + element;
            self.memory.set(at, self.memory.word(at) ^ 1);
        }
        Ok(())
    }
}
