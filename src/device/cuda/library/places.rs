//! Where a library of the vendor's may lie: where the loader looks, in CUDA toolkits, beside a Python's packages.
//! Owns that list; loads nothing.

use std::path::{Path, PathBuf};

use super::Sought;

/// Files and bare names to try in this order, the best names first.
pub fn places(sought: &Sought, variable: &dyn Fn(&str) -> Option<PathBuf>, root: &Path) -> Vec<PathBuf> {
    if let Some(named) = variable(sought.variable) {
        return vec![named];
    }
    let names: Vec<PathBuf> = sought.names.iter().map(PathBuf::from).collect();
    let folders = [toolkits(variable, root), packages(variable, root)].concat();
    let files = names.iter().flat_map(|name| folders.iter().map(move |folder| folder.join(name)));
    names.iter().cloned().chain(files.filter(|file| file.is_file())).collect()
}

fn toolkits(variable: &dyn Fn(&str) -> Option<PathBuf>, root: &Path) -> Vec<PathBuf> {
    let named = ["CUDA_HOME", "CUDA_PATH"].into_iter().filter_map(variable);
    let usual = children(&root.join("usr/local"), "cuda");
    let libraries = |kit: PathBuf| {
        let targets = ["x86_64-linux", "sbsa-linux", "aarch64-linux"];
        let targets = targets.map(|target| kit.join("targets").join(target).join("lib"));
        [kit.join("lib64")].into_iter().chain(targets)
    };
    named.chain(usual).flat_map(libraries).collect()
}

/// Of environments: their own libraries, as conda has them, and those that come as packages.
fn packages(variable: &dyn Fn(&str) -> Option<PathBuf>, root: &Path) -> Vec<PathBuf> {
    let named = ["VIRTUAL_ENV", "CONDA_PREFIX"].into_iter().filter_map(variable);
    let own = variable("HOME").map(|home| home.join(".local"));
    let usual = ["usr/local", "usr", "opt/conda"].map(|folder| root.join(folder));
    named.chain(own).chain(usual).flat_map(|environment| of_environment(&environment.join("lib"))).collect()
}

fn of_environment(libraries: &Path) -> Vec<PathBuf> {
    let mut found = ["", "x86_64-linux-gnu", "aarch64-linux-gnu"].map(|part| libraries.join(part)).to_vec();
    for python in children(libraries, "python3") {
        for packages in ["site-packages", "dist-packages"] {
            let parts = children(&python.join(packages).join("nvidia"), "");
            found.extend(parts.into_iter().map(|part| part.join("lib")));
        }
    }
    found
}

/// What lies in `folder` and begins so, the greatest name first: a plain `cuda` after those with versions.
fn children(folder: &Path, prefix: &str) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
    let mut names: Vec<_> = entries.map(|entry| entry.file_name()).collect();
    names.retain(|name| name.to_string_lossy().starts_with(prefix));
    names.sort_unstable_by(|a, b| b.cmp(a));
    names.into_iter().map(|name| folder.join(name)).collect()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn all_usual_places_are_looked_at_in_order() {
        let root = tempfile::tempdir().unwrap();
        let files = [
            "own/venv/lib/python3.11/site-packages/nvidia/cu13/lib/libcublasLt.so.13",
            "own/cuda/lib64/libcublasLt.so.12",
            "usr/local/cuda-12.9/targets/x86_64-linux/lib/libcublasLt.so.12",
            "usr/local/cuda-12.4/lib64/libcublasLt.so.12",
            "usr/local/cuda-12.4/targets/aarch64-linux/lib/libcublasLt.so.12",
            "own/venv/lib/python3.11/site-packages/nvidia/cublas/lib/libcublasLt.so.12",
            "usr/lib/aarch64-linux-gnu/libcublasLt.so.12",
            "opt/conda/lib/libcublasLt.so.12",
            "usr/lib/python3/dist-packages/nvidia/cublas/lib/libcublasLt.so.11",
        ];
        for file in files {
            let file = root.path().join(file);
            std::fs::create_dir_all(file.parent().unwrap()).unwrap();
            std::fs::write(file, "").unwrap();
        }
        let variable = |name: &str| match name {
            "CUDA_HOME" => Some(root.path().join("own/cuda")),
            "VIRTUAL_ENV" => Some(root.path().join("own/venv")),
            _ => None,
        };
        let sought = |newest: u32| Sought {
            variable: "ASSAY_CUBLASLT",
            stem: "libcublasLt",
            names: (11..=newest).rev().map(|major| format!("libcublasLt.so.{major}")).collect(),
        };
        let found = places(&sought(13), &variable, root.path());
        let names = ["libcublasLt.so.13", "libcublasLt.so.12", "libcublasLt.so.11"].map(PathBuf::from);
        assert_eq!(found[..3], names);
        assert_eq!(found[3..], files.map(|file| root.path().join(file)));
        // What is not sought is not found.
        let found = places(&sought(12), &variable, root.path());
        assert_eq!((found.len(), &found[0]), (2 + files.len() - 1, &names[1]));
        let named =
            places(&sought(12), &|name| (name == "ASSAY_CUBLASLT").then(|| "/one".into()), root.path());
        assert_eq!(named, [PathBuf::from("/one")]);
    }
}
