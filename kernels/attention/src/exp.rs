//! e^x for the softmax: exact 0 far below, 1 at 0, within 1e-7 between, infinite far above, NaN for NaN.

use crate::simd::Simd;

/// 1.5 · 2^23 + 127: added to n, it leaves n + 127 (the exponent of 2^n) in the low bits of the sum.
const MAGIC: f32 = 12_583_039.0;

/// 2^f on [−½, ½] by a polynomial of least relative error (9e-8) that is 1 at 0.
const POLYNOMIAL: [f32; 5] = [
    0.693_147_04,
    0.240_222_42,
    0.055_507_336,
    0.009_671_514,
    0.001_326_472_7,
];

/// e^(x·scale), its constants held ready.
#[derive(Clone, Copy)]
pub struct Exp<S: Simd> {
    factor: S::F,
    lowest: S::F,
    highest: S::F,
}

impl<S: Simd> Exp<S> {
    /// # Safety
    /// The instruction set must be there (so for all of this file).
    #[inline(always)]
    pub unsafe fn scaled(scale: f32) -> Exp<S> {
        let factor = (f64::from(scale) * std::f64::consts::LOG2_E) as f32;
        unsafe {
            Exp {
                factor: S::splat(factor),
                lowest: S::splat(-127.0 / factor),
                highest: S::splat(128.0 / factor),
            }
        }
    }

    /// For x ≤ 0, give or take a rounding.
    #[inline(always)]
    pub unsafe fn of_negative(&self, x: S::F) -> S::F {
        unsafe {
            let x = S::max(self.lowest, x);
            let magic = S::splat(MAGIC);
            let shifted = S::mul_add(x, self.factor, magic);
            let fraction = S::mul_sub(x, self.factor, S::sub(shifted, magic));
            let mut power = S::splat(POLYNOMIAL[4]);
            power = S::mul_add(power, fraction, S::splat(POLYNOMIAL[3]));
            power = S::mul_add(power, fraction, S::splat(POLYNOMIAL[2]));
            power = S::mul_add(power, fraction, S::splat(POLYNOMIAL[1]));
            power = S::mul_add(power, fraction, S::splat(POLYNOMIAL[0]));
            power = S::mul_add(power, fraction, S::splat(1.0));
            S::mul(power, S::low_bits_to_exponent(shifted))
        }
    }

    #[inline(always)]
    pub unsafe fn of(&self, x: S::F) -> S::F {
        unsafe { self.of_negative(S::min(self.highest, x)) }
    }
}
