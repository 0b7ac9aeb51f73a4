//! AVX512-BF16: each lane multiplies two pairs and adds both products to a float32.

use std::arch::x86_64::*;

use crate::simd::{Avx512, Simd};
use crate::tile::{Left, Operands, Right, Tile};

pub struct Dot;

impl Operands<Avx512> for Dot {
    const HALVES: bool = true;

    #[inline(always)]
    unsafe fn product<const R: usize, const C: usize>(left: Left, right: Right, terms: usize) -> Tile<Avx512, R, C> {
        unsafe {
            let mut sums = [[_mm512_setzero_ps(); C]; R];
            let (mut a, mut b) = (left.at, right.at);
            for _ in 0..terms / 2 {
                let mut vectors = [_mm512_setzero_ps(); C];
                for c in 0..C {
                    vectors[c] = Avx512::load(b.add(c * Avx512::LANES));
                }
                for r in 0..R {
                    let factor = halves(Avx512::splat(*a.add(r * left.row)));
                    for c in 0..C {
                        sums[r][c] = _mm512_dpbf16_ps(sums[r][c], factor, halves(vectors[c]));
                    }
                }
                a = a.wrapping_add(1);
                b = b.wrapping_add(right.term);
            }
            sums
        }
    }

    #[inline(always)]
    unsafe fn pair(first: __m512, second: __m512) -> __m512 {
        unsafe { pair(first, second) }
    }

    #[inline(always)]
    unsafe fn join(first: __m512, second: __m512) -> __m512 {
        unsafe { join(first, second) }
    }

    #[inline(always)]
    unsafe fn begin() {}

    #[inline(always)]
    unsafe fn end() {}
}

#[inline(always)]
unsafe fn halves(bits: __m512) -> __m512bh {
    // SAFETY: 64 bytes either way, and any bits are 32 halves.
    unsafe { std::mem::transmute::<__m512, __m512bh>(bits) }
}

/// # Safety
/// AVX-512 BW and AVX512-BF16 must be there.
#[inline(always)]
pub unsafe fn join(first: __m512, second: __m512) -> __m512 {
    // SAFETY: 64 bytes either way, and any bits are 16 floats.
    unsafe { std::mem::transmute::<__m512bh, __m512>(_mm512_cvtne2ps_pbh(second, first)) }
}

/// # Safety
/// As above.
#[inline(always)]
pub unsafe fn pair(first: __m512, second: __m512) -> __m512 {
    const LANES: [u16; 32] = {
        let mut lanes = [0; 32];
        let mut i = 0;
        while i < 16 {
            (lanes[2 * i], lanes[2 * i + 1]) = (i as u16, 16 + i as u16);
            i += 1;
        }
        lanes
    };
    unsafe {
        let joined = _mm512_castps_si512(join(first, second));
        let order = _mm512_loadu_si512(LANES.as_ptr().cast());
        _mm512_castsi512_ps(_mm512_permutexvar_epi16(order, joined))
    }
}
