//! Memory that a thread computes in, kept from call to call: a block of the ring may take less time than fresh pages.

use std::cell::RefCell;

/// A cache line, so that vectors do not straddle two.
#[derive(Clone, Copy)]
#[repr(align(64))]
struct Line(#[allow(dead_code)] [f32; LINE]);

const LINE: usize = 16;

/// Hands out arrays, each an allocation of its own: a sanitizer sees a step from one into the next.
pub struct Arena<'a> {
    arrays: &'a mut Vec<Vec<Line>>,
    taken: usize,
}

impl Arena<'_> {
    /// `len` floats, aligned to a cache line, with whatever they held before.
    pub fn take(&mut self, len: usize) -> *mut f32 {
        let lines = len.div_ceil(LINE);
        if self.taken == self.arrays.len() {
            self.arrays.push(Vec::new());
        }
        let array = &mut self.arrays[self.taken];
        if array.len() < lines {
            *array = vec![Line([0.0; LINE]); lines];
        }
        self.taken += 1;
        array.as_mut_ptr().cast()
    }
}

/// Runs `work` with this thread's scratch memory; what it takes is good until `work` ends.
pub fn with_arena<T>(work: impl FnOnce(Arena) -> T) -> T {
    thread_local!(static ARRAYS: RefCell<Vec<Vec<Line>>> = const { RefCell::new(Vec::new()) });
    ARRAYS.with_borrow_mut(|arrays| work(Arena { arrays, taken: 0 }))
}
