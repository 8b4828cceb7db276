//! What takes most of sandik's time, a letter at a time. Each part has a twin in Python with the same results.

mod characters;
mod cleaning;
mod conditions;
mod counting;
mod finding;
mod looking;
mod markup;
mod sieve;

use pyo3::prelude::*;

/// `sandik._native`: see `sandik.counting.native`.
#[pymodule(gil_used = true)]
fn _native(module: &Bound<'_, PyModule>) -> PyResult<()> {
    module.add_class::<finding::Patterns>()?;
    module.add_class::<markup::Markup>()?;
    module.add_function(wrap_pyfunction!(looking::with_quotations, module)?)?;
    module.add_function(wrap_pyfunction!(looking::with_two_scripts, module)?)?;
    module.add_function(wrap_pyfunction!(sieve::marks, module)?)?;
    module.add_function(wrap_pyfunction!(sieve::not_plainly_lettered, module)?)?;
    module.add_class::<sieve::Sieve>()?;
    module.add_class::<cleaning::Cleaner>()
}
