//! For how long the quota of a container kept its programs from running.
//! Owns the reading of that from control groups.

use crate::cgroup::Kept;

const CPU: Kept = Kept { controller: "cpu", file: "cpu.stat", file_v1: "cpu.stat" };

/// Time in all, by the group that was held back for longest; 0 where nothing limits this process.
pub fn throttled_ns() -> u64 {
    CPU.texts().iter().filter_map(|text| throttled_in(text)).max().unwrap_or(0)
}

/// What a `cpu.stat` says: version 2 counts microseconds, version 1 nanoseconds.
fn throttled_in(text: &str) -> Option<u64> {
    text.lines().find_map(|line| match line.split_once(' ')? {
        ("throttled_usec", us) => us.parse::<u64>().ok()?.checked_mul(1000),
        ("throttled_time", ns) => ns.parse().ok(),
        _ => None,
    })
}

#[cfg(test)]
mod tests {
    use super::throttled_in;

    #[test]
    fn both_versions_tell_in_their_own_unit() {
        let v2 = "usage_usec 41\nnr_periods 9\nnr_throttled 3\nthrottled_usec 2500000\n";
        assert_eq!(throttled_in(v2), Some(2_500_000_000));
        assert_eq!(throttled_in("nr_periods 9\nnr_throttled 3\nthrottled_time 7\n"), Some(7));
        assert_eq!(throttled_in("usage_usec 41\nuser_usec 5\n"), None, "nothing is limited");
        assert_eq!(throttled_in("throttled_usec 18446744073709551615\nnonsense"), None);
    }
}
