//! What patterns begin with: most words of a text begin as none does, which costs less to know than to find out.

use crate::folding::{Folded, Start, WORD};

/// How some patterns begin: all, which may stand in hashtags, and those that may stand elsewhere, too.
#[derive(Default)]
pub struct Beginnings {
    in_hashtags: Bytes,
    elsewhere: Bytes,
}

impl Beginnings {
    /// What `write` takes.
    pub const BYTES: usize = 2 * Bytes::WORDS * 8;

    pub fn read(bytes: &[u8]) -> Self {
        let words =
            bytes.chunks_exact(8).map(|word| u64::from_le_bytes(word.try_into().expect("eight bytes")));
        let mut in_hashtags: Vec<u64> = words.collect();
        let elsewhere = in_hashtags.split_off(Bytes::WORDS);
        Self { in_hashtags: Bytes::of(in_hashtags), elsewhere: Bytes::of(elsewhere) }
    }

    pub fn write(&self, bytes: &mut Vec<u8>) {
        let parts = [&self.in_hashtags, &self.elsewhere].map(|one| one.four.iter().chain(&one.two));
        parts.into_iter().flatten().for_each(|word| bytes.extend_from_slice(&word.to_le_bytes()));
    }

    pub fn add(&mut self, pattern: &str, is_in_hashtags: bool) {
        self.in_hashtags.add(pattern.as_bytes());
        if !is_in_hashtags {
            self.elsewhere.add(pattern.as_bytes());
        }
    }

    /// Say whether a pattern that can count may begin at a start of a text.
    #[inline]
    pub fn may_begin(&self, folded: &Folded, start: &Start) -> bool {
        let rest = &folded.bytes[start.byte as usize..];
        if start.is_in_hashtag {
            return self.in_hashtags.may_begin(rest);
        }
        // What begins inside a word counts in hashtags only.
        start.edge == WORD && self.elsewhere.may_begin(rest)
    }
}

/// Some first bytes.
struct Bytes {
    /// Bits of what four bytes hash to, and of two bytes that a shorter pattern begins with.
    four: Vec<u64>,
    two: Vec<u64>,
}

impl Default for Bytes {
    fn default() -> Self {
        Self::of(vec![0; Self::WORDS])
    }
}

impl Bytes {
    const FOUR: usize = 1 << 11;
    const WORDS: usize = Self::FOUR + (1 << 10);

    fn of(mut four: Vec<u64>) -> Self {
        let two = four.split_off(Self::FOUR);
        Self { four, two }
    }

    fn add(&mut self, pattern: &[u8]) {
        match *pattern {
            [one] => (0..=255).for_each(|two| set(&mut self.two, pair(one, two))),
            [one, two] | [one, two, _] => set(&mut self.two, pair(one, two)),
            [one, two, three, four, ..] => set(&mut self.four, spread([one, two, three, four])),
            [] => {}
        }
    }

    #[inline]
    fn may_begin(&self, bytes: &[u8]) -> bool {
        match *bytes {
            [one, two, three, four, ..] => {
                is_set(&self.four, spread([one, two, three, four])) || is_set(&self.two, pair(one, two))
            }
            _ => true,
        }
    }
}

fn pair(one: u8, two: u8) -> usize {
    usize::from(one) << 8 | usize::from(two)
}

fn spread(bytes: [u8; 4]) -> usize {
    (u32::from_le_bytes(bytes).wrapping_mul(0x9E37_79B1) >> 15) as usize
}

fn set(bits: &mut [u64], at: usize) {
    bits[at / 64] |= 1 << (at % 64);
}

#[inline]
fn is_set(bits: &[u64], at: usize) -> bool {
    bits[at / 64] >> (at % 64) & 1 != 0
}
