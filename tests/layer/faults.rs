//! Which faults were asked for, read once from the environment. A value that cannot be read is an error, so
//! that a misspelt test does not run on a healthy device. Must not know Vulkan.

use std::sync::OnceLock;

/// A count of submissions after which a fault begins; the device is healthy for that many.
pub type After = Option<u64>;

#[derive(Debug, Default)]
pub struct Faults {
    /// Part of the driver's device name: other devices stay as they are.
    pub only: Option<String>,
    /// The name to claim.
    pub name: Option<String>,
    /// Vendor and device id to claim, as a discrete card.
    pub ids: Option<(u32, u32)>,
    pub uuid: Option<[u8; 16]>,
    /// The size to claim for every memory heap.
    pub heap_mib: Option<u64>,
    /// The budget to claim for every memory heap, also where the driver has none.
    pub budget_mib: Option<u64>,
    /// The device says that it has no clock of its own.
    pub no_timer: bool,
    /// All allocations together may not exceed this.
    pub cap_mib: Option<u64>,
    /// Sleep before each submission.
    pub slow_ms: Option<u64>,
    pub lose_submit: After,
    /// The loss is found out in the wait instead.
    pub lose_wait: After,
    pub oom_submit: After,
    /// Submissions are dropped: they succeed and never finish.
    pub hang: After,
    /// The submit call itself never returns.
    pub stuck: After,
    /// The process dies within the submit call.
    pub crash: After,
    /// Before each submission one bit in the middle of the largest buffer changes.
    pub flip: After,
    /// Of what a submission copied last, one bit in the middle changes.
    pub flip_copy: After,
}

impl Faults {
    /// Reads `ASSAY_LAYER_<FIELD>` through `get`.
    pub fn read(get: impl Fn(&str) -> Option<String>) -> Result<Self, String> {
        let text = |name: &str| get(&format!("ASSAY_LAYER_{name}"));
        let number = |name: &str| match text(name).map(|t| t.parse()) {
            Some(Err(error)) => Err(format!("ASSAY_LAYER_{name}: {error}")),
            Some(Ok(number)) => Ok(Some(number)),
            None => Ok(None),
        };
        let ids = text("IDS").map(|t| ids(&t).ok_or(format!("ASSAY_LAYER_IDS: {t:?} is not like 10de:2330")));
        let uuid =
            text("UUID").map(|t| uuid(&t).ok_or(format!("ASSAY_LAYER_UUID: {t:?} is not 32 hex digits")));
        Ok(Self {
            only: text("ONLY"),
            name: text("NAME"),
            ids: ids.transpose()?,
            uuid: uuid.transpose()?,
            heap_mib: number("HEAP_MIB")?,
            budget_mib: number("BUDGET_MIB")?,
            no_timer: text("NO_TIMER").is_some(),
            cap_mib: number("CAP_MIB")?,
            slow_ms: number("SLOW_MS")?,
            lose_submit: number("LOSE_SUBMIT")?,
            lose_wait: number("LOSE_WAIT")?,
            oom_submit: number("OOM_SUBMIT")?,
            hang: number("HANG")?,
            stuck: number("STUCK")?,
            crash: number("CRASH")?,
            flip: number("FLIP")?,
            flip_copy: number("FLIP_COPY")?,
        })
    }

    /// Whether the device that the driver calls `name` is meant.
    pub fn concern(&self, name: &str) -> bool {
        self.only.as_ref().is_none_or(|part| name.contains(part.as_str()))
    }
}

/// The faults of this process.
pub fn asked() -> &'static Result<Faults, String> {
    static ASKED: OnceLock<Result<Faults, String>> = OnceLock::new();
    ASKED.get_or_init(|| Faults::read(|name| std::env::var(name).ok()))
}

fn ids(text: &str) -> Option<(u32, u32)> {
    let (vendor, device) = text.split_once(':')?;
    Some((u32::from_str_radix(vendor, 16).ok()?, u32::from_str_radix(device, 16).ok()?))
}

fn uuid(text: &str) -> Option<[u8; 16]> {
    if text.len() != 32 || !text.is_ascii() {
        return None;
    }
    Some(u128::from_str_radix(text, 16).ok()?.to_be_bytes())
}
