//! Words that were cut off. The twin of `sandik.counting.tags.cut_words`, which says what counts.

use pyo3::prelude::*;

use crate::characters::Characters;
use crate::folding::Folded;
use crate::spelled::{Pattern, Spelled};

const SIGN: char = '…';

/// The fewest letters, and those of the cut word; how many may be missing, and how far back a word is looked for.
#[derive(FromPyObject)]
pub struct Limits(usize, usize, usize, usize);

pub struct CutWords {
    limits: Limits,
    /// By kind, whether it counts though its end is cut off.
    counts: Vec<bool>,
}

/// The cut words of a text: start, end, and the kind of the pattern that each was cut from. And what is used again.
#[derive(Default)]
pub struct CutIn {
    pub words: Vec<(u32, u32, u32)>,
    folded: Folded,
}

impl CutWords {
    pub fn new(limits: Limits, counts: Vec<bool>) -> Self {
        Self { limits, counts }
    }

    /// Find the cut words of a text.
    pub fn find(
        &self,
        py: Python<'_>,
        text: &str,
        spelled: &Spelled,
        characters: &Characters,
        cut: &mut CutIn,
    ) -> PyResult<()> {
        cut.words.clear();
        if !text.contains(SIGN) {
            return Ok(());
        }
        let letters: Vec<(usize, char)> = text.char_indices().collect();
        for (start, end, is_hashtag) in self.tails(&letters) {
            // Two words that end here count as the last one of them, if that counts.
            if cut.words.last().is_some_and(|word| word.1 == end as u32) {
                continue;
            }
            cut.folded.fill(py, &text[letters[start].0..letters[end].0], characters)?;
            if let Some(kind) = self.longer(cut.folded.text(), is_hashtag, spelled) {
                cut.words.push((start as u32, end as u32, kind));
            }
        }
        Ok(())
    }

    /// Return the kind of the pattern that a folded tail was cut from.
    fn longer(&self, tail: &[u8], is_hashtag: bool, spelled: &Spelled) -> Option<u32> {
        let Limits(fewest, fewest_of_word, most_missing, _) = self.limits;
        let is_letter = |byte: &&u8| **byte & 0xC0 != 0x80;
        let tail = tail.trim_ascii_end();
        let word = tail.rsplit(|byte| *byte == b' ').next()?;
        let letters = |some: &[u8]| some.iter().filter(is_letter).count();
        if letters(tail) < fewest || letters(word) < fewest_of_word {
            return None;
        }
        let (mut is_whole, mut best) = (false, None);
        spelled.longer(tail, most_missing, |missing, pattern: Pattern| {
            if pattern.is_beginning() || !self.counts[pattern.kind() as usize] {
                return;
            }
            is_whole |= missing == 0;
            let is_known = is_hashtag || !pattern.is_in_hashtags();
            if is_known && best.is_none_or(|(fewest, _)| missing < fewest) {
                best = Some((missing, pattern.kind()));
            }
        });
        // What is not cut counts by itself.
        best.filter(|_| !is_whole).map(|(_, kind)| kind)
    }

    /// Return the last word and the last two before each sign: start, end, whether it is a hashtag.
    fn tails(&self, text: &[(usize, char)]) -> Vec<(usize, usize, bool)> {
        let mut tails = Vec::new();
        for end in (0..text.len()).filter(|at| text[*at].1 == SIGN) {
            let first = end.saturating_sub(self.limits.3);
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
        tails
    }
}
