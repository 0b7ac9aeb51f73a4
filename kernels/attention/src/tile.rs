//! The one product under everything: a tile of R rows by C vectors that stays in registers from first to last term.

use crate::simd::Simd;

pub type Tile<S, const R: usize, const C: usize> = [[<S as Simd>::F; C]; R];

/// A of R rows, one element at a time; `row` and `term` are the distances between its rows and between its terms.
#[derive(Clone, Copy)]
pub struct Left {
    pub at: *const f32,
    pub row: usize,
    pub term: usize,
}

/// B of C vectors a term; `term` is the distance between its terms.
#[derive(Clone, Copy)]
pub struct Right {
    pub at: *const f32,
    pub term: usize,
}

/// A·B summed over `terms`.
///
/// # Safety
/// All that is named must be readable: R rows and `terms` terms of `left`, `terms` terms of C vectors of `right`.
#[inline(always)]
pub unsafe fn product<S: Simd, const R: usize, const C: usize>(
    left: Left,
    right: Right,
    terms: usize,
) -> Tile<S, R, C> {
    unsafe {
        let mut sums = [[S::splat(0.0); C]; R];
        let (mut a, mut b) = (left.at, right.at);
        for _ in 0..terms {
            let mut vectors = [S::splat(0.0); C];
            for c in 0..C {
                vectors[c] = S::load(b.add(c * S::LANES));
            }
            for r in 0..R {
                let factor = S::splat(*a.add(r * left.row));
                for c in 0..C {
                    sums[r][c] = S::mul_add(factor, vectors[c], sums[r][c]);
                }
            }
            // Past the last term they may point beyond their arrays, where `add` must not.
            a = a.wrapping_add(left.term);
            b = b.wrapping_add(right.term);
        }
        sums
    }
}
