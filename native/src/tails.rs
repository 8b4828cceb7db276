//! Words that may have been cut off. The twin of a part of `sandik.counting.tags.cut_words`.

use std::collections::HashSet;

use pyo3::prelude::*;
use pyo3::types::{PyList, PyString};

use crate::characters::{text_of, Characters};
use crate::folding::Folded;

const SIGN: char = '…';

/// A tail of a text that may be cut off: index of the text, start, end, whether it is a hashtag, and it in the folded
/// alphabet.
type Tail = (usize, usize, usize, bool, String);

#[pyclass(frozen)]
pub struct Tails {
    openings: HashSet<String>,
    letters: usize,
    look: usize,
    characters: Characters,
}

#[pymethods]
impl Tails {
    /// Take the first so many letters of patterns, how far back a word is looked for, and who knows characters.
    #[new]
    fn new(openings: HashSet<String>, letters: usize, look: usize, ask: Py<PyAny>) -> Self {
        Self { openings, letters, look, characters: Characters::new(ask) }
    }

    /// Return the tails that begin as a pattern does, text by text.
    fn find(&self, texts: &Bound<'_, PyList>) -> PyResult<Vec<Tail>> {
        let (mut found, mut folded, mut tails) = (Vec::new(), Folded::default(), Vec::new());
        for (index, text) in texts.iter().enumerate() {
            let text = text_of(text.cast::<PyString>()?)?;
            if !text.contains(SIGN) {
                continue;
            }
            let characters: Vec<(usize, char)> = text.char_indices().collect();
            self.tails(&characters, &mut tails);
            for (start, end, is_hashtag) in tails.drain(..) {
                let tail = &text[characters[start].0..characters[end].0];
                folded.fill(texts.py(), tail, false, &self.characters)?;
                let tail = String::from_utf8_lossy(folded.text());
                let opening = tail.char_indices().nth(self.letters).map_or(&*tail, |(end, _)| &tail[..end]);
                if self.openings.contains(opening) {
                    found.push((index, start, end, is_hashtag, tail.into_owned()));
                }
            }
        }
        Ok(found)
    }
}

impl Tails {
    /// Add the last word and the last two before each sign: start, end, whether it is a hashtag.
    fn tails(&self, text: &[(usize, char)], tails: &mut Vec<(usize, usize, bool)>) {
        for end in (0..text.len()).filter(|at| text[*at].1 == SIGN) {
            let first = end.saturating_sub(self.look);
            // The first character of the word that ends here, if all of it is near enough.
            let word = |end: usize| {
                let space = text[first..end].iter().rposition(|one| one.1 == ' ');
                space.map(|space| first + space + 1).or((first == 0).then_some(0))
            };
            let Some(start) = word(end).filter(|start| *start < end) else {
                continue;
            };
            if matches!(text[start].1, '#' | '＃') {
                tails.push((start + 1, end, true));
            } else if !matches!(text[start].1, '@' | '＠')
                && !text[start..end].iter().any(|one| matches!(one.1, '/' | '.' | ':'))
            {
                tails.push((start, end, false));
                if start > 1 {
                    tails.extend(word(start - 1).map(|earlier| (earlier, end, false)));
                }
            }
        }
    }
}
