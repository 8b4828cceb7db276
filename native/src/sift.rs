//! What can be said of raw texts at a glance: their letters, what ELD settles, and which need a closer look.
//!
//! One pass, so that a text is a string of Python only if Python has to look at it. The twin of `cleaned`,
//! `without_enough_letters`, `Letters.marks`, `Sieve.by_eld`, `own_words` and `may_be_mixed` in
//! `sandik.counting.language`, which say what they do and why.

use pyo3::prelude::*;
use pyo3::types::{PyList, PyString};

use crate::characters::{start_of, text_of};
use crate::cleaning::{Cleaner, Points, IS_LETTER, IS_SPACE, IS_WORD};
use crate::eld::{Eld, Scratch};

/// See `sieve.Rule`.
#[derive(FromPyObject)]
struct Rule(i64, i64, i64, usize, usize, usize, Vec<Py<PyAny>>, Vec<Py<PyAny>>);

/// See `quotes`: kinds of marks, the shortest and the longest quotation, how much of a text may be its own words at
/// most, the fewest letters of these, and how many characters are looked at.
#[derive(FromPyObject)]
struct Quotes(Vec<(String, String)>, usize, usize, f64, usize, usize);

/// See `scripts`: of each character its script from 1 to 3 or 0, the last one all beyond; how many characters are
/// looked at, and in how many letters and which part of all letters a script carries a text.
#[derive(FromPyObject)]
struct Scripts(Vec<u8>, usize, usize, f64);

/// See `Sieve` and `Letters`: the marks of characters, the last one all beyond; those of Latin and of other letters;
/// the fewest letters of a text; the bounds of the classes of length; what part makes a text mixed, and how long a
/// text with a Russian letter has to be.
#[derive(FromPyObject)]
struct Letters(Vec<i64>, i64, i64, usize, Vec<usize>, f64, usize);

#[pyclass(frozen)]
pub struct Sift {
    cleaner: Py<Cleaner>,
    lower: Py<PyAny>,
    eld: Py<Eld>,
    /// By ELD's number of a language; the last one for none.
    rules: Vec<Rule>,
    letters: Letters,
    quotes: Quotes,
    /// The opening marks, and with which bytes these begin.
    marks: Vec<String>,
    begins_mark: [bool; 256],
    scripts: Scripts,
}

/// A text that ELD does not settle: its index, itself clean, its marks, and its language if CLD2 says so, too.
type Left = (usize, String, i64, Option<Py<PyAny>>);
/// By text, its language, if that is settled; texts that are left, those without enough letters, own words of those
/// that quote, and which may be in two languages.
type Sifted = (Vec<Option<Py<PyAny>>>, Vec<Left>, Vec<(usize, String)>, Vec<(usize, String)>, Vec<usize>);

#[pymethods]
impl Sift {
    #[new]
    fn new(
        cleaner: Py<Cleaner>,
        lower: Py<PyAny>,
        eld: Py<Eld>,
        rules: Vec<Rule>,
        letters: Letters,
        quotes: Quotes,
        scripts: Scripts,
    ) -> Self {
        let marks: Vec<String> =
            quotes.0.iter().flat_map(|(opening, _)| opening.chars()).map(String::from).collect();
        let mut begins_mark = [false; 256];
        marks.iter().for_each(|mark| begins_mark[usize::from(mark.as_bytes()[0])] = true);
        Self { cleaner, lower, eld, rules, letters, quotes, marks, begins_mark, scripts }
    }

    /// Sift raw texts; `whole`: they may quote, and may be in two languages.
    fn sift(&self, texts: &Bound<'_, PyList>, whole: bool) -> PyResult<Sifted> {
        let py = texts.py();
        let (cleaner, eld) = (self.cleaner.get(), self.eld.get());
        let (mut points, mut scratch) = (Points::default(), Scratch::default());
        let mut answers = Vec::with_capacity(texts.len());
        let (mut left, mut few, mut quoting, mut mixed) = (vec![], vec![], vec![], vec![]);
        for (index, string) in texts.iter().enumerate() {
            let raw = text_of(string.cast::<PyString>()?)?;
            if whole {
                if let Some(own) = self.own_words(py, &raw)? {
                    quoting.push((index, own));
                }
                if self.may_be_mixed(py, &raw)? {
                    mixed.push(index);
                }
            }
            let is_shouted = cleaner.clean_one(py, &raw, &mut points)?;
            let mut clean = points.squeezed(cleaner.max_clean);
            if is_shouted {
                clean = self.lower.call1(py, (clean,))?.extract(py)?;
            }
            let seen = self.look_at(py, &clean)?;
            if seen.own < self.letters.3 {
                few.push((index, clean));
                answers.push(None);
                continue;
            }
            let (number, is_reliable) = eld.best(&eld.fit(&clean, &mut scratch));
            let rule = &self.rules[number.unwrap_or(self.rules.len() - 1)];
            let (answer, may_be) = self.settled(rule, is_reliable, &seen);
            answers.push(answer.map(|one| one.clone_ref(py)));
            if answer.is_none() {
                left.push((index, clean, seen.marks, may_be.map(|one| one.clone_ref(py))));
            }
        }
        Ok((answers, left, few, quoting, mixed))
    }
}

/// What a clean text has: letters of words (as many as needed), all characters but spaces, Latin letters, and marks.
#[derive(Default)]
struct Seen {
    own: usize,
    letters: usize,
    latin: usize,
    marks: i64,
}

impl Sift {
    #[inline]
    fn look_at(&self, py: Python<'_>, clean: &str) -> PyResult<Seen> {
        let Letters(table, _, _, enough, ..) = &self.letters;
        let cleaner = self.cleaner.get();
        let mut seen = Seen::default();
        for one in clean.chars() {
            seen.marks |= table[(one as usize).min(table.len() - 1)];
            seen.letters += usize::from(one != ' ');
            seen.latin += usize::from(matches!(one, 'A'..='Z' | 'a'..='z' | 'À'..='ɏ'));
            if seen.own < *enough {
                seen.own += usize::from(cleaner.characters.of(py, one)? & IS_LETTER != 0);
            }
        }
        Ok(seen)
    }

    /// Return what ELD settles, or else what CLD2 may settle.
    fn settled<'a>(
        &self,
        rule: &'a Rule,
        is_reliable: bool,
        seen: &Seen,
    ) -> (Option<&'a Py<PyAny>>, Option<&'a Py<PyAny>>) {
        let Letters(_, latin, others, _, lengths, part, enough_russian) = &self.letters;
        let Rule(alien, borrowed, russian, alone, both, unsure, by_eld, by_both) = rule;
        let (has, letters) = (seen.marks, seen.letters);
        let is_mixed = || {
            let latin = seen.latin as f64 / letters as f64;
            *part <= latin && latin <= 1.0 - part
        };
        if has & alien != 0 || has & latin != 0 && has & others != 0 && is_mixed() {
            return (None, None);
        }
        let class = lengths.iter().filter(|bound| letters >= **bound).count();
        let is_settled = is_reliable && letters >= *alone && has & borrowed == 0;
        if is_settled || letters >= *enough_russian && has & russian != 0 {
            return (Some(&by_eld[class]), None);
        }
        (None, (letters >= if is_reliable { *both } else { *unsure }).then(|| &by_both[class]))
    }

    /// Return a raw text without its quotations, unless they are a small part of it or nearly all.
    fn own_words(&self, py: Python<'_>, text: &str) -> PyResult<Option<String>> {
        let Quotes(kinds, shortest, longest, most, fewest_letters, max_chars) = &self.quotes;
        let text = start_of(text, *max_chars);
        let begins_mark = |at: &usize| self.begins_mark[usize::from(text.as_bytes()[*at])];
        let is_mark =
            |at: usize| self.marks.iter().any(|mark| text.as_bytes()[at..].starts_with(mark.as_bytes()));
        if !(0..text.len()).filter(begins_mark).any(is_mark) {
            return Ok(None);
        }
        let characters: Vec<char> = text.chars().collect();
        let (mut own, mut at) = (Vec::with_capacity(characters.len()), 0);
        while let Some(one) = characters.get(at) {
            let closing =
                kinds.iter().find(|(opening, _)| opening.contains(*one)).map(|(_, closing)| closing);
            let length = closing.and_then(|closing| {
                let inside = characters[at + 1..].iter().take(longest + 1);
                inside.clone().position(|one| closing.contains(*one)).filter(|length| length >= shortest)
            });
            own.push(if length.is_some() { ' ' } else { *one });
            at += length.map_or(1, |length| length + 2);
        }
        if own.len() as f64 > characters.len() as f64 * most {
            return Ok(None);
        }
        let mut letters = 0;
        for one in &own {
            letters += usize::from(self.cleaner.get().characters.of(py, *one)? & IS_LETTER != 0);
        }
        Ok((letters >= *fewest_letters).then(|| own.into_iter().collect()))
    }

    /// Say whether a raw text has letters enough of two scripts outside links, names and hashtags.
    fn may_be_mixed(&self, py: Python<'_>, text: &str) -> PyResult<bool> {
        if text.is_ascii() {
            return Ok(false);
        }
        let Scripts(scripts, max_chars, min_letters, part) = &self.scripts;
        let text = start_of(text, *max_chars);
        let mut letters = [0; 4];
        for one in text.chars() {
            letters[usize::from(scripts[(one as usize).min(scripts.len() - 1)] & 3)] += 1;
        }
        if !are_two(&letters, *min_letters, [*part, 0.0, 0.0]) {
            return Ok(false); // the letters of links are Latin: without them there are no more of these
        }
        letters = [0; 4];
        let characters: Vec<char> = text.chars().collect();
        let is = |at: usize, what: u32| match characters.get(at) {
            Some(one) => PyResult::Ok(self.cleaner.get().characters.of(py, *one)? & what != 0),
            None => Ok(false),
        };
        let mut at = 0;
        while let Some(one) = characters.get(at) {
            let rest = &characters[at..];
            let start = ["http://", "https://"]
                .iter()
                .find(|start| start.chars().eq(rest.iter().take(start.len()).copied()));
            let mut end = at + 1;
            if let Some(start) = start {
                end = at + start.len();
                while end < characters.len() && !is(end, IS_SPACE)? {
                    end += 1;
                }
                end = if end == at + start.len() { at + 1 } else { end };
            } else if matches!(one, '@' | '#') {
                while is(end, IS_WORD)? {
                    end += 1;
                }
            }
            if end == at + 1 {
                letters[usize::from(scripts[(*one as usize).min(scripts.len() - 1)] & 3)] += 1;
            }
            at = end;
        }
        Ok(are_two(&letters, *min_letters, [*part; 3]))
    }
}

/// Say whether two scripts have letters enough: so many, and such a part of all.
fn are_two(letters: &[usize; 4], min_letters: usize, parts: [f64; 3]) -> bool {
    let all = (letters[1] + letters[2] + letters[3]) as f64;
    let is_enough =
        |(script, part): (usize, &f64)| letters[script + 1] as f64 >= (min_letters as f64).max(part * all);
    parts.iter().enumerate().filter(|one| is_enough(*one)).count() >= 2
}
