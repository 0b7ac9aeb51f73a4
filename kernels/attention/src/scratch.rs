//! Memory that a thread computes in, kept from call to call: a block of the ring may take less time than fresh pages.

use std::cell::RefCell;

/// A cache line, so that vectors do not straddle two.
#[derive(Clone, Copy)]
#[repr(align(64))]
struct Line(#[allow(dead_code)] [f32; LINE]);

const LINE: usize = 16;

/// Hands out parts of one allocation.
pub struct Arena<'a> {
    rest: &'a mut [Line],
}

impl Arena<'_> {
    /// `len` floats, aligned to a cache line, with whatever they held before.
    pub fn take(&mut self, len: usize) -> *mut f32 {
        let (part, rest) = std::mem::take(&mut self.rest).split_at_mut(len.div_ceil(LINE));
        self.rest = rest;
        part.as_mut_ptr().cast()
    }
}

/// Room in floats for parts of these lengths.
pub fn room(parts: &[usize]) -> usize {
    parts.iter().map(|part| part.next_multiple_of(LINE)).sum()
}

/// Runs `work` with at least `room` floats of this thread's scratch memory.
pub fn with<T>(room: usize, work: impl FnOnce(Arena) -> T) -> T {
    thread_local!(static LINES: RefCell<Vec<Line>> = const { RefCell::new(Vec::new()) });
    LINES.with_borrow_mut(|lines| {
        let count = room.div_ceil(LINE);
        if lines.len() < count {
            *lines = vec![Line([0.0; LINE]); count];
        }
        work(Arena { rest: &mut lines[..] })
    })
}
