//! Where patterns stand in texts: one walk over a folded text, with a look into an automaton wherever one may begin.
//!
//! The twin of `sandik.counting.tags.places`.

use std::collections::{BTreeMap, HashMap};

use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyList, PyString};

use crate::automaton::Automaton;
use crate::characters::{text_of, Characters};
use crate::conditions::Made;
use crate::counting::{Allowed, Counting, Entry, Opening};
use crate::markup::{Markup, Told};

/// Of a character: what it folds to (0: nothing), and what it and its folded one are, as Python says.
const FOLDED: u32 = (1 << 21) - 1;
const ALNUM_FOLDED: u32 = 1 << 21;
const DIGIT: u32 = 1 << 22;
const LOWER: u32 = 1 << 23;
const UPPER: u32 = 1 << 24;

/// What parts words at a place.
const NONE: u8 = 0;
const CAPITAL: u8 = 1;
const WORD: u8 = 2;

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

impl Kind {
    /// Say whether it decides something by itself: a form, or what makes conditions be asked.
    fn is_deciding(&self) -> bool {
        !self.ranks.is_empty() || self.is_trigger
    }
}

#[derive(Clone, PartialEq, Eq, Hash)]
struct Pattern {
    kind: u32,
    is_in_hashtags: bool,
    is_beginning: bool,
    is_long: bool,
}

#[pyclass(frozen)]
pub struct Patterns {
    automaton: Automaton,
    /// Of all patterns, and of those that decide something by themselves.
    beginnings: Beginnings,
    deciding: Beginnings,
    /// By number in the automaton, what is spelled so.
    patterns: Vec<Vec<Pattern>>,
    kinds: Vec<Kind>,
    leaves: usize,
    counting: Counting,
    markup: Markup,
    characters: Characters,
}

#[pymethods]
impl Patterns {
    /// Take patterns (what, kind, in hashtags only, beginning of words), kinds, the fewest letters of a glued
    /// one; entries, openings, and places of conditions that are no leaf; what links and hashtags are made of,
    /// and who knows characters.
    #[new]
    fn new(
        patterns: &Bound<'_, PyAny>,
        kinds: Vec<Kind>,
        min_glued: usize,
        rules: (Vec<Entry>, Vec<Opening>, u32, usize, Vec<Made>),
        markup: Told,
        ask: Py<PyAny>,
    ) -> PyResult<Self> {
        let (entries, openings, first_sum, leaves, made) = rules;
        let mut spelled: BTreeMap<String, Vec<Pattern>> = BTreeMap::new();
        // One at a time: all of them as a list are tens of megabytes, and leave holes as large.
        for pattern in patterns.try_iter()? {
            let (what, kind, is_in_hashtags, is_beginning): (String, u32, bool, bool) = pattern?.extract()?;
            if !what.is_empty() {
                let is_long = what.chars().count() >= min_glued;
                let pattern = Pattern { kind, is_in_hashtags, is_beginning, is_long };
                spelled.entry(what).or_default().push(pattern);
            }
        }
        let beginnings = Beginnings::new(spelled.keys());
        let is_deciding = |one: &Pattern| kinds[one.kind as usize].is_deciding();
        let decides = |some: &(&String, &Vec<Pattern>)| some.1.iter().any(is_deciding);
        let deciding = Beginnings::new(spelled.iter().filter(decides).map(|some| some.0));
        let mut numbers: HashMap<&[Pattern], usize> = HashMap::new();
        let words = spelled.iter().map(|(what, some)| {
            let next = numbers.len();
            (what.as_bytes(), *numbers.entry(some).or_insert(next))
        });
        let automaton = Automaton::new(words)
            .ok_or_else(|| pyo3::exceptions::PyValueError::new_err("the lexicon has too many forms"))?;
        let mut patterns = vec![Vec::new(); numbers.len()];
        numbers.into_iter().for_each(|(some, number)| patterns[number] = some.to_vec());
        let counting = Counting { entries, openings, first_sum, made, leaves };
        let characters = Characters::new(ask);
        Ok(Self {
            automaton,
            beginnings,
            deciding,
            patterns,
            kinds,
            leaves,
            counting,
            markup: Markup::new(markup),
            characters,
        })
    }

    /// Return the places of patterns, text by text. Not all: only those that can count.
    fn find(&self, texts: &Bound<'_, PyList>, all: bool) -> PyResult<Vec<Place>> {
        let mut places = Vec::new();
        let mut folded = Folded::default();
        for (index, text) in texts.iter().enumerate() {
            let string = text.cast::<PyString>()?;
            let text = text_of(string)?;
            folded.fill(texts.py(), &text, all, &self.characters)?;
            let first = places.len();
            if all {
                self.walk(index, &text, &folded, None, &mut places);
            } else {
                self.find_wanted(index, &text, &folded, &mut places, first);
            }
        }
        Ok(places)
    }

    /// Return the terms that count, by index of their text: start, end, rank of the entry.
    ///
    /// `cut`: words that were cut off, in the order of texts: index of the text, start, end, kind. `accept` and
    /// `out`: by text, a byte for each entry, whether it accepts the language, and whether it is out of its days.
    fn counted<'py>(
        &self,
        texts: &Bound<'py, PyList>,
        cut: Vec<(usize, u32, u32, u32)>,
        accept: Vec<Bound<'py, PyBytes>>,
        out: Option<Vec<Option<Bound<'py, PyBytes>>>>,
    ) -> PyResult<Vec<(usize, Vec<(u32, u32, u32)>)>> {
        let py = texts.py();
        let (mut found, mut folded, mut forms) = (Vec::new(), Folded::default(), Vec::new());
        let mut cut = cut.into_iter().peekable();
        for (index, string) in texts.iter().enumerate() {
            let text = text_of(string.cast::<PyString>()?)?;
            folded.fill(py, &text, false, &self.characters)?;
            forms.clear();
            self.find_wanted(index, &text, &folded, &mut forms, 0);
            self.drop_refused(py, &text, &mut forms)?;
            while let Some((_, start, end, kind)) = cut.next_if(|one| one.0 == index) {
                forms.push((index, start, end - 1, end, kind, ABLE));
            }
            if forms.is_empty() {
                continue;
            }
            let are_out = out.as_ref().and_then(|out| out[index].as_ref()).map(|out| out.as_bytes());
            let allowed = Allowed { accept: accept[index].as_bytes(), are_out };
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

    /// Add the places of what can count in a text, and of words that decide it; the first of these is at `first`.
    ///
    /// Common words of conditions are looked for only in a text with something that asks for them: one in three.
    fn find_wanted(&self, index: usize, text: &str, folded: &Folded, places: &mut Vec<Place>, first: usize) {
        let kind_of = |place: &Place| &self.kinds[place.4 as usize];
        self.walk(index, text, folded, Some(&self.deciding), places);
        if places[first..].iter().any(|place| kind_of(place).is_trigger) {
            places.truncate(first);
            self.walk(index, text, folded, Some(&self.beginnings), places);
        }
        self.keep_wanted(places, first);
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
            let (at, is_in_hashtag) = (start.byte as usize, start.is_in_hashtag);
            let rest = &folded.bytes[at..];
            // What begins inside a word counts in hashtags only.
            if told.is_some_and(|told| start.edge != WORD && !is_in_hashtag || !told.may_begin(rest)) {
                continue;
            }
            let left = start.edge;
            self.automaton.find(rest, |number, length| {
                let end = at + length;
                for pattern in &self.patterns[number] {
                    let right = if pattern.is_beginning { WORD } else { folded.edges[end] };
                    let is_glued = left == NONE || right == NONE;
                    let has_end = left != NONE || right == WORD;
                    let is_able = !is_glued || (has_end && pattern.is_long && !pattern.is_beginning);
                    let outside = match (left == WORD && right == WORD, pattern.is_in_hashtags) {
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
                            pattern.kind,
                            how,
                        ));
                    }
                }
            });
        }
    }

    /// Drop words of conditions that decide nothing in a text, whose places begin at `first`.
    fn keep_wanted(&self, places: &mut Vec<Place>, first: usize) {
        let kind_of = |place: &Place| &self.kinds[place.4 as usize];
        let some = &places[first..];
        let mut wanted = vec![];
        if some.iter().any(|place| kind_of(place).is_trigger) {
            let mut present = vec![false; self.leaves];
            for leaf in some.iter().flat_map(|place| &kind_of(place).leaves) {
                present[*leaf as usize] = true;
            }
            let are_there =
                |needs: &[Vec<u32>]| needs.iter().all(|need| need.iter().any(|leaf| present[*leaf as usize]));
            wanted.resize(self.leaves, false);
            let mut asked: Vec<u32> =
                some.iter().filter(|place| kind_of(place).is_trigger).map(|place| place.4).collect();
            asked.sort_unstable();
            asked.dedup();
            for Asks(needs, leaves, unless_needs, unless) in
                asked.iter().flat_map(|kind| &self.kinds[*kind as usize].asks)
            {
                if are_there(needs) {
                    leaves.iter().for_each(|leaf| wanted[*leaf as usize] = true);
                    if are_there(unless_needs) {
                        unless.iter().for_each(|leaf| wanted[*leaf as usize] = true);
                    }
                }
            }
        }
        let mut kept = first;
        for at in first..places.len() {
            let kind = kind_of(&places[at]);
            let is_wanted = |leaf: &u32| *wanted.get(*leaf as usize).unwrap_or(&false);
            if !kind.ranks.is_empty() || kind.leaves.iter().any(is_wanted) {
                places.swap(kept, at);
                kept += 1;
            }
        }
        places.truncate(kept);
    }
}

/// Where a character begins.
#[derive(Clone, Copy)]
struct Origin {
    character: u32,
    byte: u32,
}

/// Where a pattern may begin in a folded text, and what parts it from what is before.
struct Start {
    byte: u32,
    edge: u8,
    is_in_hashtag: bool,
}

/// A text in the folded alphabet: `sandik.counting.tags.alphabet`.
#[derive(Default)]
struct Folded {
    bytes: Vec<u8>,
    /// By byte, and for the end: the character that it comes from, and what parts its letter from the one before.
    origins: Vec<Origin>,
    edges: Vec<u8>,
    starts: Vec<Start>,
}

impl Folded {
    fn fill(&mut self, py: Python<'_>, text: &str, all: bool, characters: &Characters) -> PyResult<()> {
        self.bytes.clear();
        self.origins.clear();
        self.edges.clear();
        self.starts.clear();
        let mut origin = Origin { character: 0, byte: 0 };
        let mut is_in_hashtag = false;
        let mut before = u32::from(' ');
        let mut rest = text.char_indices().peekable();
        while let Some((byte, character)) = rest.next() {
            origin.byte = byte as u32;
            let is = characters.of(py, character)?;
            let letter = is & FOLDED;
            let is_space = letter == u32::from(' ');
            is_in_hashtag &= !is_space || character == '_';
            is_in_hashtag |= matches!(character, '#' | '＃');
            if letter != 0 && !(is_space && before & FOLDED == letter && !self.bytes.is_empty()) {
                let mut edge = WORD;
                if before & is & ALNUM_FOLDED != 0 && (before ^ is) & DIGIT == 0 {
                    edge = NONE;
                    if is & UPPER != 0 {
                        // A capital after a small letter, or the end of an acronym: YSK|Seçim.
                        let mut is_lower_behind = || match rest.peek() {
                            Some((_, behind)) => Ok(characters.of(py, *behind)? & LOWER != 0),
                            None => PyResult::Ok(false),
                        };
                        if before & LOWER != 0 || (before & UPPER != 0 && is_lower_behind()?) {
                            edge = CAPITAL;
                        }
                    }
                }
                if all || is_in_hashtag || (edge == WORD && !is_space) {
                    self.starts.push(Start { byte: self.bytes.len() as u32, edge, is_in_hashtag });
                }
                if letter < 0x80 {
                    self.bytes.push(letter as u8);
                    self.origins.push(origin);
                    self.edges.push(edge);
                } else {
                    let mut buffer = [0; 4];
                    let letter = char::from_u32(letter).unwrap_or(char::REPLACEMENT_CHARACTER);
                    let encoded = letter.encode_utf8(&mut buffer).as_bytes();
                    self.bytes.extend_from_slice(encoded);
                    self.origins.resize(self.bytes.len(), origin);
                    self.edges.resize(self.bytes.len(), edge);
                }
                before = is;
            }
            origin.character += 1;
        }
        origin.byte = text.len() as u32;
        self.origins.push(origin);
        self.edges.push(WORD);
        Ok(())
    }
}

/// The first bytes of patterns: most words begin as none does, which costs less to know than to find out.
struct Beginnings {
    /// Bits of what four bytes hash to, and of two bytes that a shorter pattern begins with.
    four: Vec<u64>,
    two: Vec<u64>,
}

impl Beginnings {
    fn new<'a>(patterns: impl Iterator<Item = &'a String>) -> Self {
        let mut found = Self { four: vec![0; 1 << 11], two: vec![0; 1 << 10] };
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

    fn may_begin(&self, bytes: &[u8]) -> bool {
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

/// What stands between two spaces, looked at once: of a megabyte without any, there may be a million questions.
#[derive(Default)]
struct Token {
    from: usize,
    to: usize,
    has_sign: bool,
}

impl Token {
    /// Say whether there can be a link, name or hashtag in the token around a byte.
    fn has_sign(&mut self, text: &[u8], at: usize) -> bool {
        if !(self.from <= at && at < self.to) {
            self.from = text[..at].iter().rposition(|byte| *byte == b' ').map_or(0, |space| space + 1);
            self.to = text[at..].iter().position(|byte| *byte == b' ').map_or(text.len(), |more| at + more);
            let token = &text[self.from..self.to];
            // Those that are no ASCII (＃, ＠) begin with 0xEF.
            let is_sign = |byte: &u8| matches!(byte, b'#' | b'@' | b':' | 0xEF);
            let inner = &token[..token.len().saturating_sub(1)];
            self.has_sign = token.iter().any(is_sign) || inner.contains(&b'.');
        }
        self.has_sign
    }
}
