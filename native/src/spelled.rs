//! How the patterns of a lexicon are spelled: an automaton, and which patterns each spelling stands for.
//!
//! All of it is numbers that `spelled` gives to Python as bytes: making them takes seconds, reading them does not.

use std::collections::{BTreeMap, HashMap};

use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;
use pyo3::types::PyBytes;

use crate::automaton::Automaton;
use crate::beginnings::Beginnings;

/// One pattern: its kind, and above three bits what it is.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
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
    automaton: Automaton,
    /// Of all patterns, and of those that decide something by themselves.
    pub beginnings: Beginnings,
    pub deciding: Beginnings,
    /// By number in the automaton, which of `patterns` are spelled so: from here to the next.
    bounds: Vec<u32>,
    patterns: Vec<Pattern>,
}

impl Spelled {
    /// Say of each spelling that a text begins with which patterns it is, and how many bytes it has.
    #[inline]
    pub fn that_begin(&self, text: &[u8], mut found: impl FnMut(&[Pattern], usize)) {
        self.automaton.find(text, |number, length| {
            let (first, end) = (self.bounds[number], self.bounds[number + 1]);
            found(&self.patterns[first as usize..end as usize], length);
        });
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
        let beginnings = Beginnings::read(take(Beginnings::BYTES)?);
        let deciding = Beginnings::read(take(Beginnings::BYTES)?);
        let bounds = numbers(take(bounds * 4)?);
        let patterns = numbers(take(patterns * 4)?).into_iter().map(Pattern).collect();
        Some(Self { automaton: Automaton::read(numbers(rest))?, beginnings, deciding, bounds, patterns })
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
    let (mut beginnings, mut deciding) = (Beginnings::default(), Beginnings::default());
    let (mut bounds, mut all, mut known) = (vec![0u32], Vec::new(), HashMap::<&[Pattern], usize>::new());
    let words = found.iter().map(|(what, some)| {
        for one in some {
            beginnings.add(what, one.is_in_hashtags());
            if decides[one.kind() as usize] {
                deciding.add(what, one.is_in_hashtags());
            }
        }
        let next = known.len();
        let number = *known.entry(some).or_insert(next);
        if number == next {
            all.extend(some.iter().map(|one| one.0));
            bounds.push(all.len() as u32);
        }
        (what.as_bytes(), number)
    });
    let automaton =
        Automaton::new(words).ok_or_else(|| PyValueError::new_err("the lexicon has too many forms"))?;
    let mut bytes = Vec::new();
    write(&mut bytes, &[bounds.len() as u32, all.len() as u32]);
    beginnings.write(&mut bytes);
    deciding.write(&mut bytes);
    write(&mut bytes, &bounds);
    write(&mut bytes, &all);
    write(&mut bytes, &automaton.numbers());
    Ok(PyBytes::new(patterns.py(), &bytes))
}

fn write(bytes: &mut Vec<u8>, numbers: &[u32]) {
    numbers.iter().for_each(|number| bytes.extend_from_slice(&number.to_le_bytes()));
}

fn numbers(bytes: &[u8]) -> Vec<u32> {
    let each = bytes.chunks_exact(4).map(|number| u32::from_le_bytes(number.try_into().expect("four bytes")));
    each.collect()
}
