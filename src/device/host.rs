//! How much memory the host can spare, for adapters that compute in host memory.
//! Owns the reading of /proc and of control groups; must not know any adapter.

use std::path::Path;

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
    let groups = std::fs::read_to_string("/proc/self/cgroup").unwrap_or_default();
    limit_files(&groups).iter().filter_map(|file| parse_limit(&std::fs::read_to_string(file).ok()?)).min()
}

/// The files that may hold a limit: the process's own group and all above it, in version 2 and in version 1.
fn limit_files(groups: &str) -> Vec<String> {
    let mut files = Vec::new();
    for line in groups.lines() {
        let mut parts = line.splitn(3, ':').skip(1);
        let (Some(controllers), Some(path)) = (parts.next(), parts.next()) else { continue };
        let (root, name) = match controllers {
            "" => ("/sys/fs/cgroup", "memory.max"),
            c if c.split(',').any(|c| c == "memory") => ("/sys/fs/cgroup/memory", "memory.limit_in_bytes"),
            _ => continue,
        };
        // A container often sees its own group as the root, so the path need not exist below it.
        for above in Path::new(path).ancestors() {
            let below_root = above.to_string_lossy();
            files.push(format!("{root}/{}/{name}", below_root.trim_matches('/')));
        }
    }
    files
}

/// A limit in bytes; `None` for "max" and for the huge numbers that mean no limit.
fn parse_limit(text: &str) -> Option<u64> {
    text.trim().parse().ok().filter(|bytes| *bytes < 1 << 60)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn limits_are_looked_for_in_the_own_group_and_above() {
        assert_eq!(
            limit_files("0::/a/b\n"),
            ["/sys/fs/cgroup/a/b/memory.max", "/sys/fs/cgroup/a/memory.max", "/sys/fs/cgroup//memory.max"]
        );
        assert_eq!(
            limit_files("5:cpu,cpuacct:/x\n4:memory:/x\nnonsense\n"),
            ["/sys/fs/cgroup/memory/x/memory.limit_in_bytes", "/sys/fs/cgroup/memory//memory.limit_in_bytes"]
        );
        assert_eq!(parse_limit("max\n"), None);
        assert_eq!(parse_limit("9223372036854771712\n"), None);
        assert_eq!(parse_limit("1073741824\n"), Some(1 << 30));
    }
}
