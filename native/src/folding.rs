//! Texts in the folded alphabet, and where patterns may begin in them.

use pyo3::prelude::*;

use crate::characters::Characters;

/// Of a character: what it folds to (0: nothing), and what it and its folded one are, as Python says.
const FOLDED: u32 = (1 << 21) - 1;
pub const ALNUM_FOLDED: u32 = 1 << 21;
const DIGIT: u32 = 1 << 22;
const LOWER: u32 = 1 << 23;
const UPPER: u32 = 1 << 24;

/// What parts words at a place.
pub const NONE: u8 = 0;
const CAPITAL: u8 = 1;
pub const WORD: u8 = 2;

/// So many bytes are looked at together.
pub const AHEAD: usize = 8;
/// So many can be read behind a text: they are zeros.
const BEHIND: usize = 2 * AHEAD;
/// Of a folded character, in UTF-8.
const MOST_BYTES: usize = 4;
/// A folded text has at most so many times the bytes: Ⱥ, of two, becomes ⱥ, of three.
const LARGER: usize = 2;

/// Where a pattern may begin in a folded text, the end of the word there, and what parts it from what is before.
#[derive(Clone, Copy, Default)]
pub struct Start {
    pub byte: u32,
    pub end: u32,
    pub edge: u8,
    pub is_in_hashtag: bool,
}

/// A text in the folded alphabet: `sandik.counting.tags.alphabet`.
#[derive(Default)]
pub struct Folded {
    /// So many bytes, and `BEHIND` more.
    pub bytes: Vec<u8>,
    pub size: usize,
    /// By byte, and for the end: the character that it comes from, and what parts its letter from the one before.
    pub origins: Vec<u32>,
    pub edges: Vec<u8>,
    starts: Vec<Start>,
    count: usize,
}

impl Folded {
    pub fn starts(&self) -> &[Start] {
        &self.starts[..self.count]
    }

    pub fn text(&self) -> &[u8] {
        &self.bytes[..self.size]
    }

    /// Return how many characters the text has.
    pub fn characters(&self) -> u32 {
        self.origins[self.size]
    }

    /// Fold a text.
    pub fn fill(&mut self, py: Python<'_>, text: &str, characters: &Characters) -> PyResult<()> {
        // Never shorter than before, so that nothing is cleared for each text.
        let most = (LARGER * text.len() + MOST_BYTES + BEHIND).max(self.bytes.len());
        self.bytes.resize(most, 0);
        self.edges.resize(most, 0);
        self.origins.resize(most, 0);
        self.starts.resize(most, Start::default());
        let (mut size, mut count, mut open) = (0, 0, 0);
        let mut is_in_hashtag = false;
        let mut before = u32::from(' ');
        let mut rest = text.chars();
        let mut number = 0;
        while let Some(character) = rest.next() {
            let is = characters.of(py, character)?;
            let letter = is & FOLDED;
            let is_space = letter == u32::from(' ');
            is_in_hashtag &= !is_space || character == '_';
            is_in_hashtag |= matches!(character, '#' | '＃');
            if letter != 0 && !(is_space && before & FOLDED == letter && size != 0) {
                let mut edge = WORD;
                if parts(before, is) {
                    self.starts[open..count].iter_mut().for_each(|start| start.end = size as u32);
                    open = count;
                } else {
                    edge = NONE;
                    if is & UPPER != 0 {
                        // A capital after a small letter, or the end of an acronym: YSK|Seçim.
                        let is_lower_behind = || match rest.clone().next() {
                            Some(behind) => Ok(characters.of(py, behind)? & LOWER != 0),
                            None => PyResult::Ok(false),
                        };
                        if before & LOWER != 0 || (before & UPPER != 0 && is_lower_behind()?) {
                            edge = CAPITAL;
                        }
                    }
                }
                self.starts[count] = Start { byte: size as u32, end: 0, edge, is_in_hashtag };
                count += usize::from(is_in_hashtag | (edge == WORD && !is_space));
                let mut put = |byte: u32| {
                    self.bytes[size] = byte as u8;
                    self.origins[size] = number;
                    self.edges[size] = edge;
                    size += 1;
                };
                // UTF-8, by hand for nearly all letters.
                if letter < 0x80 {
                    put(letter);
                } else if letter < 0x800 {
                    put(0xC0 | letter >> 6);
                    put(0x80 | letter & 0x3F);
                } else {
                    let letter = char::from_u32(letter).unwrap_or(char::REPLACEMENT_CHARACTER);
                    letter.encode_utf8(&mut [0; MOST_BYTES]).bytes().for_each(|byte| put(u32::from(byte)));
                }
                before = is;
            }
            number += 1;
        }
        self.starts[open..count].iter_mut().for_each(|start| start.end = size as u32);
        self.bytes[size..size + BEHIND].fill(0);
        self.origins[size] = number;
        self.edges[size] = WORD;
        (self.size, self.count) = (size, count);
        Ok(())
    }
}

/// Return the bytes of the first word of a folded text.
pub fn first_word(py: Python<'_>, text: &str, characters: &Characters) -> PyResult<usize> {
    let mut before = u32::from(' ');
    for (at, character) in text.char_indices() {
        let is = characters.of(py, character)?;
        if at != 0 && parts(before, is) {
            return Ok(at);
        }
        before = is;
    }
    Ok(text.len())
}

/// Say whether words are parted between two characters.
#[inline]
fn parts(before: u32, is: u32) -> bool {
    before & is & ALNUM_FOLDED == 0 || (before ^ is) & DIGIT != 0
}

/// What stands between two spaces, looked at once: of a megabyte without any, there may be a million questions.
#[derive(Default)]
pub struct Token {
    from: usize,
    to: usize,
    has_sign: bool,
}

impl Token {
    /// Say whether there can be a link, name or hashtag in the token around a byte.
    pub fn has_sign(&mut self, text: &[u8], at: usize) -> bool {
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
