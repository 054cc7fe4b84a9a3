//! A language as people name it: by its tag, or as a locale, as `LANG` is written on most machines.

use std::ffi::OsStr;

use clap::builder::{EnumValueParser, PossibleValue, TypedValueParser};
use clap::error::Error;
use clap::{Arg, Command, ValueEnum};

use crate::language::Language;

/// Takes all spellings of a locale, and shows and offers the tags alone.
#[derive(Clone)]
pub(super) struct Locale;

impl TypedValueParser for Locale {
    type Value = Language;

    fn parse_ref(&self, command: &Command, arg: Option<&Arg>, value: &OsStr) -> Result<Language, Error> {
        match value.to_str().and_then(Language::of_locale) {
            Some(language) => Ok(language),
            None => EnumValueParser::<Language>::new().parse_ref(command, arg, value),
        }
    }

    fn possible_values(&self) -> Option<Box<dyn Iterator<Item = PossibleValue> + '_>> {
        Some(Box::new(Language::value_variants().iter().filter_map(ValueEnum::to_possible_value)))
    }
}
