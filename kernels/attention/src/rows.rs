//! Rows of one block of one head, and how they come to where tiles read them.

/// The tokens of a block, and where their rows lie among those of all heads.
#[derive(Clone, Copy)]
pub struct Rows {
    /// The first token.
    pub first: usize,
    pub count: usize,
    /// The row of the first token.
    pub at: usize,
}

impl Rows {
    /// Of the block `block` of `size` tokens of a head of `tokens`.
    #[inline(always)]
    pub fn of(head: usize, block: usize, size: usize, tokens: usize) -> Rows {
        let first = block * size;
        Rows {
            first,
            count: (tokens - first).min(size),
            at: head * tokens + first,
        }
    }

    /// Their numbers in an array of rows of `dim`, of all heads.
    #[inline(always)]
    pub fn slice(self, of: &[f32], dim: usize) -> &[f32] {
        &of[self.at * dim..][..self.count * dim]
    }

    /// Copies them from each of some arrays into `room` rows, `row` apart; zeros where there is no token: padding may hold
    /// anything, NaN too, and 0 · NaN is not 0. Row after row from all arrays, so that they are fetched at the same time.
    ///
    /// # Safety
    /// `room` × `row` numbers must be writable at each target, as many rows as there are tokens at least; `row` must hold
    /// `dim`.
    #[inline(always)]
    pub unsafe fn copy<const ARRAYS: usize>(
        self,
        arrays: [(&[f32], *mut f32); ARRAYS],
        dim: usize,
        positions: &[i32],
        (row, room): (usize, usize),
    ) {
        let positions = &positions[self.first..][..self.count];
        let arrays = arrays.map(|(from, to)| (self.slice(from, dim), to));
        for i in 0..room {
            let is_token = i < self.count && positions[i] >= 0;
            for (from, to) in arrays {
                unsafe {
                    let to = to.add(i * row);
                    to.write_bytes(0, row);
                    if is_token {
                        to.copy_from_nonoverlapping(from[i * dim..][..dim].as_ptr(), dim);
                    }
                }
            }
        }
    }
}
