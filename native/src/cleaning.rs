//! The letters of a post. The twin of `sandik.counting.language.cleaning`, which says what it does and why.

use pyo3::prelude::*;
use pyo3::types::{PyList, PyString};

use crate::characters::{start_of, text_of, Characters};

/// Of a character: what it becomes (0: nothing), and what Python says of it.
const BECOMES: u32 = (1 << 21) - 1;
pub const IS_CAPITAL: u32 = 1 << 21;
/// Alone or beside others of these, it is its own normal form.
const IS_NORMAL: u32 = 1 << 22;
/// A letter, digit or underscore: `\w`.
pub const IS_WORD: u32 = 1 << 23;
/// Such a one, but no digit or underscore; white space.
pub const IS_LETTER: u32 = 1 << 25;
pub const IS_SPACE: u32 = 1 << 26;
/// It stays as it is, and no link, name or entity begins with it.
const IS_PLAIN: u32 = 1 << 27;
const IS_CYRILLIC: u32 = 1 << 28;
const IS_LATIN_I: u32 = 1 << 29;
/// `isalpha()`.
pub const IS_ALPHA: u32 = 1 << 30;

const SPACE: u32 = ' ' as u32;

#[pyclass(frozen)]
pub struct Cleaner {
    max_raw: usize,
    pub max_clean: usize,
    pub characters: Characters,
    normalize: Py<PyAny>,
}

#[pymethods]
impl Cleaner {
    /// Take the most characters of a raw and of a clean text, who knows characters, and NFKC.
    #[new]
    fn new(max_raw: usize, max_clean: usize, ask: Py<PyAny>, normalize: Py<PyAny>) -> Self {
        Self { max_raw, max_clean, characters: Characters::new(ask), normalize }
    }

    /// Return clean texts, but for capitals, and the indices of those that are mostly in capitals.
    fn clean(&self, texts: &Bound<'_, PyList>) -> PyResult<(Vec<String>, Vec<usize>)> {
        let py = texts.py();
        let (mut cleaned, mut shouted) = (Vec::with_capacity(texts.len()), Vec::new());
        let mut points = Points::default();
        for (index, text) in texts.iter().enumerate() {
            if self.clean_one(py, &text_of(text.cast::<PyString>()?)?, &mut points)? {
                shouted.push(index);
            }
            cleaned.push(points.text());
        }
        Ok((cleaned, shouted))
    }
}

impl Cleaner {
    /// Find what a raw text becomes but for capitals, and say whether it is mostly in these.
    pub fn clean_one(&self, py: Python<'_>, text: &str, points: &mut Points) -> PyResult<bool> {
        let text = start_of(text, self.max_raw);
        if !self.read(py, text, points)? {
            let normal = self.normal(py, text)?;
            points.clear();
            for character in normal.chars().take(self.max_raw) {
                points.push(self.characters.of(py, character)?);
            }
        }
        let is_shouted = points.capitals * 2 > points.points.len() - points.spaces;
        points.squeeze(self.max_clean);
        Ok(is_shouted)
    }

    /// Read what a text becomes; false if it is not in its normal form.
    fn read(&self, py: Python<'_>, text: &str, points: &mut Points) -> PyResult<bool> {
        points.clear();
        let (mut at, mut kept) = (0, 0);
        let bytes = text.as_bytes();
        while kept < self.max_raw && at < bytes.len() {
            // As nearly always:
            let (code, width) = match (bytes[at], bytes.get(at + 1)) {
                (first @ ..0x80, _) => (u32::from(first), 1),
                (first @ 0xC0..0xE0, Some(next)) => {
                    (u32::from(first & 0x1F) << 6 | u32::from(next & 0x3F), 2)
                }
                _ => (u32::MAX, 0),
            };
            let is = self.characters.known(code);
            if is & IS_PLAIN != 0 || is != 0 && width == 1 && !may_begin_link(bytes, at) {
                points.push(is);
                (at, kept) = (at + width, kept + 1);
                continue;
            }
            let Some(character) = text[at..].chars().next() else {
                break;
            };
            let length = self.no_language(py, &text[at..])?;
            if length > 0 {
                points.push(SPACE);
                (at, kept) = (at + length, kept + 1);
                continue;
            }
            let is = self.characters.of(py, character)?;
            if character == '…' {
                // The only one that posts are full of: it becomes three full stops, and they spaces.
                (0..3.min(self.max_raw - kept)).for_each(|_| points.push(SPACE));
                kept += 2;
            } else if is & IS_NORMAL == 0 {
                return Ok(false);
            } else {
                points.push(is);
            }
            (at, kept) = (at + character.len_utf8(), kept + 1);
        }
        Ok(true)
    }

    /// Return the normal form of a text, with a space in place of what is in no language.
    fn normal(&self, py: Python<'_>, text: &str) -> PyResult<String> {
        let (mut kept, mut at) = (String::with_capacity(text.len()), 0);
        while let Some(character) = text[at..].chars().next() {
            let length = self.no_language(py, &text[at..])?;
            kept.push(if length > 0 { ' ' } else { character });
            at += if length > 0 { length } else { character.len_utf8() };
        }
        self.normalize.call1(py, ("NFKC", kept))?.extract(py)
    }

    /// Return the bytes of the link, name or entity that the text begins with; 0 if it does with none.
    #[inline]
    fn no_language(&self, py: Python<'_>, text: &str) -> PyResult<usize> {
        match text.as_bytes()[0] {
            b'h' | b'w' | b't' | b'p' | b'@' | b'&' => self.link_or_name(py, text),
            _ => Ok(0),
        }
    }

    fn link_or_name(&self, py: Python<'_>, text: &str) -> PyResult<usize> {
        let bytes = text.as_bytes();
        let visible = |from: usize| from + run(&bytes[from..], |byte| byte.is_ascii_graphic());
        let one_or_more = |from: usize| Some(visible(from)).filter(|end| *end > from).unwrap_or(0);
        Ok(match bytes[0] {
            b'h' if text.starts_with("http") => {
                let from = 4 + usize::from(bytes.get(4) == Some(&b's'));
                let is_longer = match text[from..].chars().next() {
                    Some(next) => self.characters.of(py, next)? & IS_WORD != 0,
                    None => false,
                };
                if is_longer {
                    0
                } else {
                    visible(from)
                }
            }
            b'w' if text.starts_with("www.") => one_or_more(4),
            b't' if text.starts_with("t.co/") || text.starts_with("t.me/") => one_or_more(5),
            b'p' if text.starts_with("pic.twitter.com/") => one_or_more(16),
            b'@' => match run(&bytes[1..], |byte| byte.is_ascii_alphanumeric() || b"_.-".contains(&byte)) {
                0 => 0,
                length => 1 + length,
            },
            b'&' => {
                let from = 1 + usize::from(bytes.get(1) == Some(&b'#'));
                let length = run(&bytes[from..], |byte| byte.is_ascii_alphanumeric());
                let is_entity = (1..=8).contains(&length) && bytes.get(from + length) == Some(&b';');
                if is_entity {
                    from + length + 1
                } else {
                    0
                }
            }
            _ => 0,
        })
    }
}

/// What a text becomes.
#[derive(Default)]
pub struct Points {
    points: Vec<u32>,
    spaces: usize,
    capitals: usize,
    /// What some character is.
    some: u32,
    has_run: bool,
}

impl Points {
    fn clear(&mut self) {
        *self = Self { points: std::mem::take(&mut self.points), ..Self::default() };
        self.points.clear();
    }

    #[inline]
    fn push(&mut self, is: u32) {
        let becomes = is & BECOMES;
        let last = self.points.last().copied().unwrap_or(SPACE);
        if becomes == SPACE {
            if last != SPACE {
                self.points.push(SPACE);
                self.spaces += 1;
            }
        } else if becomes != 0 {
            if last == becomes {
                self.has_run |= self.points.len() > 1 && self.points[self.points.len() - 2] == last;
            }
            self.points.push(becomes);
            self.capitals += usize::from(is & IS_CAPITAL != 0);
            self.some |= is;
        }
    }

    /// Put Cyrillic letters into Cyrillic words, take what runs of small Russian letters are too long, and cut.
    fn squeeze(&mut self, max_clean: usize) {
        let points = &mut self.points;
        if self.some & IS_CYRILLIC != 0 && self.some & IS_LATIN_I != 0 {
            with_cyrillic_i(points);
        }
        if self.some & IS_CYRILLIC != 0 && self.has_run {
            let same = |one: usize| one > 0 && one < points.len() && points[one] == points[one - 1];
            let is_again =
                |at: usize| same(at) && SMALL.contains(&points[at]) && (same(at - 1) || same(at + 1));
            *points = (0..points.len()).filter(|at| !is_again(*at)).map(|at| points[at]).collect();
        }
        points.truncate(max_clean);
        points.truncate(points.len() - usize::from(points.last() == Some(&SPACE)));
    }

    /// Take a text in place of these.
    pub fn replace(&mut self, text: &str) {
        self.points.clear();
        self.points.extend(text.chars().map(u32::from));
    }

    pub fn as_slice(&self) -> &[u32] {
        &self.points
    }

    pub fn text(&self) -> String {
        self.points.iter().filter_map(|point| char::from_u32(*point)).collect()
    }
}

/// Say whether a link, name or entity may begin at a byte of ASCII.
#[inline]
fn may_begin_link(bytes: &[u8], at: usize) -> bool {
    let follows = |next| bytes.get(at + 1) == Some(&next);
    match bytes[at] {
        b'h' => follows(b't'),
        b'w' => follows(b'w'),
        b't' => follows(b'.'),
        b'p' => follows(b'i'),
        byte => matches!(byte, b'@' | b'&'),
    }
}

const CYRILLIC: std::ops::Range<u32> = 0x400..0x530;
/// а to я.
const SMALL: std::ops::RangeInclusive<u32> = 0x430..=0x44F;

fn run(bytes: &[u8], is_in: impl Fn(u8) -> bool) -> usize {
    bytes.iter().position(|byte| !is_in(*byte)).unwrap_or(bytes.len())
}

/// Give Cyrillic words their own letter for a Latin one.
fn with_cyrillic_i(points: &mut [u32]) {
    let is_cyrillic = |point: Option<&u32>| point.is_some_and(|one| CYRILLIC.contains(one));
    let mut was_cyrillic = false; // before any change: a replaced letter makes no other one Cyrillic
    for at in 0..points.len() {
        let is_beside = was_cyrillic || is_cyrillic(points.get(at + 1));
        was_cyrillic = is_cyrillic(points.get(at));
        if is_beside && points[at] == u32::from('i') {
            points[at] = u32::from('і');
        } else if is_beside && points[at] == u32::from('I') {
            points[at] = u32::from('І');
        }
    }
}
