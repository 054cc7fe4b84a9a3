//! Where a cuBLASLt may lie: where the loader looks, in CUDA toolkits, beside a Python's packages.
//! Owns that list; loads nothing.

use std::path::{Path, PathBuf};

/// Names one file, and no other is tried then.
const OVERRIDE: &str = "ASSAY_CUBLASLT";

pub const NOT_FOUND: &str = "no libcublasLt is on the loader's path, in a CUDA toolkit, or among the nvidia packages of a \
     Python; ASSAY_CUBLASLT can name its file";

/// The oldest major version with all the functions that are called.
const OLDEST: u32 = 11;

/// Files and bare names to try in this order, newest versions first, none newer than a driver of CUDA `newest` takes.
pub fn places(newest: u32, variable: &dyn Fn(&str) -> Option<PathBuf>, root: &Path) -> Vec<PathBuf> {
    if let Some(named) = variable(OVERRIDE) {
        return vec![named];
    }
    let names = (OLDEST..=newest).rev().map(|major| format!("libcublasLt.so.{major}"));
    let names: Vec<PathBuf> = names.map(PathBuf::from).collect();
    let folders = [toolkits(variable, root), packages(variable, root)].concat();
    let files = names.iter().flat_map(|name| folders.iter().map(move |folder| folder.join(name)));
    names.iter().cloned().chain(files.filter(|file| file.is_file())).collect()
}

fn toolkits(variable: &dyn Fn(&str) -> Option<PathBuf>, root: &Path) -> Vec<PathBuf> {
    let named = ["CUDA_HOME", "CUDA_PATH"].into_iter().filter_map(variable);
    let usual = children(&root.join("usr/local"), "cuda");
    let libraries = |kit: PathBuf| {
        ["lib64", "targets/x86_64-linux/lib", "targets/sbsa-linux/lib"].map(|part| kit.join(part))
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
    let mut found = vec![libraries.to_owned()];
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
            "own/venv/lib/python3.11/site-packages/nvidia/cublas/lib/libcublasLt.so.12",
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
        let found = places(13, &variable, root.path());
        let names = ["libcublasLt.so.13", "libcublasLt.so.12", "libcublasLt.so.11"].map(PathBuf::from);
        assert_eq!(found[..3], names);
        assert_eq!(found[3..], files.map(|file| root.path().join(file)));
        // A driver of CUDA 12 does not take what was made for 13.
        let found = places(12, &variable, root.path());
        assert_eq!((found.len(), &found[0]), (2 + files.len() - 1, &names[1]));
        assert_eq!(places(12, &|_| Some("/one".into()), root.path()), [PathBuf::from("/one")]);
    }
}
