//! Contracts and envelopes named after their defect: each ends as its first line, or the `.txt` beside it, says.

use std::path::{Path, PathBuf};

use gpu_assay::contract::{Parsed, parse};

use crate::support::data;

/// All vectors of a directory with what is expected of them, in order of name.
fn vectors(dir: &Path) -> Vec<(PathBuf, String)> {
    let mut files: Vec<PathBuf> =
        std::fs::read_dir(dir).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.retain(|file| file.extension().is_none_or(|e| e != "txt"));
    files.sort();
    files
        .into_iter()
        .map(|file| {
            let beside = PathBuf::from(format!("{}.txt", file.display()));
            let expected = if beside.exists() {
                std::fs::read_to_string(beside).unwrap()
            } else {
                let bytes = std::fs::read(&file).unwrap();
                let first = bytes.split(|b| *b == b'\n').next().unwrap();
                String::from_utf8(first.to_vec()).unwrap().trim_start_matches("# ").to_owned()
            };
            (file, expected.trim().to_owned())
        })
        .collect()
}

#[test]
fn contracts_end_as_their_vectors_say() {
    let vectors = vectors(&data("contracts"));
    assert!(vectors.len() > 60, "{} vectors found", vectors.len());
    let mut wrong = Vec::new();
    for (file, expected) in vectors {
        let name = file.file_name().unwrap().to_str().unwrap();
        let got = parse(name, &std::fs::read(&file).unwrap());
        let as_expected = match (&got, expected.strip_prefix("error ")) {
            (Ok(_), None) => expected == "ok",
            (Err(e), Some(message)) => {
                let (at, words) = message.split_once(' ').unwrap_or((message, ""));
                let shown = e.to_string();
                shown.starts_with(&format!("{name}:{at}")) && shown.contains(words) && shown.contains(' ')
            }
            (Ok(_), Some(_)) | (Err(_), None) => false,
        };
        if !as_expected {
            let got = got.map(|_| "ok".to_owned()).unwrap_or_else(|e| e.to_string());
            wrong.push(format!("{name}\n  expected {expected}\n  got      {got}"));
        }
    }
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
}

#[test]
fn printing_a_contract_and_reading_it_gives_the_same() {
    for (file, expected) in vectors(&data("contracts")) {
        if expected != "ok" {
            continue;
        }
        let Parsed { contract, .. } = parse(file.to_str().unwrap(), &std::fs::read(&file).unwrap()).unwrap();
        let json = serde_json::to_vec(&contract).unwrap();
        assert_eq!(parse("again.json", &json).unwrap().contract, contract, "{}", file.display());
        let toml = toml::to_string(&contract).unwrap();
        assert_eq!(parse("again.toml", toml.as_bytes()).unwrap().contract, contract, "{}", file.display());
    }
}

#[test]
fn the_extension_decides_and_without_one_the_content() {
    let json = std::fs::read(data("contracts/good-least.json")).unwrap();
    let toml = std::fs::read(data("contracts/good-least.toml")).unwrap();
    assert_eq!(parse("-", &json).unwrap().contract, parse("-", &toml).unwrap().contract);
    assert!(parse("x.toml", &json).is_err() && parse("x.JSON", &toml).is_err());
    let huge = vec![b'#'; gpu_assay::contract::parse::FILE_BYTES_MAX + 1];
    assert!(parse("x.toml", &huge).is_err_and(|e| e.to_string().contains("more than 1048576 bytes")));
}
