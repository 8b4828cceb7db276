//! Where patterns stand in texts: one walk over a folded text, with a look into an automaton wherever one may begin.
//!
//! The twin of `sandik.counting.tags.places`.

use std::collections::HashMap;

use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyList, PyString};

use crate::characters::{text_of, Characters};
use crate::conditions::{Leaves, Made, Needs};
use crate::counting::{Allowed, Counting, Entry, Opening};
use crate::cut_words::{CutIn, CutWords, Limits};
use crate::folding::{Folded, Start, Token, NONE, WORD};
use crate::markup::{Marked, Markup, Told};
use crate::models::{self, Models, Weighed};
use crate::spelled::{Candidate, Pattern, Spelled};

/// How a pattern stands in a text: why it does not count outside hashtags, and bits.
const COUNTS: u8 = 0;
const INSIDE_WORD: u8 = 1;
const NOT_IN_HASHTAG: u8 = 2;
const OUTSIDE: u8 = 3;
pub const GLUED: u8 = 4;
const ABLE: u8 = 8;
const MARKED: u8 = 16;

/// First character, last one, end; kind of pattern, and how it stands there.
pub type Place = (u32, u32, u32, u32, u8);

/// What has to be known if it is there what something needs, and what its veto needs.
#[derive(FromPyObject)]
struct Asks(Needs, Vec<u32>, Needs, Vec<u32>);

/// By language, a byte for each entry, whether it accepts that; where eras begin, and by their number a byte for each
/// entry, whether it is out of its days.
#[derive(FromPyObject)]
pub struct Days(Py<PyAny>, Vec<i64>, Py<PyAny>);

/// Of a kind of patterns: the entries it is a form of, those whose `match` may find something where it stands,
/// whether it makes conditions be asked, whether it counts though its end is cut off, the leaves it is, and what it asks.
#[derive(FromPyObject)]
#[pyo3(from_item_all)]
pub struct Kind {
    pub ranks: Vec<u32>,
    pub matching: Vec<u32>,
    pub is_trigger: bool,
    pub counts_cut: bool,
    pub leaves: Vec<u32>,
    asks: Vec<Asks>,
}

/// A pattern in a folded text: from where to where, how it stands there.
struct Hit {
    begin: u32,
    end: u32,
    kind: u32,
    how: u8,
}

/// Return how a pattern stands in a text.
#[inline]
fn hit(folded: &Folded, start: &Start, pattern: Pattern, length: usize) -> Hit {
    let (left, end) = (start.edge, start.byte as usize + length);
    let right = if pattern.is_beginning() { WORD } else { folded.edges[end] };
    let is_glued = left == NONE || right == NONE;
    let has_end = left != NONE || right == WORD;
    let is_able = !is_glued || (has_end && pattern.is_long() && !pattern.is_beginning());
    let outside = match (left == WORD && right == WORD, pattern.is_in_hashtags()) {
        (false, _) => INSIDE_WORD,
        (true, false) => COUNTS,
        (true, true) => NOT_IN_HASHTAG,
    };
    let how = outside | GLUED * u8::from(is_glued) | ABLE * u8::from(is_able);
    Hit { begin: start.byte, end: end as u32, kind: pattern.kind(), how }
}

/// Of kinds, what is asked for each hit, close together so that it stays in the processor's cache.
struct Quick {
    /// By kind: bits, and where its leaves begin and end in `leaves`.
    kinds: Vec<(u8, u32, u32)>,
    leaves: Vec<u32>,
    /// By kind, where what it asks begins and ends in `needs`: of each there is how long it is, and what it needs.
    asks: Vec<(u32, u32)>,
    needs: Vec<u32>,
}

/// It is a form; it makes conditions be asked.
const FORM: u8 = 1;
const TRIGGER: u8 = 2;

impl Quick {
    fn new(kinds: &[Kind]) -> Self {
        let mut quick = Self { kinds: Vec::new(), leaves: Vec::new(), asks: Vec::new(), needs: Vec::new() };
        for Kind { ranks, is_trigger, leaves, asks, .. } in kinds {
            let bits = FORM * u8::from(!ranks.is_empty()) | TRIGGER * u8::from(*is_trigger);
            let from = quick.leaves.len() as u32;
            quick.leaves.extend_from_slice(leaves);
            quick.kinds.push((bits, from, quick.leaves.len() as u32));
            let from = quick.needs.len() as u32;
            for Asks(needs, ..) in asks {
                quick.needs.push(needs.numbers().len() as u32);
                quick.needs.extend_from_slice(needs.numbers());
            }
            quick.asks.push((from, quick.needs.len() as u32));
        }
        quick
    }

    #[inline]
    fn is(&self, hit: &Hit, what: u8) -> bool {
        self.kinds[hit.kind as usize].0 & what != 0
    }

    #[inline]
    fn leaves(&self, hit: &Hit) -> &[u32] {
        let (_, from, to) = self.kinds[hit.kind as usize];
        &self.leaves[from as usize..to as usize]
    }

    /// Say of each that a kind asks whether what it needs is there.
    #[inline]
    fn can_hold<'a>(&'a self, kind: u32, present: &'a Leaves) -> impl Iterator<Item = bool> + 'a {
        let (from, to) = self.asks[kind as usize];
        let mut rest = &self.needs[from as usize..to as usize];
        std::iter::from_fn(move || {
            let (size, behind) = rest.split_first()?;
            let (needs, next) = behind.split_at(*size as usize);
            rest = next;
            Some(present.have_each(needs))
        })
    }
}

/// What is used again for each text.
struct Work {
    folded: Folded,
    cut: CutIn,
    candidates: Vec<Candidate>,
    hits: Vec<Hit>,
    present: Leaves,
    asked: Vec<u32>,
    weighed: Weighed,
}

#[pyclass(frozen)]
pub struct Patterns {
    spelled: Spelled,
    kinds: Vec<Kind>,
    quick: Quick,
    cut_words: CutWords,
    counting: Counting,
    markup: Markup,
    characters: Characters,
    models: Models,
    days: Days,
}

#[pymethods]
impl Patterns {
    /// Take what `spelled` has made of patterns, and their kinds; entries, openings, and places of conditions that
    /// are no leaf; models, and what makes a cut word and a stem; what links and hashtags are made of, who knows
    /// characters, and which entries can count.
    #[new]
    #[allow(clippy::too_many_arguments)]
    fn new(
        spelled: &[u8],
        kinds: Vec<Kind>,
        rules: (Vec<Entry>, Vec<Opening>, usize, Vec<Made>),
        models: HashMap<String, models::Told>,
        limits: (Limits, usize, usize),
        markup: Told,
        ask: Py<PyAny>,
        days: Days,
    ) -> PyResult<Self> {
        let (entries, openings, leaves, made) = rules;
        let spelled = Spelled::read(spelled).ok_or_else(|| PyValueError::new_err("these are no patterns"))?;
        let quick = Quick::new(&kinds);
        let cut_words = CutWords::new(limits.0, kinds.iter().map(|kind| kind.counts_cut).collect());
        let counting = Counting { entries, openings, made, leaves };
        let (markup, characters) = (Markup::new(markup), Characters::new(ask));
        let models = Models::new(models, limits.1, limits.2);
        Ok(Self { spelled, kinds, quick, cut_words, counting, markup, characters, models, days })
    }

    /// Return the terms that count, by index of their text: start, end, rank of the entry. `times_ms`: when each was
    /// posted.
    fn counted<'py>(
        &self,
        texts: &Bound<'py, PyList>,
        languages: &Bound<'py, PyList>,
        times_ms: Option<&Bound<'py, PyList>>,
    ) -> PyResult<Vec<(usize, Vec<(u32, u32, u32)>)>> {
        let py = texts.py();
        let (mut found, mut work, mut forms) = (Vec::new(), self.work(), Vec::new());
        for (index, string) in texts.iter().enumerate() {
            let text = text_of(string.cast::<PyString>()?)?;
            let marked = self.forms(py, &text, &mut work, &mut forms)?;
            let language = languages.get_item(index)?;
            let code = text_of(language.cast::<PyString>()?)?;
            let mut models = self.models.of(&code, &work.folded).peekable();
            if forms.is_empty() && models.peek().is_none() {
                continue;
            }
            let mut terms = if forms.is_empty() {
                Vec::new()
            } else {
                self.terms(&text, &forms, &work, marked, &language, index, times_ms)?
            };
            let chosen = terms.len();
            for model in models {
                let tags: Vec<u32> = terms.iter().map(|(_, _, rank)| self.counting.tag(*rank)).collect();
                let is_new = |rank: u32| !tags.contains(&self.counting.tag(rank));
                model.weigh(py, &work.folded, &self.characters, is_new, &mut work.weighed, &mut terms)?;
            }
            if terms.len() > chosen {
                terms.sort_unstable();
            }
            terms.retain(|(_, _, rank)| !self.counting.is_trap(*rank));
            if !terms.is_empty() {
                found.push((index, terms));
            }
        }
        Ok(found)
    }

    /// Return which texts have a form of an entry, whether it counts or not.
    fn near(&self, texts: &Bound<'_, PyList>) -> PyResult<Vec<usize>> {
        let (mut near, mut work, mut forms) = (Vec::new(), self.work(), Vec::new());
        for (index, string) in texts.iter().enumerate() {
            let text = text_of(string.cast::<PyString>()?)?;
            self.forms(texts.py(), &text, &mut work, &mut forms)?;
            if forms.iter().any(|form| !self.kinds[form.3 as usize].ranks.is_empty()) {
                near.push(index);
            }
        }
        Ok(near)
    }
}

impl Patterns {
    fn work(&self) -> Work {
        let (folded, cut, candidates, hits, asked, weighed) = Default::default();
        Work { folded, cut, candidates, hits, present: Leaves::none(self.counting.leaves), asked, weighed }
    }

    /// Return the terms and the traps of a text with these forms.
    #[allow(clippy::too_many_arguments)]
    fn terms(
        &self,
        text: &str,
        forms: &[Place],
        work: &Work,
        marked: Option<Marked<'_>>,
        language: &Bound<'_, PyAny>,
        index: usize,
        times_ms: Option<&Bound<'_, PyList>>,
    ) -> PyResult<Vec<(u32, u32, u32)>> {
        let py = language.py();
        let accept = self.days.0.bind(py).get_item(language)?;
        let out = times_ms.map(|times_ms| self.out(&times_ms.get_item(index)?)).transpose()?.flatten();
        let are_out = out.as_ref().map(|out| out.as_bytes());
        let allowed = Allowed { accept: accept.cast::<PyBytes>()?.as_bytes(), are_out };
        let word_spans = || match &marked {
            Some(marked) => Ok(marked.word_spans()),
            None => Ok(self.markup.of(py, text)?.word_spans()),
        };
        let characters = work.folded.characters();
        self.counting.terms(forms, &self.kinds, characters, &allowed, Box::new(word_spans))
    }

    /// Find what can count in a text, and the words that decide it. Return the text as they were looked for in it, if
    /// links, names or hashtags might refuse some.
    fn forms<'a>(
        &'a self,
        py: Python<'_>,
        text: &'a str,
        work: &mut Work,
        forms: &mut Vec<Place>,
    ) -> PyResult<Option<Marked<'a>>> {
        self.cut_words.find(py, text, &self.spelled, &self.characters, &mut work.cut)?;
        work.folded.fill(py, text, &self.characters)?;
        if work.cut.words.is_empty() {
            self.find_wanted(work);
        } else {
            // What the conditions of cut words need is not asked before: so all words are found.
            self.walk(work);
        }
        forms.clear();
        self.place(text, work, forms);
        let marked = self.drop_refused(py, text, forms)?;
        forms.extend(work.cut.words.iter().map(|(start, end, kind)| (*start, end - 1, *end, *kind, ABLE)));
        Ok(marked)
    }

    /// Return of each entry whether a time is out of its days; nothing without a time.
    fn out<'py>(&self, time_ms: &Bound<'py, PyAny>) -> PyResult<Option<Bound<'py, PyBytes>>> {
        let (py, Days(_, bounds_ms, out)) = (time_ms.py(), &self.days);
        // A whole number may be larger than any of ours.
        let Some(time_ms) = time_ms.extract::<Option<f64>>()? else {
            return Ok(None);
        };
        let era = bounds_ms.partition_point(|bound_ms| *bound_ms as f64 <= time_ms);
        Ok(Some(out.bind(py).get_item(era)?.cast_into()?))
    }

    /// Drop those places that links, names and hashtags refuse. Return the text as they were looked for in it.
    fn drop_refused(
        &self,
        py: Python<'_>,
        text: &str,
        places: &mut Vec<Place>,
    ) -> PyResult<Option<Marked<'_>>> {
        if places.iter().all(|place| place.4 & MARKED == 0) {
            return Ok(None);
        }
        let mut marked = self.markup.of(py, text)?;
        let has_signs = marked.has_signs();
        places.retain(|(begin, last, _, _, how)| {
            let outside = how & OUTSIDE != COUNTS;
            let is_glued = how & GLUED != 0;
            if how & MARKED == 0 {
                true
            } else if has_signs {
                !marked.is_refused(*begin as usize, *last as usize, outside, is_glued)
            } else {
                !outside
            }
        });
        Ok(Some(marked))
    }

    /// Find what can count in a text, and the words that decide it.
    fn find_wanted(&self, work: &mut Work) {
        self.walk(work);
        let Work { hits, present, asked, .. } = work;
        let quick = &self.quick;
        let mut wanted = None;
        asked.clear();
        asked.extend(hits.iter().filter(|hit| quick.is(hit, TRIGGER)).map(|hit| hit.kind));
        if !asked.is_empty() {
            present.clear();
            hits.iter().for_each(|hit| present.add(quick.leaves(hit)));
            wanted = self.wanted(asked, present);
        }
        let is_wanted = |hit: &Hit| {
            wanted.as_ref().is_some_and(|wanted| quick.leaves(hit).iter().any(|leaf| wanted.has(*leaf)))
        };
        hits.retain(|hit| quick.is(hit, FORM) || is_wanted(hit));
    }

    /// Find the patterns in a text that can count.
    fn walk(&self, work: &mut Work) {
        let Work { folded, hits, candidates, .. } = work;
        let (folded, text) = (&*folded, folded.text());
        hits.clear();
        self.spelled.candidates(folded, candidates);
        for candidate in candidates.iter() {
            let start = &folded.starts()[candidate.start as usize];
            if start.is_in_hashtag {
                self.spelled.all(&text[start.byte as usize..], |pattern, length| {
                    let hit = hit(folded, start, pattern, length);
                    if hit.how & ABLE != 0 {
                        hits.push(hit);
                    }
                });
            } else {
                self.spelled.words(folded, *candidate, |pattern, length| {
                    let end = start.byte + length as u32;
                    hits.push(Hit { begin: start.byte, end, kind: pattern.kind(), how: COUNTS | ABLE });
                });
            }
        }
    }

    /// Add the places in a text of what was found in it.
    fn place(&self, text: &str, work: &Work, places: &mut Vec<Place>) {
        let origins = &work.folded.origins;
        let (mut token, mut chars) = (Token::default(), text.char_indices());
        let mut next = 0;
        let mut byte = 0;
        for hit in &work.hits {
            let (begin, end) = (hit.begin as usize, hit.end as usize);
            let first = origins[begin];
            if first >= next {
                // In text order, so each character is passed once.
                byte = chars.nth((first - next) as usize).map_or(text.len(), |(byte, _)| byte);
                next = first + 1;
            }
            let how = hit.how | MARKED * u8::from(token.has_sign(text.as_bytes(), byte));
            places.push((first, origins[end - 1], origins[end], hit.kind, how));
        }
    }

    /// Return the leaves that must be known if patterns of these kinds, and these leaves, stand in a text; None if no
    /// condition can hold.
    fn wanted(&self, asked: &mut Vec<u32>, present: &Leaves) -> Option<Leaves> {
        let mut wanted = None;
        asked.sort_unstable();
        asked.dedup();
        for kind in asked {
            let asks = &self.kinds[*kind as usize].asks;
            for (number, _) in self.quick.can_hold(*kind, present).enumerate().filter(|one| one.1) {
                let Asks(_, leaves, unless_needs, unless) = &asks[number];
                let wanted = wanted.get_or_insert_with(|| Leaves::none(self.counting.leaves));
                wanted.add(leaves);
                if present.have(unless_needs) {
                    wanted.add(unless);
                }
            }
        }
        wanted
    }
}
