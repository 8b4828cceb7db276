//! Nito-ELD 3 as `eldc` 0.4 has it, with its own database: the same answers, to the last bit.
//!
//! A call of `eldc` makes objects of Python and waits for its lock, which takes as long as the look-ups. Here texts
//! are asked about where they are. ELD is Apache-2.0, by Nito T.M.: https://github.com/nitotm/eldc

use std::io::{Error, ErrorKind};
use std::path::PathBuf;

use pyo3::prelude::*;

use crate::eld_tables::{array, read};

const LANGUAGES: usize = 60;
/// Bytes of a text that count, and n-grams.
const MAX_BYTES: usize = 1_000;
const MAX_NGRAMS: usize = 500;
const SEEN: usize = 1 << 10;
const SLOTS: usize = 1 << 21;

const NORM_FACTOR: f32 = 0.0001;
/// Reliable is what has this part of a language's usual score, and so much more than the next one.
const MIN_PART: f32 = 0.85;
const MIN_GAP: f32 = 0.02;
const MIN_NGRAMS: usize = 3;

/// In place of an offset, the one score of an n-gram that has only one: half of all look-ups end there.
const IS_ONE: u32 = 0x80;

/// A score: a float whose last byte is the number of the language.
type Score = u32;

type Slot = (u32, u32);

#[pyclass(frozen)]
pub struct Eld {
    /// By hash: the upper half of it, and where in `scores` those of the n-gram are, or its only one.
    slots: Box<[Slot]>,
    scores: Vec<Score>,
    average: Vec<f32>,
    letters: Vec<u8>,
    ideographs: Vec<u8>,
    small: Vec<u16>,
}

/// What is used again for each text.
pub struct Scratch {
    keys: Box<[u64; SEEN]>,
    used: Box<[u32; SEEN]>,
    turn: u32,
    ngrams: Vec<u64>,
    found: Vec<u32>,
    text: Vec<u8>,
}

impl Default for Scratch {
    fn default() -> Self {
        let (keys, used) = (Box::new([0; SEEN]), Box::new([0; SEEN]));
        Self {
            keys,
            used,
            turn: 0,
            ngrams: Vec::with_capacity(MAX_NGRAMS),
            found: Vec::with_capacity(MAX_NGRAMS),
            text: Vec::with_capacity(MAX_BYTES),
        }
    }
}

/// How well a text fits each language, before it is brought to a common scale; of so many n-grams.
pub struct Fit {
    raw: [f32; LANGUAGES],
    ngrams: usize,
}

#[derive(Clone, Copy, PartialEq)]
enum Kind {
    Other,
    Letter,
    Ideograph,
    Apostrophe,
}

#[pymethods]
impl Eld {
    /// Read the database from a folder with ELD's sources.
    #[new]
    fn new(folder: PathBuf) -> PyResult<Self> {
        let mut unicode = read(&folder.join("eld_unicode_bits.h"))?;
        let mut lowering = read(&folder.join("eld_tolower.h"))?;
        let mut database = read(&folder.join("large_db.h"))?;
        let bytes = |array: Vec<u32>| array.into_iter().map(|one| one as u8).collect();
        let letters = bytes(array(&mut unicode, "LETTER_BITS", Some(8192))?);
        let ideographs = bytes(array(&mut unicode, "CJK_BITS", Some(8192))?);
        let small =
            array(&mut lowering, "TOLOWER_BMP2", Some(1920))?.into_iter().map(|one| one as u16).collect();
        let average = array(&mut database, "ELD_avg_score", Some(LANGUAGES))?;
        let scores = array(&mut database, "ELD_blob", None)?;
        let mut slots = Vec::with_capacity(SLOTS);
        for slot in array(&mut database, "ELD_hashtable", Some(2 * SLOTS))?.chunks_exact(2) {
            let (at, count) = ((slot[1] & 0xFF_FFFF) as usize, (slot[1] >> 24) as usize);
            let some = scores.get(at..at + count).filter(|_| count < IS_ONE as usize);
            slots.push(match some {
                Some([one]) => (slot[0], one | IS_ONE),
                Some(_) => (slot[0], slot[1] << 8 | count as u32),
                None => {
                    return Err(Error::new(ErrorKind::InvalidData, "ELD's database is another one").into())
                }
            });
        }
        let average = average.into_iter().map(f32::from_bits).collect();
        Ok(Self { slots: slots.into_boxed_slice(), scores, average, letters, ideographs, small })
    }

    /// Return the number of the best language, if there is one, and whether that is reliable.
    fn detect(&self, text: &str) -> (Option<usize>, bool) {
        self.best(&self.fit(text, &mut Scratch::default()))
    }

    /// Return the numbers of up to so many languages with their scores, the best first, and whether it is reliable.
    fn score(&self, text: &str, most: usize) -> (Vec<(usize, f64)>, bool) {
        let fit = self.fit(text, &mut Scratch::default());
        (self.scored(&fit, most), self.best(&fit).1)
    }
}

impl Eld {
    pub fn fit(&self, text: &str, scratch: &mut Scratch) -> Fit {
        self.lower(start(text.as_bytes()), &mut scratch.text);
        scratch.begin();
        let text = std::mem::take(&mut scratch.text);
        self.find_ngrams(&text, scratch);
        scratch.text = text;
        let mut raw = [1.0; LANGUAGES];
        // What waits for memory is asked for before it is needed: slots by `add`, here their scores, and all are added
        // up only then.
        scratch.found.clear();
        for hash in &scratch.ngrams {
            let found = self.look_up(*hash);
            if found & IS_ONE == 0 {
                fetch(&self.scores, (found >> 8) as usize);
            }
            scratch.found.push(found);
        }
        for found in &scratch.found {
            if found & IS_ONE != 0 {
                add(&mut raw, found & !IS_ONE);
            } else {
                let from = (found >> 8) as usize;
                self.scores[from..from + (found & 0x7F) as usize]
                    .iter()
                    .for_each(|score| add(&mut raw, *score));
            }
        }
        Fit { raw, ngrams: scratch.ngrams.len() }
    }

    /// Return where the scores of an n-gram are, or its only one; 0, which is no scores, if it has none.
    #[inline]
    fn look_up(&self, hash: u64) -> u32 {
        let mark = match (hash >> 32) as u32 {
            0 => 1,
            mark => mark,
        };
        let mut at = hash as usize & (SLOTS - 1);
        loop {
            match self.slots[at] {
                (0, _) => return 0,
                (one, found) if one == mark => return found,
                _ => at = (at + 1) & (SLOTS - 1),
            }
        }
    }

    /// Return the number of the best language, if there is one, and whether that is reliable.
    pub fn best(&self, fit: &Fit) -> (Option<usize>, bool) {
        let (mut best, mut highest, mut second) = (None, 1.0, 1.0);
        for (at, raw) in fit.raw.iter().enumerate() {
            if *raw > highest {
                (best, second, highest) = (Some(at), highest, *raw);
            } else if *raw > second {
                second = *raw;
            }
        }
        let Some(at) = best.filter(|_| fit.ngrams >= MIN_NGRAMS) else {
            return (best, false);
        };
        let (score, next) = (fit.scaled(highest), if second > 1.0 { fit.scaled(second) } else { 0.0 });
        // As ELD asks, also of what is no number.
        let is_poor = score <= 0.0 || score < MIN_PART * self.average[at] || score - next <= MIN_GAP;
        (best, !is_poor)
    }

    /// Return the numbers of up to so many languages with their scores, the best first.
    pub fn scored(&self, fit: &Fit, most: usize) -> Vec<(usize, f64)> {
        let mut found: Vec<_> = fit.raw.iter().copied().enumerate().filter(|(_, raw)| *raw > 1.0).collect();
        found.sort_by(|one, other| other.1.total_cmp(&one.1));
        found.truncate(most);
        found.into_iter().map(|(at, raw)| (at, f64::from(fit.scaled(raw)))).collect()
    }

    fn lower(&self, text: &[u8], small: &mut Vec<u8>) {
        small.clear();
        let mut at = 0;
        while at < text.len() {
            let first = text[at];
            let width = width(first).min(text.len() - at);
            match (first, &text[at..at + width]) {
                (..0x80, _) => small.push(first.to_ascii_lowercase()),
                (_, &[_, second]) => {
                    let code = (u16::from(first & 0x1F) << 6) | u16::from(second & 0x3F);
                    let to = match self.small[usize::from(code) - 0x80] {
                        0 => code,
                        to => to,
                    };
                    small.extend([0xC0 | (to >> 6) as u8, 0x80 | (to & 0x3F) as u8]);
                }
                (_, &[_, second, third]) => small.extend(lowered_three(first, second, third)),
                (_, others) => small.extend_from_slice(others),
            }
            at += width;
        }
    }

    fn find_ngrams(&self, text: &[u8], scratch: &mut Scratch) {
        let mut at = 0;
        while at < text.len() && scratch.ngrams.len() < MAX_NGRAMS {
            let (kind, width) = self.kind(&text[at..]);
            let start = at;
            at += width;
            match kind {
                Kind::Ideograph => scratch.add(&[b" ", &text[start..at], b" "], &self.slots),
                Kind::Letter => {
                    at = self.word_end(text, at);
                    add_word(&text[start..at], scratch, &self.slots);
                }
                _ => {}
            }
        }
    }

    fn word_end(&self, text: &[u8], mut at: usize) -> usize {
        while at < text.len() {
            let (kind, width) = self.kind(&text[at..]);
            let is_inside = match kind {
                Kind::Letter => true,
                Kind::Apostrophe => {
                    let behind = &text[at + width..];
                    !behind.is_empty() && self.kind(behind).0 == Kind::Letter
                }
                _ => false,
            };
            if !is_inside {
                break;
            }
            at += width;
        }
        at
    }

    /// Return what a text begins with, and how many bytes that takes.
    #[inline]
    fn kind(&self, text: &[u8]) -> (Kind, usize) {
        let first = text[0];
        let is_in = |bits: &[u8], code: usize| bits[code >> 3] >> (code & 7) & 1 != 0;
        let letter = |is: bool| if is { Kind::Letter } else { Kind::Other };
        let code = |width: usize, bits: u8| {
            let more = text[1..width].iter();
            more.fold(usize::from(first & bits), |code, byte| code << 6 | usize::from(byte & 0x3F))
        };
        match first {
            b'a'..=b'z' | b'A'..=b'Z' => (Kind::Letter, 1),
            b'\'' | b'`' => (Kind::Apostrophe, 1),
            ..0xC2 => (Kind::Other, 1),
            0xC2..0xE0 => (letter(is_in(&self.letters, code(2, 0x1F))), 2),
            0xE0..0xF0 => {
                let code = code(3, 0x0F);
                let kind = if code == 0x2019 {
                    Kind::Apostrophe
                } else if (0x1100..=0xFFDC).contains(&code) && is_in(&self.ideographs, code) {
                    Kind::Ideograph
                } else {
                    letter(is_in(&self.letters, code))
                };
                (kind, 3)
            }
            _ => {
                let is_ideograph = matches!(
                    code(4, 0x07),
                    0x20000..=0x2A6DF | 0x2A700..=0x2CEAF | 0x2CEB0..=0x2EBEF | 0x2F800..=0x2FA1F
                );
                (if is_ideograph { Kind::Ideograph } else { Kind::Other }, 4)
            }
        }
    }
}

impl Fit {
    fn scaled(&self, raw: f32) -> f32 {
        1.0 - (-NORM_FACTOR / self.ngrams as f32 * raw).exp()
    }
}

impl Scratch {
    fn begin(&mut self) {
        self.ngrams.clear();
        self.turn += 1;
    }

    /// Add an n-gram of eight bytes at most, if it is new.
    #[inline]
    fn add(&mut self, parts: &[&[u8]], slots: &[Slot]) {
        if self.ngrams.len() == MAX_NGRAMS {
            return;
        }
        let (mut bytes, mut size) = ([0; 8], 0);
        for part in parts {
            bytes[size..size + part.len()].copy_from_slice(part);
            size += part.len();
        }
        let key = u64::from_le_bytes(bytes);
        let hash = hash(key);
        fetch(slots, hash as usize & (SLOTS - 1));
        let mut at = (hash as u32 >> 22) as usize % SEEN;
        while self.used[at] == self.turn {
            if self.keys[at] == key {
                return;
            }
            at = (at + 1) % SEEN;
        }
        self.used[at] = self.turn;
        self.keys[at] = key;
        self.ngrams.push(hash);
    }
}

fn add_word(word: &[u8], scratch: &mut Scratch, slots: &[Slot]) {
    if word.len() <= 6 {
        scratch.add(&[b" ", word, b" "], slots);
        return;
    }
    scratch.add(&[b" ", &word[..6]], slots);
    let mut at = 6;
    while at + 6 < word.len() {
        scratch.add(&[&word[at..at + 6]], slots);
        at += 6;
    }
    scratch.add(&[&word[word.len() - 6..], b" "], slots);
}

/// Let the processor fetch one of many things, which is needed soon.
#[inline]
pub fn fetch<T>(things: &[T], at: usize) {
    #[cfg(target_arch = "x86_64")]
    if let Some(thing) = things.get(at) {
        use std::arch::x86_64::{_mm_prefetch, _MM_HINT_T0};
        // It is a hint, which reads nothing.
        unsafe { _mm_prefetch::<_MM_HINT_T0>(std::ptr::from_ref(thing).cast()) };
    }
    #[cfg(not(target_arch = "x86_64"))]
    let _ = (things, at);
}

#[inline]
fn add(raw: &mut [f32; LANGUAGES], score: Score) {
    let language = (score & 0x7F) as usize;
    if language < LANGUAGES {
        raw[language] += f32::from_bits(score & 0xFFFF_FF00);
    }
}

fn hash(key: u64) -> u64 {
    let mixed = (key ^ key >> 30).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    mixed ^ mixed >> 27
}

/// Return the part of a text that counts: whole characters.
fn start(text: &[u8]) -> &[u8] {
    let mut end = text.len().min(MAX_BYTES);
    while end > 0 && end < text.len() && text[end] & 0xC0 == 0x80 {
        end -= 1;
    }
    &text[..end]
}

fn width(first: u8) -> usize {
    match first {
        ..0x80 => 1,
        0x80..0xE0 => 2,
        0xE0..0xF0 => 3,
        _ => 4,
    }
}

fn lowered_three(first: u8, second: u8, third: u8) -> [u8; 3] {
    match (first, second, third) {
        (0xE1, 0x82, 0xA0..) => [0xE2, 0xB4, third - 0x20],
        (0xE1, 0x83, 0x80..=0x85) => [0xE2, 0xB4, third + 0x20],
        (0xE1, 0xB8..=0xBB, _) if third & 1 == 0 && (second, third) != (0xBA, 0x9E) => {
            [first, second, third + 1]
        }
        (0xEF, 0xBC, 0xA1..=0xBA) => [0xEF, 0xBD, third - 0x20],
        _ => [first, second, third],
    }
}
