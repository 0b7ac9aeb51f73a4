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

/// What operands are made of: float32, or pairs of halves (bfloat16) of two neighbouring terms in the place of one
/// float32, whose products are summed in float32 all the same.
pub trait Operands<S: Simd> {
    const HALVES: bool;
    /// All tiles have 16 rows, at most four vectors wide.
    const SIXTEEN_ROWS: bool = false;
    /// Terms come in multiples of this; zeros fill up.
    const GRAIN: usize = if Self::HALVES { 32 } else { 1 };
    /// Terms in one place.
    const TERMS: usize = if Self::HALVES { 2 } else { 1 };

    /// A·B summed over `terms`, a multiple of `GRAIN`. With halves, `left.term` is 1.
    ///
    /// # Safety
    /// The instructions must be there. All that is named must be readable: R rows and `terms` terms of `left`, `terms`
    /// terms of C vectors of `right`.
    unsafe fn product<const R: usize, const C: usize>(left: Left, right: Right, terms: usize) -> Tile<S, R, C>;

    /// Halves of two terms side by side in each lane.
    ///
    /// # Safety
    /// The instructions must be there; so below.
    unsafe fn pair(first: S::F, second: S::F) -> S::F;

    /// Halves of the lanes of `first`, then of `second`.
    unsafe fn join(first: S::F, second: S::F) -> S::F;

    /// Before and after the work of a thread.
    unsafe fn begin();
    unsafe fn end();
}

pub struct Singles;

impl<S: Simd> Operands<S> for Singles {
    const HALVES: bool = false;

    #[inline(always)]
    unsafe fn product<const R: usize, const C: usize>(left: Left, right: Right, terms: usize) -> Tile<S, R, C> {
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

    #[inline(always)]
    unsafe fn pair(_: S::F, _: S::F) -> S::F {
        unreachable!("singles are never paired")
    }

    #[inline(always)]
    unsafe fn join(_: S::F, _: S::F) -> S::F {
        unreachable!("singles are never joined")
    }

    #[inline(always)]
    unsafe fn begin() {}

    #[inline(always)]
    unsafe fn end() {}
}
