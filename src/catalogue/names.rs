//! What card a name means: one, several, or none that the catalogue knows.
//! Owns names and their words; must not know contracts or devices. A name never proves anything.

use super::Gpu;
use crate::nearest::nearest;

/// What a name means.
#[derive(Clone, Debug)]
pub enum Resolved<'a> {
    One(&'a Gpu),
    /// It fits these, and says too little to choose.
    Several(Vec<&'a Gpu>),
    None {
        /// A card that was perhaps meant.
        nearest: Option<&'a Gpu>,
    },
    /// It says how many cards (`8x H100`), and behind that fits these.
    Counted {
        count: u32,
        cards: Vec<&'a Gpu>,
    },
}

/// A name that does not mean one card.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum UnclearName {
    #[error("{name:?} fits several cards: {}; name one of them", .fits.join(", "))]
    Several { name: String, fits: Vec<String> },
    #[error("the catalogue knows no card {name:?}{}; `assay catalogue list` shows all", hint(.nearest))]
    Unknown { name: String, nearest: Option<String> },
    #[error("{name:?} says how many cards too; name the card alone{}, and write devices = {count} in a contract, or --gpus-per-node \
             {count} for a new one", these(.fits))]
    Counted { name: String, count: u32, fits: Vec<String> },
}

fn these(fits: &[String]) -> String {
    let quoted: Vec<String> = fits.iter().map(|name| format!("{name:?}")).collect();
    if quoted.is_empty() { String::new() } else { format!(", {}", quoted.join(" or ")) }
}

fn hint(nearest: &Option<String>) -> String {
    nearest.as_ref().map_or(String::new(), |name| format!(", did you mean {name:?}"))
}

impl<'a> Resolved<'a> {
    /// The one card that `name` was resolved to.
    pub fn one(self, name: &str) -> Result<&'a Gpu, UnclearName> {
        // An absurdly long name is cut: the message must stay readable.
        let name = || name.chars().take(80).collect();
        let names = |gpus: Vec<&Gpu>| gpus.into_iter().map(|gpu| gpu.name.clone()).collect();
        match self {
            Resolved::One(gpu) => Ok(gpu),
            Resolved::Several(several) => Err(UnclearName::Several { name: name(), fits: names(several) }),
            Resolved::Counted { count, cards } => {
                Err(UnclearName::Counted { name: name(), count, fits: names(cards) })
            }
            Resolved::None { nearest } => {
                Err(UnclearName::Unknown { name: name(), nearest: nearest.map(|gpu| gpu.name.clone()) })
            }
        }
    }
}

/// Makers, which some sources leave out.
const MAKERS: [&str; 13] = [
    "nvidia",
    "amd",
    "intel",
    "corporation",
    "r",
    "tm",
    "huawei",
    "moore",
    "threads",
    "hygon",
    "cambricon",
    "habana",
    "tesla",
];

/// Families of products and fillers, without which a card is known as well.
const FAMILIES: [&str; 10] =
    ["geforce", "instinct", "ascend", "mtt", "dcu", "generation", "edition", "gpu", "accelerator", "oam"];

/// What drivers call cards of which that does not have the words: without the maker, and the card's name.
const DRIVERS: [(&str, &str); 2] = [("h100 80gb hbm3", "H100 SXM5 80GB"), ("b300 sxm6 ac", "B300 SXM")];

/// The card among `gpus` that `name` means.
///
/// Every word of the name must be one of the card: of its name, its architecture or its sizes of memory. Where all words of one
/// card's name are there too it is that card, so that `L40` is not `L40S`. Where only one fits it is that one, so that
/// `H100 SXM` is `H100 SXM5 80GB`, provided that the name says the model.
pub fn resolve<'a>(name: &str, gpus: &'a [Gpu]) -> Resolved<'a> {
    let Some((count, mut of)) = counted(name) else { return uncounted(name, gpus) };
    while let Some((_, within)) = counted(of) {
        of = within;
    }
    let cards = match uncounted(of, gpus) {
        Resolved::One(gpu) => vec![gpu],
        Resolved::Several(gpus) | Resolved::Counted { cards: gpus, .. } => gpus,
        Resolved::None { nearest } => nearest.into_iter().collect(),
    };
    Resolved::Counted { count, cards }
}

/// A number of cards, and what is counted: `8x H100`, `8 × H100`, `8*H100`, `H100*8`.
fn counted(name: &str) -> Option<(u32, &str)> {
    let name = name.trim();
    let digits = name.bytes().take_while(u8::is_ascii_digit).count();
    let of = name[digits..].trim_start().strip_prefix(['x', 'X', '×', '*']);
    if let (Some(of), Ok(count)) = (of, name[..digits].parse()) {
        return Some((count, of.trim()));
    }
    // An x behind is part of a name, such as `MLU370-X8`.
    let (of, count) = name.rsplit_once(['×', '*'])?;
    Some((count.trim().parse().ok()?, of.trim()))
}

fn uncounted<'a>(name: &str, gpus: &'a [Gpu]) -> Resolved<'a> {
    let wanted = key(name);
    if wanted.is_empty() {
        return Resolved::None { nearest: None };
    }
    if let Some(gpu) = by_driver(&wanted).and_then(|card| gpus.iter().find(|gpu| gpu.name == card)) {
        return Resolved::One(gpu);
    }
    let fits: Vec<(&Gpu, Fit)> = gpus.iter().filter_map(|gpu| Some((gpu, fit(&wanted, gpu)?))).collect();
    let exact: Vec<&Gpu> = fits.iter().filter(|(_, fit)| fit.whole).map(|(gpu, _)| *gpu).collect();
    match (&exact[..], &fits[..]) {
        ([one], _) => Resolved::One(one),
        ([], [(one, fit)]) if fit.model => Resolved::One(one),
        // A bare `Workstation` is no name, though only one card has the word.
        ([], [(one, _)]) => Resolved::None { nearest: Some(one) },
        ([], []) => Resolved::None { nearest: near(&wanted, gpus) },
        ([], several) => Resolved::Several(several.iter().map(|(gpu, _)| *gpu).collect()),
        (several, _) => Resolved::Several(several.to_vec()),
    }
}

/// The card that a driver calls so.
fn by_driver(wanted: &[String]) -> Option<&'static str> {
    let known = DRIVERS.iter().find(|(words, _)| *words == wanted.join(" "));
    known.map(|(_, card)| *card)
}

/// Whether a name says the model of some card among `gpus` and can mean `this` one by no word left out.
pub fn means_another(name: &str, this: &Gpu, gpus: &[Gpu]) -> bool {
    let wanted = key(name);
    match by_driver(&wanted) {
        Some(card) => card != this.name,
        None => {
            let means = |gpu: &Gpu| fit(&wanted, gpu).is_some_and(|fit| fit.model);
            fit(&wanted, this).is_none() && gpus.iter().any(means)
        }
    }
}

/// How far a name goes that fits a card.
struct Fit {
    /// It has all words of the card's name.
    whole: bool,
    /// It has the card's model.
    model: bool,
}

/// No word is written apart in more pieces (`RTX 40 90 D`).
const PIECES_MAX: usize = 4;

/// `None` where a word of the name is none of the card's.
fn fit(wanted: &[String], gpu: &Gpu) -> Option<Fit> {
    let own = key(&gpu.name);
    let arch = words(&gpu.arch);
    let mut used = vec![false; own.len()];
    let mut at = 0;
    while at < wanted.len() {
        // `RTX4090` and `80 GB` are the same words as `RTX 4090` and `80GB`.
        let longest = (at + PIECES_MAX).min(wanted.len());
        let next = (at + 1..=longest).rev().find(|end| {
            let word = wanted[at..*end].concat();
            mark(&word, &own, gpu, &mut used) || arch.contains(&word)
        });
        at = next?;
    }
    let model = own.iter().position(|word| is_model(word));
    Some(Fit { whole: used.iter().all(|used| *used), model: model.is_some_and(|model| used[model]) })
}

/// Marks what `word` stands for in a card's name. Whether it stands for anything.
fn mark(word: &str, own: &[String], gpu: &Gpu, used: &mut [bool]) -> bool {
    if let Some(gb) = size(word) {
        if !gpu.memory_sizes().any(|size| size == gb) {
            return false;
        }
        for (word, used) in own.iter().zip(used) {
            *used |= size(word).is_some();
        }
        return true;
    }
    for from in 0..own.len() {
        for to in from + 1..=(from + PIECES_MAX).min(own.len()) {
            if own[from..to].concat() == word {
                used[from..to].fill(true);
                return true;
            }
        }
    }
    let same = |known: &String| is_form_of(known, word) || is_form_of(word, known);
    let found = own.iter().position(same);
    found.inspect(|at| used[*at] = true).is_some()
}

/// The card whose name is written most nearly like this.
fn near<'a>(wanted: &[String], gpus: &'a [Gpu]) -> Option<&'a Gpu> {
    let keys: Vec<String> = gpus.iter().map(|gpu| key(&gpu.name).concat()).collect();
    let closest = nearest(&wanted.concat(), keys.iter().map(String::as_str))?;
    gpus.iter().zip(&keys).find(|(_, key)| key.as_str() == closest).map(|(gpu, _)| gpu)
}

/// The cards among `gpus` that a device may be by what it calls itself: those whose model is among its words. None where
/// it calls itself nothing that the catalogue knows.
pub fn named_by<'a>(name: &str, gpus: &'a [Gpu]) -> impl Iterator<Item = &'a Gpu> + use<'a> {
    let there = words(name);
    gpus.iter().filter(move |gpu| {
        let model = words(&gpu.name).into_iter().find(|word| is_model(word));
        model.is_some_and(|model| there.contains(&model))
    })
}

/// The words by which a card is known.
pub(super) fn key(name: &str) -> Vec<String> {
    words(name).into_iter().filter(|word| !FAMILIES.contains(&word.as_str())).collect()
}

/// The words of a name in lower case, without makers, which some sources leave out, and without what stands in
/// parentheses, which is the driver's.
pub fn words(name: &str) -> Vec<String> {
    let mut depth = 0u32;
    let outside: String = name
        .chars()
        .map(|c| {
            match c {
                '(' => depth += 1,
                ')' => depth = depth.saturating_sub(1),
                _ if depth == 0 => return c,
                _ => {}
            }
            ' '
        })
        .collect();
    outside
        .split(|c: char| !c.is_alphanumeric())
        .filter(|word| !word.is_empty())
        .map(str::to_lowercase)
        .filter(|word| !MAKERS.contains(&word.as_str()))
        .collect()
}

/// The model is the first word that has a digit: `h200`, `4090`, `910b1`.
fn is_model(word: &str) -> bool {
    word.bytes().any(|b| b.is_ascii_digit())
}

/// One digit more, behind letters: `sxm5` is a form of `sxm` and `910b2` one of `910b`, but `l40` none of `l4` and `rtx4090`
/// none of `rtx`.
pub fn is_form_of(known: &str, word: &str) -> bool {
    const LETTERS_MIN: usize = 3;
    let open = word.len() >= LETTERS_MIN && word.ends_with(|c: char| c.is_alphabetic());
    let rest = known.strip_prefix(word).map(str::as_bytes);
    open && rest.is_some_and(|rest| matches!(rest, [digit] if digit.is_ascii_digit()))
}

/// `80gb`, `141gib`, `80g`: a size of memory, in the unit in which cards are named.
pub fn size(word: &str) -> Option<f64> {
    let digits = word.trim_end_matches(|c: char| c.is_alphabetic());
    let is_size = matches!(&word[digits.len()..], "gb" | "gib" | "g");
    digits.parse().ok().filter(|_| is_size)
}

#[cfg(test)]
mod tests;
