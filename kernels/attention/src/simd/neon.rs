//! NEON, which every 64-bit Arm processor has.

use std::arch::aarch64::*;

use super::Simd;

pub struct Neon;

impl Simd for Neon {
    const LANES: usize = 4;
    const MANY_REGISTERS: bool = true;
    type F = float32x4_t;
    type I = int32x4_t;

    #[inline(always)]
    unsafe fn splat(value: f32) -> float32x4_t {
        unsafe { vdupq_n_f32(value) }
    }
    #[inline(always)]
    unsafe fn load(from: *const f32) -> float32x4_t {
        unsafe { vld1q_f32(from) }
    }
    #[inline(always)]
    unsafe fn store(to: *mut f32, value: float32x4_t) {
        unsafe { vst1q_f32(to, value) }
    }
    #[inline(always)]
    unsafe fn load_first(from: *const f32, count: usize) -> float32x4_t {
        let mut lanes = [0.0f32; 4];
        unsafe {
            for (lane, value) in lanes.iter_mut().enumerate().take(count) {
                *value = *from.add(lane);
            }
            vld1q_f32(lanes.as_ptr())
        }
    }
    #[inline(always)]
    unsafe fn store_first(to: *mut f32, count: usize, value: float32x4_t) {
        let mut lanes = [0.0f32; 4];
        unsafe {
            vst1q_f32(lanes.as_mut_ptr(), value);
            for (lane, value) in lanes.iter().enumerate().take(count) {
                *to.add(lane) = *value;
            }
        }
    }
    #[inline(always)]
    unsafe fn add(a: float32x4_t, b: float32x4_t) -> float32x4_t {
        unsafe { vaddq_f32(a, b) }
    }
    #[inline(always)]
    unsafe fn sub(a: float32x4_t, b: float32x4_t) -> float32x4_t {
        unsafe { vsubq_f32(a, b) }
    }
    #[inline(always)]
    unsafe fn mul(a: float32x4_t, b: float32x4_t) -> float32x4_t {
        unsafe { vmulq_f32(a, b) }
    }
    #[inline(always)]
    unsafe fn max(a: float32x4_t, b: float32x4_t) -> float32x4_t {
        unsafe { vmaxq_f32(a, b) }
    }
    #[inline(always)]
    unsafe fn min(a: float32x4_t, b: float32x4_t) -> float32x4_t {
        unsafe { vminq_f32(a, b) }
    }
    #[inline(always)]
    unsafe fn mul_add(a: float32x4_t, b: float32x4_t, c: float32x4_t) -> float32x4_t {
        unsafe { vfmaq_f32(c, a, b) }
    }
    #[inline(always)]
    unsafe fn mul_sub(a: float32x4_t, b: float32x4_t, c: float32x4_t) -> float32x4_t {
        unsafe { vfmaq_f32(vnegq_f32(c), a, b) }
    }
    #[inline(always)]
    unsafe fn mul_sub_exact(a: float32x4_t, b: float32x4_t, c: float32x4_t) -> float32x4_t {
        unsafe { Self::mul_sub(a, b, c) }
    }
    #[inline(always)]
    unsafe fn low_bits_to_exponent(value: float32x4_t) -> float32x4_t {
        unsafe { vreinterpretq_f32_s32(vshlq_n_s32::<23>(vreinterpretq_s32_f32(value))) }
    }
    #[inline(always)]
    unsafe fn splat_i(value: i32) -> int32x4_t {
        unsafe { vdupq_n_s32(value) }
    }
    #[inline(always)]
    unsafe fn load_i(from: *const i32) -> int32x4_t {
        unsafe { vld1q_s32(from) }
    }
    #[inline(always)]
    unsafe fn within(
        position: int32x4_t,
        low: int32x4_t,
        high: int32x4_t,
        value: float32x4_t,
        otherwise: float32x4_t,
    ) -> float32x4_t {
        unsafe {
            let inside = vandq_u32(vcleq_s32(low, position), vcleq_s32(position, high));
            vbslq_f32(inside, value, otherwise)
        }
    }
    #[inline(always)]
    unsafe fn transpose4(from: *const f32, from_stride: usize, to: *mut f32, to_stride: usize) {
        unsafe {
            let (a, b) = (vld1q_f32(from), vld1q_f32(from.add(from_stride)));
            let (c, d) = (
                vld1q_f32(from.add(2 * from_stride)),
                vld1q_f32(from.add(3 * from_stride)),
            );
            let (ab, cd) = (vtrnq_f32(a, b), vtrnq_f32(c, d));
            vst1q_f32(to, vcombine_f32(vget_low_f32(ab.0), vget_low_f32(cd.0)));
            vst1q_f32(to.add(to_stride), vcombine_f32(vget_low_f32(ab.1), vget_low_f32(cd.1)));
            vst1q_f32(
                to.add(2 * to_stride),
                vcombine_f32(vget_high_f32(ab.0), vget_high_f32(cd.0)),
            );
            vst1q_f32(
                to.add(3 * to_stride),
                vcombine_f32(vget_high_f32(ab.1), vget_high_f32(cd.1)),
            );
        }
    }
}
