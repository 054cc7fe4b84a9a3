//! Parts of divided cards (MIG), of which CUDA shows a process one: how each is named, and by which variables of the environment.
//! Must not know any driver.

/// Which devices CUDA shows to a process.
pub const CUDA_SHOWS: &str = "CUDA_VISIBLE_DEVICES";
/// Which devices the runtime gives to a container.
pub const CONTAINER_HAS: &str = "NVIDIA_VISIBLE_DEVICES";

/// The part that a selector names, `MIG-...` of `cuda:MIG-...`. Only a process that has it named in [`CUDA_SHOWS`] can open it.
pub fn named(selector: &str) -> Option<&str> {
    selector.strip_prefix("cuda:").filter(|name| is_part(name))
}

/// Selectors of all parts that the environment gives a run.
pub fn given(variable: impl Fn(&str) -> Option<String>) -> Vec<String> {
    let given = variable(CUDA_SHOWS).or_else(|| variable(CONTAINER_HAS)).unwrap_or_default();
    let names = given.split(',').map(str::trim).filter(|name| is_part(name));
    names.map(|name| format!("cuda:{name}")).collect()
}

/// What a container has, where it has not all that there are, or where nobody says.
pub fn of_container(variable: impl Fn(&str) -> Option<String>) -> Option<String> {
    variable(CONTAINER_HAS).filter(|names| !matches!(names.trim(), "" | "all" | "none" | "void"))
}

fn is_part(name: &str) -> bool {
    name.starts_with("MIG-")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_are_those_that_the_nearest_variable_names() {
        let all = |cuda: Option<&str>, container: Option<&str>| {
            given(|name| if name == CUDA_SHOWS { cuda } else { container }.map(str::to_owned))
        };
        assert_eq!(all(Some("MIG-a, MIG-b,"), None), ["cuda:MIG-a", "cuda:MIG-b"]);
        assert_eq!(all(None, Some("MIG-c")), ["cuda:MIG-c"]);
        assert_eq!(all(Some("MIG-a"), Some("MIG-c,MIG-d")), ["cuda:MIG-a"]);
        for (cuda, container) in
            [(None, None), (Some("0"), Some("MIG-c")), (Some(""), Some("MIG-c")), (None, Some("all"))]
        {
            assert!(all(cuda, container).is_empty(), "{cuda:?} {container:?}");
        }
        assert_eq!([named("cuda:MIG-a"), named("cuda:0"), named("wgpu:MIG-a")], [Some("MIG-a"), None, None]);
    }

    #[test]
    fn a_container_that_has_all_hides_none() {
        let has = |names: &str| of_container(|_| Some(names.to_owned()));
        assert_eq!(has("GPU-a,GPU-b").as_deref(), Some("GPU-a,GPU-b"));
        assert_eq!([has("all"), has("void"), has(""), of_container(|_| None)], [None, None, None, None]);
    }
}
