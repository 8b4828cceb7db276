//! Which of the forms that stand in a text count. The twin of `sandik.counting.tags.match`.

use std::cmp::Reverse;
use std::collections::BTreeSet;

use pyo3::prelude::*;

use crate::conditions::{Made, Rule, Scene, Spot};
use crate::finding::{Kind, Place, GLUED};

/// The number of a tag.
type Tag = u32;

/// Of an entry: its tag, whether it is a trap, the tags it asks for beside, whether it has a `near`, its conditions.
#[derive(FromPyObject)]
pub struct Entry(Tag, bool, Vec<Tag>, bool, Option<Rule>);

/// The opening in which a tag must be spoken of: of so many characters, but beside these tags.
#[derive(FromPyObject)]
pub struct Opening(Tag, u32, Vec<Tag>);

/// A hit, in the order in which hits take letters: start, the longest first, and the rank of its entry.
type Row = (u32, Reverse<u32>, u32);

pub struct Counting {
    pub entries: Vec<Entry>,
    pub openings: Vec<Opening>,
    pub made: Vec<Made>,
    pub leaves: usize,
}

/// Which entries can count in a text, by rank: those that accept its language, and those whose days it is.
pub struct Allowed<'a> {
    pub accept: &'a [u8],
    pub are_out: Option<&'a [u8]>,
}

impl Allowed<'_> {
    fn has(&self, rank: u32) -> bool {
        let is_out = self.are_out.is_some_and(|out| out[rank as usize] != 0);
        self.accept[rank as usize] != 0 && !is_out
    }
}

impl Counting {
    /// Return start, end and rank of the terms and of the traps of a text of so many characters.
    pub fn terms<'a>(
        &'a self,
        forms: &[Place],
        kinds: &'a [Kind],
        characters: u32,
        allowed: &Allowed,
        word_spans: Box<dyn Fn() -> PyResult<Vec<(u32, u32)>> + 'a>,
    ) -> PyResult<Vec<(u32, u32, u32)>> {
        let kind_of = |form: &Place| &kinds[form.3 as usize];
        let mut rows: Vec<Row> = Vec::new();
        for form in forms {
            for rank in &kind_of(form).ranks {
                let Entry(_, _, beside, has_near, _) = &self.entries[*rank as usize];
                let is_unsure = form.4 & GLUED != 0 && (!beside.is_empty() || *has_near);
                if allowed.has(*rank) && !is_unsure {
                    rows.push((form.0, Reverse(form.2 - form.0), *rank));
                }
            }
        }
        if forms.iter().any(|form| kind_of(form).is_trigger) {
            let words = forms.iter().map(|form| (form.0, form.2, kind_of(form).leaves.as_slice()));
            let words = words.filter(|word| !word.2.is_empty()).collect();
            let scene = Scene::new(words, self.leaves, &self.made, characters, word_spans);
            let matching = forms.iter().flat_map(|form| &kind_of(form).matching).copied();
            rows = self.holding(rows, &scene, matching.filter(|rank| allowed.has(*rank)).collect())?;
        }
        rows.sort_unstable();
        let chosen = self.decide(rows, characters).into_iter();
        Ok(chosen.map(|(start, length, rank)| (start, start + length.0, rank)).collect())
    }

    pub fn is_trap(&self, rank: u32) -> bool {
        self.entries[rank as usize].1
    }

    /// Return the tag of the entry with this rank.
    pub fn tag(&self, rank: u32) -> u32 {
        self.entries[rank as usize].0
    }

    fn entry(&self, row: &Row) -> &Entry {
        &self.entries[row.2 as usize]
    }

    /// Return the rows whose entry's conditions hold, and those that the `match` of some entries finds.
    fn holding(&self, rows: Vec<Row>, scene: &Scene, matching: BTreeSet<u32>) -> PyResult<Vec<Row>> {
        let mut holding = Vec::new();
        for row in rows {
            let holds = match &self.entry(&row).4 {
                Some(rule) => rule.holds(scene, &Spot::new(row.0, row.0 + row.1 .0))?,
                None => true,
            };
            if holds {
                holding.push(row);
            }
        }
        for rank in matching {
            let Some(rule) = self.entries[rank as usize].4.as_ref().filter(|rule| rule.may_match(scene))
            else {
                continue;
            };
            for spot in rule.hits(scene)? {
                if rule.holds(scene, &spot)? {
                    holding.push((spot.start, Reverse(scene.word_end(spot.end - 1)? - spot.start), rank));
                }
            }
        }
        Ok(holding)
    }

    fn decide(&self, mut rows: Vec<Row>, characters: u32) -> Vec<Row> {
        let alone: Vec<Row> = rows.iter().filter(|row| self.entry(row).2.is_empty()).copied().collect();
        let is_all_alone = alone.len() == rows.len();
        let chosen = self.leftmost(alone);
        let (certain, below) = self.certain(&chosen, characters);
        rows.retain(|row| !below.contains(&self.entry(row).0));
        if below.is_empty() && is_all_alone {
            return chosen;
        }
        rows.retain(|row| {
            let beside = &self.entry(row).2;
            beside.is_empty() || beside.iter().any(|tag| certain.contains(tag))
        });
        self.leftmost(rows)
    }

    /// Return the tags that count by themselves, and those that stand too far down.
    fn certain(&self, rows: &[Row], characters: u32) -> (BTreeSet<Tag>, BTreeSet<Tag>) {
        let counting = || rows.iter().filter(|row| !self.entry(row).1);
        let mut certain: BTreeSet<Tag> = counting().map(|row| self.entry(row).0).collect();
        let is_down = |opening: &&Opening| {
            let first = counting().find(|row| self.entry(row).0 == opening.0);
            first.is_some_and(|row| row.0 >= opening.1.max(characters / 2))
        };
        let down: Vec<&Opening> = self.openings.iter().filter(is_down).collect();
        certain.retain(|tag| !down.iter().any(|opening| opening.0 == *tag));
        let is_below = |opening: &&&Opening| !opening.2.iter().any(|tag| certain.contains(tag));
        let below: BTreeSet<Tag> = down.iter().filter(is_below).map(|opening| opening.0).collect();
        certain.extend(down.iter().map(|opening| opening.0).filter(|tag| !below.contains(tag)));
        (certain, below)
    }

    /// Return the leftmost, then longest hits of each tag.
    fn leftmost(&self, rows: Vec<Row>) -> Vec<Row> {
        let mut reached: Vec<(Tag, u32)> = Vec::new();
        let is_free = |row: &Row| {
            let (tag, end) = (self.entry(row).0, row.0 + row.1 .0);
            match reached.iter_mut().find(|one| one.0 == tag) {
                Some((_, reached)) if row.0 < *reached => return false,
                Some((_, reached)) => *reached = end,
                None => reached.push((tag, end)),
            }
            true
        };
        rows.into_iter().filter(is_free).collect()
    }
}
