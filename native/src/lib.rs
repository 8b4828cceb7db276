//! What takes most of sandik's time, a letter at a time. Each part has a twin in Python with the same results.

mod automaton;
mod beginnings;
mod characters;
mod cld2;
mod cleaning;
mod conditions;
mod counting;
mod cut_words;
mod eld;
mod eld_tables;
mod fasttext;
mod finding;
mod first_bytes;
mod folding;
mod markup;
mod models;
mod ngrams;
mod pool;
mod sift;
mod spelled;
mod tables;

use pyo3::prelude::*;

/// `sandik._native`: see `sandik.counting.native`.
#[pymodule(gil_used = true)]
fn _native(module: &Bound<'_, PyModule>) -> PyResult<()> {
    module.add_function(wrap_pyfunction!(spelled::spelled, module)?)?;
    module.add_class::<finding::Patterns>()?;
    module.add_class::<markup::Markup>()?;
    module.add_class::<eld::Eld>()?;
    module.add_class::<cld2::Cld2>()?;
    module.add_class::<sift::Sift>()?;
    module.add_class::<ngrams::Ngrams>()?;
    module.add_class::<pool::Pool>()?;
    module.add_class::<cleaning::Cleaner>()
}
