//! Provers and witnesses that fall silent, do not listen, or print what is no frame: the other side ends, and says why.

use std::io::{self, PipeWriter, Write};
use std::path::Path;
use std::process::Child;
use std::sync::mpsc::{Receiver, channel};
use std::time::Duration;

use gpu_assay::proof::challenge::Issued;
use gpu_assay::proof::prove::{Task, prove};
use gpu_assay::proof::wire::Frame;
use gpu_assay::seal::Envelope;

use super::process::{Ended, signal, start, until};
use super::proofs::{Desk, ends};
use super::support_proof::{self, SMALL, hello, issued};

/// Begins to witness `sh -c SCRIPT`, whose standard input nobody may read.
fn witness(desk: &Desk, challenge: &str, out: &str, patience: &str, script: &str) -> Child {
    let (challenge, key, out) = (desk.path(challenge), desk.path("key.pem"), desk.path(out));
    let text = |path: &Path| path.to_str().unwrap().to_owned();
    let (challenge, key, out) = (text(&challenge), text(&key), text(&out));
    let options = ["--challenge", &challenge, "--key", &key, "--out", &out, "--patience", patience];
    start([&["witness"], &options[..], &["--", "sh", "-c", script]].concat())
}

/// How it ended, which it must.
fn ended(mut child: Child) -> Ended {
    until("the end", || child.try_wait().unwrap());
    child.wait_with_output().unwrap().into()
}

/// What a prover says that never listens: more rounds than any pipe holds the turns of.
fn monologue(desk: &Desk, challenge: &str) {
    let bytes = std::fs::read(desk.path(challenge)).unwrap();
    let issued = Issued::unchecked(&Envelope::parse(&bytes).unwrap()).unwrap();
    let mut said = Frame::Hello(hello(&issued, SMALL)).encode();
    said.extend(Frame::Filled.encode());
    for round in 0..100_000 {
        said.extend(Frame::Root { gpu: 0, round, root: [0; 32] }.encode());
    }
    std::fs::write(desk.path("monologue"), said).unwrap();
}

#[test]
fn a_prover_that_does_not_listen_holds_up_no_witness() {
    let desk = Desk::new();
    let terms = ["--at-least", "1h", "--memory", "81920 B", "--key", "key.pem"];
    for name in ["one.json", "two.json"] {
        let made = desk.assay(&[&["challenge", "new", "--out", name], &terms[..]].concat());
        assert_eq!(made.code, Some(0), "{}", made.stderr);
    }
    let script = format!("cat '{}'; exec sleep 600", desk.path("monologue").display());

    monologue(&desk, "one.json");
    let impatient = witness(&desk, "one.json", "one", "1s", &script);
    ends(&ended(impatient), 3, "the prover did not listen for 1s");
    ends(&desk.verify("one", &[]), 3, "not finished");

    monologue(&desk, "two.json");
    let patient = witness(&desk, "two.json", "two", "1h", &script);
    let said = || std::fs::metadata(desk.path("two/transcript.bin")).is_ok_and(|of| of.len() > 300_000);
    until("as many turns as pipes hold", || said().then_some(()));
    signal(patient.id(), "TERM");
    ends(&ended(patient), 130, "interrupted here");
}

#[test]
fn a_line_break_before_all_frames_is_refused_at_once() {
    let desk = Desk::new();
    desk.challenge("ch.json", &[]);
    let said = |n: &str, script: &str| ended(witness(&desk, "ch.json", n, "1h", script));
    ends(&said("1", "echo; exec sleep 600"), 3, "the command printed \"\\n\" where the prover was to speak");
    ends(&said("2", "printf hi; exec sleep 600"), 3, "the command printed \"hi\" where");
    // These are frames, if none that is due.
    ends(&said("3", "printf '\\012\\000\\000\\000\\000'; exec sleep 600"), 6, "fill frame that is malformed");
    ends(&said("4", "printf '\\011\\003\\000\\000\\000sad'; exec sleep 600"), 3, "the prover gave up: sad");
}

#[test]
fn a_command_that_ends_early_is_told_with_its_status() {
    let desk = Desk::new();
    desk.challenge("ch.json", &[]);
    let said = |n: &str, script: &str| ended(witness(&desk, "ch.json", n, "1h", script));
    ends(&said("1", "exit 255"), 3, "the prover closed early; the command ended with exit status: 255");
    ends(&said("2", "printf '\\001'; kill -9 $$"), 3, "within a frame; the command ended with signal: 9");
}

#[test]
fn a_transcript_that_cannot_be_written_is_named() {
    let desk = Desk::new();
    desk.challenge("ch.json", &[]);
    let program = [env!("CARGO_BIN_EXE_assay"), "prove", "--challenge", "ch.json", "--device", "sim:mini"];
    // In units of 512 bytes: less than the rows that are shown. Only the witness writes files.
    let limited = "trap '' XFSZ; ulimit -f 16; exec \"$0\" \"$@\"";
    let args = ["witness", "--challenge", "ch.json", "--key", "key.pem", "--out", "out", "--"];
    let mut sh = std::process::Command::new("sh");
    sh.args(["-c", limited, env!("CARGO_BIN_EXE_assay")]).args(args).args(program);
    sh.current_dir(desk.path(".")).env("XDG_STATE_HOME", desk.path("state"));
    let ended: Ended = sh.output().unwrap().into();
    ends(&ended, 4, "out/transcript.bin");
    assert!(ended.stderr.contains("ulimit -f"), "{}", ended.stderr);
}

/// A pipe that takes what it is given first, and then nothing until the test ends.
struct Full(Option<PipeWriter>, Receiver<()>);

impl Write for Full {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if let Some(mut to) = self.0.take() {
            return to.write(bytes);
        }
        let _ = self.1.recv();
        Ok(0)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// How a prover ends whose witness hears and says what `speaks` does.
fn proves(
    issued: &Issued,
    patience: Duration,
    to: impl Write + Send + 'static,
    speaks: impl FnOnce(PipeWriter),
) -> String {
    let (from, say) = io::pipe().unwrap();
    let selectors = ["sim:mini".to_owned()];
    let task = Task { issued, selectors: &selectors, salt: None, patience };
    let (tell, told) = channel();
    std::thread::scope(|scope| {
        scope.spawn(|| tell.send(prove(&task, from, to)));
        // The line stays open until the prover has ended.
        let line = say.try_clone().unwrap();
        speaks(say);
        let ended = told.recv_timeout(Duration::from_secs(60)).expect("an end").expect_err("no proof");
        drop(line);
        ended
    })
}

/// How it ends where the witness says the first of these frames after hello, the next after filled, and then no more.
fn falls_silent(issued: &Issued, patience: Duration, frames: &[&[Frame]]) -> String {
    let (mut hear, to) = io::pipe().unwrap();
    proves(issued, patience, to, |mut say| {
        let mut left = frames.iter();
        while let Ok(Some(frame)) = Frame::read(&mut hear) {
            if matches!(frame, Frame::Hello(_) | Frame::Filled) {
                for frame in left.next().copied().unwrap_or_default() {
                    say.write_all(&frame.encode()).unwrap();
                }
            }
        }
    })
}

const SHORT: Duration = Duration::from_millis(300);
const LONG: Duration = Duration::from_secs(3600);

#[test]
fn a_prover_waits_no_longer_for_a_frame_than_its_patience() {
    let mut terms = support_proof::challenge(1);
    let plain = issued(&terms);
    (terms.memory_bytes, terms.at_least_s) = (1 << 20, 3600);
    let memory = issued(&terms);
    let ends = |issued, frames: &[&[Frame]]| falls_silent(issued, SHORT, frames);
    let late = |frame: &str| format!("the witness should have sent its {frame} frame 300ms ago");
    let (fill, begin) = ([Frame::Fill([1; 32])], [Frame::Begin([2; 32])]);
    assert_eq!(ends(&plain, &[]), late("begin"));
    assert_eq!(ends(&memory, &[]), late("fill"));
    assert_eq!(ends(&memory, &[&fill]), late("begin"));
    assert_eq!(ends(&plain, &[&begin]), late("halt"));
    assert_eq!(ends(&memory, &[&fill, &begin]), late("turn"));
    assert_eq!(ends(&plain, &[&[begin[0].clone(), Frame::Halt]]), late("ask"));
}

#[test]
fn a_prover_does_not_outlive_its_challenge() {
    let mut terms = support_proof::challenge(1);
    let soon = jiff::Timestamp::now() + Duration::from_secs(1);
    terms.expires = soon.to_string();
    let ends = falls_silent(&issued(&terms), LONG, &[]);
    assert_eq!(ends, format!("the challenge expired at {soon}; a new one is needed"));
}

#[test]
fn a_prover_waits_no_longer_for_a_witness_that_does_not_listen() {
    let mut terms = support_proof::challenge(1);
    terms.at_least_s = 3600;
    let (_end, ended) = channel();
    let (mut hear, to) = io::pipe().unwrap();
    let ends = proves(&issued(&terms), SHORT, Full(Some(to), ended), |mut say| {
        assert!(matches!(Frame::read(&mut hear), Ok(Some(Frame::Hello(_)))));
        say.write_all(&Frame::Begin([2; 32]).encode()).unwrap();
    });
    assert_eq!(ends, "the witness did not listen for 300ms");
}
