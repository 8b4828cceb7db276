//! Whether a condition of the lexicon holds in a text. The twin of `sandik.counting.tags.conditions` and `rules`.

use std::collections::{BTreeMap, HashSet};
use std::rc::Rc;

use pyo3::prelude::*;

/// How many of a place are asked if they cover a hit.
const LOOK_BACK: usize = 64;
/// How many spots on each side of a word may be the member of a chain before it.
const LOOK_AROUND: usize = 4;

/// The number of a place. The first are leaves; those that follow are made of others.
pub type Place = usize;
/// Groups of leaves of which one must stand in the text each: of each group how many, and these.
///
/// In one piece, because most are asked for once in a while: each piece of its own would wait for memory.
#[derive(Default)]
pub struct Needs(Vec<u32>);

impl Needs {
    pub fn numbers(&self) -> &[u32] {
        &self.0
    }
}

impl<'a, 'py> FromPyObject<'a, 'py> for Needs {
    type Error = PyErr;

    fn extract(written: Borrowed<'a, 'py, PyAny>) -> PyResult<Self> {
        let mut needs = Self::default();
        for group in written.extract::<Vec<Vec<u32>>>()? {
            needs.0.push(group.len() as u32);
            needs.0.extend(group);
        }
        Ok(needs)
    }
}

/// A place made of others: one of them, or a chain of them if it says within how many words of each other.
#[derive(FromPyObject)]
pub struct Made(pub Vec<Place>, pub Vec<i64>);

pub enum Condition {
    Stands(Place, Option<i64>),
    Not(Box<Condition>),
    All(Vec<Condition>),
    Any(Vec<Condition>),
    /// The text has at most so many characters.
    Short(u32),
}

/// As `ToldCondition` in `native_terms.py`.
type Told = (String, i64, Vec<Condition>, Option<i64>);

impl<'a, 'py> FromPyObject<'a, 'py> for Condition {
    type Error = PyErr;

    fn extract(written: Borrowed<'a, 'py, PyAny>) -> PyResult<Self> {
        let (kind, number, mut parts, within) = written.extract::<Told>()?;
        Ok(match kind.as_str() {
            "stands" => Self::Stands(number as Place, within),
            "not" => Self::Not(Box::new(parts.remove(0))),
            "short" => Self::Short(number as u32),
            "all" => Self::All(parts),
            _ => Self::Any(parts),
        })
    }
}

/// What a `match` finds, what must hold besides, and what each way to find it needs.
#[derive(FromPyObject)]
pub struct Found(Place, Vec<Condition>, Vec<Needs>);

/// The conditions of an entry: `match`, `near` and `unless`, and what the latter two need.
#[derive(FromPyObject)]
pub struct Rule(Vec<Found>, Option<Condition>, Option<Condition>, Needs, Needs);

impl Rule {
    pub fn may_match(&self, scene: &Scene) -> bool {
        self.0.iter().any(|found| found.2.iter().any(|needs| scene.can_hold(needs)))
    }

    pub fn holds(&self, scene: &Scene, hit: &Spot) -> PyResult<bool> {
        if let Some(near) = &self.1 {
            if !(scene.can_hold(&self.3) && scene.holds(near, Some(hit))?) {
                return Ok(false);
            }
        }
        match &self.2 {
            Some(unless) => Ok(!(scene.can_hold(&self.4) && scene.holds(unless, Some(hit))?)),
            None => Ok(true),
        }
    }

    /// Return what `match` finds, each once.
    pub fn hits(&self, scene: &Scene) -> PyResult<Vec<Spot>> {
        let (mut found, mut known) = (Vec::new(), HashSet::new());
        for Found(place, besides, ways) in &self.0 {
            if ways.iter().any(|needs| scene.can_hold(needs)) {
                let spots = scene.spots(*place)?;
                let mut do_hold = !spots.by_start.is_empty();
                for condition in besides {
                    do_hold = do_hold && scene.holds(condition, None)?;
                }
                let some = spots.by_start.iter().filter(|_| do_hold);
                found.extend(some.filter(|spot| known.insert((*spot).clone())).cloned());
            }
        }
        Ok(found)
    }
}

/// Where something stands, and the parts that it is made of.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Spot {
    pub start: u32,
    pub end: u32,
    parts: Vec<(u32, u32)>,
}

impl Spot {
    pub fn new(start: u32, end: u32) -> Self {
        Self { start, end, parts: vec![(start, end)] }
    }

    fn with(&self, other: &Self) -> Self {
        let mut parts = [self.parts.as_slice(), &other.parts].concat();
        parts.sort_unstable();
        parts.dedup();
        Self { start: self.start.min(other.start), end: self.end.max(other.end), parts }
    }

    /// Say whether a part has a letter that the other one has.
    fn shares(&self, other: &Self) -> bool {
        self.parts.iter().any(|(start, end)| *start < other.end && other.start < *end)
    }

    fn covers(&self, other: &Self) -> bool {
        self.parts.iter().any(|(start, end)| *start <= other.start && other.end <= *end)
    }
}

/// Spots in the order of their starts, and their numbers in the order of their ends.
struct Spots {
    by_start: Vec<Spot>,
    by_end: Vec<usize>,
    longest: u32,
}

impl Spots {
    fn new(by_start: Vec<Spot>) -> Self {
        let mut by_end: Vec<_> = (0..by_start.len()).collect();
        by_end.sort_by_key(|at| (by_start[*at].end, by_start[*at].start));
        let longest = by_start.iter().map(|spot| spot.end - spot.start).max().unwrap_or(0);
        Self { by_start, by_end, longest }
    }

    /// Return those that share letters with a hit.
    fn over<'a>(&'a self, hit: &'a Spot) -> impl Iterator<Item = &'a Spot> {
        let behind = self.by_start.partition_point(|spot| spot.start < hit.end);
        let before = self.by_start[..behind].iter().rev().take(LOOK_BACK);
        let near = before.take_while(|spot| spot.start + self.longest > hit.start);
        near.filter(|spot| spot.end > hit.start)
    }
}

type WordSpans = (Vec<u32>, Vec<u32>);

/// Some leaves of conditions.
pub struct Leaves(Vec<u64>);

impl Leaves {
    pub fn none(leaves: usize) -> Self {
        Self(vec![0; leaves.div_ceil(64)])
    }

    pub fn clear(&mut self) {
        self.0.fill(0);
    }

    pub fn add(&mut self, leaves: &[u32]) {
        leaves.iter().for_each(|leaf| self.0[*leaf as usize / 64] |= 1 << (leaf % 64));
    }

    #[inline]
    pub fn has(&self, leaf: u32) -> bool {
        self.0[leaf as usize / 64] >> (leaf % 64) & 1 != 0
    }

    /// Say whether one leaf of each group is there.
    #[inline]
    pub fn have(&self, needs: &Needs) -> bool {
        self.have_each(&needs.0)
    }

    /// Say the same of what `Needs` holds.
    #[inline]
    pub fn have_each(&self, mut groups: &[u32]) -> bool {
        while let Some((count, rest)) = groups.split_first() {
            let (group, behind) = rest.split_at(*count as usize);
            if !group.iter().any(|leaf| self.has(*leaf)) {
                return false;
            }
            groups = behind;
        }
        true
    }
}

/// One text and what stands in it, found when it is asked for, and once.
pub struct Scene<'a> {
    /// Where words stand: start, end, and the leaves that they are.
    words: Vec<(u32, u32, &'a [u32])>,
    /// How many leaves there are: what is behind them are places that are made of them.
    leaves: usize,
    present: Leaves,
    made: &'a [Made],
    characters: u32,
    spots: std::cell::RefCell<BTreeMap<Place, Rc<Spots>>>,
    bounds: std::cell::OnceCell<WordSpans>,
    word_spans: Box<dyn Fn() -> PyResult<Vec<(u32, u32)>> + 'a>,
}

impl<'a> Scene<'a> {
    pub fn new(
        mut words: Vec<(u32, u32, &'a [u32])>,
        leaves: usize,
        made: &'a [Made],
        characters: u32,
        word_spans: Box<dyn Fn() -> PyResult<Vec<(u32, u32)>> + 'a>,
    ) -> Self {
        words.sort_unstable_by_key(|word| (word.0, word.1));
        let mut present = Leaves::none(leaves);
        words.iter().for_each(|word| present.add(word.2));
        let (spots, bounds) = Default::default();
        Self { words, leaves, present, made, characters, spots, bounds, word_spans }
    }

    fn can_hold(&self, needs: &Needs) -> bool {
        self.present.have(needs)
    }

    fn holds(&self, condition: &Condition, hit: Option<&Spot>) -> PyResult<bool> {
        match (condition, hit) {
            (Condition::Stands(place, _), None) => Ok(!self.spots(*place)?.by_start.is_empty()),
            (Condition::Stands(place, within), Some(hit)) => {
                let nearest = self.nearest(*place, hit)?;
                Ok(nearest.is_some_and(|words| within.is_none_or(|most| words <= most)))
            }
            (Condition::Short(most), _) => Ok(self.characters <= *most),
            (Condition::Not(part), _) => Ok(!self.holds(part, hit)?),
            (Condition::All(parts), _) => {
                for part in parts {
                    if !self.holds(part, hit)? {
                        return Ok(false);
                    }
                }
                Ok(true)
            }
            (Condition::Any(parts), _) => {
                for part in parts {
                    if self.holds(part, hit)? {
                        return Ok(true);
                    }
                }
                Ok(false)
            }
        }
    }

    /// Return how many words it is from the hit to the nearest of a place.
    fn nearest(&self, place: Place, hit: &Spot) -> PyResult<Option<i64>> {
        let found = self.spots(place)?;
        let is_over = found.over(hit).any(|spot| !hit.covers(spot));
        Ok(if is_over { Some(0) } else { self.beside(&found, hit)? })
    }

    /// Return how far the nearest spot is that ends before this one or begins behind it.
    fn beside(&self, found: &Spots, of: &Spot) -> PyResult<Option<i64>> {
        let left = found.by_end.partition_point(|at| found.by_start[*at].end <= of.start);
        let right = found.by_start.partition_point(|spot| spot.start < of.end);
        let mut nearest = None;
        if left > 0 {
            let at = found.by_end[left - 1];
            nearest = Some(self.word(of.start)? - self.word(found.by_start[at].end - 1)?);
        }
        if let Some(spot) = found.by_start.get(right) {
            let away = self.word(spot.start)? - self.word(of.end - 1)?;
            if nearest.is_none_or(|words| away < words) {
                nearest = Some(away);
            }
        }
        Ok(nearest)
    }

    /// Return how far the spots on either side are, and their numbers, the nearest first; some of each side.
    fn around(&self, found: &Spots, of: &Spot) -> PyResult<Vec<(i64, usize)>> {
        let left = found.by_end.partition_point(|at| found.by_start[*at].end <= of.start);
        let right = found.by_start.partition_point(|spot| spot.start < of.end);
        let mut around = Vec::with_capacity(2 * LOOK_AROUND);
        for at in found.by_end[left.saturating_sub(LOOK_AROUND)..left].iter().rev() {
            around.push((self.word(of.start)? - self.word(found.by_start[*at].end - 1)?, *at));
        }
        for (at, spot) in found.by_start.iter().enumerate().skip(right).take(LOOK_AROUND) {
            around.push((self.word(spot.start)? - self.word(of.end - 1)?, at));
        }
        around.sort_by_key(|(words, _)| *words);
        Ok(around)
    }

    fn spots(&self, place: Place) -> PyResult<Rc<Spots>> {
        if let Some(known) = self.spots.borrow().get(&place) {
            return Ok(known.clone());
        }
        let leaf = place as u32;
        let found = if place < self.leaves {
            let some = self.words.iter().filter(|word| self.present.has(leaf) && word.2.contains(&leaf));
            some.map(|(start, end, _)| Spot::new(*start, *end)).collect()
        } else {
            let Made(places, within) = &self.made[place - self.leaves];
            let mut found = Vec::new();
            if within.is_empty() {
                for one in places {
                    found.extend_from_slice(&self.spots(*one)?.by_start);
                }
            } else if self.may_stand(place) {
                found = self.chained(places, within)?;
            }
            found.sort_unstable();
            found.dedup();
            found
        };
        let found = Rc::new(Spots::new(found));
        self.spots.borrow_mut().insert(place, found.clone());
        Ok(found)
    }

    fn may_stand(&self, place: Place) -> bool {
        let Some(made) = place.checked_sub(self.leaves) else {
            return self.present.has(place as u32);
        };
        let Made(places, within) = &self.made[made];
        let mut each = places.iter().map(|one| self.may_stand(*one));
        if within.is_empty() {
            each.any(|may| may)
        } else {
            each.all(|may| may)
        }
    }

    /// Return a spot for each last member that is reached, from the first member to it. A word that is a
    /// member already is no second one.
    fn chained(&self, places: &[Place], within: &[i64]) -> PyResult<Vec<Spot>> {
        let mut wholes = self.spots(places[0])?.by_start.clone();
        let mut known = self.spots(places[0])?;
        for (place, within) in places[1..].iter().zip(within) {
            let (mut spots, mut longer) = (Vec::new(), Vec::new());
            for spot in &self.spots(*place)?.by_start {
                let mut around = self.around(&known, spot)?.into_iter();
                if let Some((_, at)) = around.find(|(words, at)| words <= within && !wholes[*at].shares(spot))
                {
                    longer.push(wholes[at].with(spot));
                    spots.push(spot.clone());
                }
            }
            (known, wholes) = (Rc::new(Spots::new(spots)), longer);
        }
        Ok(wholes)
    }

    fn bounds(&self) -> PyResult<&WordSpans> {
        if self.bounds.get().is_none() {
            let _ = self.bounds.set((self.word_spans)()?.into_iter().unzip());
        }
        Ok(self.bounds.get().expect("it was set"))
    }

    /// Return the number of the word that a character is in, or else of the one before it.
    fn word(&self, at: u32) -> PyResult<i64> {
        Ok(self.bounds()?.0.partition_point(|start| *start <= at) as i64)
    }

    /// Return where the word ends that a character is in.
    pub fn word_end(&self, at: u32) -> PyResult<u32> {
        let number = self.word(at)? as usize;
        Ok(number
            .checked_sub(1)
            .map_or(at + 1, |word| (at + 1).max(self.bounds().map_or(0, |some| some.1[word]))))
    }
}
