//! What can be said of raw texts at a glance: their letters, what ELD and CLD2 settle, and which need a closer look.
//!
//! One pass, so that a text is a string of Python only if Python has to look at it. The twin of `cleaned`,
//! `without_enough_letters`, `Letters.marks`, `Sieve.settled`, `own_words`, `may_be_mixed` and `parts_of` in
//! `sandik.counting.language`, which say what they do and why.

use std::cmp::Reverse;

use pyo3::prelude::*;
use pyo3::types::{PySequence, PyString};

use crate::characters::{start_of, text_of};
use crate::cld2::{Cld2, Shares};
use crate::cleaning::{Cleaner, Points, IS_ALPHA, IS_CAPITAL, IS_LETTER, IS_SPACE, IS_WORD};
use crate::eld::{Eld, Fit, Scratch};

/// See `sieve.Rule`.
#[derive(FromPyObject)]
struct Rule(i64, i64, i64, usize, usize, usize, Vec<Py<PyAny>>, Vec<Py<PyAny>>);

/// See `quotes`: kinds of marks, the shortest and the longest quotation, how much of a text may be its own words at
/// most, the fewest letters of these, and how many characters are looked at.
#[derive(FromPyObject)]
struct Quotes(Vec<(String, String)>, usize, usize, f64, usize, usize);

/// See `scripts`: of each character its script from 1 to 3 or 0, the last one all beyond; how many characters are
/// looked at, and in how many letters and which part of all letters a script carries a text; with how many words in a
/// row, and in which part of them begin with a small letter.
#[derive(FromPyObject)]
struct Scripts(Vec<u8>, usize, usize, f64, usize, f64);

impl Scripts {
    /// Return the script of a character, or 0.
    #[inline]
    fn of(&self, one: char) -> usize {
        usize::from(self.0[(one as usize).min(self.0.len() - 1)] & 3)
    }
}

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
    cld2: Py<Cld2>,
    /// By ELD's number of a language; the last one for none. And CLD2's numbers of the same languages.
    rules: Vec<Rule>,
    in_cld2: Vec<Option<usize>>,
    letters: Letters,
    quotes: Quotes,
    /// The opening marks, each with its closing ones, and with which bytes they begin.
    marks: Vec<(char, String)>,
    begin_marks: Vec<u8>,
    scripts: Scripts,
    undetermined: Py<PyAny>,
}

/// A text that is left to the pool, and what is known of it.
pub struct LeftText {
    place: usize,
    pub text: String,
    pub marks: i64,
    pub letters: usize,
    pub fit: Fit,
    pub shares: Shares,
}

/// Texts that the sieve leaves to the pool.
#[pyclass(frozen)]
pub struct Left(pub Vec<LeftText>);

#[pymethods]
impl Left {
    /// Return which of the sifted texts these are.
    fn places(&self) -> Vec<usize> {
        self.0.iter().map(|one| one.place).collect()
    }

    /// Return one of these, clean.
    fn text(&self, at: usize) -> &str {
        &self.0[at].text
    }
}

/// By text its language, if that is settled; texts that are left; own words of those that quote, and the parts of those
/// that may be in two languages.
type Sifted = (Vec<Option<Py<PyAny>>>, Left, Vec<(usize, String)>, Vec<(usize, Parts)>);
type Parts = (String, String);

#[pymethods]
impl Sift {
    #[new]
    #[allow(clippy::too_many_arguments)]
    fn new(
        cleaner: Py<Cleaner>,
        lower: Py<PyAny>,
        eld: Py<Eld>,
        cld2: Py<Cld2>,
        rules: Vec<(String, Rule)>,
        letters: Letters,
        quotes: Quotes,
        scripts: Scripts,
        undetermined: Py<PyAny>,
    ) -> Self {
        let mut marks = Vec::new();
        for (opening, closing) in &quotes.0 {
            marks.extend(opening.chars().map(|one| (one, closing.clone())));
        }
        let first_byte = |(mark, _): &(char, String)| mark.encode_utf8(&mut [0; 4]).as_bytes()[0];
        let mut begin_marks: Vec<u8> = marks.iter().map(first_byte).collect();
        begin_marks.sort_unstable();
        begin_marks.dedup();
        let in_cld2 = rules.iter().map(|(code, _)| cld2.get().number(code)).collect();
        let rules = rules.into_iter().map(|(_, rule)| rule).collect();
        Self {
            cleaner,
            lower,
            eld,
            cld2,
            rules,
            in_cld2,
            letters,
            quotes,
            marks,
            begin_marks,
            scripts,
            undetermined,
        }
    }

    /// Sift raw texts; `whole`: they may quote, and may be in two languages, and the pool is asked about what is left.
    /// With a hint, one letter is enough.
    fn sift(
        &self,
        texts: &Bound<'_, PySequence>,
        hints: Option<Vec<Option<Bound<'_, PyAny>>>>,
        whole: bool,
    ) -> PyResult<Sifted> {
        let py = texts.py();
        let (cleaner, eld) = (self.cleaner.get(), self.eld.get());
        let (mut points, mut scratch) = (Points::default(), Scratch::default());
        let mut answers = Vec::with_capacity(texts.len()?);
        let (mut left, mut quoting, mut mixed) = (vec![], vec![], vec![]);
        for (place, string) in texts.try_iter()?.enumerate() {
            let string = string?;
            let raw = text_of(string.cast::<PyString>()?)?;
            if whole {
                let own = self.own_words(py, &raw)?;
                if self.may_be_mixed(py, &raw)? {
                    mixed.extend(
                        self.parts_of(py, own.as_deref().unwrap_or(&raw))?.map(|parts| (place, parts)),
                    );
                }
                quoting.extend(own.map(|own| (place, own)));
            }
            if cleaner.clean_one(py, &raw, &mut points)? {
                let lowered = self.lower.call1(py, (points.text(),))?;
                points.replace(&text_of(lowered.bind(py).cast::<PyString>()?)?);
            }
            let has_hint = hints.as_ref().is_some_and(|hints| hints[place].is_some());
            let enough = if has_hint { 1 } else { self.letters.3 };
            if !self.has_letters(py, points.as_slice(), enough)? {
                answers.push(whole.then(|| self.undetermined.clone_ref(py)));
                continue;
            }
            let seen = self.look_at(points.as_slice(), &mut scratch);
            let fit = eld.fit_of_read(&mut scratch);
            let (number, is_reliable) = eld.best(&fit);
            let number = number.unwrap_or(self.rules.len() - 1);
            let (mut answer, may_be) =
                self.settled(&self.rules[number], is_reliable, &seen, points.as_slice());
            if answer.is_none() && (whole || may_be.is_some()) {
                let text = points.text();
                let shares = self.cld2.get().shares(py, &text)?;
                let best = shares.first().map(|(number, _)| *number);
                answer = may_be.filter(|_| best.is_some() && best == self.in_cld2[number]);
                if answer.is_none() {
                    left.push(LeftText {
                        place,
                        text,
                        marks: seen.marks,
                        letters: seen.letters,
                        fit,
                        shares,
                    });
                }
            }
            answers.push(answer.map(|one| one.clone_ref(py)));
        }
        Ok((answers, Left(left), quoting, mixed))
    }
}

/// What a clean text has: all characters but spaces, and marks.
struct Seen {
    letters: usize,
    marks: i64,
}

impl Sift {
    /// Say whether a clean text has so many letters.
    fn has_letters(&self, py: Python<'_>, clean: &[u32], mut missing: usize) -> PyResult<bool> {
        let characters = &self.cleaner.get().characters;
        for one in clean.iter().filter_map(|one| char::from_u32(*one)) {
            missing -= usize::from(characters.of(py, one)? & IS_LETTER != 0);
            if missing == 0 {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// Look at a clean text once, and let ELD read it.
    #[inline]
    fn look_at(&self, clean: &[u32], scratch: &mut Scratch) -> Seen {
        let (table, eld) = (self.letters.0.as_slice(), self.eld.get());
        let mut seen = Seen { letters: 0, marks: 0 };
        scratch.begin();
        for one in clean {
            seen.marks |= table[(*one as usize).min(table.len() - 1)];
            seen.letters += usize::from(*one != SPACE);
            eld.read(*one, scratch);
        }
        seen
    }

    /// Return what ELD settles, or else what CLD2 may settle.
    fn settled<'a>(
        &self,
        rule: &'a Rule,
        is_reliable: bool,
        seen: &Seen,
        clean: &[u32],
    ) -> (Option<&'a Py<PyAny>>, Option<&'a Py<PyAny>>) {
        let Letters(_, latin, others, _, lengths, part, enough_russian) = &self.letters;
        let Rule(alien, borrowed, russian, alone, both, unsure, by_eld, by_both) = rule;
        let (has, letters) = (seen.marks, seen.letters);
        let is_mixed = || {
            let latin = clean.iter().filter(|one| is_latin(**one)).count() as f64 / letters as f64;
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
        let Quotes(_, shortest, longest, most, fewest_letters, max_chars) = &self.quotes;
        let text = start_of(text, *max_chars);
        let has_mark = |(mark, _): &(char, String)| text.contains(*mark);
        if !has_any(text.as_bytes(), &self.begin_marks) || !self.marks.iter().any(has_mark) {
            return Ok(None);
        }
        let characters: Vec<char> = text.chars().collect();
        let (mut own, mut at) = (Vec::with_capacity(characters.len()), 0);
        while let Some(one) = characters.get(at) {
            let mark = self.marks.iter().find(|(opening, _)| opening == one);
            let length = mark.and_then(|(_, closing)| {
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
        let Scripts(_, max_chars, min_letters, part, ..) = &self.scripts;
        if at_most(text.as_bytes()).iter().filter(|letters| *letters >= min_letters).count() < 2 {
            return Ok(false);
        }
        let text = start_of(text, *max_chars);
        let mut letters = [0; 4];
        for one in text.chars() {
            letters[self.scripts.of(one)] += 1;
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
                letters[self.scripts.of(*one)] += 1;
            }
            at = end;
        }
        Ok(are_two(&letters, *min_letters, [*part; 3]))
    }

    /// Return the words of the two scripts that carry a text, each with spaces between; nothing if only one does.
    fn parts_of(&self, py: Python<'_>, text: &str) -> PyResult<Option<Parts>> {
        let Scripts(_, max_chars, min_letters, part, min_words, min_small) = &self.scripts;
        let mut carried: [Carried<'_>; 3] = Default::default();
        let (mut before, mut row) = (carried.len(), 0);
        let mut rest = start_of(text, *max_chars);
        while !rest.is_empty() {
            let mut end = rest.len();
            let (mut letters, mut first) = ([0; 4], 0);
            for (at, one) in rest.char_indices() {
                let is = self.cleaner.get().characters.of(py, one)?;
                if is & IS_SPACE != 0 {
                    end = at;
                    break;
                }
                if first == 0 && is & IS_ALPHA != 0 {
                    first = is;
                }
                letters[self.scripts.of(one)] += 1;
            }
            let word = &rest[..end];
            rest = rest[end..].char_indices().nth(1).map_or("", |(next, _)| &rest[end + next..]);
            let most = letters[1..].iter().copied().max().unwrap_or(0);
            if most == 0 || is_no_word(word) {
                continue;
            }
            let script = letters[1..].iter().position(|count| *count == most).unwrap_or(0);
            row = if script == before { row + 1 } else { 1 };
            before = script;
            let carried = &mut carried[script];
            carried.words.push(word);
            carried.letters += most;
            carried.longest = carried.longest.max(row);
            carried.small += usize::from(first & IS_CAPITAL == 0);
        }
        let all: usize = carried.iter().map(|one| one.letters).sum();
        let least = (*min_letters as f64).max(part * all as f64);
        let is_carrying = |one: &&Carried<'_>| {
            one.letters as f64 >= least
                && one.longest >= *min_words
                && one.small as f64 >= min_small * one.words.len() as f64
        };
        let mut carrying: Vec<_> = carried.iter().filter(is_carrying).collect();
        carrying.sort_by_key(|one| Reverse(one.letters));
        Ok(match carrying[..] {
            [first, second, ..] => Some((first.words.join(" "), second.words.join(" "))),
            _ => None,
        })
    }
}

/// What of a text is in one script: its words, with so many letters, most in a row, and with a small first letter.
#[derive(Default)]
struct Carried<'a> {
    words: Vec<&'a str>,
    letters: usize,
    longest: usize,
    small: usize,
}

/// Say whether what stands between two spaces is a link, name, hashtag or the like.
fn is_no_word(word: &str) -> bool {
    word.starts_with(['#', '＃']) || word.contains(['/', '@', '＠', '&', '_']) || word.contains("www.")
}

const SPACE: u32 = ' ' as u32;

fn is_latin(character: u32) -> bool {
    matches!(char::from_u32(character), Some('A'..='Z' | 'a'..='z' | 'À'..='ɏ'))
}

/// What a processor compares at once, several times.
const AT_ONCE: usize = 64;

/// Say whether a text has one of some bytes.
fn has_any(text: &[u8], bytes: &[u8]) -> bool {
    let has = |some: &[u8], byte: u8| some.iter().fold(false, |has, one| has | (*one == byte));
    text.chunks(AT_ONCE).any(|some| bytes.iter().any(|byte| has(some, *byte)))
}

/// Return how many letters a text has at most in each script, by what their first byte can be.
fn at_most(text: &[u8]) -> [usize; 3] {
    let mut letters = [0; 3];
    for some in text.chunks(AT_ONCE) {
        let count = |is: fn(u8) -> bool| some.iter().fold(0, |count: u8, one| count + u8::from(is(*one)));
        letters[0] += usize::from(count(|one| one.to_ascii_lowercase().wrapping_sub(b'a') < 26));
        letters[0] += usize::from(count(|one| matches!(one, 0xC3..=0xC9 | 0xE1)));
        letters[1] += usize::from(count(|one| matches!(one, 0xD0..=0xD4)));
        letters[2] += usize::from(count(|one| matches!(one, 0xCD..=0xCF | 0xD4..)));
    }
    letters
}

/// Say whether two scripts have letters enough: so many, and such a part of all.
fn are_two(letters: &[usize; 4], min_letters: usize, parts: [f64; 3]) -> bool {
    let all = (letters[1] + letters[2] + letters[3]) as f64;
    let is_enough =
        |(script, part): (usize, &f64)| letters[script + 1] as f64 >= (min_letters as f64).max(part * all);
    parts.iter().enumerate().filter(|one| is_enough(*one)).count() >= 2
}
