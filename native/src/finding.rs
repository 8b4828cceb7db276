//! Where patterns stand in texts: one walk over a folded text, with a look into an automaton wherever one may begin.
//!
//! The twin of `sandik.counting.tags.places`.

use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyList, PyString};

use crate::beginnings::Beginnings;
use crate::characters::{text_of, Characters};
use crate::conditions::{Leaves, Made};
use crate::counting::{Allowed, Counting, Entry, Opening};
use crate::folding::{Folded, Token, NONE, WORD};
use crate::markup::{Markup, Told};
use crate::spelled::Spelled;

/// How a pattern stands in a text: why it does not count outside hashtags, and bits.
const COUNTS: u8 = 0;
const INSIDE_WORD: u8 = 1;
const NOT_IN_HASHTAG: u8 = 2;
const OUTSIDE: u8 = 3;
pub const GLUED: u8 = 4;
const ABLE: u8 = 8;
const MARKED: u8 = 16;

/// Index of the text; first character, last one, end; kind of pattern, and how it stands there.
pub type Place = (usize, u32, u32, u32, u32, u8);

/// What has to be known if `needs` are there: one leaf of each.
#[derive(FromPyObject)]
struct Asks(Vec<Vec<u32>>, Vec<u32>, Vec<Vec<u32>>, Vec<u32>);

/// By language, a byte for each entry, whether it accepts that; where eras begin, and by their number a byte for each
/// entry, whether it is out of its days.
#[derive(FromPyObject)]
pub struct Days(Py<PyAny>, Vec<i64>, Py<PyAny>);

/// Of a kind of patterns: the entries it is a form of, those whose `match` may find something where it stands,
/// whether it makes conditions be asked, the leaves it is, and what it asks.
#[derive(FromPyObject)]
#[pyo3(from_item_all)]
pub struct Kind {
    pub ranks: Vec<u32>,
    pub matching: Vec<u32>,
    pub is_trigger: bool,
    pub leaves: Vec<u32>,
    asks: Vec<Asks>,
}

#[pyclass(frozen)]
pub struct Patterns {
    spelled: Spelled,
    kinds: Vec<Kind>,
    leaves: usize,
    /// Those that only a look at all patterns tells.
    common: Leaves,
    counting: Counting,
    markup: Markup,
    characters: Characters,
    days: Days,
}

#[pymethods]
impl Patterns {
    /// Take what `spelled` has made of patterns, and their kinds; entries, openings, and places of conditions that
    /// are no leaf; what links and hashtags are made of, who knows characters, and which entries can count.
    #[new]
    fn new(
        spelled: &[u8],
        kinds: Vec<Kind>,
        rules: (Vec<Entry>, Vec<Opening>, u32, usize, Vec<Made>),
        markup: Told,
        ask: Py<PyAny>,
        days: Days,
    ) -> PyResult<Self> {
        let (entries, openings, first_sum, leaves, made) = rules;
        let spelled = Spelled::read(spelled).ok_or_else(|| PyValueError::new_err("these are no patterns"))?;
        let mut common = Leaves::none(leaves);
        let is_common = |kind: &&Kind| kind.ranks.is_empty() && !kind.is_trigger;
        kinds.iter().filter(is_common).for_each(|kind| common.add(&kind.leaves));
        let counting = Counting { entries, openings, first_sum, made, leaves };
        Ok(Self {
            spelled,
            kinds,
            leaves,
            common,
            counting,
            markup: Markup::new(markup),
            characters: Characters::new(ask),
            days,
        })
    }

    /// Return the places of patterns, text by text. Not all: only those that can count.
    fn find(&self, texts: &Bound<'_, PyList>, all: bool) -> PyResult<Vec<Place>> {
        let mut places = Vec::new();
        let (mut folded, mut some) = (Folded::default(), Vec::new());
        for (index, text) in texts.iter().enumerate() {
            let string = text.cast::<PyString>()?;
            let text = text_of(string)?;
            folded.fill(texts.py(), &text, all, &self.characters)?;
            if all {
                self.walk(index, &text, &folded, None, &mut some);
            } else {
                self.find_wanted(index, &text, &folded, &mut some);
            }
            places.append(&mut some);
        }
        Ok(places)
    }

    /// Return the terms that count, by index of their text: start, end, rank of the entry.
    ///
    /// `cut`: words that were cut off, in the order of texts: index of the text, start, end, kind. `times_ms`: when
    /// each was posted.
    fn counted<'py>(
        &self,
        texts: &Bound<'py, PyList>,
        cut: Vec<(usize, u32, u32, u32)>,
        languages: &Bound<'py, PyList>,
        times_ms: Option<&Bound<'py, PyList>>,
    ) -> PyResult<Vec<(usize, Vec<(u32, u32, u32)>)>> {
        let py = texts.py();
        let (mut found, mut folded, mut forms) = (Vec::new(), Folded::default(), Vec::new());
        let mut cut = cut.into_iter().peekable();
        for (index, string) in texts.iter().enumerate() {
            let text = text_of(string.cast::<PyString>()?)?;
            folded.fill(py, &text, false, &self.characters)?;
            forms.clear();
            if cut.peek().is_some_and(|one| one.0 == index) {
                // What the conditions of cut words need is not asked before: so all words are found.
                self.walk(index, &text, &folded, Some(&self.spelled.beginnings), &mut forms);
            } else {
                self.find_wanted(index, &text, &folded, &mut forms);
            }
            self.drop_refused(py, &text, &mut forms)?;
            while let Some((_, start, end, kind)) = cut.next_if(|one| one.0 == index) {
                forms.push((index, start, end - 1, end, kind, ABLE));
            }
            if forms.is_empty() {
                continue;
            }
            let accept = self.days.0.bind(py).get_item(languages.get_item(index)?)?;
            let out = times_ms.map(|times_ms| self.out(&times_ms.get_item(index)?)).transpose()?.flatten();
            let are_out = out.as_ref().map(|out| out.as_bytes());
            let allowed = Allowed { accept: accept.cast::<PyBytes>()?.as_bytes(), are_out };
            let word_spans = || Ok(self.markup.of(py, &text)?.word_spans());
            let characters = folded.origins.last().map_or(0, |end| end.character);
            let terms =
                self.counting.terms(&forms, &self.kinds, characters, &allowed, Box::new(word_spans))?;
            if !terms.is_empty() {
                found.push((index, terms));
            }
        }
        Ok(found)
    }
}

impl Patterns {
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

    /// Drop those places that links, names and hashtags refuse.
    fn drop_refused(&self, py: Python<'_>, text: &str, places: &mut Vec<Place>) -> PyResult<()> {
        if places.iter().all(|place| place.5 & MARKED == 0) {
            return Ok(());
        }
        let mut marked = self.markup.of(py, text)?;
        let has_signs = marked.has_signs();
        places.retain(|(_, begin, last, _, _, how)| {
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
        Ok(())
    }

    /// Add the places of what can count in a text, and of words that decide it.
    ///
    /// Common words of conditions are looked for only in a text with something that asks for them: one in three.
    fn find_wanted(&self, index: usize, text: &str, folded: &Folded, places: &mut Vec<Place>) {
        let kind_of = |place: &Place| &self.kinds[place.4 as usize];
        let is_form = |place: &Place| !kind_of(place).ranks.is_empty();
        self.walk(index, text, folded, Some(&self.spelled.deciding), places);
        if places.iter().any(|place| kind_of(place).is_trigger) {
            let mut present = self.common.clone();
            places.iter().for_each(|place| present.add(&kind_of(place).leaves));
            if self.wanted(places, &present).is_some() {
                places.clear();
                self.walk(index, text, folded, Some(&self.spelled.beginnings), places);
                let mut present = Leaves::none(self.leaves);
                places.iter().for_each(|place| present.add(&kind_of(place).leaves));
                if let Some(wanted) = self.wanted(places, &present) {
                    let is_wanted =
                        |place: &Place| kind_of(place).leaves.iter().any(|leaf| wanted.has(*leaf));
                    places.retain(|place| is_form(place) || is_wanted(place));
                    return;
                }
            }
        }
        places.retain(is_form);
    }

    /// Add places of patterns in a text that begin as is told; without that, also of those that cannot count.
    fn walk(
        &self,
        index: usize,
        text: &str,
        folded: &Folded,
        told: Option<&Beginnings>,
        places: &mut Vec<Place>,
    ) {
        let all = told.is_none();
        let mut token = Token::default();
        for start in &folded.starts {
            if told.is_some_and(|told| !told.may_begin(folded, start)) {
                continue;
            }
            let (at, is_in_hashtag) = (start.byte as usize, start.is_in_hashtag);
            let rest = &folded.bytes[at..];
            let left = start.edge;
            self.spelled.that_begin(rest, |some, length| {
                let end = at + length;
                for pattern in some {
                    let right = if pattern.is_beginning() { WORD } else { folded.edges[end] };
                    let is_glued = left == NONE || right == NONE;
                    let has_end = left != NONE || right == WORD;
                    let is_able = !is_glued || (has_end && pattern.is_long() && !pattern.is_beginning());
                    let outside = match (left == WORD && right == WORD, pattern.is_in_hashtags()) {
                        (false, _) => INSIDE_WORD,
                        (true, false) => COUNTS,
                        (true, true) => NOT_IN_HASHTAG,
                    };
                    if all || (is_able && (outside == COUNTS || is_in_hashtag)) {
                        let (begin, last, after) =
                            (folded.origins[at], folded.origins[end - 1], folded.origins[end]);
                        let is_marked = token.has_sign(text.as_bytes(), begin.byte as usize);
                        let bits = [(is_glued, GLUED), (is_able, ABLE), (is_marked, MARKED)];
                        let how =
                            bits.iter().fold(outside, |how, (is, bit)| how | if *is { *bit } else { 0 });
                        places.push((
                            index,
                            begin.character,
                            last.character,
                            after.character,
                            pattern.kind(),
                            how,
                        ));
                    }
                }
            });
        }
    }

    /// Return the leaves that must be known if these places and leaves stand in a text; None if no condition can hold.
    fn wanted(&self, places: &[Place], present: &Leaves) -> Option<Leaves> {
        let mut wanted = None;
        let mut asked: Vec<u32> = places.iter().map(|place| place.4).collect();
        asked.retain(|kind| self.kinds[*kind as usize].is_trigger);
        asked.sort_unstable();
        asked.dedup();
        for Asks(needs, leaves, unless_needs, unless) in
            asked.iter().flat_map(|kind| &self.kinds[*kind as usize].asks)
        {
            if present.have(needs) {
                let wanted = wanted.get_or_insert_with(|| Leaves::none(self.leaves));
                wanted.add(leaves);
                if present.have(unless_needs) {
                    wanted.add(unless);
                }
            }
        }
        wanted
    }
}
