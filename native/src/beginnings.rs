//! What patterns begin with: most words of a text begin as none does, which costs less to know than to find out.

use crate::first_bytes::{eight, first_of, spread};
use crate::folding::{Start, AHEAD, NONE};
use crate::spelled::Pattern;

/// How some patterns begin. It may say of a word that one does where none does: the automaton knows.
pub struct Beginnings {
    /// First words of patterns outside hashtags, and as much of those that are beginnings as `AHEAD`.
    words: Bits,
    starts: Bits,
    /// What is behind the first bytes of these words: four bytes, or one where a pattern ends before.
    follows: Bits,
    /// First words of patterns that may be glued to the letters before them in a hashtag.
    glued: Bits,
    /// Of patterns in hashtags, four bytes, and two that a shorter pattern begins with.
    four: Bits,
    two: Bits,
}

const FOUR: usize = 4;

/// Each has as many numbers as two to this. A lexicon of 50,000 first words lets one in 50 others pass.
const SIZES: [u32; 6] = [13, 12, 14, 14, 11, 10];

impl Default for Beginnings {
    fn default() -> Self {
        let [words, starts, follows, glued, four, two] =
            SIZES.map(|size| Bits { size, bits: vec![0; 1 << size] });
        Self { words, starts, follows, glued, four, two }
    }
}

impl Beginnings {
    pub fn read(bytes: &[u8]) -> Option<(Self, &[u8])> {
        let (mut found, mut rest) = (Self::default(), bytes);
        for part in found.parts() {
            let (taken, left) = rest.split_at_checked(8 * part.bits.len())?;
            for (number, eight) in part.bits.iter_mut().zip(taken.chunks_exact(8)) {
                *number = u64::from_le_bytes(eight.try_into().expect("eight bytes"));
            }
            rest = left;
        }
        Some((found, rest))
    }

    pub fn write(mut self, bytes: &mut Vec<u8>) {
        let parts = self.parts();
        parts
            .iter()
            .flat_map(|part| &part.bits)
            .for_each(|number| bytes.extend_from_slice(&number.to_le_bytes()));
    }

    fn parts(&mut self) -> [&mut Bits; 6] {
        [&mut self.words, &mut self.starts, &mut self.follows, &mut self.glued, &mut self.four, &mut self.two]
    }

    /// Add a pattern whose first word has so many bytes.
    pub fn add(&mut self, spelled: &[u8], first: usize, pattern: Pattern) {
        let mut ahead = spelled.to_vec();
        ahead.resize(spelled.len() + AHEAD, 0);
        if pattern.is_beginning() {
            self.starts.add(start(&ahead, spelled.len().min(AHEAD)));
        } else {
            if !pattern.is_in_hashtags() {
                self.words.add(word(&ahead, 0, first));
            }
            if pattern.is_long() {
                self.glued.add(word(&ahead, 0, first));
            }
        }
        if pattern.is_beginning() || !pattern.is_in_hashtags() {
            let size = AHEAD.min(if pattern.is_beginning() { spelled.len() } else { first });
            let (key, rest) = (first_of(eight(&ahead, 0), size), spelled.len() - size);
            if rest != 0 {
                self.follows.add(behind(key, &ahead[size..], if rest < FOUR { 1 } else { FOUR }));
            }
        }
        match *spelled {
            [one] => (0..=255).for_each(|two| self.two.add(start(&[one, two, 0, 0, 0, 0, 0, 0], 2))),
            [_, _] | [_, _, _] => self.two.add(start(&ahead, 2)),
            _ => self.four.add(start(&ahead, FOUR)),
        }
    }

    /// Say whether the first word of a pattern may be the word of a text from here to there.
    #[inline]
    pub fn may_be_first(&self, text: &[u8], begin: usize, end: usize) -> bool {
        self.words.has(word(text, begin, end))
    }

    /// Say whether a pattern may go on behind its first bytes with what is there in a text.
    #[inline]
    pub fn may_go_on(&self, first: u64, rest: &[u8]) -> bool {
        self.follows.has(behind(first, rest, FOUR)) || self.follows.has(behind(first, rest, 1))
    }

    /// Say with how many of the next eight bytes a pattern may begin that is a beginning of words, as bits.
    #[inline]
    pub fn may_start(&self, text: &[u8], begin: usize) -> u8 {
        let eight = eight(text, begin);
        let may = |size: usize| self.starts.has(spread(first_of(eight, size), size as u64));
        (1..=AHEAD).fold(0, |bits, size| bits | u8::from(may(size)) << (size - 1))
    }

    /// Say whether a pattern may begin in a hashtag.
    #[inline]
    pub fn may_be_in_hashtag(&self, text: &[u8], at: &Start) -> bool {
        let (begin, end) = (at.byte as usize, at.end as usize);
        let rest = &text[begin..];
        if at.edge == NONE {
            // It must be long, and end where a word does.
            return self.four.has(start(rest, FOUR)) && self.glued.has(word(text, begin, end));
        }
        self.four.has(start(rest, FOUR)) || self.two.has(start(rest, 2))
    }
}

/// A set of hashes: three bits each, all in one number, so that it takes one look.
struct Bits {
    size: u32,
    bits: Vec<u64>,
}

impl Bits {
    fn add(&mut self, hash: u64) {
        self.bits[(hash >> (64 - self.size)) as usize] |= Self::three(hash);
    }

    #[inline]
    fn has(&self, hash: u64) -> bool {
        let three = Self::three(hash);
        self.bits[(hash >> (64 - self.size)) as usize] & three == three
    }

    #[inline]
    fn three(hash: u64) -> u64 {
        1 << (hash & 63) | 1 << (hash >> 6 & 63) | 1 << (hash >> 12 & 63)
    }
}

/// Return the hash of so many bytes that something begins with.
#[inline]
fn start(bytes: &[u8], size: usize) -> u64 {
    spread(first_of(eight(bytes, 0), size), size as u64)
}

/// Return the hash of some first bytes and so many that follow.
#[inline]
fn behind(first: u64, rest: &[u8], size: usize) -> u64 {
    spread(first, start(rest, size))
}

/// Return the hash of a word: of its ends and its length, so that it costs the same whatever that is.
#[inline]
fn word(bytes: &[u8], begin: usize, end: usize) -> u64 {
    let size = end - begin;
    if size <= AHEAD {
        return spread(first_of(eight(bytes, begin), size), size as u64);
    }
    spread(eight(bytes, begin), eight(bytes, end - AHEAD).wrapping_add(size as u64))
}
