//! What the algorithm asks of an instruction set. Every function is `#[inline(always)]`, so that it is compiled inside
//! an entry point (entry.rs) that has the instruction set switched on.

#[cfg(target_arch = "x86_64")]
mod avx2;
#[cfg(target_arch = "x86_64")]
mod avx512;
#[cfg(target_arch = "aarch64")]
mod neon;
mod portable;

#[cfg(target_arch = "x86_64")]
pub use avx2::Avx2;
#[cfg(target_arch = "x86_64")]
pub use avx512::Avx512;
#[cfg(target_arch = "aarch64")]
pub use neon::Neon;
pub use portable::Portable;

/// Vectors of float32 and of int32 with the same number of lanes.
///
/// # Safety
/// All functions need the instruction set; pointers must be valid for `LANES` elements (`count` where given) and need
/// no alignment.
pub trait Simd {
    const LANES: usize;
    /// 32 vector registers rather than 16: decides how large the register tiles are.
    const MANY_REGISTERS: bool;
    type F: Copy;
    type I: Copy;

    unsafe fn splat(value: f32) -> Self::F;
    unsafe fn load(from: *const f32) -> Self::F;
    unsafe fn store(to: *mut f32, value: Self::F);
    /// The first `count` lanes (1 to `LANES`), the others 0.
    unsafe fn load_first(from: *const f32, count: usize) -> Self::F;
    unsafe fn store_first(to: *mut f32, count: usize, value: Self::F);
    unsafe fn add(a: Self::F, b: Self::F) -> Self::F;
    unsafe fn sub(a: Self::F, b: Self::F) -> Self::F;
    unsafe fn mul(a: Self::F, b: Self::F) -> Self::F;
    /// b where either is not a number: `max(bound, x)` lets NaN through.
    unsafe fn max(a: Self::F, b: Self::F) -> Self::F;
    unsafe fn min(a: Self::F, b: Self::F) -> Self::F;
    /// a·b + c, rounded once where the instruction set can.
    unsafe fn mul_add(a: Self::F, b: Self::F, c: Self::F) -> Self::F;
    /// a·b − c, rounded once where the instruction set can.
    unsafe fn mul_sub(a: Self::F, b: Self::F, c: Self::F) -> Self::F;
    /// a·b − c, rounded once on every instruction set, at whatever price.
    unsafe fn mul_sub_exact(a: Self::F, b: Self::F, c: Self::F) -> Self::F;
    /// The bits of a float, 23 places to the left: its low bits become an exponent.
    unsafe fn low_bits_to_exponent(value: Self::F) -> Self::F;

    unsafe fn splat_i(value: i32) -> Self::I;
    unsafe fn load_i(from: *const i32) -> Self::I;
    /// `value` where low ≤ position ≤ high, else `otherwise`.
    unsafe fn within(position: Self::I, low: Self::I, high: Self::I, value: Self::F, otherwise: Self::F) -> Self::F;
    /// A 4 × 4 transpose from rows `from_stride` apart to rows `to_stride` apart.
    unsafe fn transpose4(from: *const f32, from_stride: usize, to: *mut f32, to_stride: usize);
}
