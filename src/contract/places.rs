//! Where each part of a contract stands in its file, be it TOML or JSON.
//! Owns the way from a part to its place; must not know what may be wrong with it.

use std::collections::BTreeMap;

use serde::Serialize;
use serde_json::value::RawValue;
use toml::Spanned;
use toml::de::{DeTable, DeValue};

/// Line and column, both from 1.
pub type At = (usize, usize);

/// What an objection is about.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Place {
    /// In the clause of this id.
    Clause(String),
    /// At a key of a table, such as `inventory`, `sku`.
    Key(&'static str, &'static str),
    /// At a key of one of several tables, such as `remedy`, 1, `within_days` for the second of these.
    Nth(&'static str, usize, &'static str),
    /// Nowhere: it is missing.
    Contract,
}

/// One step down from a table or a list. The last one of a way says what is pointed at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step<'a> {
    /// The value of a key.
    Key(&'a str),
    /// The key itself.
    Name(&'a str),
    Nth(usize),
}

/// A value and where it begins, in bytes from the beginning of the file.
struct Part {
    at: usize,
    inner: Inner,
}

enum Inner {
    /// Each key with the place of its name, where that is known.
    Table(Vec<(String, Option<usize>, Part)>),
    List(Vec<Part>),
    Text(String),
    Other,
}

/// Line and column of the end of a way. `None` where the file has no such part.
pub(super) fn find(text: &str, is_json: bool, way: &[Step<'_>]) -> Option<At> {
    Some(position(text, whole(text, is_json)?.offset(way)?))
}

/// The same of what each of many objections is about: the file is read once.
pub(super) fn of_objections(text: &str, is_json: bool) -> impl Fn(&Place) -> Option<At> {
    let whole = whole(text, is_json);
    move |place| Some(position(text, of_objection(whole.as_ref()?, place)?))
}

fn of_objection(whole: &Part, place: &Place) -> Option<usize> {
    match place {
        Place::Clause(id) => {
            let Inner::List(clauses) = &whole.part(Step::Key("clause"))?.inner else { return None };
            let ids = clauses.iter().filter_map(|clause| clause.part(Step::Key("id")));
            ids.filter(|part| matches!(&part.inner, Inner::Text(text) if text == id))
                .map(|part| part.at)
                .next()
        }
        Place::Key(table, key) => whole.named(table, key),
        Place::Nth(table, nth, key) => whole.offset(&[Step::Key(table), Step::Nth(*nth), Step::Name(key)]),
        Place::Contract => None,
    }
}

/// Line and column of a byte offset; columns count characters.
pub(super) fn position(text: &str, offset: usize) -> At {
    let before = &text[..text.floor_char_boundary(offset)];
    let line_start = before.rfind('\n').map_or(0, |at| at + 1);
    (before.matches('\n').count() + 1, before[line_start..].chars().count() + 1)
}

fn whole(text: &str, is_json: bool) -> Option<Part> {
    if is_json {
        return of_json(text, serde_json::from_str(text).ok()?);
    }
    let table = DeTable::parse(text).ok()?;
    Some(Part { at: 0, inner: table_of(table.get_ref()) })
}

fn table_of(table: &DeTable<'_>) -> Inner {
    let entries = table.iter();
    let entries =
        entries.map(|(key, value)| (key.get_ref().to_string(), Some(key.span().start), of_toml(value)));
    Inner::Table(entries.collect())
}

fn of_toml(value: &Spanned<DeValue<'_>>) -> Part {
    let inner = value.get_ref();
    let inner = if let Some(table) = inner.as_table() {
        table_of(table)
    } else if let Some(list) = inner.as_array() {
        Inner::List(list.iter().map(of_toml).collect())
    } else {
        inner.as_str().map_or(Inner::Other, |text| Inner::Text(text.to_owned()))
    };
    Part { at: value.span().start, inner }
}

/// `value` is a part of `text`.
fn of_json(text: &str, value: &RawValue) -> Option<Part> {
    let raw = value.get();
    let at = raw.as_ptr().addr().checked_sub(text.as_ptr().addr())?;
    let inner = if let Ok(table) = serde_json::from_str::<BTreeMap<String, &RawValue>>(raw) {
        let entry = |(key, value): (String, &RawValue)| {
            let part = of_json(text, value)?;
            // Between a key and its value stand a quote and a colon.
            let before = text.get(..part.at)?.trim_end().strip_suffix(':')?.trim_end().strip_suffix('"')?;
            let name = before.strip_suffix(key.as_str()).map(str::len);
            Some((key, name, part))
        };
        Inner::Table(table.into_iter().map(entry).collect::<Option<_>>()?)
    } else if let Ok(list) = serde_json::from_str::<Vec<&RawValue>>(raw) {
        Inner::List(list.into_iter().map(|value| of_json(text, value)).collect::<Option<_>>()?)
    } else {
        serde_json::from_str(raw).map_or(Inner::Other, Inner::Text)
    };
    Some(Part { at, inner })
}

impl Part {
    fn part(&self, step: Step<'_>) -> Option<&Part> {
        match (&self.inner, step) {
            (Inner::Table(entries), Step::Key(key) | Step::Name(key)) => {
                entries.iter().find(|(name, _, _)| name == key).map(|(_, _, part)| part)
            }
            (Inner::List(parts), Step::Nth(nth)) => parts.get(nth),
            (Inner::Table(_), Step::Nth(_))
            | (Inner::List(_), Step::Key(_) | Step::Name(_))
            | (Inner::Text(_) | Inner::Other, _) => None,
        }
    }

    fn offset(&self, way: &[Step<'_>]) -> Option<usize> {
        match way {
            [] => Some(self.at),
            [Step::Name(key)] => self.name(key),
            [step, rest @ ..] => self.part(*step)?.offset(rest),
        }
    }

    fn name(&self, key: &str) -> Option<usize> {
        let Inner::Table(entries) = &self.inner else { return None };
        entries.iter().find(|(name, _, _)| name == key).and_then(|(_, at, _)| *at)
    }

    /// The first place of a key in a table of that name, wherever that is, or in a list of such tables.
    fn named(&self, table: &str, key: &str) -> Option<usize> {
        let within = |part: &Part| match &part.inner {
            Inner::List(parts) => parts.iter().filter_map(|part| part.name(key)).min(),
            Inner::Table(_) | Inner::Text(_) | Inner::Other => part.name(key),
        };
        match &self.inner {
            Inner::Table(entries) => {
                let of_entry = |(name, _, part): &(String, Option<usize>, Part)| {
                    let here = (name == table).then(|| within(part)).flatten();
                    here.or_else(|| part.named(table, key))
                };
                entries.iter().filter_map(of_entry).min()
            }
            Inner::List(parts) => parts.iter().filter_map(|part| part.named(table, key)).min(),
            Inner::Text(_) | Inner::Other => None,
        }
    }
}
