//! What the voices say of texts that the sieve leaves, and how it weighs. The twin of `scores` and `ensemble` in
//! `sandik.counting.language`.
//!
//! Exponentials and logarithms are left to numpy, many at a time: another library rounds them otherwise.

use std::cmp::Reverse;
use std::collections::HashMap;

use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyList};

use crate::characters::Characters;
use crate::cld2::{Cld2, Shares};
use crate::eld::{Eld, Scratch};
use crate::fasttext::Fasttext;
use crate::sift::{Left, LeftText};
use crate::tables::Known;

/// The number of scores that ELD gives.
const ELD_SCORES: usize = 20;
const CHARACTER: u32 = (1 << 21) - 1;

/// The voices by number, in the order of `scores.VOICES`.
const ELD_BEHIND: usize = 0;
const ELD_UNKNOWN: usize = 1;
const ELD_RELIABLE: usize = 2;
const CLD2: usize = 3;
const FASTTEXT_LOG: usize = 4;
const FASTTEXT: usize = 5;
const LATIN_RUSSIAN: usize = 6;
const WORDS: usize = 7;
const OWN_WORDS: usize = 8;
const ALIEN: usize = 9;
const BORROWED: usize = 10;
const OTHER_SCRIPT: usize = 11;
const RARE: usize = 12;
const COMMON: usize = 13;
const LANGDETECT: usize = 14;

/// By row: whether ELD knows the language, and the marks it needs; those of alien and of borrowed letters, and of
/// the scripts it is written in; whether it is rare, and common.
#[derive(FromPyObject)]
struct Rows(Vec<bool>, Vec<i64>, Vec<i64>, Vec<i64>, Vec<i64>, Vec<bool>, Vec<bool>);

/// Those rows that something can be said of: with alien and with borrowed letters, rare and common ones; and all, by the
/// scripts that they are written in.
struct Spoken {
    alien: Vec<(usize, i64)>,
    borrowed: Vec<(usize, i64)>,
    rare: Vec<usize>,
    common: Vec<usize>,
    written: Vec<(i64, Vec<usize>)>,
}

impl Spoken {
    fn of(Rows(_, _, alien, borrowed, written, rare, common): &Rows) -> Self {
        let marked = |marks: &[i64]| marks.iter().copied().enumerate().filter(|one| one.1 != 0).collect();
        let those = |are: &[bool]| (0..are.len()).filter(|row| are[*row]).collect();
        let mut by_script: Vec<(i64, Vec<usize>)> = Vec::new();
        for (row, scripts) in written.iter().enumerate() {
            match by_script.iter_mut().find(|one| one.0 == *scripts) {
                Some((_, rows)) => rows.push(row),
                None => by_script.push((*scripts, vec![row])),
            }
        }
        Self {
            alien: marked(alien),
            borrowed: marked(borrowed),
            rare: those(rare),
            common: those(common),
            written: by_script,
        }
    }
}

/// ELD; the row of each of its languages; what stands for one that it knows and does not score.
#[derive(FromPyObject)]
struct Pair(Py<Eld>, Vec<Option<usize>>, f64);

/// The marks that Russian in Latin letters has not; its row, and ELD's number of Russian; what score is enough from
/// how many characters on; how letters are put back, and who does it to other than ASCII.
#[derive(FromPyObject)]
struct LatinRussian(i64, usize, usize, Vec<(usize, f64)>, HashMap<String, String>, Py<PyAny>);

/// Everyday words: the rows that list them, each with its part; how many words of a text are looked at, and who
/// folds characters.
#[derive(FromPyObject)]
struct Words(Known<String, Vec<(usize, f64)>>, usize, Py<PyAny>);

/// Weights of the voices by class of length, without langdetect and with it; the bounds of the classes; below which
/// chance langdetect is heard; which rows are added to which in the end, and how many there are then.
#[derive(FromPyObject)]
struct Weights(Vec<Vec<f64>>, Vec<Vec<f64>>, Vec<usize>, f64, Vec<(usize, usize)>, usize);

/// Who takes exponentials and logarithms (of numbers as bytes), and langdetect: of texts, by voice and row.
#[derive(FromPyObject)]
struct Asked(Py<PyAny>, Py<PyAny>, Py<PyAny>);

#[pyclass(frozen)]
pub struct Pool {
    rows: Rows,
    spoken: Spoken,
    pair: Pair,
    cld2: Py<Cld2>,
    latin_russian: LatinRussian,
    cyrillic: Cyrillic,
    fasttext: Fasttext,
    floor: f64,
    words: Words,
    characters: Characters,
    weights: Weights,
    asked: Asked,
}

/// What is said of one text, but for what fastText and langdetect say: by row.
struct Heard {
    class: usize,
    behind: Vec<f64>,
    is_known: Vec<bool>,
    reliable: Option<usize>,
    cld2: Shares,
    is_latin_russian: bool,
    words: Vec<(usize, f64)>,
    own_words: Vec<(usize, f64)>,
    marks: i64,
}

#[pymethods]
impl Pool {
    #[new]
    #[allow(clippy::too_many_arguments)]
    fn new(
        rows: Rows,
        pair: Pair,
        cld2: Py<Cld2>,
        latin_russian: LatinRussian,
        fasttext: Fasttext,
        floor: f64,
        words: Words,
        weights: Weights,
        asked: Asked,
        py: Python<'_>,
    ) -> Self {
        let characters = Characters::new(words.2.clone_ref(py));
        let cyrillic = Cyrillic::new(&latin_russian.4);
        let spoken = Spoken::of(&rows);
        Self {
            rows,
            spoken,
            pair,
            cld2,
            latin_russian,
            cyrillic,
            fasttext,
            floor,
            words,
            characters,
            weights,
            asked,
        }
    }

    /// Return the chance of each language, text by text, and which share of the words each row lists. Of some of the
    /// texts that are left.
    fn judge<'py>(
        &self,
        py: Python<'py>,
        left: &Left,
        start: usize,
        end: usize,
    ) -> PyResult<(Bound<'py, PyBytes>, Bound<'py, PyBytes>)> {
        let Weights(first, second, _, unsure, _, codes) = &self.weights;
        let texts = &left.0[start..end];
        let mut heard = Vec::with_capacity(texts.len());
        let mut turns = Vec::with_capacity(texts.len() * self.fasttext.size());
        let mut scratch = Scratch::default();
        for one in texts {
            heard.push(self.hear(py, one, &mut scratch)?);
            self.fasttext.add_turns(&one.text, &mut turns);
        }
        let exponentials = of_all(py, &self.asked.0, &turns)?;
        let size = self.rows.0.len();
        let mut chances = Vec::with_capacity(heard.len() * size);
        for some in exponentials.chunks_exact((turns.len() / heard.len().max(1)).max(1)) {
            let start = chances.len();
            chances.extend(self.fasttext.chances(some));
            chances.resize(start + size, 0.0);
        }
        let floored: Vec<_> = chances.iter().map(|chance| chance + self.floor).collect();
        let logs = of_all(py, &self.asked.1, &floored)?;
        let fasttext = |at: usize| (&chances[at * size..][..size], &logs[at * size..][..size]);
        let mut scores = Vec::with_capacity(heard.len() * size);
        for (at, one) in heard.iter().enumerate() {
            scores.extend_from_slice(&self.weighed(one, fasttext(at), &[], first));
        }
        let mut probabilities = self.probabilities(py, &scores)?;
        let is_unsure = |at: &usize| probabilities[at * codes..][..*codes].iter().all(|one| one < unsure);
        let again: Vec<usize> = (0..heard.len()).filter(is_unsure).collect();
        if !again.is_empty() {
            let some = PyList::new(py, again.iter().map(|at| &texts[*at].text))?;
            let more = floats(self.asked.2.call1(py, (some,))?.bind(py).cast::<PyBytes>()?.as_bytes());
            let voices = more.chunks_exact(2 * size);
            let mut scores = Vec::with_capacity(again.len() * size);
            for (at, more) in again.iter().zip(voices) {
                scores.extend_from_slice(&self.weighed(&heard[*at], fasttext(*at), more, second));
            }
            let surer = self.probabilities(py, &scores)?;
            for (at, some) in again.iter().zip(surer.chunks_exact(*codes)) {
                probabilities[at * codes..][..*codes].copy_from_slice(some);
            }
        }
        let mut listed = vec![0.0; heard.len() * size];
        for (at, one) in heard.iter().enumerate() {
            one.words.iter().for_each(|(row, share)| listed[at * size + row] = *share);
        }
        Ok((bytes(py, &probabilities)?, bytes(py, &listed)?))
    }
}

impl Pool {
    fn hear(&self, py: Python<'_>, left: &LeftText, scratch: &mut Scratch) -> PyResult<Heard> {
        let LeftText { text, marks, letters, fit, shares, .. } = left;
        let size = self.rows.0.len();
        let Pair(eld, row_of_eld, unscored) = &self.pair;
        let eld = eld.get();
        let mut behind = vec![0.0; size];
        for (number, score) in eld.scored(fit, ELD_SCORES) {
            if let Some(row) = row_of_eld[number] {
                behind[row] = score;
            }
        }
        let (mut best, mut highest) = (0, behind[0]);
        for (row, score) in behind.iter().enumerate() {
            if *score > highest {
                (best, highest) = (row, *score);
            }
        }
        let Rows(knows, needs, ..) = &self.rows;
        let is_known: Vec<bool> = knows
            .iter()
            .zip(needs)
            .map(|(knows, needs)| *knows && (*needs == 0 || marks & needs != 0))
            .collect();
        for (score, is_known) in behind.iter_mut().zip(&is_known) {
            *score = match (is_known, *score > 0.0) {
                (false, _) => 0.0,
                (true, true) => *score - highest,
                (true, false) => -unscored,
            };
        }
        let reliable = Some(best).filter(|_| eld.best(fit).1);
        let cld2 = self.cld2.get();
        let cld2 = shares.iter().filter_map(|(one, share)| Some((cld2.row(*one)?, *share))).collect();
        let (words, own_words) = self.hear_words(py, text)?;
        let class = self.weights.2.iter().filter(|bound| letters >= *bound).count();
        let is_latin_russian =
            marks & self.latin_russian.0 == 0 && self.is_like_russian(py, text, scratch)?;
        Ok(Heard {
            class,
            behind,
            is_known,
            reliable,
            cld2,
            is_latin_russian,
            words,
            own_words,
            marks: *marks,
        })
    }

    /// Return which share of the words each row lists, and that with shared words divided.
    #[allow(clippy::type_complexity)]
    fn hear_words(&self, py: Python<'_>, text: &str) -> PyResult<(Vec<(usize, f64)>, Vec<(usize, f64)>)> {
        let Words(parts_of, most, _) = &self.words;
        let mut folded = String::with_capacity(text.len());
        for one in text.chars() {
            folded
                .extend(char::from_u32(self.characters.of(py, one)? & CHARACTER).filter(|one| *one != '\0'));
        }
        let words: Vec<&str> = folded.split(' ').filter(|word| !word.is_empty()).take(*most).collect();
        let (mut shares, mut divided) = (Vec::new(), Vec::new());
        let all = words.len() as f64;
        for word in words {
            let parts = parts_of.get(word);
            // An ending behind a name: `Bakı'da`.
            let parts = parts.or_else(|| word.split_once('\'').and_then(|(name, _)| parts_of.get(name)));
            for (row, part) in parts.into_iter().flatten() {
                add(&mut shares, *row, 1.0 / all);
                add(&mut divided, *row, part / all);
            }
        }
        Ok((shares, divided))
    }

    fn is_like_russian(&self, py: Python<'_>, text: &str, scratch: &mut Scratch) -> PyResult<bool> {
        let LatinRussian(_, _, russian, enough, _, in_cyrillic) = &self.latin_russian;
        let characters = text.chars().count();
        let Some((_, needed)) = enough.iter().find(|(least, _)| characters >= *least) else {
            return Ok(false);
        };
        let put_back = if text.is_ascii() {
            self.cyrillic.put_back(&text.to_ascii_lowercase())
        } else {
            in_cyrillic.call1(py, (text,))?.extract(py)?
        };
        let eld = self.pair.0.get();
        let scored = eld.scored(&eld.fit(&put_back, scratch), ELD_SCORES);
        Ok(scored.iter().find(|one| one.0 == *russian).map_or(0.0, |one| one.1) >= *needed)
    }

    /// Return the score of each row: voice after voice, as numpy adds them.
    fn weighed(
        &self,
        heard: &Heard,
        fasttext: (&[f64], &[f64]),
        more: &[f64],
        weights: &[Vec<f64>],
    ) -> Vec<f64> {
        let weight = |voice: usize| weights[voice][heard.class];
        let mut scores = vec![0.0; heard.behind.len()];
        let Spoken { alien, borrowed, rare, common, written } = &self.spoken;
        // What is said of few rows is added to those: nothing added to the others changes nothing.
        let add_some = |scores: &mut [f64], voice: usize, some: &[(usize, f64)]| {
            some.iter().for_each(|(row, said)| scores[*row] += said * weight(voice));
        };
        let add_to = |scores: &mut [f64], voice: usize, rows: &[usize]| {
            rows.iter().for_each(|row| scores[*row] += weight(voice));
        };
        let add_if_marked = |scores: &mut [f64], voice: usize, some: &[(usize, i64)]| {
            let is_marked = |one: &&(usize, i64)| heard.marks & one.1 != 0;
            some.iter().filter(is_marked).for_each(|(row, _)| scores[*row] += weight(voice));
        };
        add_each(&mut scores, weight(ELD_BEHIND), heard.behind.iter().copied());
        let unknown = heard.is_known.iter().map(|is_known| f64::from(u8::from(!is_known)));
        add_each(&mut scores, weight(ELD_UNKNOWN), unknown);
        heard.reliable.iter().for_each(|row| scores[*row] += weight(ELD_RELIABLE));
        add_some(&mut scores, CLD2, &heard.cld2);
        add_each(&mut scores, weight(FASTTEXT_LOG), fasttext.1.iter().copied());
        add_each(&mut scores, weight(FASTTEXT), fasttext.0.iter().copied());
        if heard.is_latin_russian {
            scores[self.latin_russian.1] += weight(LATIN_RUSSIAN);
        }
        add_some(&mut scores, WORDS, &heard.words);
        add_some(&mut scores, OWN_WORDS, &heard.own_words);
        add_if_marked(&mut scores, ALIEN, alien);
        add_if_marked(&mut scores, BORROWED, borrowed);
        for (_, rows) in written.iter().filter(|(scripts, _)| heard.marks & scripts == 0) {
            add_to(&mut scores, OTHER_SCRIPT, rows);
        }
        add_to(&mut scores, RARE, rare);
        add_to(&mut scores, COMMON, common);
        for (at, said) in more.chunks_exact(heard.behind.len()).enumerate() {
            add_each(&mut scores, weight(LANGDETECT + at), said.iter().copied());
        }
        scores
    }

    /// Return the chances of the codes of some texts, from the scores of all rows.
    fn probabilities(&self, py: Python<'_>, scores: &[f64]) -> PyResult<Vec<f64>> {
        let Weights(_, _, _, _, in_latin, codes) = &self.weights;
        let size = self.rows.0.len();
        let mut below = scores.to_vec();
        for some in below.chunks_exact_mut(size) {
            let highest = some.iter().copied().fold(f64::NEG_INFINITY, f64::max);
            some.iter_mut().for_each(|score| *score -= highest);
        }
        let mut found = Vec::with_capacity(scores.len());
        for some in of_all(py, &self.asked.0, &below)?.chunks_exact(size) {
            let all = some.iter().fold(0.0, |sum, one| sum + one);
            let start = found.len();
            found.extend_from_slice(&some[..*codes]);
            found[start..].iter_mut().for_each(|one| *one /= all);
            in_latin.iter().for_each(|(ours, latin)| found[start + ours] += some[*latin] / all);
        }
        Ok(found)
    }
}

#[inline]
fn add_each(scores: &mut [f64], weight: f64, said: impl Iterator<Item = f64>) {
    scores.iter_mut().zip(said).for_each(|(score, said)| *score += said * weight);
}

fn add(shares: &mut Vec<(usize, f64)>, row: usize, share: f64) {
    match shares.iter_mut().find(|one| one.0 == row) {
        Some(one) => one.1 += share,
        None => shares.push((row, share)),
    }
}

/// What Latin letters stand for, by the first of them: the longest first.
struct Cyrillic(Vec<Vec<(String, String)>>);

impl Cyrillic {
    fn new(letters: &HashMap<String, String>) -> Self {
        let mut by_first = vec![Vec::new(); 256];
        for (latin, letter) in letters {
            if let Some(first) = latin.bytes().next() {
                by_first[usize::from(first)].push((latin.clone(), letter.clone()));
            }
        }
        by_first
            .iter_mut()
            .for_each(|some: &mut Vec<(String, String)>| some.sort_by_key(|one| Reverse(one.0.len())));
        Self(by_first)
    }

    /// Return a text in small letters of ASCII as it would be in Cyrillic ones.
    fn put_back(&self, text: &str) -> String {
        let (mut found, mut at) = (String::with_capacity(2 * text.len()), 0);
        while at < text.len() {
            let rest = &text[at..];
            let here = self.0[usize::from(rest.as_bytes()[0])].iter();
            let (latin, letter) = match here.into_iter().find(|(latin, _)| rest.starts_with(latin.as_str())) {
                Some((latin, letter)) => (latin.as_str(), letter.as_str()),
                None => (&rest[..1], &rest[..1]),
            };
            found.push_str(letter);
            at += latin.len();
        }
        found
    }
}

/// Return what a function of numpy makes of each number.
fn of_all(py: Python<'_>, function: &Py<PyAny>, numbers: &[f64]) -> PyResult<Vec<f64>> {
    let made = function.call1(py, (bytes(py, numbers)?,))?;
    Ok(floats(made.bind(py).cast::<PyBytes>()?.as_bytes()))
}

fn bytes<'py>(py: Python<'py>, numbers: &[f64]) -> PyResult<Bound<'py, PyBytes>> {
    PyBytes::new_with(py, size_of_val(numbers), |bytes| {
        for (place, number) in bytes.chunks_exact_mut(8).zip(numbers) {
            place.copy_from_slice(&number.to_ne_bytes());
        }
        Ok(())
    })
}

fn floats(bytes: &[u8]) -> Vec<f64> {
    bytes
        .chunks_exact(8)
        .filter_map(|eight| eight.first_chunk())
        .map(|eight| f64::from_ne_bytes(*eight))
        .collect()
}
