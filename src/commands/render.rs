//! `assay render`: a report, or a proof, in another form.

use super::signed::{no_proof, read, refused};
use super::{Failure, print, print_note};
use crate::cli::RenderArgs;
use crate::exit::Exit;
use crate::language::{Language, say};
use crate::proof::beside;
use crate::proof::statement::KIND;
use crate::report::{Report, recheck};
use crate::seal::Envelope;

pub fn render(args: &RenderArgs, language: Language) -> Result<Exit, Failure> {
    let envelope = read(&args.report)?;
    if envelope.unchecked().is_some_and(|bytes| KIND.is_of(&bytes)) {
        return proof(args, &envelope, language);
    }
    let report = Report::unchecked(&envelope).map_err(|e| refused(&args.report)(&e))?;
    let holds = recheck(&report, None).holds();
    if !holds {
        print_note(&say!(language, "render-not-sound"))?;
    }
    print(|out| args.format.render(&report, &envelope, out.speaking(language)))?;
    // A pipeline reads no note, and what is shown may say that all passed.
    Ok(if holds { Exit::Pass } else { Exit::Signature })
}

fn proof(args: &RenderArgs, envelope: &Envelope, language: Language) -> Result<Exit, Failure> {
    let render = args.format.of_proof();
    let render = render.ok_or_else(|| {
        Failure::usage("a proof has the forms human, json, markdown and html; name one of these")
    })?;
    let (proof, issued) = beside::unchecked(&args.report, envelope).map_err(no_proof)?;
    print(|out| render(&proof, &issued.challenge, envelope, out.speaking(language)))
}
