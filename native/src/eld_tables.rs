//! ELD's database, read from the sources in C that its wheel ships: 1.1 million n-grams of 60 languages.

use std::collections::HashMap;
use std::fs::File;
use std::io::{BufRead, BufReader, Error, ErrorKind, Result};
use std::path::Path;

/// Read the arrays of numbers of a file in C, by name. Of an array of pairs a `{0}` is two zeros; of numbers with a
/// point are the bits.
pub fn read(path: &Path) -> Result<HashMap<String, Vec<u32>>> {
    let mut file = BufReader::with_capacity(1 << 18, File::open(path)?);
    let mut reader = Reader::default();
    loop {
        let some = file.fill_buf()?;
        if some.is_empty() {
            return Ok(reader.arrays);
        }
        some.iter().for_each(|byte| reader.take(*byte));
        let read = some.len();
        file.consume(read);
    }
}

/// Return the array of this name, of so many numbers.
pub fn array(arrays: &mut HashMap<String, Vec<u32>>, name: &str, size: Option<usize>) -> Result<Vec<u32>> {
    let found = arrays.remove(name).filter(|array| size.is_none_or(|size| array.len() == size));
    found.ok_or_else(|| Error::new(ErrorKind::InvalidData, format!("there is no {name} as it should be")))
}

#[derive(Default)]
struct Reader {
    arrays: HashMap<String, Vec<u32>>,
    /// Outside arrays: the last name in front of `[`. Inside: what is in it, and how many of a pair.
    name: String,
    word: String,
    depth: usize,
    numbers: Vec<u32>,
    of_pair: usize,
    comment: Comment,
}

#[derive(Default, PartialEq)]
enum Comment {
    #[default]
    None,
    May,
    Line,
    Block,
    MayEnd,
}

impl Reader {
    #[inline]
    fn take(&mut self, byte: u8) {
        match (&self.comment, byte) {
            (Comment::None, b'/') => self.comment = Comment::May,
            (Comment::None, _) => self.take_code(byte),
            (Comment::May, b'/') => self.comment = Comment::Line,
            (Comment::May, b'*') | (Comment::MayEnd, b'*') => {
                self.comment = if self.comment == Comment::May { Comment::Block } else { Comment::MayEnd }
            }
            (Comment::May, _) | (Comment::Line, b'\n') | (Comment::MayEnd, b'/') => {
                self.comment = Comment::None
            }
            (Comment::MayEnd, _) => self.comment = Comment::Block,
            (Comment::Block, b'*') => self.comment = Comment::MayEnd,
            (Comment::Line | Comment::Block, _) => {}
        }
    }

    #[inline]
    fn take_code(&mut self, byte: u8) {
        if byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'.' {
            self.word.push(char::from(byte));
            return;
        }
        if self.depth > 0 && !self.word.is_empty() {
            self.numbers.push(number(&self.word));
            self.of_pair += 1;
        }
        match byte {
            b'[' if self.depth == 0 => std::mem::swap(&mut self.name, &mut self.word),
            b'{' => {
                self.depth += 1;
                self.of_pair = 0;
            }
            b'}' if self.depth == 2 => {
                self.depth = 1;
                self.numbers.extend((self.of_pair..2).map(|_| 0));
            }
            b'}' if self.depth == 1 => {
                self.depth = 0;
                self.numbers.shrink_to_fit();
                self.arrays.insert(std::mem::take(&mut self.name), std::mem::take(&mut self.numbers));
            }
            _ => {}
        }
        self.word.clear();
    }
}

fn number(word: &str) -> u32 {
    let digits = word.trim_end_matches('u');
    if let Some(digits) = digits.strip_prefix("0x") {
        return u32::from_str_radix(digits, 16).unwrap_or(0);
    }
    let is_whole = !digits.contains('.');
    let small = digits.trim_end_matches('f').parse::<f32>();
    digits.parse().unwrap_or_else(|_| if is_whole { 0 } else { small.map_or(0, f32::to_bits) })
}
