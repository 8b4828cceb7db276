//! fastText's lid.176: the twin of `sandik.counting.language.fasttext`. Its tables are Python's.

use pyo3::buffer::{Element, PyBuffer};
use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;

use crate::tables::{fetch, rank, Known, Table, Taken};

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
struct Told(Numbers<i32>, Numbers<u16>, Known<String, usize>, usize, usize, usize, usize);

/// The same. Hardly one bucket in fifty has a row: those that have are few enough for the cache.
struct Vectors {
    rows: Table<Row>,
    taken: Vec<u32>,
    row_of_taken: Vec<u16>,
    buckets: u64,
    row_of_word: Known<String, usize>,
    min_chars: usize,
    max_chars: usize,
    end_of_line: usize,
}

/// All numbers of a row but the last, which is one.
#[derive(Clone, Copy)]
#[repr(align(64))]
struct Row([i32; DIMENSIONS]);

const DIMENSIONS: usize = 16;

impl<'a, 'py> FromPyObject<'a, 'py> for Vectors {
    type Error = PyErr;

    fn extract(told: Borrowed<'a, 'py, PyAny>) -> PyResult<Self> {
        let Told(
            Numbers(rows),
            Numbers(row_of_bucket),
            row_of_word,
            min_chars,
            max_chars,
            end_of_line,
            width,
        ) = told.extract()?;
        if width != DIMENSIONS + 1 {
            return Err(PyValueError::new_err("fastText's model is another one"));
        }
        let none = rows.len() / width;
        let has_row = |row: &u16| usize::from(*row) < none;
        let row = |numbers: &[i32]| Row(std::array::from_fn(|at| numbers[at]));
        Ok(Self {
            rows: Table::new(&[&rows.chunks_exact(width).map(row).collect::<Vec<_>>()]),
            taken: Taken::of(row_of_bucket.iter().map(has_row)).0,
            row_of_taken: row_of_bucket.iter().copied().filter(has_row).collect(),
            buckets: row_of_bucket.len() as u64,
            row_of_word,
            min_chars,
            max_chars,
            end_of_line,
        })
    }
}

/// The vectors of nodes; of means and of both the units, and what is added to a chance; the levels of the tree, where
/// in it a code is, and where else.
#[derive(FromPyObject)]
struct Tree(Nodes, f64, f64, f64, Vec<Level>, Vec<usize>, Vec<(usize, usize)>);

/// The vectors of nodes, several at a time, by dimension; and how many there are.
struct Nodes(Vec<[[f64; LANES]; DIMENSIONS]>, usize);

const LANES: usize = 8;

impl<'a, 'py> FromPyObject<'a, 'py> for Nodes {
    type Error = PyErr;

    fn extract(told: Borrowed<'a, 'py, PyAny>) -> PyResult<Self> {
        let Numbers(numbers) = told.extract()?;
        let size = numbers.len() / DIMENSIONS;
        let one =
            |dimension: usize, node: usize| if node < size { numbers[dimension * size + node] } else { 0.0 };
        let some = |start: usize| {
            std::array::from_fn(|dimension| std::array::from_fn(|lane| one(dimension, start + lane)))
        };
        Ok(Self((0..size).step_by(LANES).map(some).collect(), size))
    }
}

#[derive(FromPyObject)]
pub struct Fasttext(Vectors, Tree);

impl Fasttext {
    /// Return how many nodes the tree has.
    pub fn size(&self) -> usize {
        self.1 .0 .1
    }

    /// Add for each node of the tree what the exponential is taken of.
    pub fn add_turns(&self, text: &str, turns: &mut Vec<f64>) {
        let Tree(Nodes(nodes, size), mean_units, units, ..) = &self.1;
        let (sum, count) = self.0.sum(text);
        let means = sum.map(|sum| (f64::from(sum) * mean_units / f64::from(count)).round_ties_even());
        let end = turns.len() + size;
        for some in nodes {
            // Whole numbers: any order is exact.
            let mut sums = [0.0; LANES];
            for (mean, column) in means.iter().zip(some) {
                sums.iter_mut().zip(column).for_each(|(sum, node)| *sum += node * mean);
            }
            turns.extend(sums.map(|sum| sum / units));
        }
        turns.truncate(end);
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
}

impl Vectors {
    /// Return the sum of all vectors of a text, and how many there are.
    fn sum(&self, text: &str) -> ([i32; DIMENSIONS], i32) {
        let (mut found, mut hashes) = (vec![self.end_of_line], Vec::with_capacity(4 * text.len()));
        let mut word = Vec::new();
        for one in text.split(' ') {
            found.extend(self.row_of_word.get(one));
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
                    if length >= self.min_chars {
                        hashes.push(hash);
                    }
                    if length == self.max_chars {
                        break;
                    }
                }
            }
        }
        // The remainder is exact, and no division.
        let part = u64::MAX / self.buckets + 1;
        let bucket =
            |hash: &u32| (u128::from(part.wrapping_mul(u64::from(*hash))) * u128::from(self.buckets)) >> 64;
        for at in hashes.iter().filter_map(|hash| rank(&self.taken, bucket(hash) as usize)) {
            found.push(usize::from(self.row_of_taken[at]));
        }
        found.iter().for_each(|row| fetch(&self.rows, *row));
        let mut sum = [0i32; DIMENSIONS];
        let rows = found.into_iter().filter_map(|row| self.rows.get(row));
        let count =
            rows.map(|Row(row)| sum.iter_mut().zip(row).for_each(|(sum, one)| *sum = sum.wrapping_add(*one)));
        let count = count.count() as i32;
        (sum, count)
    }
}
