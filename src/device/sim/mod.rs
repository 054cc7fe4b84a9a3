//! Simulated cards: the whole seam without a GPU, with the faults that a script asks for.
//! Owns selectors, identity and the `Device` impl; must not know probes. Never a fallback, always marked as simulated.

mod behaviour;
mod census;
mod content;
mod digests;
mod exec;
mod hashing;
mod heat;
mod memory;
mod needs;
mod profiles;
mod scan;
mod telemetry;
mod timing;
mod together;
mod world;

#[cfg(test)]
mod tests;

use std::cell::RefCell;
use std::rc::Rc;
use std::sync::LazyLock;

use sha2::{Digest, Sha256};

use super::backend::{Listed, OpenError, OpenOptions, Opened};
use super::fault::Script;
use super::{Buf, Device, DeviceError, Done, Identity, Op, Provenance, Ticket, Unsupported, Variant};
use crate::nearest::nearest;
use behaviour::Behaviour;
use profiles::{PROFILES, Profile};
use telemetry::SimTelemetry;
use together::Peer;
pub use world::World;

/// Stands for a kernel's source: nothing is compiled for a simulated card.
static KERNEL: LazyLock<String> = LazyLock::new(|| hex::encode(Sha256::digest("sim")));

/// Every card that can be simulated.
pub fn list() -> Result<Vec<Listed>, String> {
    Ok(PROFILES
        .iter()
        .map(|card| {
            let selector = format!("sim:{}", card.key);
            let identity = identity(card, &Behaviour::honest(card), &selector);
            Listed { selector, identity }
        })
        .collect())
}

/// Opens the card that `rest`, what stands after `sim:`, describes.
pub fn open(rest: &str, options: OpenOptions) -> Result<Opened, OpenError> {
    let (world, identity) = start(rest, options)?;
    Ok(opened((Rc::new(RefCell::new(world)), identity)))
}

/// Opens cards of one node, which copy from one another.
pub fn open_together(
    rests: &[&str],
    options: OpenOptions,
    each: &mut dyn FnMut(),
) -> Result<Vec<Opened>, OpenError> {
    let start = |rest: &&str| start(rest, options).inspect(|_| each());
    let mut cards = rests.iter().map(start).collect::<Result<Vec<_>, _>>()?;
    let together: Vec<Peer> = cards.iter().map(|(world, _)| Peer::of(world)).collect();
    cards.iter_mut().for_each(|(world, _)| world.together.clone_from(&together));
    let shared = |(world, identity)| (Rc::new(RefCell::new(world)), identity);
    let cards: Vec<_> = cards.into_iter().map(shared).collect();
    together::join(&cards.iter().map(|(world, _)| Rc::clone(world)).collect::<Vec<_>>());
    Ok(cards.into_iter().map(opened).collect())
}

fn start(rest: &str, options: OpenOptions) -> Result<(World, Identity), OpenError> {
    let selector = format!("sim:{rest}");
    // A hostile script must not make a hostile message.
    let shown: String = selector.chars().take(200).collect();
    let wrong = |why: String| OpenError::Selector { selector: shown.clone(), why };
    let script = Script::parse(rest).map_err(|e| wrong(e.to_string()))?;
    let card = PROFILES.iter().find(|card| card.key == script.profile).ok_or_else(|| {
        let keys: Vec<&str> = PROFILES.iter().map(|card| card.key).collect();
        let meant = nearest(&script.profile, keys.iter().copied());
        let hint = meant.map_or(String::new(), |key| format!(", did you mean {key:?}"));
        let why =
            format!("there is no profile {:?}{hint}; the profiles are {}", script.profile, keys.join(", "));
        OpenError::NoSuchDevice { selector: shown.clone(), why }
    })?;
    let behaviour = Behaviour::of(card, &script).map_err(wrong)?;
    let identity = identity(card, &behaviour, &selector);
    Ok((World::new(card, behaviour, options.wait_limit), identity))
}

fn opened((world, identity): (Rc<RefCell<World>>, Identity)) -> Opened {
    let clock = Rc::new(world.borrow().clock.clone());
    let telemetry = Box::new(SimTelemetry::new(world.clone(), identity.clone()));
    Opened { device: Box::new(Card { world, identity }), telemetry, clock }
}

fn identity(card: &Profile, behaviour: &Behaviour, selector: &str) -> Identity {
    let Behaviour { seed, index, .. } = *behaviour;
    let digest = Sha256::digest(format!("{}|{seed}|{index}", card.key));
    // Buses differ by index, domains by seed: as in a rack of equal nodes.
    let bus = (0x19 + index) & 0xff;
    let domain = if seed == 0 { 0 } else { super::draw::hash(seed, 0) & 0xffff };
    Identity {
        backend: "sim".to_owned(),
        name: behaviour.name.clone().unwrap_or_else(|| format!("{} (simulated)", card.name)),
        provenance: Provenance::Simulated { script: selector.to_owned() },
        vendor_id: Some(card.vendor_id),
        device_id: Some(card.device_id),
        pci_address: Some(format!("{domain:04x}:{bus:02x}:00.0")),
        uuid: Some(behaviour.uuid.clone().unwrap_or_else(|| hex::encode(&digest[..16]))),
        driver: format!("simulation {}", env!("CARGO_PKG_VERSION")),
        units: Some(behaviour.units),
        memory_bytes: Some(behaviour.memory_bytes),
        fillable_bytes: Some(behaviour.memory_bytes),
        buffer_bytes_max: behaviour.buffer_bytes_max,
        features: Vec::new(),
        details: [
            ("l2_bytes", Some(card.caches.l2_bytes.to_string())),
            ("compute_capability", card.compute_capability.map(str::to_owned)),
            (Identity::VENDOR_LIBRARY, behaviour.library.then(|| "simulated".to_owned())),
        ]
        .into_iter()
        .filter_map(|(name, value)| Some((name.to_owned(), value?)))
        .collect(),
    }
}

/// The seam to one simulated card.
struct Card {
    world: Rc<RefCell<World>>,
    identity: Identity,
}

impl Device for Card {
    fn identity(&self) -> &Identity {
        &self.identity
    }

    fn supports(&self, op: &Op) -> Result<(), Unsupported> {
        self.world.borrow().supports(op)
    }

    fn variants(&self, op: &Op) -> Vec<Variant> {
        if self.supports(op).is_err() {
            return Vec::new();
        }
        let mut variants = timing::variants(op, &KERNEL);
        let world = self.world.borrow();
        if let Some(peer) = world.peer(op) {
            variants
                .iter_mut()
                .for_each(|variant| variant.label = timing::way(world.card, peer.card).to_owned());
        }
        variants
    }

    fn alloc(&mut self, bytes: u64) -> Result<Buf, DeviceError> {
        self.world.borrow_mut().alloc(bytes)
    }

    fn free(&mut self, buf: Buf) {
        self.world.borrow_mut().free(buf);
    }

    fn write(&mut self, to: Buf, at: u64, data: &[u8]) -> Result<(), DeviceError> {
        self.world.borrow_mut().write(to, at, data)
    }

    fn read(&mut self, from: Buf, at: u64, out: &mut [u8]) -> Result<(), DeviceError> {
        self.world.borrow_mut().read(from, at, out)
    }

    fn submit(&mut self, op: &Op, variant: usize, repeat: u32) -> Result<Ticket, DeviceError> {
        self.world.borrow_mut().submit(op, variant, repeat)
    }

    fn wait(&mut self, ticket: Ticket) -> Result<Done, DeviceError> {
        self.world.borrow_mut().wait(&ticket)
    }
}
