//! Which texts are worth a closer look. The twin of parts of `sandik.counting.language.quotes` and `scripts`.

use pyo3::prelude::*;
use pyo3::types::{PyList, PyString};

use crate::characters::{start_of, text_of};

/// Return the indices of texts that have one of some marks among their first characters.
#[pyfunction]
pub fn with_marks(texts: &Bound<'_, PyList>, marks: Vec<char>, max_chars: usize) -> PyResult<Vec<usize>> {
    let of_ascii: Vec<u8> =
        marks.iter().filter_map(|mark| u8::try_from(*mark).ok()).filter(u8::is_ascii).collect();
    indices(texts, |text| {
        let text = start_of(text, max_chars);
        of_ascii.iter().any(|mark| text.as_bytes().contains(mark))
            || (!text.is_ascii() && text.contains(marks.as_slice()))
    })
}

/// Return the indices of texts with letters of two scripts or more: at least so many of each, and of the first one so
/// large a part of all. `scripts`: of each character, its script from 1 to 3, or 0; the last one is all beyond.
#[pyfunction]
pub fn with_two_scripts(
    texts: &Bound<'_, PyList>,
    scripts: &[u8],
    max_chars: usize,
    min_letters: usize,
    part_of_first: f64,
) -> PyResult<Vec<usize>> {
    indices(texts, |text| {
        if text.is_ascii() {
            return false;
        }
        let mut letters = [0; 4];
        for character in text.chars().take(max_chars) {
            letters[usize::from(scripts[(character as usize).min(scripts.len() - 1)] & 3)] += 1;
        }
        let least = (min_letters as f64).max(part_of_first * (letters[1] + letters[2] + letters[3]) as f64);
        let is_enough = [letters[1] as f64 >= least, letters[2] >= min_letters, letters[3] >= min_letters];
        is_enough.iter().filter(|is| **is).count() >= 2
    })
}

fn indices(texts: &Bound<'_, PyList>, is: impl Fn(&str) -> bool) -> PyResult<Vec<usize>> {
    let mut found = Vec::new();
    for (index, text) in texts.iter().enumerate() {
        if is(&text_of(text.cast::<PyString>()?)?) {
            found.push(index);
        }
    }
    Ok(found)
}
