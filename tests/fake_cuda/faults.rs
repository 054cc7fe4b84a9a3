//! What was asked to go wrong, by variables of the environment. A value that cannot be read stops the process: a
//! misspelt fault must not be a healthy driver.

/// Faults and claims. Each is `ASSAY_FAKE_CUDA_` and the name in capitals.
#[derive(Clone, Debug)]
pub struct Faults {
    /// `n:code`: call n answers this code. Codes of failed kernels stay the answer for ever.
    pub fail: Option<(u64, i32)>,
    /// `n:code`: the same, but of the n-th launch.
    pub refuse: Option<(u64, i32)>,
    /// The n-th launch fails while it runs, which shows in whatever is called next.
    pub lose: Option<u64>,
    /// Every launch of a kernel whose name begins so fails while it runs.
    pub lose_kernels: Option<String>,
    /// `name:n`: the n-th of such launches, and all after it, leave a wrong bit at the beginning of every large buffer.
    pub spoil_kernels: Option<(String, u64)>,
    /// From call n on nothing that is waited for is ever ready.
    pub hang: Option<u64>,
    /// Call n does not return.
    pub stuck: Option<u64>,
    /// Call n ends the process.
    pub crash: Option<u64>,
    /// Prints on the standard output, as libraries may.
    pub chatter: bool,
    /// Launches do nothing at all.
    pub idle: bool,
    /// The n-th box that a launch copies into shared memory never comes.
    pub lose_box: Option<u64>,
    /// Flips a bit in the largest buffer after every n-th launch.
    pub flip: Option<u64>,
    pub name: String,
    /// The first device's, as 32 hexadecimal digits, and its address: to be found by other libraries for tests. Of `PARTS`, parts of a
    /// divided card with commas between them, a process is shown one: the first that CUDA_VISIBLE_DEVICES names, else the first.
    pub uuid: Option<[u8; 16]>,
    pub address: Option<String>,
    pub count: i32,
    /// The compute capability, 90 for 9.0.
    pub sm: u32,
    /// Multiprocessors that are claimed.
    pub units: i32,
    /// 0 for default, 2 prohibited, 3 exclusive to a process; and 1 where the multi-process service is on.
    pub compute_mode: i32,
    /// 1 where devices reach each other's memory, 0 where they do not, else what it answers who wants to.
    pub peers: i32,
    pub mps: i32,
    /// What is claimed, and what can really be allocated.
    pub memory_mib: u64,
    pub have_mib: u64,
    /// What other processes have taken of it.
    pub taken_mib: u64,
}

pub enum Fault {
    Fail(i32),
    Crash,
    Stuck,
}

impl Faults {
    pub fn from_environment() -> Self {
        let memory_mib = number("MEMORY_MIB").unwrap_or(64);
        let parts = text("PARTS").unwrap_or_default();
        let parts: Vec<_> =
            parts.split(',').filter(|part| !part.is_empty()).map(|part| sixteen("PARTS", part)).collect();
        let taken_mib = number("TAKEN_MIB").unwrap_or(0).min(memory_mib);
        Self {
            fail: coded("FAIL"),
            refuse: coded("REFUSE"),
            lose: number("LOSE"),
            lose_kernels: text("LOSE_KERNELS"),
            spoil_kernels: text("SPOIL_KERNELS").map(|text| {
                let both =
                    text.split_once(':').and_then(|(name, n)| Some((name.to_owned(), n.parse().ok()?)));
                both.unwrap_or_else(|| misspelt("SPOIL_KERNELS", &text))
            }),
            hang: number("HANG"),
            stuck: number("STUCK"),
            crash: number("CRASH"),
            chatter: number("CHATTER").is_some_and(|n| n > 0),
            idle: number("IDLE").is_some_and(|n| n > 0),
            lose_box: number("LOSE_BOX"),
            flip: number("FLIP"),
            name: text("NAME").unwrap_or_else(|| "Test driver, no GPU".to_owned()),
            uuid: shown(&parts).or_else(|| text("UUID").map(|text| sixteen("UUID", &text))),
            address: text("ADDRESS"),
            count: number("COUNT").unwrap_or(1) as i32,
            sm: number("SM").unwrap_or(90) as u32,
            units: number("UNITS").unwrap_or(4) as i32,
            peers: number("PEERS").unwrap_or(1) as i32,
            compute_mode: number("COMPUTE_MODE").unwrap_or(0) as i32,
            mps: number("MPS").unwrap_or(0) as i32,
            memory_mib,
            have_mib: number("HAVE_MIB").unwrap_or(memory_mib - taken_mib),
            taken_mib,
        }
    }

    pub fn at(&self, call: u64) -> Option<Fault> {
        match (self.fail, self.crash, self.stuck) {
            (Some((n, code)), _, _) if n == call => Some(Fault::Fail(code)),
            (_, Some(n), _) if n == call => Some(Fault::Crash),
            (_, _, Some(n)) if n == call => Some(Fault::Stuck),
            _ => None,
        }
    }

    pub fn hangs(&self, call: u64) -> bool {
        self.hang.is_some_and(|n| call >= n)
    }
}

/// The part that this process may see.
fn shown(parts: &[[u8; 16]]) -> Option<[u8; 16]> {
    let visible = std::env::var("CUDA_VISIBLE_DEVICES").unwrap_or_default();
    let first = visible
        .split(',')
        .next()
        .and_then(|name| name.strip_prefix("MIG-"))
        .map(|name| name.replace('-', ""));
    let named = parts.iter().find(|part| first.as_deref() == Some(&hex::encode(part)));
    named.or(parts.first()).copied()
}

/// The 16 bytes of a UUID.
fn sixteen(name: &str, text: &str) -> [u8; 16] {
    let bytes = hex::decode(text).ok().and_then(|bytes| bytes.try_into().ok());
    bytes.unwrap_or_else(|| misspelt(name, text))
}

fn text(name: &str) -> Option<String> {
    std::env::var(format!("ASSAY_FAKE_CUDA_{name}")).ok()
}

fn number(name: &str) -> Option<u64> {
    text(name).map(|text| text.parse().unwrap_or_else(|_| misspelt(name, &text)))
}

/// `n:code`
fn coded(name: &str) -> Option<(u64, i32)> {
    text(name).map(|text| {
        let both = text.split_once(':').and_then(|(n, code)| Some((n.parse().ok()?, code.parse().ok()?)));
        both.unwrap_or_else(|| misspelt(name, &text))
    })
}

fn misspelt(name: &str, text: &str) -> ! {
    eprintln!("ASSAY_FAKE_CUDA_{name} cannot be {text:?}");
    std::process::abort()
}
