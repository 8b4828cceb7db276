//! Where the automaton is behind some first bytes, so that it is not walked letter by letter up to there.

use std::collections::BTreeMap;

use crate::folding::AHEAD;
use crate::spelled::Pattern;
use crate::tables::fetch;

/// Eight first bytes, or fewer and zeros, and what is known behind them: see `Behind`.
#[derive(Default)]
pub struct FirstBytes {
    slots: Vec<[u64; 2]>,
}

/// The state of the automaton behind some first bytes, and the patterns that are spelled so.
#[derive(Clone, Copy)]
pub struct Behind(u64);

pub enum Patterns {
    None,
    /// As most often: one by itself takes no second look.
    One(Pattern),
    /// Those of a number in the automaton.
    Number(usize),
}

const STATE: u32 = 24;
const IS_ONE: u64 = 1 << 63;

impl Behind {
    pub fn new(state: usize, patterns: &Patterns) -> Self {
        let told = match patterns {
            Patterns::None => 0,
            Patterns::One(pattern) => u64::from(pattern.0) << STATE | IS_ONE,
            Patterns::Number(number) => (*number as u64 + 1) << STATE,
        };
        Self(state as u64 | told)
    }

    pub fn state(self) -> usize {
        self.0 as usize & ((1 << STATE) - 1)
    }

    #[inline]
    pub fn patterns(self) -> Patterns {
        let told = self.0 >> STATE;
        if self.0 & IS_ONE != 0 {
            Patterns::One(Pattern(told as u32))
        } else {
            (told as usize).checked_sub(1).map_or(Patterns::None, Patterns::Number)
        }
    }
}

impl FirstBytes {
    pub fn new(some: &BTreeMap<u64, Behind>) -> Self {
        let mut table = Self { slots: vec![[0; 2]; (2 * some.len() + 2).next_power_of_two()] };
        for (key, behind) in some {
            let slot = table.slot(*key);
            table.slots[slot] = [*key, behind.0];
        }
        table
    }

    /// Let the processor fetch what is needed soon.
    #[inline]
    pub fn fetch(&self, key: u64) {
        fetch(&self.slots, spread(key, 0) as usize & (self.slots.len() - 1));
    }

    #[inline]
    pub fn find(&self, key: u64) -> Option<Behind> {
        let [known, behind] = self.slots[self.slot(key)];
        (known == key).then_some(Behind(behind))
    }

    /// Return where something is, or where it would be.
    #[inline]
    fn slot(&self, key: u64) -> usize {
        let mask = self.slots.len() - 1;
        let mut at = spread(key, 0) as usize & mask;
        while self.slots[at][0] != key && self.slots[at][0] != 0 {
            at = (at + 1) & mask;
        }
        at
    }

    pub fn write(&self, bytes: &mut Vec<u8>) {
        let count = self.slots.len() as u64;
        [count]
            .iter()
            .chain(self.slots.iter().flatten())
            .for_each(|number| bytes.extend(number.to_le_bytes()));
    }

    pub fn read(bytes: &[u8]) -> Option<(Self, &[u8])> {
        let (count, rest) = bytes.split_at_checked(AHEAD)?;
        let (taken, rest) = rest.split_at_checked(2 * AHEAD * eight(count, 0) as usize)?;
        let slots = taken.chunks_exact(2 * AHEAD).map(|slot| [eight(slot, 0), eight(slot, AHEAD)]).collect();
        Some((Self { slots }, rest))
    }
}

/// Return eight bytes.
#[inline]
pub fn eight(bytes: &[u8], at: usize) -> u64 {
    u64::from_le_bytes(bytes[at..at + AHEAD].try_into().expect("eight bytes"))
}

/// Return so many of eight bytes, one at least.
#[inline]
pub fn first_of(eight: u64, size: usize) -> u64 {
    eight & (u64::MAX >> (8 * (AHEAD - size)))
}

#[inline]
pub fn spread(one: u64, other: u64) -> u64 {
    let mixed = (one ^ other.wrapping_mul(0x9E37_79B9_7F4A_7C15)).wrapping_mul(0xD6E8_FEB8_6659_FD93);
    (mixed ^ mixed >> 32).wrapping_mul(0xD6E8_FEB8_6659_FD93)
}
