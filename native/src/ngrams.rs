//! langdetect's n-grams. The twin of `ngrams` and `ExactProfiles._sums` in
//! `sandik.counting.language.exact_profiles`.

use pyo3::buffer::PyBuffer;
use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyDict, PyString};

use crate::characters::{text_of, Characters};
use crate::tables::{fetch, Known, Table};

const IS_UPPER: u32 = 1;

#[pyclass(frozen)]
pub struct Ngrams {
    /// By the characters of an n-gram, 21 bits each, its row.
    rows: Known<u64, u32>,
    /// The logarithms of each row, and a one.
    logs: Table<i16>,
    width: usize,
    characters: Characters,
}

#[pymethods]
impl Ngrams {
    /// Take the rows of n-grams, the numbers of a row and what they are; who says of a character whether it is a
    /// capital (1, or else 2).
    #[new]
    fn new(rows: &Bound<'_, PyDict>, width: usize, logs: PyBuffer<i16>, ask: Py<PyAny>) -> PyResult<Self> {
        let mut packed = Known::with_capacity_and_hasher(rows.len(), Default::default());
        for (ngram, row) in rows.iter() {
            packed.insert(key(text_of(ngram.cast::<PyString>()?)?.chars()), row.extract()?);
        }
        Ok(Self {
            rows: packed,
            logs: Table::new(&[&logs.to_vec(rows.py())?]),
            width,
            characters: Characters::new(ask),
        })
    }

    /// Return the sums of the rows of the n-grams of each text, which is a list of words: 32 bits each.
    fn sums<'py>(
        &self,
        py: Python<'py>,
        texts: Vec<Vec<Bound<'py, PyString>>>,
    ) -> PyResult<Bound<'py, PyBytes>> {
        let mut sums = vec![0i32; texts.len() * self.width];
        let mut rows = Vec::new();
        for (text, sum) in texts.iter().zip(sums.chunks_exact_mut(self.width)) {
            rows.clear();
            for word in text {
                self.find_rows(py, &text_of(word)?, &mut rows)?;
            }
            for row in rows.iter().map(|row| &self.logs[*row..*row + self.width]) {
                sum.iter_mut().zip(row).for_each(|(sum, log)| *sum += i32::from(*log));
            }
        }
        PyBytes::new_with(py, size_of_val(&sums[..]), |bytes| {
            for (place, sum) in bytes.chunks_exact_mut(4).zip(&sums) {
                place.copy_from_slice(&sum.to_ne_bytes());
            }
            Ok(())
        })
    }
}

impl Ngrams {
    /// Add where the rows of a word's n-grams begin.
    fn find_rows(&self, py: Python<'_>, word: &str, rows: &mut Vec<usize>) -> PyResult<()> {
        let (mut before, mut was_upper) = (['\0', ' '], false);
        for one in word.chars() {
            let is_upper = self.characters.of(py, one)? == IS_UPPER;
            if !(is_upper && was_upper) {
                let [second, first] = before;
                self.add(&[one], rows);
                self.add(&[first, one], rows);
                if second != '\0' {
                    self.add(&[second, first, one], rows);
                }
            }
            (before, was_upper) = ([before[1], one], is_upper);
        }
        Ok(())
    }

    fn add(&self, ngram: &[char], rows: &mut Vec<usize>) {
        if let Some(row) = self.rows.get(&key(ngram.iter().copied())) {
            let at = *row as usize * self.width;
            [0, self.width / 2, self.width - 1].iter().for_each(|further| fetch(&self.logs, at + further));
            rows.push(at);
        }
    }
}

fn key(ngram: impl Iterator<Item = char>) -> u64 {
    ngram.fold(0, |key, one| key << 21 | u64::from(u32::from(one)))
}
