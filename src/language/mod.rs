//! The languages that people read, and one catalogue of messages in each.
//! Owns how a message is found and filled; must not know what any of them is about.

use std::borrow::Cow;
use std::sync::LazyLock;

use fluent_bundle::concurrent::FluentBundle;
use fluent_bundle::{FluentArgs, FluentResource};
use unic_langid::LanguageIdentifier;

use crate::visible::{in_one_line, visible};

/// What a message is filled with.
pub use fluent_bundle::FluentValue as Value;

/// A language that people read and sign in. What is signed never depends on it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, clap::ValueEnum)]
pub enum Language {
    #[default]
    #[value(name = "en")]
    English,
    #[value(name = "zh-CN")]
    Chinese,
}

pub(crate) type Catalogue = FluentBundle<FluentResource>;

static ENGLISH: LazyLock<Catalogue> = LazyLock::new(|| Language::English.read(Language::English.messages()));
static CHINESE: LazyLock<Catalogue> = LazyLock::new(|| {
    let mut catalogue = Language::Chinese.read(Language::Chinese.messages());
    // Shows where values begin and end, until they are closed up.
    catalogue.set_use_isolating(true);
    catalogue
});

/// `say!(language, "id", name = value, ...)`: a message of the catalogue; a name alone is the value of that name. Ids stand in the
/// source as they are, so that a test can compare them and their values with the catalogues.
macro_rules! say {
    (@value $name:ident) => {
        $crate::language::Value::from($name)
    };
    (@value $name:ident = $value:expr) => {
        $crate::language::Value::from($value)
    };
    ($language:expr, $id:literal $(, $name:ident $(= $value:expr)?)* $(,)?) => {
        $crate::language::Language::fill(
            $language,
            $id,
            [$((stringify!($name), $crate::language::say!(@value $name $(= $value)?))),*],
        )
    };
}
pub(crate) use say;

impl Language {
    pub const ALL: [Language; 2] = [Language::English, Language::Chinese];

    /// As pages name it (BCP 47).
    pub fn tag(self) -> &'static str {
        match self {
            Language::English => "en",
            Language::Chinese => "zh-CN",
        }
    }

    /// The language of a locale, as BCP 47 (`zh-CN`) or POSIX (`zh_CN.UTF-8`, `C`) writes it; `None` where there is no catalogue
    /// of it, as of Chinese in traditional characters.
    pub fn of_locale(name: &str) -> Option<Self> {
        let name = name.split(['.', '@']).next().unwrap_or_default();
        match name.to_ascii_lowercase().replace('_', "-").as_str() {
            "c" | "posix" | "en" => Some(Language::English),
            "zh" | "zh-cn" | "zh-sg" | "zh-hans" | "zh-hans-cn" | "zh-hans-sg" => Some(Language::Chinese),
            name => name.starts_with("en-").then_some(Language::English),
        }
    }

    /// The text of the catalogue.
    pub fn messages(self) -> &'static str {
        match self {
            Language::English => include_str!("en.ftl"),
            Language::Chinese => include_str!("zh-CN.ftl"),
        }
    }

    fn catalogue(self) -> &'static Catalogue {
        match self {
            Language::English => &ENGLISH,
            Language::Chinese => &CHINESE,
        }
    }

    /// A catalogue of this language. Whatever of it cannot be read is missing from it and shows as such; a test finds all of it readable.
    pub(crate) fn read(self, messages: &str) -> Catalogue {
        let mut catalogue =
            FluentBundle::new_concurrent(self.tag().parse::<LanguageIdentifier>().into_iter().collect());
        // Marks of direction would be copied along with names and figures.
        catalogue.set_use_isolating(false);
        let (Ok(messages) | Err((messages, _))) = FluentResource::try_new(messages.to_owned());
        catalogue.add_resource_overriding(messages);
        catalogue
    }

    /// The message of that id. Without one the English one, and without that the id, so that it is seen.
    pub fn fill<'a, const N: usize>(self, id: &str, values: [(&'static str, Value<'a>); N]) -> String {
        let values: FluentArgs<'a> = values.map(|(name, value)| (name, fitting(value))).into_iter().collect();
        let found = [self, Language::English].into_iter().find_map(|language| language.find(id, &values));
        found.unwrap_or_else(|| format!("[{id}]"))
    }

    fn find(self, id: &str, values: &FluentArgs<'_>) -> Option<String> {
        let catalogue = self.catalogue();
        let pattern = catalogue.get_message(id)?.value()?;
        // What a message asks for and is not given is left in it as a name in braces.
        let text = catalogue.format_pattern(pattern, Some(values), &mut Vec::new());
        Some(match self {
            Language::English => text.into_owned(),
            Language::Chinese => closed_up(&text),
        })
    }

    /// Several things in one sentence.
    pub fn list<T: AsRef<str>>(self, of: impl IntoIterator<Item = T>) -> String {
        let mut text = String::new();
        for (at, one) in of.into_iter().enumerate() {
            if at > 0 {
                text += &say!(self, "list-comma");
            }
            text += &in_one_line(one.as_ref());
        }
        text
    }
}

/// Stand around each value of a message in Chinese.
const EDGES: [char; 2] = ['\u{2068}', '\u{2069}'];

/// Chinese sets a space beside letters and digits alone, and messages hold one beside each value, as if it were of these. Beside a
/// value in Chinese, or in marks of full width, it goes; within values nothing is touched.
fn closed_up(text: &str) -> String {
    let (mut plain, mut rest, mut is_behind_edge) = (String::with_capacity(text.len()), text, false);
    while let Some(c) = rest.chars().next() {
        rest = &rest[c.len_utf8()..];
        if EDGES.contains(&c) {
            is_behind_edge = true;
            continue;
        }
        let after = rest.trim_start_matches(EDGES);
        let is_beside_value = is_behind_edge || after.len() < rest.len();
        is_behind_edge = false;
        if c == ' ' && is_beside_value && closes_up(plain.chars().next_back(), after.chars().next()) {
            continue;
        }
        plain.push(c);
    }
    plain
}

fn closes_up(before: Option<char>, after: Option<char>) -> bool {
    let is_mark = |c: char| matches!(c, '“' | '”' | '\u{3000}'..='\u{303f}' | '\u{ff00}'..='\u{ff60}');
    let is_word = |c: char| ('\u{4e00}'..='\u{9fff}').contains(&c);
    match (before, after) {
        (Some(before), Some(after)) => {
            is_mark(before) || is_mark(after) || (is_word(before) && is_word(after))
        }
        (None, _) | (_, None) => false,
    }
}

/// What no count reaches stands as it is written: the rules of plurals end at whole numbers of 64 bits. And no text that comes from
/// elsewhere begins a line of a message, or holds the marks that show where a value ends.
fn fitting(value: Value<'_>) -> Value<'_> {
    const MOST: f64 = 9e15;
    match value {
        Value::Number(number) if !(0.0..MOST).contains(&number.value) => Value::from(number.as_string()),
        Value::String(text) if text.contains(EDGES) => {
            Value::from(in_one_line(&text).chars().map(visible).collect::<String>())
        }
        Value::String(text) => match in_one_line(&text) {
            Cow::Owned(one) => Value::from(one),
            Cow::Borrowed(_) => Value::String(text),
        },
        Value::Number(_) | Value::Custom(_) | Value::None | Value::Error => value,
    }
}

/// A count, of which a long one has its thousands set apart.
pub fn counted(count: u64) -> String {
    let digits = count.to_string();
    if digits.len() > 4 { grouped(&digits) } else { digits }
}

/// With thousands set apart, as both languages write them: `5,769,920.00`.
pub fn grouped(number: &str) -> String {
    let (sign, digits) = number.strip_prefix('-').map_or(("", number), |digits| ("-", digits));
    let whole = digits.find('.').unwrap_or(digits.len());
    let mut text = sign.to_owned();
    for (at, digit) in digits.char_indices() {
        if at > 0 && at < whole && (whole - at) % 3 == 0 {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn messages_are_filled_without_marks_and_by_the_rules_of_plurals() {
        let days = |language, count: u32| say!(language, "count-days", count = count);
        assert_eq!(
            (days(Language::English, 1), days(Language::English, 2)),
            ("1 day".into(), "2 days".into())
        );
        assert_eq!(days(Language::Chinese, 1), "1 天");
        assert_eq!(Language::Chinese.list(["a", "b", "c"]), "a、b、c");
        assert_eq!(Language::English.list(["a", "b"]), "a, b");
    }

    #[test]
    fn values_of_chinese_words_close_up_with_the_sentence() {
        let credits = |credits: &str| say!(Language::Chinese, "owed-credits", credits = credits);
        assert_eq!(credits("5.00 元"), "按合同的补救条款，应抵扣 5.00 元。");
        assert_eq!(credits("（未知）"), "按合同的补救条款，应抵扣（未知）。");
        let found = |demanded: &str| {
            say!(
                Language::Chinese,
                "finding-demanded-found",
                demanded = demanded,
                found = "“b c”",
                because = "达到要求"
            )
        };
        assert_eq!(found("“a  ”"), "要求“a  ”，实测“b c”，达到要求");
        assert_eq!(found("8 x"), "要求 8 x，实测“b c”，达到要求");
        // What somebody wrote is shown as it was, and what of it nobody would see is shown as such.
        assert_eq!(found("甲 乙”"), "要求甲 乙”，实测“b c”，达到要求");
        assert_eq!(found("a\u{2068}b"), "要求 a\u{fffd}b，实测“b c”，达到要求");
    }

    #[test]
    fn what_is_missing_is_seen() {
        assert_eq!(Language::Chinese.fill("no-such-message", []), "[no-such-message]");
        assert_eq!(Language::English.fill("count-days", []), "{$count} days");
    }

    #[test]
    fn numbers_beyond_all_counts_are_only_written() {
        for (count, text) in
            [(f64::MAX, "days"), (f64::NAN, "NaN days"), (-1.0, "-1 days"), (1.5, "1.5 days")]
        {
            let said = say!(Language::English, "count-days", count = count);
            assert!(said.ends_with(text), "{said}");
        }
        assert_eq!(say!(Language::English, "count-days", count = u64::MAX), "18446744073709552000 days");
    }

    #[test]
    fn thousands_are_set_apart() {
        assert_eq!([9999, 10_000, 1_234_567].map(counted), ["9999", "10,000", "1,234,567"]);
        for (number, text) in [
            ("5769920.00", "5,769,920.00"),
            ("999", "999"),
            ("-1000", "-1,000"),
            ("0.1234", "0.1234"),
            ("", ""),
        ] {
            assert_eq!(grouped(number), text);
        }
    }
}
