//! Help and the manual page in other languages than that of the source: their texts are put into the parser's own definition.
//! Owns where each text belongs; must not change what the command line accepts.

use std::ffi::OsString;
use std::io::{self, Write as _};
use std::sync::LazyLock;

use clap::builder::Resettable;
use clap::error::{Error, ErrorKind};
use clap::{Arg, Command, CommandFactory, FromArgMatches};

use super::Cli;
use super::wrap::wrapped;
use crate::language::{Catalogue, Language};

static CHINESE: LazyLock<Catalogue> = LazyLock::new(|| Language::Chinese.read(CHINESE_TEXTS));

pub const CHINESE_TEXTS: &str = include_str!("zh-CN.ftl");

/// As in src/cli.rs.
const WIDTH_MAX: usize = 100;

/// What the parser says of itself and lets nobody replace. Longer phrases stand before those that they begin with.
const PHRASES: &[(&str, &str)] = &[
    ("Commands:", "phrase-commands"),
    ("Arguments:", "phrase-arguments"),
    ("Options:", "phrase-options"),
    ("Possible values:", "phrase-values"),
    ("[env: ", "phrase-env"),
    ("[default: ", "phrase-default"),
    ("[possible values: ", "phrase-possible"),
    ("Print help for the subcommand(s)", "phrase-help-of"),
    ("Print help (see more with '--help')", "phrase-help-short"),
    ("Print help (see a summary with '-h')", "phrase-help-long"),
    ("Print help", "phrase-help"),
    ("Print version", "phrase-version"),
    ("Print this message or the help of the given subcommand(s)", "phrase-help-command"),
];

/// Comes after lines are broken: what is to be typed stands in one line, as long as that is.
const USAGE: &[(&str, &str)] = &[("Usage:", "phrase-usage")];

/// The same for the manual page, as it stands there.
const MANUAL: &[(&str, &str)] = &[
    (".SH NAME\n", "title-name"),
    (".SH SYNOPSIS\n", "title-synopsis"),
    (".SH DESCRIPTION\n", "title-description"),
    (".SH OPTIONS\n", "title-options"),
    (".SH SUBCOMMANDS\n", "title-subcommands"),
    (".SH EXTRA\n", "title-extra"),
    (".SH VERSION\n", "title-version"),
    ("Print help (see a summary with \\*(Aq\\-h\\*(Aq)", "phrase-help-long"),
    ("May also be specified with the ", "env-before"),
    (" environment variable. ", "env-after"),
];

/// The language that help is wanted in, from what was typed and the environment, before the parser has seen either. Whatever is
/// wrong there is for the parser to refuse.
pub fn asked(typed: impl IntoIterator<Item = OsString>, variable: Option<OsString>) -> Language {
    let mut wanted = variable;
    // What follows is for another program.
    let mut typed = typed.into_iter().take_while(|argument| argument != "--");
    while let Some(argument) = typed.next() {
        if argument == "--lang" {
            wanted = typed.next();
        } else if let Some(value) = argument.to_str().and_then(|text| text.strip_prefix("--lang=")) {
            wanted = Some(value.into());
        }
    }
    let wanted = wanted.as_deref().and_then(|value| value.to_str());
    wanted.and_then(Language::of_locale).unwrap_or_default()
}

/// The command line, with help in that language.
pub fn command(language: Language) -> Command {
    match language {
        Language::English => Cli::command(),
        // Lines are broken below, where it is known how wide a character is.
        Language::Chinese => told(Cli::command().term_width(0), "assay"),
    }
}

/// Reads what was typed.
pub fn parse(language: Language) -> Result<Cli, Error> {
    let mut matches = without_empty(command(language)).try_get_matches()?;
    Cli::from_arg_matches_mut(&mut matches).map_err(|error| error.format(&mut command(language)))
}

/// A variable that is set to nothing counts as not set.
fn without_empty(command: Command) -> Command {
    let is_empty = |arg: &Arg| arg.get_env().and_then(std::env::var_os).is_some_and(|value| value.is_empty());
    command
        .mut_args(|arg| if is_empty(&arg) { arg.env(Resettable::Reset) } else { arg })
        .mut_subcommands(without_empty)
}

/// What the parser has to say instead: help in that language, and mistakes in the parser's own words.
pub fn print(said: &Error, language: Language) -> io::Result<()> {
    let is_help =
        matches!(said.kind(), ErrorKind::DisplayHelp | ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand);
    if !is_help || language == Language::English {
        return said.print();
    }
    let text = wrapped(&replaced(said.render().ansi().to_string(), PHRASES), width());
    let text = replaced(text, USAGE);
    match said.use_stderr() {
        true => anstream::stderr().write_all(text.as_bytes()),
        false => anstream::stdout().write_all(text.as_bytes()),
    }
}

/// Of the terminal, as the parser takes it.
fn width() -> usize {
    let terminal = terminal_size::terminal_size().map(|(width, _)| usize::from(width.0));
    let told = || std::env::var("COLUMNS").ok()?.parse().ok();
    terminal.or_else(told).unwrap_or(WIDTH_MAX).min(WIDTH_MAX)
}

/// The manual page in that language.
pub fn manual(page: String, language: Language) -> String {
    match language {
        Language::English => page,
        // Lines of Chinese have too few gaps to be spread over the width of a page.
        Language::Chinese => replaced(replaced(page, MANUAL), PHRASES).replacen(".SH ", ".ad l\n.SH ", 1),
    }
}

fn replaced(text: String, phrases: &[(&str, &str)]) -> String {
    phrases.iter().fold(text, |text, (phrase, id)| match said(id, None) {
        // A heading ends its line, and the next one stands where it stood.
        Some(ours) if phrase.starts_with(".SH") => text.replace(phrase, &format!(".SH {ours}\n")),
        Some(ours) => text.replace(phrase, &ours),
        None => text,
    })
}

fn told(command: Command, id: &str) -> Command {
    let mut command = command.mut_args(|arg| told_arg(arg, id));
    if let Some(about) = said(id, None) {
        if let Some(more) = said(id, Some("more")) {
            command = command.long_about(format!("{about}\n\n{more}"));
        }
        command = command.about(about);
    }
    if let Some(after) = said(id, Some("after")) {
        command = command.after_help(after);
    }
    command.mut_subcommands(|below| {
        let id = format!("{id}-{}", below.get_name());
        if below.is_hide_set() { below } else { told(below, &id) }
    })
}

fn told_arg(arg: Arg, of: &str) -> Arg {
    let name = arg.get_id().as_str().to_owned();
    let text = arg.get_help().and_then(|_| inherited(of, &name));
    let values: Vec<(String, Option<String>)> = arg
        .get_possible_values()
        .iter()
        .map(|value| (value.get_name().to_owned(), inherited(of, &format!("{name}-{}", value.get_name()))))
        .collect();
    if values.iter().all(|(_, help)| help.is_none()) {
        return match text {
            Some(text) => arg.help(text),
            None => arg,
        };
    }
    // What a value means belongs to its type, which cannot be changed: we list them ourselves.
    let names: Vec<&str> = values.iter().map(|(name, _)| name.as_str()).collect();
    let longest = names.iter().map(|name| name.len()).max().unwrap_or(0);
    let lines = values.iter().map(|(name, help)| {
        let help = help.as_deref().unwrap_or_default();
        format!("\n- {name:longest$}  {help}")
    });
    let list = format!("Possible values:{}", lines.collect::<String>());
    let short = format!("[possible values: {}]", names.join(", "));
    let (short, long) = match text {
        Some(text) => (format!("{text} {short}"), format!("{text}\n\n{list}")),
        None => (short, list),
    };
    arg.help(short).long_help(long).hide_possible_values(true)
}

/// Of that command, or of the nearest above it that has such an argument.
fn inherited(command: &str, name: &str) -> Option<String> {
    let mut command = command;
    loop {
        if let Some(text) = said(command, Some(name)) {
            return Some(text);
        }
        command = command.rsplit_once('-')?.0;
    }
}

fn said(id: &str, attribute: Option<&str>) -> Option<String> {
    let message = CHINESE.get_message(id)?;
    let pattern = match attribute {
        None => message.value()?,
        Some(name) => message.get_attribute(name)?.value(),
    };
    Some(CHINESE.format_pattern(pattern, None, &mut Vec::new()).into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_language_of_help_is_read_off_what_was_typed() {
        let asked = |typed: &str, variable: Option<&str>| {
            super::asked(typed.split(' ').map(OsString::from), variable.map(OsString::from)).tag()
        };
        for typed in ["assay --lang zh-CN --help", "assay run --lang=zh-CN -h", "assay -h --lang zh-CN"] {
            assert_eq!(asked(typed, None), "zh-CN", "{typed}");
            assert_eq!(asked(typed, Some("en")), "zh-CN", "{typed}");
        }
        assert_eq!(asked("assay help fleet", Some("zh-CN")), "zh-CN");
        assert_eq!(asked("assay --lang en run", Some("zh-CN")), "en");
        for typed in ["assay", "assay --lang", "assay --lang fr", "assay witness -- assay --lang zh-CN"] {
            assert_eq!(asked(typed, None), "en", "{typed}");
        }
    }
}
