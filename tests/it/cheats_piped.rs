//! Provers that cheat over a real pipe, before a real witness: what it says, how it ends, and that its statement verifies so.
//! A prover is this test again, in a child that speaks through file descriptor 3.

use std::fs::File;
use std::io::Write;

use gpu_assay::proof::challenge::Issued;
use gpu_assay::proof::wire::Frame;
use gpu_assay::proof::work::{Numbers, Work};
use gpu_assay::seal::Envelope;

use super::cheats::{Late, Writes};
use super::proofs::{Desk, ends};
use super::support_proof::*;

const CHEAT: &str = "ASSAY_TEST_CHEAT";
const ROUNDS: u32 = 3;

/// What a prover does otherwise than it should; the challenge that it does it at; how the witness ends, and with which words.
struct Cheat {
    name: &'static str,
    challenge: &'static [&'static str],
    code: i32,
    says: &'static str,
}

const fn refused(name: &'static str, says: &'static str) -> Cheat {
    Cheat { name, challenge: &[], code: 6, says }
}

const NO_PRODUCT: &str = "shows rows that are not rows of the products that it was to compute";
const NO_NUMBER: &str = "holds what no product of whole numbers can be";

const CHEATS: [Cheat; 10] = [
    Cheat { name: "none", challenge: &[], code: 0, says: "proof: held" },
    Cheat {
        name: "one card for eight",
        challenge: &["--gpus", "8"],
        code: 6,
        says: "GPU 0 and GPU 1 are one card, by their own word: UUID",
    },
    refused("rows computed when they were asked for", "is not what was committed"),
    refused("answers to an earlier challenge", NO_PRODUCT),
    refused("answers from before the clock was started", NO_PRODUCT),
    Cheat {
        name: "ends in the middle of its answers",
        challenge: &[],
        code: 3,
        says: "the prover closed early",
    },
    refused("not a number", NO_NUMBER),
    refused("a negative number", NO_PRODUCT),
    refused("a number too large", NO_NUMBER),
    refused("half of the answers", "leaves 32 questions without an answer"),
];

#[test]
fn whoever_cheats_over_a_pipe_is_refused_by_the_witness_and_by_who_verifies() {
    if let Ok(name) = std::env::var(CHEAT) {
        return prove(&name);
    }
    let desk = Desk::new();
    for (n, Cheat { name, challenge, code, says }) in CHEATS.iter().enumerate() {
        let (file, out) = (format!("{n}.json"), format!("out{n}"));
        desk.challenge(&file, challenge);
        // What the test's frame prints is for people.
        let again = "exec \"$0\" --exact cheats_piped::\
                     whoever_cheats_over_a_pipe_is_refused_by_the_witness_and_by_who_verifies --nocapture 3>&1 1>&2";
        let program = std::env::current_exe().unwrap();
        let ended =
            desk.witness_on(&file, &out, &["sh", "-c", again, program.to_str().unwrap()], |witness| {
                witness.env(CHEAT, name).env("ASSAY_TEST_CHALLENGE", desk.path(&file));
            });
        ends(&ended, *code, says);
        let verified = match code {
            0 => "proof: held",
            6 => "REFUTED",
            _ => "not finished",
        };
        ends(&desk.verify(&out, &[]), *code, verified);
    }
}

/// The prover of that name, from its introduction to its end.
fn prove(cheat: &str) {
    let file = std::env::var_os("ASSAY_TEST_CHALLENGE").unwrap();
    let issued = Issued::unchecked(&Envelope::parse(&std::fs::read(file).unwrap()).unwrap()).unwrap();
    let mut witness = std::io::stdin().lock();
    let mut pipe = File::options().write(true).open("/dev/fd/3").unwrap();
    let mut say = |frame: &Frame| pipe.write_all(&frame.encode()).unwrap();
    let mut hear = || Frame::read(&mut witness).unwrap().expect("the witness has more to say");

    let numbers = if cheat == "not a number" { Numbers::Fp32 } else { Numbers::Int32 };
    let mut hello = hello(&issued, Work { numbers, ..SMALL });
    if cheat == "one card for eight" {
        let one = hello.gpus[1].identity.uuid.clone();
        hello.gpus.iter_mut().for_each(|gpu| gpu.identity.uuid.clone_from(&one));
    }
    say(&Frame::Hello(hello.clone()));
    let Frame::Begin(mut start) = hear() else { panic!("no beginning") };
    let mut of = issued;
    match cheat {
        "answers to an earlier challenge" => of.challenge.nonce = [8; 32],
        "answers from before the clock was started" => start = [9; 32],
        _ => {}
    }
    let mut conduct: Box<dyn Conduct> = match cheat {
        "rows computed when they were asked for" => Box::new(Late),
        "not a number" => Box::new(Writes(f32::NAN.to_le_bytes())),
        "a negative number" => Box::new(Writes((-5i32).to_le_bytes())),
        "a number too large" => Box::new(Writes(i32::MAX.to_le_bytes())),
        _ => Box::new(Honest),
    };
    let committed = commit_from(&of, &hello, start, ROUNDS, &mut *conduct);
    let roots = committed.rounds().into_iter().filter(|at| matches!(at.frame, Frame::Root { .. }));
    roots.for_each(|root| say(&root.frame));
    assert_eq!(hear(), Frame::Halt);
    say(&Frame::Closed(vec![ROUNDS; hello.gpus.len()]));
    let Frame::Ask(ask) = hear() else { panic!("no question") };
    // The question is the witness's.
    let mut answers = committed.answers(ask, &mut *conduct).into_iter().skip(1).collect::<Vec<_>>();
    match cheat {
        "ends in the middle of its answers" => answers.truncate(answers.len() / 2),
        "half of the answers" => drop(answers.drain(..32)),
        _ => {}
    }
    answers.iter().for_each(|answer| say(&answer.frame));
}
