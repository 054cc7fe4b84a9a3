//! `assay verify` on proofs of full size, as a process of its own. Their rows are computed here, one by one; commitments of
//! what nobody asks for are random, since no check looks at them.

use std::collections::BTreeMap;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use blake3::hazmat::{HasherExt, Mode, merge_subtrees_non_root, merge_subtrees_root};
use gpu_assay::proof::challenge::{Challenge, Issued, OPENINGS_DEFAULT};
use gpu_assay::proof::recheck::Digesting;
use gpu_assay::proof::schedule::{Ask, History, Question, Schedule};
use gpu_assay::proof::session::Session;
use gpu_assay::proof::statement::{By, Figures, Outcome, Proof};
use gpu_assay::proof::wire::{Frame, Gpu, Hello, PROTOCOL, Timed};
use gpu_assay::proof::work::{Numbers, Seeds, Work};
use gpu_assay::seal::{SecretKey, TrustList};

const RUNS: usize = 7;
/// As many as a GPU that takes 2 ms for each computes in a minute.
const ROUNDS: u32 = 30_000;
const SECOND: u64 = 1_000_000_000;

pub fn table() {
    println!("\n| proof | rounds | transcript | verify, median | min .. max | peak memory |");
    println!("| --- | --- | --- | --- | --- | --- |");
    let int32 = Numbers::Int32;
    show("1 GPU, 4096 cubed", 1, Work { m: 4096, n: 4096, k: 4096, numbers: int32 });
    show("1 GPU, 4096 cubed, in FP32", 1, Work { m: 4096, n: 4096, k: 4096, numbers: Numbers::Fp32 });
    show("1 GPU, 16384 cubed", 1, Work { m: 16384, n: 16384, k: 16384, numbers: int32 });
    show("8 GPUs, 16384 x 4096 x 16384", 8, Work { m: 16384, n: 4096, k: 16384, numbers: int32 });
}

fn show(name: &str, gpus: u32, work: Work) {
    let dir = tempfile::tempdir().unwrap();
    let transcript = write(dir.path(), gpus, work);
    let mut runs: Vec<(Duration, u64)> = (0..RUNS).map(|_| verify(dir.path())).collect();
    runs.sort();
    let memory = runs.iter().map(|(_, kib)| kib).max().unwrap() / 1024;
    let s = |i: usize| runs[i].0.as_secs_f64();
    println!(
        "| {name} | {ROUNDS} each | {:.1} MB | {:.3} s | {:.3} .. {:.3} s | {memory} MiB |",
        transcript as f64 / 1e6,
        s(RUNS / 2),
        s(0),
        s(RUNS - 1)
    );
}

/// How long a verification takes, and the most memory it held, in KiB.
fn verify(dir: &Path) -> (Duration, u64) {
    let begun = Instant::now();
    let mut child = Command::new(env!("CARGO_BIN_EXE_assay"))
        .args(["verify", "--quiet", "proof.dsse.json", "--trust", "key.pub.pem"])
        .current_dir(dir)
        .stdin(Stdio::null())
        .spawn()
        .unwrap();
    let status = format!("/proc/{}/status", child.id());
    let mut peak = 0;
    loop {
        let text = std::fs::read_to_string(&status).unwrap_or_default();
        let line = text.lines().find_map(|line| line.strip_prefix("VmHWM:"));
        peak = line.and_then(|line| line.trim().trim_end_matches(" kB").parse().ok()).unwrap_or(peak);
        if let Some(ended) = child.try_wait().unwrap() {
            assert!(ended.success(), "{ended}");
            return (begun.elapsed(), peak);
        }
        std::thread::sleep(Duration::from_millis(2));
    }
}

/// Writes a signed proof with its challenge, transcript and key; returns the transcript's size.
fn write(dir: &Path, gpus: u32, work: Work) -> u64 {
    let key = SecretKey::generate().unwrap();
    key.public().write_new(&dir.join("key.pub.pem")).unwrap();
    let challenge = Challenge {
        format: 1,
        nonce: [7; 32],
        contract_sha256: None,
        node: None,
        gpus,
        memory_bytes: 0,
        not_before: "2020-01-01T00:00:00Z".into(),
        expires: "2100-01-01T00:00:00Z".into(),
        at_least_s: 60,
        openings: OPENINGS_DEFAULT,
    };
    let envelope = challenge.seal(&key).unwrap();
    std::fs::write(dir.join("challenge.dsse.json"), envelope.to_bytes()).unwrap();
    let issued = Issued::from_verified(&envelope.open(&TrustList::new([key.public()])).unwrap()).unwrap();
    let frames = conversation(&issued, work);
    let mut session = Session::new(&issued, [1; 32]);
    let mut transcript = Digesting::new(std::fs::File::create(dir.join("transcript.bin")).unwrap());
    let mut to = std::io::BufWriter::new(&mut transcript);
    for frame in &frames {
        session.take(frame).unwrap();
        frame.write(&mut to).unwrap();
    }
    drop(to);
    let transcript = transcript.transcript();
    let bytes = transcript.bytes;
    let proof = Proof {
        format: Proof::FORMAT,
        tool_version: "bench".into(),
        by: By::Witness,
        challenge_sha256: issued.sha256.clone(),
        at: "2026-01-01T00:00:00Z".into(),
        command: Vec::new(),
        same_host: Some(false),
        transcript,
        outcome: Outcome::Held,
        figures: Figures::of(&session, OPENINGS_DEFAULT),
    };
    std::fs::write(dir.join("proof.dsse.json"), proof.seal(&key).unwrap().to_bytes()).unwrap();
    bytes
}

fn conversation(issued: &Issued, work: Work) -> Vec<Timed> {
    let gpus = issued.challenge.gpus;
    let identity = |n: u32| {
        let mut identity = super::ordinary::identity("sim:bench");
        identity.uuid = Some(format!("{n:032x}"));
        identity
    };
    let gpu = |n| Gpu { selector: format!("sim:bench,index={n}"), identity: identity(n), work, memory: None };
    let hello = Hello {
        protocol: PROTOCOL,
        challenge_sha256: issued.sha256.clone(),
        host_sha256: None,
        gpus: (0..gpus).map(gpu).collect(),
    };
    let ask = [5; 32];
    let start = [9; 32];
    let answers: Vec<Answers> = (0..gpus)
        .map(|gpu| {
            answer(&Seeds::new(&issued.challenge.nonce, &start, gpu), &work, &asked(&ask, gpu, &work), gpu)
        })
        .collect();
    let mut timed =
        vec![Timed { at_ns: 1, frame: Frame::Hello(hello) }, Timed { at_ns: 2, frame: Frame::Begin(start) }];
    for round in 0..ROUNDS {
        for (gpu, answers) in (0..).zip(&answers) {
            let at_ns = 2 + 60 * SECOND * u64::from(round + 1) / u64::from(ROUNDS);
            timed.push(Timed {
                at_ns,
                frame: Frame::Root { gpu, round, root: answers.roots[round as usize] },
            });
        }
    }
    let closed = Frame::Closed(vec![ROUNDS; gpus as usize]);
    let rows = answers.into_iter().flat_map(|answers| answers.rows);
    let rest = [Frame::Halt, closed, Frame::Ask(ask)].into_iter().chain(rows).chain([Frame::Done]);
    timed.extend(rest.map(|frame| Timed { at_ns: 61 * SECOND, frame }));
    timed
}

fn schedule() -> Schedule {
    Schedule::new(None, PROTOCOL)
}

fn asked(ask: &[u8; 32], gpu: u32, work: &Work) -> Vec<Question> {
    let ask = Ask { seed: ask, gpu, count: OPENINGS_DEFAULT };
    let [rows, _] = schedule().questions(&ask, ROUNDS, work.m, 0);
    rows
}

struct Answers {
    roots: Vec<[u8; 32]>,
    rows: Vec<Frame>,
}

/// Computes what is asked for, in the order of rounds, since each commitment goes into a later key.
fn answer(seeds: &Seeds, work: &Work, questions: &[Question], gpu: u32) -> Answers {
    let mut random = blake3::Hasher::new_keyed(&[3; 32]).update(&gpu.to_le_bytes()).finalize_xof();
    let mut draw = || {
        let mut bytes = [0; 32];
        random.fill(&mut bytes);
        bytes
    };
    let k = work.k as usize;
    let mut b = vec![0; work.n as usize * k];
    work.entries(&seeds.b(), 0, &mut b);
    let mut answers = Answers { roots: Vec::new(), rows: Vec::new() };
    for round in 0..ROUNDS {
        let here = (0..).zip(questions).filter(|(_, question)| question.round == round);
        let here: Vec<(u32, u32)> = here.map(|(number, question)| (number, question.row)).collect();
        if here.is_empty() {
            answers.roots.push(draw());
            continue;
        }
        let history = History { roots: answers.roots.clone(), turns: Vec::new() };
        let key = seeds.a(round, &schedule().before(&history, round));
        let rows: BTreeMap<u32, Vec<u8>> = here
            .iter()
            .map(|(_, row)| {
                let mut a = vec![0; k];
                work.entries(&key, u64::from(*row) * u64::from(work.k), &mut a);
                (*row, b.chunks(k).flat_map(|b| stored(work.numbers, dot(&a, b))).collect())
            })
            .collect();
        let (root, mut paths) = tree(&rows, work.path_length(), &mut draw);
        answers.roots.push(root);
        for (question, row) in here {
            let path = paths.entry(row).or_default().clone();
            answers.rows.push(Frame::Row { gpu: gpu as u16, question, path, row: rows[&row].clone() });
        }
    }
    answers
}

/// The root of a tree of which only these rows are known, and their paths; what lies beside them is drawn.
fn tree(
    rows: &BTreeMap<u32, Vec<u8>>,
    levels: usize,
    draw: &mut impl FnMut() -> [u8; 32],
) -> ([u8; 32], BTreeMap<u32, Vec<[u8; 32]>>) {
    let leaf = |(row, bytes): (&u32, &Vec<u8>)| {
        let mut hasher = blake3::Hasher::new();
        hasher.set_input_offset(u64::from(*row) * bytes.len() as u64);
        (*row, hasher.update(bytes).finalize_non_root())
    };
    let mut nodes: BTreeMap<u32, [u8; 32]> = rows.iter().map(leaf).collect();
    let mut paths: BTreeMap<u32, Vec<[u8; 32]>> = rows.keys().map(|row| (*row, Vec::new())).collect();
    for level in 0..levels {
        for at in nodes.keys().copied().collect::<Vec<_>>() {
            nodes.entry(at ^ 1).or_insert_with(&mut *draw);
        }
        for (row, path) in &mut paths {
            path.push(nodes[&(row >> level ^ 1)]);
        }
        if level + 1 == levels {
            break;
        }
        let left = nodes.iter().filter(|(at, _)| *at % 2 == 0);
        nodes = left
            .map(|(at, left)| (at / 2, merge_subtrees_non_root(left, &nodes[&(at + 1)], Mode::Hash)))
            .collect();
    }
    (*merge_subtrees_root(&nodes[&0], &nodes[&1], Mode::Hash).as_bytes(), paths)
}

fn dot(a: &[i8], b: &[i8]) -> i32 {
    a.iter().zip(b).map(|(a, b)| i32::from(i16::from(*a) * i16::from(*b))).sum()
}

fn stored(numbers: Numbers, sum: i32) -> [u8; 4] {
    match numbers {
        Numbers::Int32 => sum.to_le_bytes(),
        Numbers::Fp32 => (sum as f32).to_le_bytes(),
    }
}
