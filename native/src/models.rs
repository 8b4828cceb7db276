//! What all the words of a text weigh together. The twin of `sandik.counting.tags.weighing`, which says what and why.

use std::collections::HashMap;

use pyo3::prelude::*;

use crate::characters::Characters;
use crate::folding::{Folded, ALNUM_FOLDED};
use crate::tables::Known;

/// Of each model: the rank of its entry, the least sum, the most characters of a text.
type Model = (u32, i64, u32);
/// Models of a language, and of each stem or pair of stems what it weighs in each.
pub type Told = (Vec<Model>, Vec<(String, Vec<i64>)>);

/// The bytes of a stem, and zeros: as numbers, which hash at once.
type Stem = (u64, u64, u64);
/// So many letters of UTF-8 fit into it.
const MOST_LETTERS: usize = 6;

/// The models of one language.
#[derive(Default)]
pub struct OfLanguage {
    models: Vec<Model>,
    /// By stem its number; by the numbers of two, the number of the pair.
    stems: Known<Stem, u32>,
    pairs: Known<u64, u32>,
    /// By number, what it weighs in each model.
    weights: Vec<i64>,
    most_characters: u32,
    letters: usize,
    fewest: usize,
}

pub struct Models(HashMap<String, OfLanguage>);

/// What is used again for each text: the words, with their number if they weigh something, and what is there.
#[derive(Default)]
pub struct Weighed {
    words: Vec<(Option<u32>, u32, u32)>,
    numbers: Vec<u32>,
}

impl Models {
    pub fn new(told: HashMap<String, Told>, letters: usize, fewest: usize) -> Self {
        let models =
            told.into_iter().map(|(language, told)| (language, OfLanguage::new(told, letters, fewest)));
        Self(models.collect())
    }

    /// Return the models for a text of this language, or of these two (`ru+tr`).
    pub fn of<'a>(&'a self, language: &'a str, folded: &'a Folded) -> impl Iterator<Item = &'a OfLanguage> {
        let models = language.split('+').filter_map(|code| self.0.get(code));
        models.filter(|some| folded.characters() <= some.most_characters)
    }
}

impl OfLanguage {
    fn new((models, told): Told, letters: usize, fewest: usize) -> Self {
        assert!(letters <= MOST_LETTERS, "a stem has more letters than are kept");
        let most_characters = models.iter().map(|model| model.2).max().unwrap_or(0);
        let mut new = Self { models, most_characters, letters, fewest, ..Self::default() };
        let mut pairs = Vec::new();
        for (stems, weights) in told {
            match stems.split_once(' ') {
                None => {
                    let number = new.number(&stems);
                    new.set(number, &weights);
                }
                Some((one, next)) => pairs.push((new.number(one), new.number(next), weights)),
            }
        }
        for (one, next, weights) in pairs {
            let number = new.added();
            new.pairs.insert(pair(one, next), number);
            new.set(number, &weights);
        }
        new
    }

    fn number(&mut self, stem: &str) -> u32 {
        if let Some(number) = self.stems.get(&packed(stem.as_bytes())) {
            return *number;
        }
        let number = self.added();
        self.stems.insert(packed(stem.as_bytes()), number);
        number
    }

    fn added(&mut self) -> u32 {
        let number = self.weights.len() / self.models.len();
        self.weights.extend(std::iter::repeat_n(0, self.models.len()));
        number as u32
    }

    fn set(&mut self, number: u32, weights: &[i64]) {
        let at = number as usize * self.models.len();
        self.weights[at..at + weights.len()].copy_from_slice(weights);
    }

    /// Add a term for each model that is enough for a text, and whose rank is wanted.
    pub fn weigh(
        &self,
        py: Python<'_>,
        folded: &Folded,
        characters: &Characters,
        is_wanted: impl Fn(u32) -> bool,
        weighed: &mut Weighed,
        terms: &mut Vec<(u32, u32, u32)>,
    ) -> PyResult<()> {
        self.read(py, folded, characters, weighed)?;
        let Weighed { words, numbers } = weighed;
        let Some(first) = words.first().filter(|_| words.len() >= self.fewest) else {
            return Ok(());
        };
        numbers.clear();
        numbers.extend(words.iter().filter_map(|word| word.0));
        for two in words.windows(2) {
            if let (Some(one), Some(next)) = (two[0].0, two[1].0) {
                numbers.extend(self.pairs.get(&pair(one, next)));
            }
        }
        numbers.sort_unstable();
        numbers.dedup();
        for (number, (rank, least, most)) in self.models.iter().enumerate() {
            let weight = |of: u32| self.weights[of as usize * self.models.len() + number];
            let total: i64 = numbers.iter().map(|of| weight(*of)).sum();
            if total < *least || folded.characters() > *most || !is_wanted(*rank) {
                continue;
            }
            let (mut best, mut heaviest) = (0, first);
            for word in words.iter() {
                let weight = word.0.map_or(0, weight);
                if weight > best {
                    (best, heaviest) = (weight, word);
                }
            }
            terms.push((heaviest.1, heaviest.2, *rank));
        }
        Ok(())
    }

    /// Read the words of a folded text.
    fn read(
        &self,
        py: Python<'_>,
        folded: &Folded,
        characters: &Characters,
        weighed: &mut Weighed,
    ) -> PyResult<()> {
        weighed.words.clear();
        // What is folded is UTF-8, but for halves of pairs, which became a sign of their own.
        let text = std::str::from_utf8(folded.text()).unwrap_or("");
        let is_letter = |one: char| {
            PyResult::Ok(match one.is_ascii() {
                true => one.is_ascii_alphanumeric(),
                false => characters.of(py, one)? & ALNUM_FOLDED != 0,
            })
        };
        let mut at = 0;
        for token in text.split(' ') {
            let from = at;
            at += token.len() + 1;
            let mut rest = token.char_indices();
            let mut begin = None;
            for (byte, one) in rest.by_ref() {
                if is_letter(one)? {
                    begin = Some((byte, byte + one.len_utf8()));
                    break;
                }
            }
            let Some((begin, mut stem)) = begin else {
                continue;
            };
            for (byte, one) in rest.take(self.letters - 1) {
                if is_letter(one)? {
                    stem = byte + one.len_utf8();
                }
            }
            let mut end = token.len();
            for (byte, one) in token.char_indices().rev() {
                if is_letter(one)? {
                    break;
                }
                end = byte;
            }
            let number = self.stems.get(&packed(&token.as_bytes()[begin..stem])).copied();
            let (start, last) = (folded.origins[from + begin], folded.origins[from + end - 1]);
            weighed.words.push((number, start, last + 1));
        }
        Ok(())
    }
}

/// Return a stem as numbers. None of a model has more letters than fit.
#[inline]
fn packed(stem: &[u8]) -> Stem {
    let mut bytes = [0; 24];
    let size = stem.len().min(bytes.len());
    bytes[..size].copy_from_slice(&stem[..size]);
    let number = |at: usize| u64::from_le_bytes(bytes[at..at + 8].try_into().expect("eight bytes"));
    (number(0), number(8), number(16))
}

fn pair(one: u32, next: u32) -> u64 {
    u64::from(one) << 32 | u64::from(next)
}
