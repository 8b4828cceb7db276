//! What ELD settles. The twin of `Sieve.by_eld` in `sandik.counting.language.sieve`, and of `Letters.marks`.

use std::collections::HashMap;

use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyList, PyString};

use crate::characters::text_of;

/// See `sieve.Rule`.
#[derive(FromPyObject)]
struct Rule(i64, i64, i64, usize, usize, usize, Vec<Py<PyAny>>, Vec<Py<PyAny>>);

#[pyclass(frozen)]
pub struct Sieve {
    rules: HashMap<String, Rule>,
    detect: Py<PyAny>,
    latin: i64,
    others: i64,
    lengths: Vec<usize>,
    mixed: f64,
    enough_russian: usize,
}

/// By text, its language, if that is settled; texts to ask CLD2 about, and as what.
type Settled = (Vec<Option<Py<PyAny>>>, Vec<(usize, Py<PyAny>)>);

#[pymethods]
impl Sieve {
    /// Take the rule of each language, who asks ELD, the marks of Latin and of other letters, the bounds of the
    /// classes of length, what part makes a text mixed, and how long a text with a Russian letter has to be.
    #[new]
    fn new(
        rules: HashMap<String, Rule>,
        detect: Py<PyAny>,
        latin: i64,
        others: i64,
        lengths: Vec<usize>,
        mixed: f64,
        enough_russian: usize,
    ) -> Self {
        Self { rules, detect, latin, others, lengths, mixed, enough_russian }
    }

    fn by_eld(&self, texts: &Bound<'_, PyList>, marks: &[u8]) -> PyResult<Settled> {
        let py = texts.py();
        let detect = self.detect.bind(py);
        let (language, reliable) = (pyo3::intern!(py, "language"), pyo3::intern!(py, "reliable"));
        let (mut answers, mut to_ask) = (Vec::with_capacity(texts.len()), Vec::new());
        for (index, (string, mark)) in texts.iter().zip(marks.chunks_exact(8)).enumerate() {
            let found = detect.call1((&string,))?;
            let code = found.getattr(language)?;
            let rule = &self.rules[code.cast::<PyString>()?.to_str()?];
            let Rule(alien, borrowed, russian, alone, both, unsure, by_eld, by_both) = rule;
            let text = text_of(string.cast::<PyString>()?)?;
            let letters = text.chars().filter(|one| *one != ' ').count();
            let has = i64::from_le_bytes(mark.try_into()?);
            let is_in_two = has & self.latin != 0 && has & self.others != 0;
            if has & alien != 0 || is_in_two && self.is_mixed(&text, letters) {
                answers.push(None);
                continue;
            }
            let is_reliable = found.getattr(reliable)?.is_truthy()?;
            let class = self.lengths.iter().filter(|bound| letters >= **bound).count();
            let is_settled = is_reliable && letters >= *alone && has & borrowed == 0;
            if is_settled || letters >= self.enough_russian && has & russian != 0 {
                answers.push(Some(by_eld[class].clone_ref(py)));
                continue;
            }
            answers.push(None);
            if letters >= if is_reliable { *both } else { *unsure } {
                to_ask.push((index, by_both[class].clone_ref(py)));
            }
        }
        Ok((answers, to_ask))
    }
}

impl Sieve {
    fn is_mixed(&self, text: &str, letters: usize) -> bool {
        let is_latin = |one: &char| matches!(one, 'A'..='Z' | 'a'..='z' | 'À'..='ɏ');
        let latin = text.chars().filter(is_latin).count() as f64 / letters as f64;
        self.mixed <= latin && latin <= 1.0 - self.mixed
    }
}

/// Return the marks of texts, eight bytes each. `table`: of each character its marks; the last one is all beyond.
#[pyfunction]
pub fn marks<'py>(texts: &Bound<'py, PyList>, table: &[u8]) -> PyResult<Bound<'py, PyBytes>> {
    let table: Vec<i64> =
        table.chunks_exact(8).map(|one| i64::from_le_bytes(one.try_into().unwrap())).collect();
    let mut found = Vec::with_capacity(8 * texts.len());
    for text in texts.iter() {
        let text = text_of(text.cast::<PyString>()?)?;
        let has = text.chars().fold(0, |has, one| has | table[(one as usize).min(table.len() - 1)]);
        found.extend_from_slice(&has.to_le_bytes());
    }
    Ok(PyBytes::new(texts.py(), &found))
}

/// Return the indices of texts that do not begin with so many letters, as plain as can be.
#[pyfunction]
pub fn not_plainly_lettered(texts: &Bound<'_, PyList>, letters: usize) -> PyResult<Vec<usize>> {
    let is_plain = |one: char| one.is_ascii_alphabetic() || ('А'..='я').contains(&one);
    let mut found = Vec::new();
    for (index, text) in texts.iter().enumerate() {
        let text = text_of(text.cast::<PyString>()?)?;
        if text.chars().take(letters).filter(|one| is_plain(*one)).count() < letters {
            found.push(index);
        }
    }
    Ok(found)
}
