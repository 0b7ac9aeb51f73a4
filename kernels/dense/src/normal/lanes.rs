//! What the normal equations ask of an instruction set: vectors of float64. No multiplication is fused with an addition
//! (see `level`), so that every one of them gives the bits of the plain loops in src/forecasters/ridge.

#[cfg(target_arch = "x86_64")]
use std::arch::x86_64::*;

/// # Safety
/// All functions need the instruction set; pointers must be valid for `LANES` elements and need no alignment.
pub trait Lanes {
    const LANES: usize;
    type F: Copy;

    unsafe fn splat(value: f64) -> Self::F;
    unsafe fn load(from: *const f64) -> Self::F;
    unsafe fn store(to: *mut f64, value: Self::F);
    unsafe fn add(a: Self::F, b: Self::F) -> Self::F;
    unsafe fn mul(a: Self::F, b: Self::F) -> Self::F;
}

#[cfg(target_arch = "x86_64")]
pub struct Avx512;

#[cfg(target_arch = "x86_64")]
impl Lanes for Avx512 {
    const LANES: usize = 8;
    type F = __m512d;

    #[inline(always)]
    unsafe fn splat(value: f64) -> __m512d {
        unsafe { _mm512_set1_pd(value) }
    }
    #[inline(always)]
    unsafe fn load(from: *const f64) -> __m512d {
        unsafe { _mm512_loadu_pd(from) }
    }
    #[inline(always)]
    unsafe fn store(to: *mut f64, value: __m512d) {
        unsafe { _mm512_storeu_pd(to, value) }
    }
    #[inline(always)]
    unsafe fn add(a: __m512d, b: __m512d) -> __m512d {
        unsafe { _mm512_add_pd(a, b) }
    }
    #[inline(always)]
    unsafe fn mul(a: __m512d, b: __m512d) -> __m512d {
        unsafe { _mm512_mul_pd(a, b) }
    }
}

#[cfg(target_arch = "x86_64")]
pub struct Avx2;

#[cfg(target_arch = "x86_64")]
impl Lanes for Avx2 {
    const LANES: usize = 4;
    type F = __m256d;

    #[inline(always)]
    unsafe fn splat(value: f64) -> __m256d {
        unsafe { _mm256_set1_pd(value) }
    }
    #[inline(always)]
    unsafe fn load(from: *const f64) -> __m256d {
        unsafe { _mm256_loadu_pd(from) }
    }
    #[inline(always)]
    unsafe fn store(to: *mut f64, value: __m256d) {
        unsafe { _mm256_storeu_pd(to, value) }
    }
    #[inline(always)]
    unsafe fn add(a: __m256d, b: __m256d) -> __m256d {
        unsafe { _mm256_add_pd(a, b) }
    }
    #[inline(always)]
    unsafe fn mul(a: __m256d, b: __m256d) -> __m256d {
        unsafe { _mm256_mul_pd(a, b) }
    }
}

/// Two lanes, which compilers turn into a vector of SSE2 or NEON.
pub struct Baseline;

impl Lanes for Baseline {
    const LANES: usize = 2;
    type F = [f64; 2];

    #[inline(always)]
    unsafe fn splat(value: f64) -> [f64; 2] {
        [value; 2]
    }
    #[inline(always)]
    unsafe fn load(from: *const f64) -> [f64; 2] {
        unsafe { from.cast::<[f64; 2]>().read_unaligned() }
    }
    #[inline(always)]
    unsafe fn store(to: *mut f64, value: [f64; 2]) {
        unsafe { to.cast::<[f64; 2]>().write_unaligned(value) }
    }
    #[inline(always)]
    unsafe fn add(a: [f64; 2], b: [f64; 2]) -> [f64; 2] {
        [a[0] + b[0], a[1] + b[1]]
    }
    #[inline(always)]
    unsafe fn mul(a: [f64; 2], b: [f64; 2]) -> [f64; 2] {
        [a[0] * b[0], a[1] * b[1]]
    }
}

/// Defines a function that takes a [`Level`](crate::Level) first and runs `$body`, compiled for it, with its lanes and
/// the sizes of its register tile: rows, and vectors in a row.
macro_rules! laned {
    (
        $(#[$doc:meta])*
        $visibility:vis fn $name:ident($($argument:ident: $type:ty),* $(,)?) = $body:ident:
        avx512 $rows512:literal by $vectors512:literal, avx2 $rows2:literal by $vectors2:literal,
        baseline $rows:literal by $vectors:literal
    ) => {
        $(#[$doc])*
        $visibility fn $name(level: $crate::level::Level, $($argument: $type),*) {
            #[cfg(target_arch = "x86_64")]
            #[target_feature(enable = "avx512f,avx512vl")]
            fn avx512($($argument: $type),*) {
                // SAFETY: the instruction set is switched on here.
                unsafe { $body::<$crate::normal::lanes::Avx512, $rows512, $vectors512>($($argument),*) }
            }
            #[cfg(target_arch = "x86_64")]
            #[target_feature(enable = "avx2")]
            fn avx2($($argument: $type),*) {
                // SAFETY: as above.
                unsafe { $body::<$crate::normal::lanes::Avx2, $rows2, $vectors2>($($argument),*) }
            }
            match level {
                // SAFETY: a level is made by `Level::available` alone, which asks the processor.
                #[cfg(target_arch = "x86_64")]
                $crate::level::Level::Avx512 => unsafe { avx512($($argument),*) },
                // SAFETY: as above.
                #[cfg(target_arch = "x86_64")]
                $crate::level::Level::Avx2 => unsafe { avx2($($argument),*) },
                // SAFETY: every processor has it.
                $crate::level::Level::Baseline => unsafe {
                    $body::<$crate::normal::lanes::Baseline, $rows, $vectors>($($argument),*)
                },
            }
        }
    };
}
pub(crate) use laned;
