//! langdetect's n-grams. The twin of `ngrams` and `ExactProfiles._sums` in
//! `sandik.counting.language.exact_profiles`.

use std::collections::HashMap;

use pyo3::buffer::PyBuffer;
use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyDict, PyString};

use crate::characters::{text_of, Characters};

const IS_UPPER: u32 = 1;

#[pyclass(frozen)]
pub struct Ngrams {
    /// By the characters of an n-gram, 21 bits each, its row.
    rows: HashMap<u64, u32>,
    /// The logarithms of each row, and a one.
    logs: Vec<i16>,
    width: usize,
    characters: Characters,
}

#[pymethods]
impl Ngrams {
    /// Take the rows of n-grams, the numbers of a row and what they are; who says of a character whether it is a
    /// capital (1, or else 2).
    #[new]
    fn new(rows: &Bound<'_, PyDict>, width: usize, logs: PyBuffer<i16>, ask: Py<PyAny>) -> PyResult<Self> {
        let mut packed = HashMap::with_capacity(rows.len());
        for (ngram, row) in rows.iter() {
            packed.insert(key(text_of(ngram.cast::<PyString>()?)?.chars()), row.extract()?);
        }
        Ok(Self { rows: packed, logs: logs.to_vec(rows.py())?, width, characters: Characters::new(ask) })
    }

    /// Return the sums of the rows of the n-grams of each text, which is a list of words: 32 bits each.
    fn sums<'py>(
        &self,
        py: Python<'py>,
        texts: Vec<Vec<Bound<'py, PyString>>>,
    ) -> PyResult<Bound<'py, PyBytes>> {
        let mut sums = vec![0i32; texts.len() * self.width];
        for (text, sum) in texts.iter().zip(sums.chunks_exact_mut(self.width)) {
            for word in text {
                self.add_word(py, &text_of(word)?, sum)?;
            }
        }
        let all: Vec<u8> = sums.iter().flat_map(|one| one.to_ne_bytes()).collect();
        Ok(PyBytes::new(py, &all))
    }
}

impl Ngrams {
    fn add_word(&self, py: Python<'_>, word: &str, sum: &mut [i32]) -> PyResult<()> {
        let (mut before, mut was_upper) = (['\0', ' '], false);
        for one in word.chars() {
            let is_upper = self.characters.of(py, one)? == IS_UPPER;
            if !(is_upper && was_upper) {
                let [second, first] = before;
                self.add(&[one], sum);
                self.add(&[first, one], sum);
                if second != '\0' {
                    self.add(&[second, first, one], sum);
                }
            }
            (before, was_upper) = ([before[1], one], is_upper);
        }
        Ok(())
    }

    fn add(&self, ngram: &[char], sum: &mut [i32]) {
        if let Some(row) = self.rows.get(&key(ngram.iter().copied())) {
            let logs = &self.logs[*row as usize * self.width..][..self.width];
            sum.iter_mut().zip(logs).for_each(|(sum, log)| *sum += i32::from(*log));
        }
    }
}

fn key(ngram: impl Iterator<Item = char>) -> u64 {
    ngram.fold(0, |key, one| key << 21 | u64::from(u32::from(one)))
}
