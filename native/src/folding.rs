//! Texts in the folded alphabet, and where patterns may begin in them.

use pyo3::prelude::*;

use crate::characters::Characters;

/// Of a character: what it folds to (0: nothing), and what it and its folded one are, as Python says.
const FOLDED: u32 = (1 << 21) - 1;
const ALNUM_FOLDED: u32 = 1 << 21;
const DIGIT: u32 = 1 << 22;
const LOWER: u32 = 1 << 23;
const UPPER: u32 = 1 << 24;

/// What parts words at a place.
pub const NONE: u8 = 0;
const CAPITAL: u8 = 1;
pub const WORD: u8 = 2;

/// Where a character begins.
#[derive(Clone, Copy)]
pub struct Origin {
    pub character: u32,
    pub byte: u32,
}

/// Where a pattern may begin in a folded text, and what parts it from what is before.
pub struct Start {
    pub byte: u32,
    pub edge: u8,
    pub is_in_hashtag: bool,
}

/// A text in the folded alphabet: `sandik.counting.tags.alphabet`.
#[derive(Default)]
pub struct Folded {
    pub bytes: Vec<u8>,
    /// By byte, and for the end: the character that it comes from, and what parts its letter from the one before.
    pub origins: Vec<Origin>,
    pub edges: Vec<u8>,
    pub starts: Vec<Start>,
}

impl Folded {
    pub fn fill(&mut self, py: Python<'_>, text: &str, all: bool, characters: &Characters) -> PyResult<()> {
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
