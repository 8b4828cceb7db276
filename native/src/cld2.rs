//! CLD2, which has no other door than `pycld2`: the twin of `Cld2Model.shares` in `sandik.counting.language.cld2`.

use std::collections::HashMap;

use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyString, PyTuple};

use crate::tables::Known;

#[pyclass(frozen)]
pub struct Cld2 {
    detect: Py<PyAny>,
    options: Vec<Py<PyAny>>,
    /// By CLD2's code the number of ours, if it is a language; the code of each number, and its row in the pool.
    number_of: Known<String, usize>,
    codes: Vec<String>,
    rows: Vec<Option<usize>>,
}

/// The languages of a text by number, each with its part, the largest first.
pub type Shares = Vec<(usize, f64)>;

#[pymethods]
impl Cld2 {
    /// Take `pycld2.detect` and its options; by CLD2's code ours, or nothing; the row of each of ours that has one.
    #[new]
    fn new(
        detect: Py<PyAny>,
        options: Vec<Py<PyAny>>,
        ours: HashMap<String, String>,
        row_of: HashMap<String, usize>,
    ) -> Self {
        let (mut number_of, mut codes) = (Known::default(), Vec::<String>::new());
        for (theirs, code) in ours.into_iter().filter(|(_, code)| !code.is_empty()) {
            let known = codes.iter().position(|one| *one == code);
            number_of.insert(theirs, known.unwrap_or(codes.len()));
            if known.is_none() {
                codes.push(code);
            }
        }
        let rows = codes.iter().map(|code| row_of.get(code).copied()).collect();
        Self { detect, options, number_of, codes, rows }
    }
}

impl Cld2 {
    pub fn shares(&self, py: Python<'_>, text: &str) -> PyResult<Shares> {
        let options = self.options.iter().map(|one| one.bind(py).clone());
        let text = PyBytes::new(py, text.as_bytes()).into_any();
        let arguments = PyTuple::new(py, std::iter::once(text).chain(options).collect::<Vec<_>>())?;
        let answer = self.detect.bind(py).call1(arguments)?;
        let mut shares = Shares::new();
        for one in answer.get_item(2)?.cast::<PyTuple>()?.iter_borrowed() {
            let one = one.cast::<PyTuple>()?;
            let code = one.get_borrowed_item(1)?;
            let Some(number) = self.number_of.get(code.cast::<PyString>()?.to_str()?) else { continue };
            let percent: u32 = one.get_borrowed_item(2)?.extract()?;
            let share = f64::from(percent) / 100.0;
            match shares.iter_mut().find(|(known, _)| known == number) {
                Some((_, sum)) => *sum += share,
                None => shares.push((*number, share)),
            }
        }
        Ok(shares)
    }

    /// Return the number of our code of a language, if CLD2 knows it.
    pub fn number(&self, code: &str) -> Option<usize> {
        self.codes.iter().position(|one| one == code)
    }

    pub fn row(&self, number: usize) -> Option<usize> {
        self.rows[number]
    }
}
