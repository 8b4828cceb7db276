//! Nito-ELD 3 as `eldc` 0.4 has it, with its own database: the same answers, to the last bit.
//!
//! A call of `eldc` makes objects of Python and waits for its lock, which takes as long as the look-ups. Here texts
//! are asked about where they are. ELD is Apache-2.0, by Nito T.M.: https://github.com/nitotm/eldc

use std::io::{Error, ErrorKind};
use std::path::PathBuf;

use pyo3::prelude::*;

use crate::eld_tables::{array, read};
use crate::tables::{fetch, rank, Table, Taken};

const LANGUAGES: usize = 60;
/// Bytes of a text that count, and n-grams.
const MAX_BYTES: usize = 1_000;
const MAX_NGRAMS: usize = 500;
const SEEN: usize = 1 << 10;
/// Characters of up to two bytes have a table of their own, the others are rare.
const COMMON: usize = 0x800;
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

#[pyclass(frozen)]
pub struct Eld {
    /// Which slots of hashes are taken; of each of these the upper half of the hash, and where the scores of its n-gram
    /// are, or its only one; the scores of those that have several.
    table: Table<u32>,
    slots: usize,
    scores: usize,
    average: Vec<f32>,
    signs: Signs,
}

/// What ELD knows of characters.
struct Signs {
    letters: Vec<u8>,
    ideographs: Vec<u8>,
    /// By code: the small letter, in as many bytes, and above it the kind.
    common: Box<[u16; COMMON]>,
}

/// What is used again for each text: its small letters so far, and the word that it ends with.
pub struct Scratch {
    keys: Box<[u64; SEEN]>,
    used: Box<[u32; SEEN]>,
    turn: u32,
    hashes: Vec<u64>,
    /// Of the n-grams that may have scores the hashes, and which slots to look into.
    places: Vec<(u64, usize)>,
    found: Vec<u32>,
    /// Eight bytes longer, so that eight can be taken from anywhere.
    text: Box<[u8; MAX_BYTES + 8]>,
    length: usize,
    is_full: bool,
    word: Option<usize>,
    /// Where an apostrophe is that belongs to the word if a letter follows.
    apostrophe: Option<usize>,
}

impl Default for Scratch {
    fn default() -> Self {
        Self {
            keys: Box::new([0; SEEN]),
            used: Box::new([0; SEEN]),
            turn: 0,
            hashes: Vec::with_capacity(MAX_NGRAMS),
            places: Vec::with_capacity(MAX_NGRAMS),
            found: Vec::with_capacity(MAX_NGRAMS),
            text: Box::new([0; MAX_BYTES + 8]),
            length: 0,
            is_full: false,
            word: None,
            apostrophe: None,
        }
    }
}

/// How well a text fits each language, before it is brought to a common scale; of so many n-grams.
pub struct Fit {
    /// By the number of a language, and more that are none.
    raw: [f32; 0x80],
    ngrams: usize,
}

#[derive(Clone, Copy, PartialEq)]
enum Kind {
    Other,
    Letter,
    Ideograph,
    Apostrophe,
}

const KINDS: [Kind; 4] = [Kind::Other, Kind::Letter, Kind::Ideograph, Kind::Apostrophe];

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
        let small = array(&mut lowering, "TOLOWER_BMP2", Some(COMMON - 0x80))?;
        let average = array(&mut database, "ELD_avg_score", Some(LANGUAGES))?;
        let scores = array(&mut database, "ELD_blob", None)?;
        let (mut slots, mut several) = (Vec::new(), Vec::new());
        let pairs = array(&mut database, "ELD_hashtable", Some(2 * SLOTS))?;
        let taken = Taken::of(pairs.chunks_exact(2).map(|slot| slot[0] != 0)).0;
        for slot in pairs.chunks_exact(2).filter(|slot| slot[0] != 0) {
            let (at, count) = ((slot[1] & 0xFF_FFFF) as usize, (slot[1] >> 24) as usize);
            let found = match scores.get(at..at + count).filter(|_| count < IS_ONE as usize) {
                Some([one]) => one | IS_ONE,
                Some(some) => {
                    let at = several.len() as u32;
                    several.extend_from_slice(some);
                    at << 8 | count as u32
                }
                None => {
                    return Err(Error::new(ErrorKind::InvalidData, "ELD's database is another one").into())
                }
            };
            slots.extend([slot[0], found]);
        }
        let (begin_slots, begin_scores) = (taken.len(), taken.len() + slots.len());
        let table = Table::new(&[&taken, &slots, &several]);
        let average = average.into_iter().map(f32::from_bits).collect();
        let signs = Signs::new(letters, ideographs, &small);
        Ok(Self { table, slots: begin_slots, scores: begin_scores, average, signs })
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
        scratch.begin();
        text.chars().for_each(|one| self.read(u32::from(one), scratch));
        self.fit_of_read(scratch)
    }

    /// Read the next character of a text.
    #[inline]
    pub fn read(&self, character: u32, scratch: &mut Scratch) {
        let entry = match self.signs.common.get(character as usize) {
            Some(entry) => u32::from(*entry),
            None => return self.read_rare(character, scratch),
        };
        let (small, kind) = (entry & (COMMON as u32 - 1), KINDS[entry as usize / COMMON % KINDS.len()]);
        let at = scratch.length;
        if character < 0x80 {
            scratch.put([small as u8, 0, 0, 0], 1);
        } else {
            scratch.put([0xC0 | (small >> 6) as u8, 0x80 | (small & 0x3F) as u8, 0, 0], 2);
        }
        scratch.take(kind, at, &self.table);
    }

    #[cold]
    fn read_rare(&self, character: u32, scratch: &mut Scratch) {
        let mut bytes = [0; 4];
        let character = char::from_u32(character).unwrap_or(char::REPLACEMENT_CHARACTER);
        let width = character.encode_utf8(&mut bytes).len();
        if width == 3 {
            let [first, second, third, _] = bytes;
            bytes[..3].copy_from_slice(&lowered_three(first, second, third));
        }
        let at = scratch.length;
        scratch.put(bytes, width);
        scratch.take(self.signs.kind(&bytes[..width]), at, &self.table);
    }

    /// Return how the characters that were read fit each language.
    pub fn fit_of_read(&self, scratch: &mut Scratch) -> Fit {
        scratch.end_word(scratch.length, &self.table);
        let mut raw = [1.0; 0x80];
        // What waits for memory is asked for before it is needed: slots by `add`, here their scores, and all are added
        // up only then.
        let ngrams = scratch.hashes.len();
        let (slots, scores) = (&self.table[self.slots..self.scores], &self.table[self.scores..]);
        // Where slots are, is asked of a small table; where they are not, of no other.
        scratch.places.clear();
        for hash in &scratch.hashes {
            if let Some(at) = rank(&self.table, *hash as usize & (SLOTS - 1)) {
                fetch(slots, 2 * at);
                scratch.places.push((*hash, at));
            }
        }
        scratch.found.clear();
        for (hash, at) in &scratch.places {
            let found = self.look_up(*hash, *at, slots);
            if found & IS_ONE == 0 {
                fetch(scores, (found >> 8) as usize);
            }
            scratch.found.push(found);
        }
        for found in &scratch.found {
            if found & IS_ONE != 0 {
                add(&mut raw, found & !IS_ONE);
            } else {
                let from = (found >> 8) as usize;
                scores[from..from + (found & 0x7F) as usize].iter().for_each(|score| add(&mut raw, *score));
            }
        }
        Fit { raw, ngrams }
    }

    /// Return where the scores of an n-gram are, or its only one; 0, which is no scores, if it has none. `at`: the slot
    /// to begin with; taken ones that follow it without a gap follow it in the table.
    #[inline]
    fn look_up(&self, hash: u64, mut at: usize, slots: &[u32]) -> u32 {
        let mark = match (hash >> 32) as u32 {
            0 => 1,
            mark => mark,
        };
        let mut place = hash as usize & (SLOTS - 1);
        loop {
            if slots[2 * at] == mark {
                return slots[2 * at + 1];
            }
            place = (place + 1) & (SLOTS - 1);
            match rank(&self.table, place) {
                Some(next) => at = next,
                None => return 0,
            }
        }
    }

    /// Return the number of the best language, if there is one, and whether that is reliable.
    pub fn best(&self, fit: &Fit) -> (Option<usize>, bool) {
        let (mut best, mut highest, mut second) = (None, 1.0, 1.0);
        for (at, raw) in fit.raw[..LANGUAGES].iter().enumerate() {
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
        let mut found: Vec<_> =
            fit.raw[..LANGUAGES].iter().copied().enumerate().filter(|(_, raw)| *raw > 1.0).collect();
        found.sort_by(|one, other| other.1.total_cmp(&one.1));
        found.truncate(most);
        found.into_iter().map(|(at, raw)| (at, f64::from(fit.scaled(raw)))).collect()
    }
}

impl Signs {
    fn new(letters: Vec<u8>, ideographs: Vec<u8>, small: &[u32]) -> Self {
        let mut signs = Self { letters, ideographs, common: Box::new([0; COMMON]) };
        for code in 0..COMMON {
            let ascii = code as u8;
            let (small, kind) = if code < 0x80 {
                (usize::from(ascii.to_ascii_lowercase()), signs.kind(&[ascii.to_ascii_lowercase()]))
            } else {
                let small = match small[code - 0x80] as usize {
                    0 => code,
                    small => small,
                };
                (small, signs.kind(&[0xC0 | (small >> 6) as u8, 0x80 | (small & 0x3F) as u8]))
            };
            signs.common[code] = (small + COMMON * kind as usize) as u16;
        }
        signs
    }

    fn kind(&self, character: &[u8]) -> Kind {
        let first = character[0];
        let is_in = |bits: &[u8], code: usize| bits[code >> 3] >> (code & 7) & 1 != 0;
        let letter = |is: bool| if is { Kind::Letter } else { Kind::Other };
        let code = |width: usize, bits: u8| {
            let more = character[1..width].iter();
            more.fold(usize::from(first & bits), |code, byte| code << 6 | usize::from(byte & 0x3F))
        };
        match first {
            b'a'..=b'z' | b'A'..=b'Z' => Kind::Letter,
            b'\'' | b'`' => Kind::Apostrophe,
            ..0xC2 => Kind::Other,
            0xC2..0xE0 => letter(is_in(&self.letters, code(2, 0x1F))),
            0xE0..0xF0 => {
                let code = code(3, 0x0F);
                if code == 0x2019 {
                    Kind::Apostrophe
                } else if (0x1100..=0xFFDC).contains(&code) && is_in(&self.ideographs, code) {
                    Kind::Ideograph
                } else {
                    letter(is_in(&self.letters, code))
                }
            }
            _ => {
                let is_ideograph = matches!(
                    code(4, 0x07),
                    0x20000..=0x2A6DF | 0x2A700..=0x2CEAF | 0x2CEB0..=0x2EBEF | 0x2F800..=0x2FA1F
                );
                if is_ideograph {
                    Kind::Ideograph
                } else {
                    Kind::Other
                }
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
    pub fn begin(&mut self) {
        self.hashes.clear();
        self.turn += 1;
        (self.length, self.is_full, self.word, self.apostrophe) = (0, false, None, None);
    }

    /// Put a character behind the others, if there is room for all of it. What is behind it counts for nothing.
    #[inline]
    fn put(&mut self, bytes: [u8; 4], width: usize) {
        self.is_full |= self.length + width > MAX_BYTES;
        if !self.is_full {
            if let Some(place) = self.text[self.length..].first_chunk_mut() {
                *place = bytes;
            }
            self.length += width;
        }
    }

    /// Take note of what kind of character was put at a place.
    #[inline]
    fn take(&mut self, kind: Kind, at: usize, table: &[u32]) {
        if self.is_full {
            return;
        }
        match kind {
            Kind::Letter => {
                self.word.get_or_insert(at);
                self.apostrophe = None;
            }
            Kind::Apostrophe if self.word.is_some() && self.apostrophe.is_none() => {
                self.apostrophe = Some(at)
            }
            _ => self.end_word(at, table),
        }
        if kind == Kind::Ideograph {
            self.add(between_spaces(self.bytes(at), self.length - at), table);
        }
    }

    /// Add the n-grams of the word that ends here, if there is one.
    #[inline]
    fn end_word(&mut self, end: usize, table: &[u32]) {
        let Some(start) = self.word.take() else { return };
        let end = self.apostrophe.take().unwrap_or(end);
        if end - start <= 6 {
            self.add(between_spaces(self.bytes(start), end - start), table);
            return;
        }
        self.add(first(self.bytes(start), 6) << 8 | SPACE, table);
        for at in (start + 6..end - 6).step_by(6) {
            self.add(first(self.bytes(at), 6), table);
        }
        self.add(first(self.bytes(end - 6), 6) | SPACE << 48, table);
    }

    /// Return the eight bytes from here on.
    #[inline]
    fn bytes(&self, at: usize) -> u64 {
        self.text[at..].first_chunk().map_or(0, |eight| u64::from_le_bytes(*eight))
    }

    /// Add an n-gram of eight bytes at most, if it is new.
    #[inline]
    fn add(&mut self, key: u64, table: &[u32]) {
        if self.hashes.len() == MAX_NGRAMS {
            return;
        }
        let hash = hash(key);
        fetch(table, (hash as usize & (SLOTS - 1)) / 32 * 2);
        let mut at = (hash as u32 >> 22) as usize % SEEN;
        while self.used[at] == self.turn {
            if self.keys[at] == key {
                return;
            }
            at = (at + 1) % SEEN;
        }
        self.used[at] = self.turn;
        self.keys[at] = key;
        self.hashes.push(hash);
    }
}

const SPACE: u64 = b' ' as u64;

/// The first of eight bytes.
#[inline]
fn first(bytes: u64, count: usize) -> u64 {
    bytes & ((1 << (8 * count)) - 1)
}

/// The first of eight bytes, six at most, with a space on either side.
#[inline]
fn between_spaces(bytes: u64, count: usize) -> u64 {
    SPACE | first(bytes, count) << 8 | SPACE << (8 * (count + 1))
}

#[inline]
fn add(raw: &mut [f32; 0x80], score: Score) {
    raw[(score & 0x7F) as usize] += f32::from_bits(score & 0xFFFF_FF00);
}

fn hash(key: u64) -> u64 {
    let mixed = (key ^ key >> 30).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    mixed ^ mixed >> 27
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
