//! Which texts are worth a closer look. The twin of parts of `sandik.counting.language.quotes` and `scripts`.

use pyo3::prelude::*;
use pyo3::types::{PyList, PyString};

use crate::characters::{start_of, text_of};

/// Return the indices of texts that may have a quotation among their first characters: a closing mark with so many
/// characters or more behind an opening one, and no other closing one between. `kinds`: opening and closing marks.
#[pyfunction]
pub fn with_quotations(
    texts: &Bound<'_, PyList>,
    kinds: Vec<(String, String)>,
    max_chars: usize,
    shortest: usize,
) -> PyResult<Vec<usize>> {
    let mut may_be_mark = [false; 256];
    for mark in kinds.iter().flat_map(|(opening, closing)| opening.chars().chain(closing.chars())) {
        may_be_mark[usize::from(mark as u8)] = true;
    }
    indices(texts, |text| {
        let mut opened = vec![None; kinds.len()];
        for (at, one) in start_of(text, max_chars).chars().enumerate() {
            if !may_be_mark[usize::from(one as u8)] {
                continue;
            }
            for ((opening, closing), opened) in kinds.iter().zip(&mut opened) {
                if closing.contains(one) && opened.take().is_some_and(|from| at - from > shortest) {
                    return true;
                }
                if opening.contains(one) {
                    opened.get_or_insert(at);
                }
            }
        }
        false
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
