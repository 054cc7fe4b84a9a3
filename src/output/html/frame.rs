//! What every page is framed by: one file that needs no script and no network, for a screen, a phone or paper; and the small
//! parts that pages share. Owns the frame; must not know what a page is about.

use std::io::{self, Write};

use maud::{DOCTYPE, Markup, PreEscaped, html};

use crate::contract::Verdict;
use crate::language::{Language, say};
use crate::output::advice::NAMES_MAX;
use crate::output::imprint::Imprint;
use crate::output::page::Page;
use crate::output::rows;
use crate::seal::Envelope;
use crate::visible::visible;

const STYLE: &str = include_str!("style.css");

/// A whole page: its title, and what stands in its body.
pub fn page(title: &str, body: &Markup, out: &mut Page) -> io::Result<()> {
    let page = html! {
        (DOCTYPE)
        html lang=(out.language.tag()) {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                meta name="color-scheme" content="light dark";
                // Even if a text got through as markup, nothing could run or be loaded.
                meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'";
                title { (title) }
                style { (PreEscaped(STYLE)) }
            }
            body { (PreEscaped(bound(&body.0))) }
        }
    };
    // Names come from machines: what would turn the reading direction or hide text becomes visible.
    out.write_all(page.into_string().chars().map(visible).collect::<String>().as_bytes())
}

/// A page in which no line ends between a figure and its unit. Commands stay as they are: somebody may copy them.
fn bound(page: &str) -> String {
    let mut text = String::with_capacity(page.len());
    let (mut in_tag, mut in_code, mut last) = (false, false, ' ');
    for (at, c) in page.char_indices() {
        let rest = &page[at..];
        match c {
            '<' => {
                (in_tag, in_code) =
                    (true, rest.starts_with("<code") || (in_code && !rest.starts_with("</code")))
            }
            '>' => in_tag = false,
            _ => {}
        }
        let binds = c == ' ' && !in_tag && !in_code && last.is_ascii_digit() && begins_with_unit(&rest[1..]);
        text.push(if binds { '\u{a0}' } else { c });
        last = c;
    }
    text
}

/// Whether a text begins with a unit that figures have here.
fn begins_with_unit(text: &str) -> bool {
    const UNITS: [&str; 18] = [
        "FLOP/s", "OP/s", "B/s", "B", "iB", "J/FLOP", "ns", "us", "ms", "s", "min", "h", "%", "K", "W", "C",
        "MHz", "cycles",
    ];
    let end = text.find(|c: char| !(c.is_ascii_alphabetic() || c == '/' || c == '%')).unwrap_or(text.len());
    let word = &text[..end];
    UNITS.contains(&word)
        || word
            .strip_prefix(['k', 'M', 'G', 'T', 'P', 'K', 'p', 'n'])
            .is_some_and(|unit| UNITS.contains(&unit))
}

/// How a page stands as a whole: its colour, and the shape that says the same without colour.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    Good,
    Open,
    Bad,
}

impl Standing {
    pub fn class(self) -> &'static str {
        match self {
            Standing::Good => "pass",
            Standing::Open => "open",
            Standing::Bad => "fail",
        }
    }

    fn shape(self) -> &'static str {
        match self {
            Standing::Good => "\u{2714}",
            Standing::Open => "?",
            Standing::Bad => "\u{2718}",
        }
    }

    /// A word with a shape beside it, so that colour alone says nothing.
    pub fn badge(self, word: &str) -> Markup {
        html! { span.badge.(self.class()) { span aria-hidden="true" { (self.shape()) } " " (word) } }
    }
}

impl From<Verdict> for Standing {
    fn from(verdict: Verdict) -> Self {
        match verdict {
            Verdict::Pass => Standing::Good,
            Verdict::Inconclusive => Standing::Open,
            Verdict::Fail => Standing::Bad,
        }
    }
}

pub fn verdict_badge(verdict: Verdict, language: Language) -> Markup {
    Standing::from(verdict).badge(&rows::verdict_word(verdict, language))
}

pub fn fact(name: &str, value: Markup) -> Markup {
    html! { div { dt { (name) } dd { (value) } } }
}

/// What somebody or something is called, which no language changes.
pub fn name(name: &str) -> Markup {
    html! { span translate="no" { (name) } }
}

/// What a machine or a party wrote, in whatever language that was: here English, as this program writes.
pub fn recorded(text: &str) -> Markup {
    html! { span lang="en" { (text) } }
}

/// Commands up to so many letters stay in one line, on a phone too.
const SHORT: usize = 32;

/// A sentence in which commands stand between backticks.
pub fn prose(text: &str) -> Markup {
    let parts: Vec<&str> = text.split('`').collect();
    // A single one is no pair, and what stands last is outside.
    let is_code = |at: usize| at % 2 == 1 && at + 1 < parts.len();
    html! { @for (at, part) in parts.iter().enumerate() {
        @if is_code(at) { (command(part)) } @else if at % 2 == 1 { "`" (part) } @else { (part) }
    } }
}

/// Which signed file a page shows.
pub fn imprint(signed: &Envelope, language: Language) -> Markup {
    let digest = |text: &str| html! { code.digest { (text) } };
    html! { @if let Some(imprint) = Imprint::of(signed) { p {
        (set(
            &imprint.said_with(MARKS[0], MARKS[1], language),
            &[digest(&imprint.sha256), digest(&imprint.keys(language))],
        ))
    } } }
}

/// A command, of which a long one breaks between its words only.
fn command(text: &str) -> Markup {
    html! {
        @if text.len() <= SHORT { code.short { (text) } }
        @else { code { @for word in text.split_inclusive(' ') {
            @if word.starts_with('-') { span.short { (word.trim_end()) } @if word.ends_with(' ') { " " } } @else { (word) }
        } } }
    }
}

/// Stand in a message where markup belongs: no language has these letters, which Unicode keeps for private use.
pub const MARKS: [&str; 3] = ["\u{e000}", "\u{e001}", "\u{e002}"];

/// A message with markup in the place of its marks, in whatever order the language has them.
pub fn set(message: &str, parts: &[Markup]) -> Markup {
    let part = |mark: &str| MARKS.iter().position(|known| *known == mark).and_then(|at| parts.get(at));
    html! { @for piece in message.split_inclusive(is_mark) {
        @let text = piece.trim_end_matches(is_mark);
        (prose(text))
        @if let Some(part) = part(&piece[text.len()..]) { (part) }
    } }
}

fn is_mark(c: char) -> bool {
    ('\u{e000}'..='\u{e002}').contains(&c)
}

/// A row of headings.
pub fn heads<T: AsRef<str>>(names: impl IntoIterator<Item = T>) -> Markup {
    heads_over(names, &[])
}

/// The same, of which those stand over figures that are at these places.
pub fn heads_over<T: AsRef<str>>(names: impl IntoIterator<Item = T>, figures: &[usize]) -> Markup {
    html! { thead { tr { @for (at, name) in names.into_iter().enumerate() {
        th.figure[figures.contains(&at)] scope="col" { (name.as_ref()) }
    } } } }
}

/// What may be wider than the page, in a box that can be moved with the keyboard as well, and that says what is in it.
pub fn scroll(about: &str, content: Markup) -> Markup {
    html! { div.scroll tabindex="0" role="region" aria-label=(about) { (content) } }
}

/// `2026-11-24 17:09:21 UTC`; what is no time stays as it is.
pub fn moment(rfc3339: &str) -> String {
    let time: Option<jiff::Timestamp> = rfc3339.parse().ok();
    time.map_or(rfc3339.to_owned(), |time| time.strftime("%Y-%m-%d %H:%M:%S UTC").to_string())
}

/// A figure that a reader in a hurry takes along, with what it is of.
pub fn tile(is_bad: bool, figure: &str, about: &str) -> Markup {
    html! { div.tile.fail[is_bad] { dt { (about) } dd { (figure) } } }
}

/// What is to be done next, most urgent first.
pub fn steps(steps: &[crate::output::advice::Step], language: Language) -> Markup {
    html! {
        section.steps {
            h2 { (say!(language, "title-steps")) }
            ol { @for step in steps {
                li {
                    (prose(&step.what))
                    @if !step.about.is_empty() { (say!(language, "gap-before-names")) span.names { (names(&step.about, language)) } }
                    @if let Some(note) = &step.note { " " span.note { (note) } }
                }
            } }
        }
    }
}

fn names(all: &[String], language: Language) -> Markup {
    let shown = all.len().min(NAMES_MAX);
    let comma = say!(language, "list-comma");
    let (mark, gap) = comma.split_at(comma.trim_end().len());
    html! {
        @for (at, one) in all[..shown].iter().enumerate() {
            // A comma never begins a line.
            span.one { span translate="no" { (one) } @if at + 1 < shown { (mark) } }
            @if at + 1 < shown { (gap) } @else { " " }
        }
        @if all.len() > shown { (say!(language, "and-more", count = all.len() - shown)) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn commands_in_sentences_are_set_as_such() {
        let set = |text: &str| prose(text).into_string();
        assert_eq!(
            set("run `assay doctor` & look"),
            "run <code class=\"short\">assay doctor</code> &amp; look"
        );
        assert_eq!(set("no pair ` here"), "no pair ` here");
        assert_eq!(set("`a``b`"), "<code class=\"short\">a</code><code class=\"short\">b</code>");
        assert_eq!(
            set("`assay run --measure-only --node rack3`"),
            "<code>assay run <span class=\"short\">--measure-only</span> <span class=\"short\">--node</span> rack3</code>"
        );
    }

    #[test]
    fn names_are_set_apart_as_the_language_does() {
        let text = |language| {
            let page = names(&["a".to_owned(), "b".to_owned()], language).into_string();
            page.split('<').filter_map(|piece| Some(piece.split_once('>')?.1)).collect::<String>()
        };
        assert_eq!([Language::English, Language::Chinese].map(text), ["a, b ", "a、b "]);
    }

    #[test]
    fn no_line_ends_between_a_figure_and_its_unit() {
        let page =
            "<p title=\"2 GB\">at least 3.2 TB/s, 10 ms, 4 nodes, 2 s<code>--fill 2 GB</code> 80 %</p>";
        let bound = bound(page);
        let expected =
            "<p title=\"2 GB\">at least 3.2~TB/s, 10~ms, 4 nodes, 2~s<code>--fill 2 GB</code> 80~%</p>";
        assert_eq!(bound.replace('\u{a0}', "~"), expected);
    }

    /// How far two colours are apart by WCAG 2.
    fn contrast(a: &str, b: &str) -> f64 {
        let light = |colour: &str| {
            let channel = |at: usize| {
                let c = f64::from(u8::from_str_radix(&colour[at..at + 2], 16).unwrap_or(0)) / 255.0;
                if c <= 0.039_28 { c / 12.92 } else { libm::pow((c + 0.055) / 1.055, 2.4) }
            };
            0.2126 * channel(1) + 0.7152 * channel(3) + 0.0722 * channel(5) + 0.05
        };
        let (a, b) = (light(a), light(b));
        a.max(b) / a.min(b)
    }

    #[test]
    fn every_text_can_be_read_on_its_ground() {
        let themes: Vec<&str> = STYLE.split(":root {").skip(1).take(2).collect();
        assert_eq!(themes.len(), 2, "light and dark");
        for theme in themes {
            let colour = |name: &str| {
                let value =
                    theme.split_once(&format!("--{name}: ")).map_or("#000000", |(_, rest)| &rest[..7]);
                assert!(value.starts_with('#'), "{name}");
                value
            };
            for (text, grounds) in [
                ("good", &["paper", "card", "good-tint"][..]),
                ("bad", &["paper", "card", "bad-tint"]),
                ("open", &["paper", "card", "open-tint"]),
                ("soft", &["paper", "card", "good-tint", "bad-tint", "open-tint"]),
            ] {
                for ground in grounds {
                    let ratio = contrast(colour(text), colour(ground));
                    assert!(ratio >= 4.5, "{text} on {ground}: {ratio:.2}");
                }
            }
        }
    }

    #[test]
    fn markup_stands_where_its_mark_stood() {
        let parts = [html! { b { "x" } }, html! { i { "y" } }];
        let [first, second, _] = MARKS;
        assert_eq!(set(&format!("a {second} < {first}"), &parts).into_string(), "a <i>y</i> &lt; <b>x</b>");
        assert_eq!(set("none", &parts).into_string(), "none");
    }
}
