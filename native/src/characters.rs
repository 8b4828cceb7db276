//! What Python knows of characters, and the characters of its strings.

use std::borrow::Cow;
use std::sync::atomic::{AtomicU32, Ordering::Relaxed};
use std::sync::OnceLock;

use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyString};

const PAGE: usize = 256;
/// Most letters are below, in a table of their own.
const COMMON: usize = 0x800;

/// A number for each character, asked of Python when the character turns up first. 0 is no answer.
pub struct Characters {
    common: Box<[AtomicU32]>,
    pages: Box<[OnceLock<Box<[AtomicU32]>>]>,
    ask: Py<PyAny>,
}

impl Characters {
    pub fn new(ask: Py<PyAny>) -> Self {
        let pages = (0..=char::MAX as usize / PAGE).map(|_| OnceLock::new()).collect();
        Self { common: zeros(COMMON), pages, ask }
    }

    #[inline]
    pub fn of(&self, py: Python<'_>, character: char) -> PyResult<u32> {
        let code = character as usize;
        let known = match self.common.get(code) {
            Some(known) => known.load(Relaxed),
            None => self.pages[code / PAGE].get().map_or(0, |page| page[code % PAGE].load(Relaxed)),
        };
        if known != 0 {
            Ok(known)
        } else {
            self.asked(py, character)
        }
    }

    /// Return what was answered about a common character, if anything was.
    #[inline]
    pub fn known(&self, code: u32) -> u32 {
        self.common.get(code as usize).map_or(0, |known| known.load(Relaxed))
    }

    #[cold]
    fn asked(&self, py: Python<'_>, character: char) -> PyResult<u32> {
        let answer: u32 = self.ask.call1(py, (character,))?.extract(py)?;
        let code = character as usize;
        let place = match self.common.get(code) {
            Some(place) => place,
            None => &self.pages[code / PAGE].get_or_init(|| zeros(PAGE))[code % PAGE],
        };
        place.store(answer, Relaxed);
        Ok(answer)
    }
}

fn zeros(count: usize) -> Box<[AtomicU32]> {
    (0..count).map(|_| AtomicU32::new(0)).collect()
}

/// The text of a string. Half of a pair, which no UTF-8 has, becomes U+FFFD: one character for one.
pub fn text_of<'a>(string: &'a Bound<'_, PyString>) -> PyResult<Cow<'a, str>> {
    if let Ok(text) = string.to_str() {
        return Ok(Cow::Borrowed(text));
    }
    let encoded = string.call_method1("encode", ("utf-8", "surrogatepass"))?;
    let mut bytes = encoded.cast::<PyBytes>()?.as_bytes().to_vec();
    for at in 0..bytes.len().saturating_sub(2) {
        if bytes[at] == 0xED && bytes[at + 1] >= 0xA0 {
            bytes[at..at + 3].copy_from_slice("\u{FFFD}".as_bytes());
        }
    }
    Ok(Cow::Owned(String::from_utf8(bytes)?))
}

/// The first characters of a text.
pub fn start_of(text: &str, characters: usize) -> &str {
    if text.len() <= characters {
        return text;
    }
    text.char_indices().nth(characters).map_or(text, |(end, _)| &text[..end])
}
