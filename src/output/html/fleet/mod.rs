//! What a fleet comes to as one page for people who decide: on the first page whether it is accepted, how many came, what is
//! owed and what to do; below it everything that this stands on.
//! Owns the summary and the order of the page; nothing is counted here.

mod over;
mod summary;
mod tables;

use std::io;

use maud::{Markup, html};

use super::frame;
use crate::contract::Contract;
use crate::fleet::Answer;
use crate::language::{Language, say};
use crate::output::advice;
use crate::output::page::Page;

pub fn answer(answer: &Answer, contract: &Contract, out: &mut Page) -> io::Result<()> {
    let language = out.language;
    let title = say!(language, "page-title", what = summary::decided(answer, language));
    frame::page(&title, &body(answer, contract, language), out)
}

fn body(answer: &Answer, contract: &Contract, language: Language) -> Markup {
    html! {
        main {
            div.summary {
                (summary::head(answer, contract, language))
                (frame::steps(&advice::fleet(answer, language), language))
            }
            (tables::milestones(answer, language))
            (tables::nodes(answer, language))
            (over::list(answer, language))
            (over::clauses(answer, language))
            (tables::outliers(answer, language))
            (tables::refused(answer, language))
            (tables::availability(answer, language))
            (tables::money(answer, language))
            (tables::method(answer, language))
        }
        (foot(answer, language))
    }
}

fn foot(answer: &Answer, language: Language) -> Markup {
    html! {
        footer {
            p { (frame::prose(&say!(language, "foot-fleet"))) }
            p {
                (say!(language, "foot-fleet-made", version = env!("CARGO_PKG_VERSION")))
                (say!(language, "foot-contract")) code.digest { (answer.contract_sha256) }
                (say!(language, "full-stop"))
            }
            @if language != Language::English { p { (say!(language, "foot-recorded")) } }
        }
    }
}
