//! Words with a number each, as the smallest automaton that knows them. Ends that are alike are kept once, so it is a
//! tenth of a trie of inflected words, and most of it stays in the processor's cache.

/// A state is its number (plus one, or 0 where no word ends) above how many edges follow, then these in the order of
/// their letters: where the next state is, above the letter.
#[derive(Default)]
pub struct Automaton {
    units: Vec<u32>,
    /// By the first letter, the next state; 0 for none.
    first: Vec<u32>,
}

/// The bits of a letter, or of how many edges there are.
const LETTER: u32 = 8;
/// What is above them is smaller than this.
const MOST: usize = 1 << (32 - LETTER);
/// From so many edges on the right one is looked for by halves.
const MANY: usize = 12;

impl Automaton {
    /// Take words that are not empty, in order, each once, with their numbers. None if it would be too large.
    pub fn new<'a>(words: impl Iterator<Item = (&'a [u8], usize)>) -> Option<Self> {
        let mut built = Built { units: vec![0], known: Known::default() };
        let mut open: Vec<Vec<u32>> = vec![vec![0]];
        let mut before: &[u8] = &[];
        for (word, number) in words {
            let alike = before.iter().zip(word).take_while(|(one, other)| one == other).count();
            built.close(&mut open, alike, before);
            open.resize_with(word.len() + 1, || vec![0]);
            *open.last_mut()?.first_mut()? = (number as u32 + 1) << LETTER;
            before = word;
            if number + 1 >= MOST || built.units.len() >= MOST {
                return None;
            }
        }
        built.close(&mut open, 0, before);
        let mut first = vec![0; 1 << LETTER];
        open[0][1..].iter().for_each(|edge| first[*edge as usize & 0xFF] = edge >> LETTER);
        built.units.shrink_to_fit();
        Some(Self { units: built.units, first }).filter(|found| found.units.len() < MOST)
    }

    /// Return it as numbers, which `read` takes.
    pub fn numbers(&self) -> Vec<u32> {
        [self.first.as_slice(), &self.units].concat()
    }

    pub fn read(mut numbers: Vec<u32>) -> Option<Self> {
        let first = 1 << LETTER;
        let units = (numbers.len() > first).then(|| numbers.split_off(first))?;
        Some(Self { units, first: numbers })
    }

    /// Say of each word that a text begins with its number and how long it is.
    #[inline]
    pub fn find(&self, text: &[u8], mut found: impl FnMut(usize, usize)) {
        let Some(at) = text.first().map(|letter| self.first[usize::from(*letter)] as usize) else {
            return;
        };
        if let Some(number) = self.number(at) {
            found(number, 1);
        }
        self.go_on(at, text, 1, found);
    }

    /// Say the same of the words that are longer than the bytes of the text that led to a state.
    #[inline]
    pub fn go_on(&self, mut at: usize, text: &[u8], from: usize, mut found: impl FnMut(usize, usize)) {
        for (length, letter) in (from + 1..).zip(&text[from..]) {
            at = self.next(at, *letter);
            if at == 0 {
                return;
            }
            if let Some(number) = self.number(at) {
                found(number, length);
            }
        }
    }

    /// Return the state that some letters lead to, and the number of the word that they are.
    pub fn behind(&self, letters: &[u8]) -> (usize, Option<usize>) {
        let Some((first, rest)) = letters.split_first() else {
            return (0, None);
        };
        let first = self.first[usize::from(*first)] as usize;
        let at = rest.iter().fold(first, |at, letter| self.next(at, *letter));
        (at, self.number(at))
    }

    /// Say of each word that begins with some letters how many more it has, at most so many, and its number: in the order
    /// of the alphabet.
    pub fn longer(&self, letters: &[u8], most: usize, found: &mut dyn FnMut(usize, usize)) {
        let (state, number) = self.behind(letters);
        if let Some(number) = number {
            found(0, number);
        }
        self.behind_state(state, 0, most, found);
    }

    fn behind_state(&self, at: usize, more: usize, most: usize, found: &mut dyn FnMut(usize, usize)) {
        for edge in &self.units[at + 1..][..self.units[at] as usize & 0xFF] {
            // Of a letter in UTF-8, all bytes but the first begin with 10.
            let more = more + usize::from(edge & 0xC0 != 0x80);
            let next = (edge >> LETTER) as usize;
            if more <= most {
                if let Some(number) = self.number(next) {
                    found(more, number);
                }
                self.behind_state(next, more, most, found);
            }
        }
    }

    /// State 0 has no edges, and is no word.
    #[inline]
    fn next(&self, at: usize, letter: u8) -> usize {
        let edges = &self.units[at + 1..][..self.units[at] as usize & 0xFF];
        let edge = match edges.len() {
            ..MANY => edges.iter().find(|edge| **edge as u8 == letter),
            _ => edges.get(edges.partition_point(|edge| (*edge as u8) < letter)),
        };
        edge.filter(|edge| **edge as u8 == letter).map_or(0, |edge| (edge >> LETTER) as usize)
    }

    #[inline]
    fn number(&self, at: usize) -> Option<usize> {
        (self.units[at] as usize >> LETTER).checked_sub(1)
    }
}

struct Built {
    units: Vec<u32>,
    known: Known,
}

impl Built {
    /// Close the states that a word opened behind its first so many letters.
    fn close(&mut self, open: &mut Vec<Vec<u32>>, alike: usize, word: &[u8]) {
        while open.len() > alike + 1 {
            let Some(mut state) = open.pop() else {
                return;
            };
            state[0] |= state.len() as u32 - 1;
            let at = self.known.place(&mut self.units, &state);
            let letter = u32::from(word[open.len() - 1]);
            if let Some(before) = open.last_mut() {
                before.push(at << LETTER | letter);
            }
        }
    }
}

/// Where states are, by what they hash to.
struct Known {
    places: Vec<u32>,
    size: usize,
}

impl Default for Known {
    fn default() -> Self {
        Self { places: vec![0; 1 << 12], size: 0 }
    }
}

impl Known {
    /// Return where a state is, which is added if it is new.
    fn place(&mut self, units: &mut Vec<u32>, state: &[u32]) -> u32 {
        if 2 * self.size >= self.places.len() {
            let larger = vec![0; 4 * self.places.len()];
            for at in std::mem::replace(&mut self.places, larger) {
                let size = 1 + units[at as usize] as usize % (1 << LETTER);
                if at != 0 {
                    let free = self.look_up(units, &units[at as usize..][..size]);
                    self.places[free] = at;
                }
            }
        }
        let at = self.look_up(units, state);
        if self.places[at] == 0 {
            self.places[at] = units.len() as u32;
            self.size += 1;
            units.extend_from_slice(state);
        }
        self.places[at]
    }

    fn look_up(&self, units: &[u32], state: &[u32]) -> usize {
        let mask = self.places.len() - 1;
        let spread = |all: u64, unit: &u32| {
            (all ^ u64::from(*unit)).wrapping_mul(0x9E37_79B9_7F4A_7C15).rotate_left(29)
        };
        let mut at = state.iter().fold(0, spread) as usize & mask;
        while self.places[at] != 0 && !units[self.places[at] as usize..].starts_with(state) {
            at = (at + 1) & mask;
        }
        at
    }
}
