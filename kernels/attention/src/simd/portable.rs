//! Plain Rust on four lanes: what any processor can run, and what a compiler turns into its vectors where it can.

use super::Simd;

pub struct Portable;

#[inline(always)]
fn each(lane: impl Fn(usize) -> f32) -> [f32; 4] {
    [lane(0), lane(1), lane(2), lane(3)]
}

impl Simd for Portable {
    const LANES: usize = 4;
    const MANY_REGISTERS: bool = false;
    type F = [f32; 4];
    type I = [i32; 4];

    #[inline(always)]
    unsafe fn splat(value: f32) -> [f32; 4] {
        [value; 4]
    }
    #[inline(always)]
    unsafe fn load(from: *const f32) -> [f32; 4] {
        unsafe { from.cast::<[f32; 4]>().read_unaligned() }
    }
    #[inline(always)]
    unsafe fn store(to: *mut f32, value: [f32; 4]) {
        unsafe { to.cast::<[f32; 4]>().write_unaligned(value) }
    }
    #[inline(always)]
    unsafe fn load_first(from: *const f32, count: usize) -> [f32; 4] {
        each(|i| if i < count { unsafe { *from.add(i) } } else { 0.0 })
    }
    #[inline(always)]
    unsafe fn store_first(to: *mut f32, count: usize, value: [f32; 4]) {
        for (i, &value) in value.iter().enumerate().take(count) {
            unsafe { *to.add(i) = value };
        }
    }
    #[inline(always)]
    unsafe fn add(a: [f32; 4], b: [f32; 4]) -> [f32; 4] {
        each(|i| a[i] + b[i])
    }
    #[inline(always)]
    unsafe fn sub(a: [f32; 4], b: [f32; 4]) -> [f32; 4] {
        each(|i| a[i] - b[i])
    }
    #[inline(always)]
    unsafe fn mul(a: [f32; 4], b: [f32; 4]) -> [f32; 4] {
        each(|i| a[i] * b[i])
    }
    #[inline(always)]
    unsafe fn max(a: [f32; 4], b: [f32; 4]) -> [f32; 4] {
        each(|i| if a[i] > b[i] { a[i] } else { b[i] })
    }
    #[inline(always)]
    unsafe fn min(a: [f32; 4], b: [f32; 4]) -> [f32; 4] {
        each(|i| if a[i] < b[i] { a[i] } else { b[i] })
    }
    // Two roundings: without the instruction, one rounding would be a call into the maths library a lane.
    #[inline(always)]
    unsafe fn mul_add(a: [f32; 4], b: [f32; 4], c: [f32; 4]) -> [f32; 4] {
        each(|i| a[i] * b[i] + c[i])
    }
    #[inline(always)]
    unsafe fn mul_sub(a: [f32; 4], b: [f32; 4], c: [f32; 4]) -> [f32; 4] {
        each(|i| a[i] * b[i] - c[i])
    }
    #[inline(always)]
    unsafe fn mul_sub_exact(a: [f32; 4], b: [f32; 4], c: [f32; 4]) -> [f32; 4] {
        // A product of two float32 is exact in float64.
        each(|i| (f64::from(a[i]) * f64::from(b[i]) - f64::from(c[i])) as f32)
    }
    #[inline(always)]
    unsafe fn low_bits_to_exponent(value: [f32; 4]) -> [f32; 4] {
        each(|i| f32::from_bits(value[i].to_bits() << 23))
    }
    #[inline(always)]
    unsafe fn splat_i(value: i32) -> [i32; 4] {
        [value; 4]
    }
    #[inline(always)]
    unsafe fn load_i(from: *const i32) -> [i32; 4] {
        unsafe { from.cast::<[i32; 4]>().read_unaligned() }
    }
    #[inline(always)]
    unsafe fn within(
        position: [i32; 4],
        low: [i32; 4],
        high: [i32; 4],
        value: [f32; 4],
        otherwise: [f32; 4],
    ) -> [f32; 4] {
        each(|i| {
            if low[i] <= position[i] && position[i] <= high[i] {
                value[i]
            } else {
                otherwise[i]
            }
        })
    }
    #[inline(always)]
    unsafe fn transpose4(from: *const f32, from_stride: usize, to: *mut f32, to_stride: usize) {
        unsafe {
            for column in 0..4 {
                Self::store(
                    to.add(column * to_stride),
                    each(|row| *from.add(row * from_stride + column)),
                );
            }
        }
    }
}
