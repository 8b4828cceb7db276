//! fastText's lid.176: the twin of `sandik.counting.language.fasttext`. Its tables are Python's.

use std::collections::HashMap;

use pyo3::buffer::{Element, PyBuffer};
use pyo3::prelude::*;

const FNV_OFFSET: u32 = 2_166_136_261;
const FNV_PRIME: u32 = 16_777_619;

/// Numbers of an array of numpy.
struct Numbers<T>(Vec<T>);

impl<'a, 'py, T: Element> FromPyObject<'a, 'py> for Numbers<T> {
    type Error = PyErr;

    fn extract(array: Borrowed<'a, 'py, PyAny>) -> PyResult<Self> {
        Ok(Self(PyBuffer::get(&array)?.to_vec(array.py())?))
    }
}

/// Nodes equally far from the root: places of their parents; where their turns and children begin.
#[derive(FromPyObject)]
struct Level(Vec<usize>, usize, usize);

/// Rows of vectors, which row a bucket is, and which one a word; the characters of the shortest and the longest
/// n-gram, the row of the end of a line, and the numbers of a row.
#[derive(FromPyObject)]
struct Vectors(Numbers<i32>, Numbers<u16>, HashMap<String, usize>, usize, usize, usize, usize);

/// The vectors of nodes; of means and of both the units, and what is added to a chance; the levels of the tree, where
/// in it a code is, and where else.
#[derive(FromPyObject)]
struct Tree(Numbers<f64>, f64, f64, f64, Vec<Level>, Vec<usize>, Vec<(usize, usize)>);

#[derive(FromPyObject)]
pub struct Fasttext(Vectors, Tree);

impl Fasttext {
    /// Return for each node of the tree what the exponential is taken of.
    pub fn turns(&self, text: &str) -> Vec<f64> {
        let Tree(Numbers(nodes), mean_units, units, ..) = &self.1;
        let width = self.width();
        let sum = self.sum(text);
        let count = f64::from(sum[width - 1]);
        let mut turns = vec![0.0; nodes.len() / (width - 1)];
        // By the dimension first: so the processor takes several nodes at once. Whole numbers: any order is exact.
        let size = turns.len();
        for (dimension, sum) in sum[..width - 1].iter().enumerate() {
            let mean = (f64::from(*sum) * mean_units / count).round_ties_even();
            let column = &nodes[dimension * size..(dimension + 1) * size];
            turns.iter_mut().zip(column).for_each(|(turn, node)| *turn += node * mean);
        }
        turns.iter_mut().for_each(|turn| *turn /= units);
        turns
    }

    /// Return the chance of each code, from the exponentials of the turns.
    pub fn chances(&self, exponentials: &[f64]) -> Vec<f64> {
        let Tree(_, _, _, epsilon, levels, first, more) = &self.1;
        let mut reached = vec![0.0; 2 * exponentials.len() + 1];
        reached[0] = 1.0;
        for Level(parents, turns, children) in levels {
            let size = parents.len();
            for (at, parent) in parents.iter().enumerate() {
                let turn = 1.0 / (exponentials[turns + at] + 1.0);
                reached[children + at] = reached[*parent] * (1.0 - turn + epsilon);
                reached[children + size + at] = reached[*parent] * (turn + epsilon);
            }
        }
        let mut chances: Vec<f64> = first.iter().map(|row| reached[*row]).collect();
        more.iter().for_each(|(code, row)| chances[*code] += reached[*row]);
        chances
    }

    fn width(&self) -> usize {
        self.0 .6
    }

    /// Return the sum of all vectors of a text, and how many there are.
    fn sum(&self, text: &str) -> Vec<i32> {
        let Vectors(
            Numbers(rows),
            Numbers(row_of_bucket),
            row_of_word,
            min_chars,
            max_chars,
            end_of_line,
            width,
        ) = &self.0;
        let (mut found, mut hashes) = (vec![*end_of_line], Vec::with_capacity(4 * text.len()));
        let (buckets, none) = (row_of_bucket.len() as u64, rows.len() / width);
        let mut word = Vec::new();
        for one in text.split(' ') {
            found.extend(row_of_word.get(one));
            word.clear();
            word.push(b'<');
            word.extend_from_slice(one.as_bytes());
            word.push(b'>');
            for start in (0..word.len()).filter(|at| word[*at] & 0xC0 != 0x80) {
                let (mut hash, mut length) = (FNV_OFFSET, 0);
                for at in start..word.len() {
                    hash = (hash ^ word[at] as i8 as u32).wrapping_mul(FNV_PRIME);
                    if word.get(at + 1).is_some_and(|next| next & 0xC0 == 0x80) {
                        continue;
                    }
                    length += 1;
                    if length >= *min_chars {
                        hashes.push(hash);
                    }
                    if length == *max_chars {
                        break;
                    }
                }
            }
        }
        // All at once: so the processor waits for several at the same time. The remainder is exact, and no division.
        let part = u64::MAX / buckets + 1;
        let bucket =
            |hash: &u32| (u128::from(part.wrapping_mul(u64::from(*hash))) * u128::from(buckets)) >> 64;
        found.extend(hashes.iter().map(|hash| usize::from(row_of_bucket[bucket(hash) as usize])));
        let mut sum = vec![0i32; *width];
        for row in found.into_iter().filter(|row| *row < none) {
            let vector = &rows[row * width..(row + 1) * width];
            sum.iter_mut().zip(vector).for_each(|(sum, one)| *sum = sum.wrapping_add(*one));
        }
        sum
    }
}
