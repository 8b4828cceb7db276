//! How the patterns of a lexicon are spelled: an automaton, and which patterns each spelling stands for.
//!
//! All of it is numbers that `spelled` gives to Python as bytes: making them takes seconds, reading them does not.

use std::collections::{BTreeMap, HashMap};

use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;
use pyo3::types::PyBytes;

use crate::automaton::Automaton;
use crate::beginnings::Beginnings;
use crate::characters::Characters;
use crate::first_bytes::{eight, first_of, Behind, FirstBytes, Patterns};
use crate::folding::{first_word, Folded, AHEAD, WORD};

/// One pattern: its kind, and above three bits what it is.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Pattern(pub u32);

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

    /// Say whether it counts outside hashtags, as the beginning of words, or as whole ones.
    fn counts(self, as_beginning: bool) -> bool {
        if as_beginning {
            self.is_beginning()
        } else {
            self.0 & 3 == 0
        }
    }

    pub fn is_long(self) -> bool {
        self.0 & 4 != 0
    }
}

pub struct Spelled {
    automaton: Automaton,
    beginnings: Beginnings,
    /// By the first bytes of first words, and of those that are beginnings of words.
    words: FirstBytes,
    starts: FirstBytes,
    /// By number in the automaton, which of `patterns` are spelled so: from here to the next.
    bounds: Vec<u32>,
    patterns: Vec<Pattern>,
}

/// Where patterns may begin that can count: at a start, by number.
#[derive(Clone, Copy, Default)]
pub struct Candidate {
    pub start: u32,
    /// With how many bytes it may be a beginning of words, as bits; whether it may be a first word, and go on.
    bits: u8,
    is_first: bool,
    goes_on: bool,
}

impl Spelled {
    /// Find the candidates of a text. What they need is fetched meanwhile.
    pub fn candidates(&self, folded: &Folded, candidates: &mut Vec<Candidate>) {
        let (starts, text) = (folded.starts(), folded.bytes.as_slice());
        candidates.clear();
        candidates.resize(starts.len(), Candidate::default());
        let mut count = 0;
        for (number, start) in (0..).zip(starts) {
            let (begin, end) = (start.byte as usize, start.end as usize);
            let mut one = Candidate { start: number, ..Candidate::default() };
            if start.is_in_hashtag {
                one.is_first = self.beginnings.may_be_in_hashtag(text, start);
            } else if start.edge == WORD {
                // What begins inside a word counts in hashtags only.
                one.bits = self.beginnings.may_start(text, begin);
                one.is_first = self.beginnings.may_be_first(text, begin, end);
                if one.is_first {
                    let size = AHEAD.min(end - begin);
                    let first = first_of(eight(text, begin), size);
                    self.words.fetch(first);
                    one.goes_on = self.beginnings.may_go_on(first, &text[begin + size..]);
                }
            }
            candidates[count] = one;
            count += usize::from(one.is_first | (one.bits != 0));
        }
        candidates.truncate(count);
    }

    /// Say of each spelling that a text begins with which patterns it is, and how many bytes it has.
    #[inline]
    pub fn all(&self, text: &[u8], mut found: impl FnMut(Pattern, usize)) {
        self.automaton.find(text, |number, length| self.patterns(number).for_each(|one| found(one, length)));
    }

    /// Say the same of a candidate that is not in a hashtag, and only what counts there.
    #[inline]
    pub fn words(&self, folded: &Folded, one: Candidate, mut found: impl FnMut(Pattern, usize)) {
        let start = &folded.starts()[one.start as usize];
        let at = start.byte as usize;
        let (rest, eight) = (&folded.text()[at..], eight(&folded.bytes, at));
        let size = AHEAD.min((start.end - start.byte) as usize);
        let first = self.words.find(first_of(eight, size)).filter(|_| one.is_first);
        if let Some(behind) = first {
            let is_end = |length: usize| folded.edges[at + length] == WORD;
            if is_end(size) {
                match behind.patterns() {
                    Patterns::None => {}
                    Patterns::One(pattern) => found(pattern, size),
                    Patterns::Number(number) => self.counting(number, false).for_each(|one| found(one, size)),
                }
            }
            if one.goes_on {
                self.automaton.go_on(behind.state(), rest, size, |number, length| {
                    if is_end(length) {
                        self.counting(number, false).for_each(|one| found(one, length));
                    }
                });
            }
        }
        let mut bits = one.bits;
        while bits != 0 {
            let size = bits.trailing_zeros() as usize + 1;
            bits &= bits - 1;
            let key = first_of(eight, size);
            let Some(behind) = self.starts.find(key).filter(|_| size <= rest.len()) else {
                continue;
            };
            match behind.patterns() {
                Patterns::None => {}
                Patterns::One(pattern) => found(pattern, size),
                Patterns::Number(number) => self.counting(number, true).for_each(|one| found(one, size)),
            }
            if size == AHEAD && self.beginnings.may_go_on(key, &folded.bytes[at + size..]) {
                self.automaton.go_on(behind.state(), rest, size, |number, length| {
                    self.counting(number, true).for_each(|one| found(one, length));
                });
            }
        }
    }

    /// Say of each pattern that begins with some letters how many more it has, if these are not too many, and what it is.
    pub fn longer(&self, letters: &[u8], most: usize, mut found: impl FnMut(usize, Pattern)) {
        self.automaton.longer(letters, most, &mut |more, number| {
            self.patterns(number).for_each(|one| found(more, one));
        });
    }

    /// Return those of a number that count outside hashtags: the beginnings of words, or whole words.
    #[inline]
    fn counting(&self, number: usize, are_beginnings: bool) -> impl Iterator<Item = Pattern> + '_ {
        self.patterns(number).filter(move |one| one.counts(are_beginnings))
    }

    #[inline]
    fn patterns(&self, number: usize) -> impl Iterator<Item = Pattern> + '_ {
        self.patterns[self.bounds[number] as usize..self.bounds[number + 1] as usize].iter().copied()
    }

    /// Read what `spelled` has written.
    pub fn read(bytes: &[u8]) -> Option<Self> {
        let (counts, rest) = bytes.split_at_checked(8)?;
        let counts = numbers(counts);
        let (bounds, patterns) = (counts[0] as usize, counts[1] as usize);
        let (beginnings, rest) = Beginnings::read(rest)?;
        let (words, rest) = FirstBytes::read(rest)?;
        let (starts, mut rest) = FirstBytes::read(rest)?;
        let mut take = |size: usize| {
            let (taken, left) = rest.split_at_checked(size)?;
            rest = left;
            Some(taken)
        };
        let bounds = numbers(take(bounds * 4)?);
        let patterns = numbers(take(patterns * 4)?).into_iter().map(Pattern).collect();
        Some(Self { automaton: Automaton::read(numbers(rest))?, beginnings, words, starts, bounds, patterns })
    }
}

/// Return what `Spelled` needs to know of patterns (what, kind, in hashtags only, beginning of words).
///
/// `min_glued`: the fewest letters of a glued one. `ask`: who knows characters.
#[pyfunction]
pub fn spelled<'py>(
    patterns: &Bound<'py, PyAny>,
    min_glued: usize,
    ask: Py<PyAny>,
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
    let (py, characters) = (patterns.py(), Characters::new(ask));
    let (mut bounds, mut all, mut known) = (vec![0u32], Vec::new(), HashMap::<&[Pattern], usize>::new());
    let words = found.iter().map(|(what, some)| {
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
    let (mut beginnings, mut words, mut starts) = (Beginnings::default(), BTreeMap::new(), BTreeMap::new());
    for (what, some) in &found {
        let (first, what) = (first_word(py, what, &characters)?, what.as_bytes());
        for one in some {
            beginnings.add(what, first, *one);
            let (table, size) = match (one.is_beginning(), one.is_in_hashtags()) {
                (true, _) => (&mut starts, what.len().min(AHEAD)),
                (_, false) => (&mut words, first.min(AHEAD)),
                _ => continue,
            };
            let mut key = [0; AHEAD];
            key[..size].copy_from_slice(&what[..size]);
            table.entry(eight(&key, 0)).or_insert_with(|| {
                let (state, number) = automaton.behind(&what[..size]);
                let some = number
                    .map_or(&[][..], |number| &all[bounds[number] as usize..bounds[number + 1] as usize]);
                let counting: Vec<_> = some
                    .iter()
                    .map(|one| Pattern(*one))
                    .filter(|other| other.counts(one.is_beginning()))
                    .collect();
                Behind::new(
                    state,
                    &match (number, counting.as_slice()) {
                        (Some(_), [one]) => Patterns::One(*one),
                        (Some(number), [_, ..]) => Patterns::Number(number),
                        _ => Patterns::None,
                    },
                )
            });
        }
    }
    let mut bytes = Vec::new();
    write(&mut bytes, &[bounds.len() as u32, all.len() as u32]);
    beginnings.write(&mut bytes);
    [words, starts].iter().for_each(|some| FirstBytes::new(some).write(&mut bytes));
    write(&mut bytes, &bounds);
    write(&mut bytes, &all);
    write(&mut bytes, &automaton.numbers());
    Ok(PyBytes::new(py, &bytes))
}

fn write(bytes: &mut Vec<u8>, numbers: &[u32]) {
    numbers.iter().for_each(|number| bytes.extend_from_slice(&number.to_le_bytes()));
}

fn numbers(bytes: &[u8]) -> Vec<u32> {
    let each = bytes.chunks_exact(4).map(|number| u32::from_le_bytes(number.try_into().expect("four bytes")));
    each.collect()
}
