//! Keeps this process on the CPUs nearest to its card, before anything is allocated: pages lie on the node of the CPU that
//! touches them first, so pinned memory comes to lie near the card as well.
//! Owns the choice of CPUs and how it is put on record; must not know any backend. Works on Linux.

use std::collections::BTreeSet;
use std::path::Path;

use super::{Identity, ProvenanceKind};
use crate::telemetry;

/// Binds the calling thread, and all that it starts from now on, near the card that `identity` names. What was done, or
/// why nothing was, goes to its details: failing here slows the host link and is no reason not to measure.
pub fn bind(identity: &mut Identity) {
    bind_under(identity, Path::new("/"));
}

fn bind_under(identity: &mut Identity, root: &Path) {
    if identity.provenance.kind() != ProvenanceKind::Hardware {
        return;
    }
    let near = identity.pci_address.as_deref().and_then(|address| telemetry::near(root, address));
    if let Some(node) = near.as_ref().and_then(|near| near.numa_node) {
        identity.details.insert("numa_node".to_owned(), node.to_string());
    }
    let cpus = near.and_then(|near| near.cpus).ok_or_else(|| "the kernel names no CPUs near it".to_owned());
    let (name, value) = match cpus.and_then(|list| bind_to(&list)) {
        Ok(bound) => ("bound_cpus", bound),
        Err(why) => ("not_bound", why),
    };
    identity.details.insert(name.to_owned(), value);
}

/// Binds to those of the CPUs in `list` that this process may use at all, and says which these are.
fn bind_to(list: &str) -> Result<String, String> {
    let near = parsed(list).ok_or_else(|| format!("{list:?} is no list of CPUs"))?;
    let usable: BTreeSet<usize> = near.intersection(&affinity::allowed()?).copied().collect();
    if usable.is_empty() {
        return Err(format!("this process may use none of the CPUs near it, which are {list}"));
    }
    affinity::restrict(&usable)?;
    Ok(printed(&usable))
}

/// No machine has a CPU of a higher number; a longer list is nonsense.
const CPU_MAX: usize = 1 << 16;

/// `0-3,8,10-11`, as the kernel writes it.
fn parsed(list: &str) -> Option<BTreeSet<usize>> {
    let mut cpus = BTreeSet::new();
    for part in list.trim().split(',') {
        let (first, last) = part.split_once('-').unwrap_or((part, part));
        let (first, last): (usize, usize) = (first.parse().ok()?, last.parse().ok()?);
        if first > last || last > CPU_MAX {
            return None;
        }
        cpus.extend(first..=last);
    }
    Some(cpus)
}

/// The same, backwards.
fn printed(cpus: &BTreeSet<usize>) -> String {
    let mut runs: Vec<(usize, usize)> = Vec::new();
    for cpu in cpus {
        match runs.last_mut() {
            Some((_, last)) if *last + 1 == *cpu => *last = *cpu,
            Some(_) | None => runs.push((*cpu, *cpu)),
        }
    }
    let text = |(first, last)| if first == last { format!("{first}") } else { format!("{first}-{last}") };
    runs.into_iter().map(text).collect::<Vec<_>>().join(",")
}

#[cfg(target_os = "linux")]
mod affinity {
    use std::collections::BTreeSet;

    use rustix::thread::{CpuSet, sched_getaffinity, sched_setaffinity};

    /// The CPUs that this thread may run on.
    pub fn allowed() -> Result<BTreeSet<usize>, String> {
        let set = sched_getaffinity(None).map_err(|e| format!("the CPUs in use cannot be asked for: {e}"))?;
        Ok((0..CpuSet::MAX_CPU).filter(|cpu| set.is_set(*cpu)).collect())
    }

    /// `cpus` are some of those allowed.
    pub fn restrict(cpus: &BTreeSet<usize>) -> Result<(), String> {
        let mut set = CpuSet::new();
        cpus.iter().for_each(|cpu| set.set(*cpu));
        sched_setaffinity(None, &set).map_err(|e| format!("the CPUs cannot be chosen: {e}"))
    }
}

#[cfg(not(target_os = "linux"))]
mod affinity {
    use std::collections::BTreeSet;

    pub fn allowed() -> Result<BTreeSet<usize>, String> {
        Err("this system binds no process to CPUs".to_owned())
    }

    pub fn restrict(_: &BTreeSet<usize>) -> Result<(), String> {
        allowed().map(|_| ())
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::panic)]
    use super::*;
    use crate::device::Provenance;

    const ADDRESS: &str = "0000:1b:00.0";

    fn card(provenance: Provenance) -> Identity {
        Identity { provenance, pci_address: Some(ADDRESS.into()), ..Identity::unknown() }
    }

    /// What is put on record of a card with these files, and where its thread may run then.
    fn bound(files: &[(&str, &str)], provenance: Provenance) -> (Vec<(String, String)>, BTreeSet<usize>) {
        let root = tempfile::tempdir().unwrap();
        let folder = root.path().join("sys/bus/pci/devices").join(ADDRESS);
        std::fs::create_dir_all(&folder).unwrap();
        for (file, text) in files {
            std::fs::write(folder.join(file), text).unwrap();
        }
        // In a thread of its own, since what it is bound to does not come off.
        let thread = std::thread::spawn(move || {
            let mut identity = card(provenance);
            bind_under(&mut identity, root.path());
            (identity.details.into_iter().collect(), affinity::allowed().unwrap())
        });
        thread.join().unwrap()
    }

    #[test]
    fn lists_of_cpus_are_read_and_written() {
        for list in ["0", "0-3", "0-3,8,10-11", "5,7"] {
            assert_eq!(printed(&parsed(list).unwrap()), list);
        }
        for bad in ["", "a", "3-1", "1,,2", "-1", "0-99999999999"] {
            assert_eq!(parsed(bad), None, "{bad:?}");
        }
    }

    #[test]
    #[cfg(target_os = "linux")]
    fn a_thread_is_bound_to_the_cpus_near_its_card() {
        let allowed = affinity::allowed().unwrap();
        let last = *allowed.last().unwrap();
        let list = format!("{last},{CPU_MAX}\n");
        let files = [("numa_node", "1\n"), ("local_cpulist", list.as_str())];
        let (details, now) = bound(&files, Provenance::Hardware);
        let detail = |name: &str, value: String| (name.to_owned(), value);
        assert_eq!(details, [detail("bound_cpus", last.to_string()), detail("numa_node", "1".into())]);
        assert_eq!(now, [last].into());
    }

    /// Whoever started this process may have given it a part of the machine.
    #[test]
    #[cfg(target_os = "linux")]
    fn no_cpu_is_taken_that_was_not_given() {
        let allowed = affinity::allowed().unwrap();
        let (first, all) = (*allowed.first().unwrap(), printed(&allowed));
        let thread = std::thread::spawn(move || {
            affinity::restrict(&[first].into()).unwrap();
            (bind_to(&all), affinity::allowed())
        });
        assert_eq!(thread.join().unwrap(), (Ok(first.to_string()), Ok([first].into())));
    }

    #[test]
    #[cfg(target_os = "linux")]
    fn what_cannot_be_bound_says_why_and_stays_as_it_is() {
        let allowed = affinity::allowed().unwrap();
        for (cpus, why) in [
            (None, "the kernel names no CPUs near it"),
            (Some("65536"), "this process may use none of the CPUs near it, which are 65536"),
            (Some("some"), "\"some\" is no list of CPUs"),
        ] {
            let files: Vec<(&str, &str)> =
                [("numa_node", "-1")].into_iter().chain(cpus.map(|list| ("local_cpulist", list))).collect();
            let (details, now) = bound(&files, Provenance::Hardware);
            assert_eq!(details, [("not_bound".to_owned(), why.to_owned())]);
            assert_eq!(now, allowed);
        }
        let simulated = Provenance::Simulated { script: "sim:x".into() };
        assert_eq!(bound(&[("local_cpulist", "0")], simulated), (Vec::new(), allowed));
    }
}
