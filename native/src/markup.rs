//! Links, names and hashtags in a text, and its words. The twin of parts of `sandik.counting.tags.boundaries`.

use pyo3::prelude::*;
use pyo3::types::PyString;

use crate::characters::{text_of, Characters};

/// Of a character: what it is in a domain's name, whatever its case, and what Python says of it.
const NAMED: u32 = (1 << 21) - 1;
/// `\w`, a letter of a word, `\s`.
const IS_WORD: u32 = 1 << 21;
const IS_LETTER: u32 = 1 << 22;
const IS_SPACE: u32 = 1 << 23;
const IS_ALPHA: u32 = 1 << 24;
const IS_UPPER: u32 = 1 << 25;
/// Small letters, or capitals, would be another character.
const IS_NOT_SMALL: u32 = 1 << 26;
const IS_NOT_CAPITAL: u32 = 1 << 27;

/// First character of a word, and the one behind it.
pub type Span = (u32, u32);

/// Domains that are one by themselves, those that are behind others, and those that are with a path only; small
/// words, what follows none, what joins words, and who knows characters.
#[derive(FromPyObject)]
pub struct Told(Vec<String>, Vec<(String, Vec<String>)>, Vec<String>, Vec<String>, String, String, Py<PyAny>);

#[pyclass(frozen)]
pub struct Markup {
    alone: Vec<Vec<char>>,
    behind: Vec<(Vec<char>, Vec<Vec<char>>)>,
    with_path: Vec<Vec<char>>,
    small: Vec<Vec<char>>,
    not_after_small: Vec<char>,
    joining: Vec<char>,
    characters: Characters,
}

#[pymethods]
impl Markup {
    #[new]
    pub fn new(told: Told) -> Self {
        let letters = |words: Vec<String>| words.iter().map(|word| word.chars().collect()).collect();
        let Told(alone, behind, with_path, small, not_after_small, joining, ask) = told;
        Self {
            alone: letters(alone),
            behind: behind
                .into_iter()
                .map(|(one, others)| (one.chars().collect(), letters(others)))
                .collect(),
            with_path: letters(with_path),
            small: letters(small),
            not_after_small: not_after_small.chars().collect(),
            joining: joining.chars().collect(),
            characters: Characters::new(ask),
        }
    }

    /// Return where words stand.
    fn words(&self, text: &Bound<'_, PyString>) -> PyResult<Vec<Span>> {
        Ok(self.of(text.py(), &text_of(text)?)?.word_spans())
    }

    /// Say of places (first and last character, whether they do not count outside hashtags, whether they are glued
    /// to other letters) whether they are refused.
    fn refused(
        &self,
        text: &Bound<'_, PyString>,
        places: Vec<(usize, usize, bool, bool)>,
    ) -> PyResult<Vec<bool>> {
        let mut marked = self.of(text.py(), &text_of(text)?)?;
        let each = places.into_iter();
        Ok(each
            .map(|(begin, last, outside, is_glued)| marked.is_refused(begin, last, outside, is_glued))
            .collect())
    }
}

impl Markup {
    pub fn of<'a>(&'a self, py: Python<'_>, text: &str) -> PyResult<Marked<'a>> {
        let characters: Vec<char> = text.chars().collect();
        let is = characters.iter().map(|one| self.characters.of(py, *one)).collect::<PyResult<_>>()?;
        Ok(Marked {
            rules: self,
            characters,
            is,
            token: (0, 0),
            found: Vec::new(),
            current: Markings { start: 0, end: 0, is_hashtag: false },
            run: (0, 0, false),
        })
    }
}

/// A link, a name or a hashtag.
#[derive(Clone, Copy)]
struct Markings {
    start: usize,
    end: usize,
    is_hashtag: bool,
}

/// One text. It is asked from left to right, and remembers what it found last: see the twin.
pub struct Marked<'a> {
    rules: &'a Markup,
    characters: Vec<char>,
    is: Vec<u32>,
    token: (usize, usize),
    found: Vec<Markings>,
    current: Markings,
    /// From where to where, and whether capitals part words there.
    run: (usize, usize, bool),
}

impl Marked<'_> {
    /// Say whether a place from `begin` to `last` does not count; `outside`: that it does not outside hashtags.
    pub fn is_refused(&mut self, begin: usize, last: usize, outside: bool, is_glued: bool) -> bool {
        let Markings { start, end, .. } = self.current;
        if !(start <= begin && begin < end || self.is_inside(begin)) {
            return outside;
        }
        if !self.current.is_hashtag {
            return true;
        }
        let is_parted = !(is_glued && self.has_capitals(begin)) || self.is_before_small_word(begin, last);
        outside && !(last < self.current.end && is_parted)
    }

    /// Say whether there can be any of them: `may_have_markup`.
    pub fn has_signs(&self) -> bool {
        let is_sign = |one: &char| matches!(one, '#' | '＃' | '@' | '＠' | ':');
        let dots = self.characters.iter().zip(self.is.iter().skip(1));
        self.characters.iter().any(is_sign)
            || dots.into_iter().any(|(one, is)| *one == '.' && is & IS_WORD != 0)
    }

    /// Return where words stand: a hashtag is one, links and names are none.
    pub fn word_spans(&self) -> Vec<Span> {
        let (mut spans, mut at, size) = (Vec::new(), 0, self.is.len());
        while at < size {
            if let Some(end) = self.link(at, size).or_else(|| self.name(at, size)) {
                at = end;
                continue;
            }
            let start = at;
            at = self.run_of(at, size, IS_LETTER);
            if at == start {
                at += 1;
                continue;
            }
            while at < size && self.rules.joining.contains(&self.characters[at]) {
                let end = self.run_of(at + 1, size, IS_LETTER);
                if end == at + 1 {
                    break;
                }
                at = end;
            }
            spans.push((start as u32, at as u32));
        }
        spans
    }

    fn is_inside(&mut self, at: usize) -> bool {
        if !(self.token.0 <= at && at < self.token.1) {
            let is_space = |one: &char| *one == ' ';
            let from = self.characters[..at].iter().rposition(is_space).map_or(0, |space| space + 1);
            let to = self.characters[at..].iter().position(is_space).map_or(self.is.len(), |more| at + more);
            self.token = (from, to);
            self.find(from, to);
        }
        let behind = self.found.partition_point(|one| one.start <= at);
        match behind.checked_sub(1).map(|place| self.found[place]) {
            Some(one) if at < one.end => {
                self.current = one;
                true
            }
            _ => false,
        }
    }

    /// Find what stands in a token.
    fn find(&mut self, from: usize, to: usize) {
        self.found.clear();
        let mut at = from;
        while at < to {
            let hashtag =
                || matches!(self.characters[at], '#' | '＃').then(|| self.run_of(at + 1, to, IS_LETTER));
            let found = match self.link(at, to).or_else(|| self.name(at, to)) {
                Some(end) => Some((end, false)),
                None => hashtag().filter(|end| *end > at + 1).map(|end| (end, true)),
            };
            if let Some((end, is_hashtag)) = found {
                self.found.push(Markings { start: at, end, is_hashtag });
                at = end;
            } else {
                at += 1;
            }
        }
    }

    fn name(&self, at: usize, to: usize) -> Option<usize> {
        matches!(self.characters[at], '@' | '＠')
            .then(|| self.run_of(at + 1, to, IS_WORD))
            .filter(|end| *end > at + 1)
    }

    /// Return where the link ends that begins here.
    fn link(&self, at: usize, to: usize) -> Option<usize> {
        let first = self.is[at] & NAMED;
        if first == u32::from('h') || first == u32::from('w') {
            let starts = ["https://", "http://", "www."];
            let start = starts.iter().find(|start| self.is_spelled(at, to, start.chars()));
            if let Some(end) = start.and_then(|start| self.visible(at + start.len(), to)) {
                return Some(end);
            }
        }
        let is_in_domain = |at: usize| self.is[at] & IS_WORD != 0 || self.characters[at] == '-';
        if !is_in_domain(at)
            || at > 0 && (is_in_domain(at - 1) || matches!(self.characters[at - 1], '.' | '@'))
        {
            return None;
        }
        let (mut domain, mut end) = (at, at);
        loop {
            while end < to && is_in_domain(end) {
                end += 1;
            }
            let is_followed = end + 1 < to && self.characters[end] == '.' && self.is[end + 1] & IS_WORD != 0;
            if end == domain || !is_followed {
                break;
            }
            (domain, end) = (end + 1, end + 1);
        }
        if domain == at {
            return None;
        }
        let spells =
            |word: &[char]| end - domain == word.len() && self.is_spelled(domain, end, word.iter().copied());
        let has_before = |word: &[char]| {
            let from = (domain - 1).checked_sub(word.len());
            from.is_some_and(|from| self.is_spelled(from, domain - 1, word.iter().copied()))
        };
        let rules = self.rules;
        let is_alone = rules.alone.iter().any(|word| spells(word))
            || rules
                .behind
                .iter()
                .any(|(word, before)| spells(word) && before.iter().any(|one| has_before(one)));
        let next = if end < to { self.characters[end] } else { ' ' };
        if is_alone {
            let has_path = matches!(next, '/' | '?');
            return Some(if has_path { self.visible(end + 1, to).unwrap_or(end + 1) } else { end });
        }
        if next == '/' && rules.with_path.iter().any(|word| spells(word)) {
            return self.visible(end + 1, to);
        }
        None
    }

    fn is_spelled(&self, at: usize, to: usize, mut letters: impl Iterator<Item = char>) -> bool {
        let mut here = self.is[at..to].iter();
        letters.all(|letter| here.next().is_some_and(|is| is & NAMED == u32::from(letter)))
    }

    /// Return where the characters end that are no white space, if there is one here.
    fn visible(&self, at: usize, to: usize) -> Option<usize> {
        let end = (at..to).find(|at| self.is[*at] & IS_SPACE != 0).unwrap_or(to);
        Some(end).filter(|end| *end > at)
    }

    fn run_of(&self, at: usize, to: usize, what: u32) -> usize {
        (at..to).find(|at| self.is[*at] & what == 0).unwrap_or(at.max(to))
    }

    /// Say whether capitals part words in the run of letters around a place: in all of it, then.
    fn has_capitals(&mut self, at: usize) -> bool {
        if !(self.run.0 <= at && at < self.run.1) {
            let is_no_letter = |is: &u32| is & IS_ALPHA == 0;
            let first = self.is[..at].iter().rposition(is_no_letter).map_or(0, |before| before + 1);
            let end = self.is[at..].iter().position(is_no_letter).map_or(self.is.len(), |more| at + more);
            let run = &self.is[first..end];
            let is_small = run.iter().skip(1).all(|is| is & IS_NOT_SMALL == 0);
            let is_capital = run.iter().all(|is| is & IS_NOT_CAPITAL == 0);
            self.run = (first, end.max(at + 1), !(is_small || is_capital));
        }
        self.run.2
    }

    fn is_before_small_word(&self, begin: usize, last: usize) -> bool {
        let is_start = self.is[begin] & IS_UPPER != 0 || begin.checked_sub(1) == Some(self.current.start);
        let rest = self.characters.get(last + 1..self.current.end).unwrap_or_default();
        let is_small = |word: &Vec<char>| {
            let next = rest.strip_prefix(word.as_slice()).map(|behind| behind.first());
            next.is_some_and(|next| next.is_none_or(|one| !self.rules.not_after_small.contains(one)))
        };
        is_start && self.rules.small.iter().any(is_small)
    }
}
