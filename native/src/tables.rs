//! Tables of the models: some MB each and asked at random places, so that waiting for memory is most of their cost.

use std::alloc::{alloc, dealloc, handle_alloc_error, Layout};
use std::collections::HashMap;
use std::hash::{BuildHasherDefault, Hasher};
use std::ops::Deref;
use std::ptr::NonNull;

/// As large as the larger pages of most systems.
const PAGE_BYTES: usize = 2 << 20;

/// Numbers that do not change, in large pages where the system gives them: with small ones a processor has to look up
/// nearly every address first, which takes as long as reading what is there.
pub struct Table<T: Copy> {
    items: NonNull<T>,
    count: usize,
    layout: Layout,
}

impl<T: Copy> Table<T> {
    pub fn new(parts: &[&[T]]) -> Self {
        let count: usize = parts.iter().map(|part| part.len()).sum();
        let bytes = (count * size_of::<T>()).next_multiple_of(PAGE_BYTES).max(PAGE_BYTES);
        let layout = Layout::from_size_align(bytes, PAGE_BYTES).expect("a table fits into memory");
        // SAFETY: the layout is not empty, has room for all parts one after the other, and is aligned for any number.
        unsafe {
            let Some(items) = NonNull::new(alloc(layout).cast::<T>()) else { handle_alloc_error(layout) };
            in_large_pages(items.as_ptr().cast(), bytes);
            let mut at = 0;
            for part in parts {
                items.add(at).as_ptr().copy_from_nonoverlapping(part.as_ptr(), part.len());
                at += part.len();
            }
            Self { items, count, layout }
        }
    }
}

impl<T: Copy> Deref for Table<T> {
    type Target = [T];

    #[inline]
    fn deref(&self) -> &[T] {
        // SAFETY: `new` has written so many.
        unsafe { std::slice::from_raw_parts(self.items.as_ptr(), self.count) }
    }
}

impl<T: Copy> Drop for Table<T> {
    fn drop(&mut self) {
        // SAFETY: `new` has got it so.
        unsafe { dealloc(self.items.as_ptr().cast(), self.layout) };
    }
}

// SAFETY: it owns its numbers, and nobody changes them.
unsafe impl<T: Copy + Send> Send for Table<T> {}
unsafe impl<T: Copy + Sync> Sync for Table<T> {}

/// Ask for large pages before any is touched. Where there are none, nothing is lost.
#[cfg(target_os = "linux")]
fn in_large_pages(start: *mut u8, bytes: usize) {
    // SAFETY: advice about memory of our own changes nothing in it.
    unsafe { libc::madvise(start.cast(), bytes, libc::MADV_HUGEPAGE) };
}

#[cfg(not(target_os = "linux"))]
fn in_large_pages(_: *mut u8, _: usize) {}

/// Let the processor fetch one of many things, which is needed soon.
#[inline]
pub fn fetch<T>(things: &[T], at: usize) {
    #[cfg(target_arch = "x86_64")]
    if let Some(thing) = things.get(at) {
        use std::arch::x86_64::{_mm_prefetch, _MM_HINT_T0};
        // SAFETY: it is a hint, which reads nothing.
        unsafe { _mm_prefetch::<_MM_HINT_T0>(std::ptr::from_ref(thing).cast()) };
    }
    #[cfg(not(target_arch = "x86_64"))]
    let _ = (things, at);
}

/// Which of very many places have something, and how many do before each: 32 places in 8 bytes, where a table of all
/// places would hardly fit into any cache.
pub struct Taken(pub Vec<u32>);

impl Taken {
    pub fn of(is_taken: impl Iterator<Item = bool>) -> Self {
        let (mut words, mut count) = (Vec::new(), 0);
        for (at, is_taken) in is_taken.enumerate() {
            if at % 32 == 0 {
                words.extend([0, count]);
            }
            if is_taken {
                *words.iter_mut().nth_back(1).expect("just added") |= 1 << (at % 32);
                count += 1;
            }
        }
        Self(words)
    }
}

/// Return how many places before this one are taken, if it is, too. `words` begins with those of `Taken`.
#[inline]
pub fn rank(words: &[u32], at: usize) -> Option<usize> {
    let (bits, before) = (words[at / 32 * 2], words[at / 32 * 2 + 1]);
    let bit = 1 << (at % 32);
    (bits & bit != 0).then(|| (before + (bits & (bit - 1)).count_ones()) as usize)
}

/// A table whose keys are ours: nobody can choose them so that they meet, which the usual hash takes its time against.
pub type Known<K, V> = HashMap<K, V, BuildHasherDefault<Quick>>;

/// Multiplies.
#[derive(Default)]
pub struct Quick(u64);

impl Hasher for Quick {
    #[inline]
    fn write(&mut self, bytes: &[u8]) {
        bytes.iter().for_each(|byte| self.write_u64(u64::from(*byte)));
    }

    #[inline]
    fn write_u64(&mut self, number: u64) {
        self.0 = (self.0.rotate_left(5) ^ number).wrapping_mul(0x9E37_79B9_7F4A_7C15);
    }

    #[inline]
    fn finish(&self) -> u64 {
        self.0 ^ self.0 >> 32
    }
}
