//! How the patterns of a lexicon are spelled: a trie, and which patterns each spelling stands for.
//!
//! All of it is numbers that `spelled` gives to Python as bytes: making them takes seconds, reading them does not.

use std::collections::BTreeMap;

use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;
use pyo3::types::PyBytes;
use yada::builder::DoubleArrayBuilder;
use yada::DoubleArray;

/// Sizes of the tables of `Beginnings`.
const FOUR: usize = 1 << 11;
const TWO: usize = 1 << 10;

/// One pattern: its kind, and above three bits what it is.
#[derive(Clone, Copy)]
pub struct Pattern(u32);

impl Pattern {
    pub fn kind(self) -> u32 {
        self.0 >> 3
    }

    pub fn is_in_hashtags(self) -> bool {
        self.0 & 1 != 0
    }

    pub fn is_beginning(self) -> bool {
        self.0 & 2 != 0
    }

    pub fn is_long(self) -> bool {
        self.0 & 4 != 0
    }
}

pub struct Spelled {
    trie: DoubleArray<Vec<u8>>,
    /// Of all patterns, and of those that decide something by themselves.
    pub beginnings: Beginnings,
    pub deciding: Beginnings,
    /// By number in the trie, which of `patterns` are spelled so: from here to the next.
    bounds: Vec<u32>,
    patterns: Vec<Pattern>,
}

impl Spelled {
    /// Return the patterns that a text begins with, by their spelling, and how many bytes that has.
    pub fn that_begin<'a>(&'a self, text: &'a [u8]) -> impl Iterator<Item = (&'a [Pattern], usize)> {
        self.trie.common_prefix_search(text).map(|(number, length)| {
            let (first, end) = (self.bounds[number as usize], self.bounds[number as usize + 1]);
            (&self.patterns[first as usize..end as usize], length)
        })
    }

    /// Read what `spelled` has written.
    pub fn read(bytes: &[u8]) -> Option<Self> {
        let (counts, mut rest) = bytes.split_at_checked(8)?;
        let counts = numbers(counts);
        let (bounds, patterns) = (counts[0] as usize, counts[1] as usize);
        let mut take = |size: usize| {
            let (taken, left) = rest.split_at_checked(size)?;
            rest = left;
            Some(taken)
        };
        let beginnings = Beginnings::read(take((FOUR + TWO) * 8)?);
        let deciding = Beginnings::read(take((FOUR + TWO) * 8)?);
        let bounds = numbers(take(bounds * 4)?);
        let patterns = numbers(take(patterns * 4)?).into_iter().map(Pattern).collect();
        Some(Self { trie: DoubleArray::new(rest.to_vec()).ok()?, beginnings, deciding, bounds, patterns })
    }
}

/// Return what `Spelled` needs to know of patterns (what, kind, in hashtags only, beginning of words).
///
/// `decides`: by kind, whether it decides something by itself: a form, or what makes conditions be asked.
/// `min_glued`: the fewest letters of a glued one.
#[pyfunction]
pub fn spelled<'py>(
    patterns: &Bound<'py, PyAny>,
    decides: Vec<bool>,
    min_glued: usize,
) -> PyResult<Bound<'py, PyBytes>> {
    let mut found: BTreeMap<String, Vec<Pattern>> = BTreeMap::new();
    // One at a time: all of them as a list are tens of megabytes, and leave holes as large.
    for pattern in patterns.try_iter()? {
        let (what, kind, is_in_hashtags, is_beginning): (String, u32, bool, bool) = pattern?.extract()?;
        if !what.is_empty() {
            let is_long = what.chars().count() >= min_glued;
            let bits = u32::from(is_in_hashtags) | u32::from(is_beginning) << 1 | u32::from(is_long) << 2;
            found.entry(what).or_default().push(Pattern(kind << 3 | bits));
        }
    }
    let keys: Vec<_> = found.keys().zip(0u32..).collect();
    let trie = DoubleArrayBuilder::build(&keys).map_err(|error| PyValueError::new_err(error.to_string()))?;
    let deciding =
        found.iter().filter(|some| some.1.iter().any(|one| decides[one.kind() as usize])).map(|some| some.0);
    let (mut bounds, mut all) = (vec![0u32], Vec::new());
    for some in found.values() {
        all.extend(some.iter().map(|one| one.0));
        bounds.push(all.len() as u32);
    }
    let mut bytes = Vec::new();
    write(&mut bytes, &[bounds.len() as u32, all.len() as u32]);
    Beginnings::new(found.keys()).write(&mut bytes);
    Beginnings::new(deciding).write(&mut bytes);
    write(&mut bytes, &bounds);
    write(&mut bytes, &all);
    bytes.extend_from_slice(&trie);
    Ok(PyBytes::new(patterns.py(), &bytes))
}

/// The first bytes of patterns: most words begin as none does, which costs less to know than to find out.
pub struct Beginnings {
    /// Bits of what four bytes hash to, and of two bytes that a shorter pattern begins with.
    four: Vec<u64>,
    two: Vec<u64>,
}

impl Beginnings {
    fn new<'a>(patterns: impl Iterator<Item = &'a String>) -> Self {
        let mut found = Self { four: vec![0; FOUR], two: vec![0; TWO] };
        for pattern in patterns {
            match *pattern.as_bytes() {
                [one] => (0..=255).for_each(|two| set(&mut found.two, pair(one, two))),
                [one, two] | [one, two, _] => set(&mut found.two, pair(one, two)),
                [one, two, three, four, ..] => set(&mut found.four, spread([one, two, three, four])),
                [] => {}
            }
        }
        found
    }

    fn read(bytes: &[u8]) -> Self {
        let words =
            bytes.chunks_exact(8).map(|word| u64::from_le_bytes(word.try_into().expect("eight bytes")));
        let mut four: Vec<u64> = words.collect();
        let two = four.split_off(FOUR);
        Self { four, two }
    }

    fn write(&self, bytes: &mut Vec<u8>) {
        self.four.iter().chain(&self.two).for_each(|word| bytes.extend_from_slice(&word.to_le_bytes()));
    }

    pub fn may_begin(&self, bytes: &[u8]) -> bool {
        match *bytes {
            [one, two, three, four, ..] => {
                is_set(&self.four, spread([one, two, three, four])) || is_set(&self.two, pair(one, two))
            }
            _ => true,
        }
    }
}

fn pair(one: u8, two: u8) -> usize {
    usize::from(one) << 8 | usize::from(two)
}

fn spread(bytes: [u8; 4]) -> usize {
    (u32::from_le_bytes(bytes).wrapping_mul(0x9E37_79B1) >> 15) as usize
}

fn set(bits: &mut [u64], at: usize) {
    bits[at / 64] |= 1 << (at % 64);
}

fn is_set(bits: &[u64], at: usize) -> bool {
    bits[at / 64] >> (at % 64) & 1 != 0
}

fn write(bytes: &mut Vec<u8>, numbers: &[u32]) {
    numbers.iter().for_each(|number| bytes.extend_from_slice(&number.to_le_bytes()));
}

fn numbers(bytes: &[u8]) -> Vec<u32> {
    let each = bytes.chunks_exact(4).map(|number| u32::from_le_bytes(number.try_into().expect("four bytes")));
    each.collect()
}
