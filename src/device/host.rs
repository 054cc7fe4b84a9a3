//! How much memory the host can spare, for adapters that compute in host memory.
//! Owns the reading of /proc and of limits; must not know any adapter.

use crate::cgroup::Kept;
use crate::telemetry::host::meminfo_bytes;

/// What stays free for the rest of the machine when host memory is filled.
const KEPT_FREE: u64 = 4_000_000_000;

/// Bytes that a filling probe may take of host memory: the least of the control group's limit and the available
/// memory less 4 GB. `None` where the system does not say.
pub fn spare_bytes() -> Option<u64> {
    let available = available_bytes().map(|bytes| bytes.saturating_sub(KEPT_FREE));
    available.into_iter().chain(group_limit()).min()
}

/// `MemAvailable`, in bytes.
pub fn available_bytes() -> Option<u64> {
    meminfo_bytes(&std::fs::read_to_string("/proc/meminfo").ok()?, "MemAvailable")
}

/// The tightest limit of the control groups that this process is in, in bytes.
fn group_limit() -> Option<u64> {
    const MEMORY: Kept = Kept { controller: "memory", file: "memory.max", file_v1: "memory.limit_in_bytes" };
    MEMORY.texts().iter().filter_map(|text| parse_limit(text)).min()
}

/// A limit in bytes; `None` for "max" and for the huge numbers that mean no limit.
fn parse_limit(text: &str) -> Option<u64> {
    text.trim().parse().ok().filter(|bytes| *bytes < 1 << 60)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_huge_limit_is_none() {
        assert_eq!(parse_limit("max\n"), None);
        assert_eq!(parse_limit("9223372036854771712\n"), None);
        assert_eq!(parse_limit("1073741824\n"), Some(1 << 30));
    }
}
