//! AMX-BF16: a tile register holds 16 rows of 64 bytes, one instruction adds the product of two of them (16 × 32 by
//! 32 × 16 halves) to a third. Written as assembly because the functions for it are not in stable Rust yet; nothing the
//! compiler makes touches tile registers.

use std::arch::asm;
use std::arch::x86_64::*;
use std::mem::MaybeUninit;
use std::sync::OnceLock;

use super::dot;
use crate::simd::Avx512;
use crate::tile::{Left, Operands, Right, Tile};

pub struct Amx;

/// Whether the processor has it and the system lets this process use it: Linux hands out its 8 KiB of state a thread
/// only to who asks.
pub fn is_available() -> bool {
    static AVAILABLE: OnceLock<bool> = OnceLock::new();
    *AVAILABLE.get_or_init(|| {
        let features = __cpuid_count(7, 0).edx;
        let (amx_bf16, amx_tile) = (features & (1 << 22) != 0, features & (1 << 24) != 0);
        amx_bf16 && amx_tile && is_permitted()
    })
}

#[cfg(target_os = "linux")]
fn is_permitted() -> bool {
    const ARCH_PRCTL: i64 = 158;
    const ARCH_REQ_XCOMP_PERM: i64 = 0x1023;
    const XFEATURE_XTILEDATA: i64 = 18;
    let mut result = ARCH_PRCTL;
    // SAFETY: a system call that changes nothing but what this process may use.
    unsafe {
        asm!(
            "syscall",
            inlateout("rax") result,
            in("rdi") ARCH_REQ_XCOMP_PERM,
            in("rsi") XFEATURE_XTILEDATA,
            out("rcx") _,
            out("r11") _,
            options(nostack),
        );
    }
    result == 0
}

#[cfg(not(target_os = "linux"))]
fn is_permitted() -> bool {
    false
}

/// Eight tiles of 16 rows of 64 bytes.
#[repr(C, align(64))]
struct Palette {
    id: u8,
    start_row: u8,
    reserved: [u8; 14],
    row_bytes: [u16; 16],
    rows: [u8; 16],
}

static PALETTE: Palette = {
    let (mut row_bytes, mut rows) = ([0; 16], [0; 16]);
    let mut tile = 0;
    while tile < 8 {
        (row_bytes[tile], rows[tile]) = (64, 16);
        tile += 1;
    }
    Palette {
        id: 1,
        start_row: 0,
        reserved: [0; 14],
        row_bytes,
        rows,
    }
};

/// Sums of C columns of tiles in tmm0 to tmm3; A in tmm4; B in turns in tmm5 to tmm7.
macro_rules! sum_tiles {
    ($left:ident, $right:ident, $terms:ident, $sums:ident, $zero:expr, $multiply:expr, $store:expr) => {
        asm!(
            $zero,
            "2:",
            "tileloadd tmm4, [{a} + {a_row}*1]",
            $multiply,
            "add {a}, 64",
            "add {b}, {b_step}",
            "dec {steps}",
            "jnz 2b",
            $store,
            a = inout(reg) $left.at => _,
            a_row = in(reg) $left.row * 4,
            b = inout(reg) $right.at => _,
            b_row = in(reg) $right.term * 4,
            b_step = in(reg) $right.term * 64,
            steps = inout(reg) $terms / 32 => _,
            sums = in(reg) $sums.as_mut_ptr(),
            sums_row = in(reg) size_of::<[__m512; C]>(),
            options(nostack),
        )
    };
}

impl Operands<Avx512> for Amx {
    const HALVES: bool = true;
    const SIXTEEN_ROWS: bool = true;

    /// R is 16, C at most 4, `terms` at least 32.
    #[inline(always)]
    unsafe fn product<const R: usize, const C: usize>(left: Left, right: Right, terms: usize) -> Tile<Avx512, R, C> {
        assert!(R == 16 && C <= 4, "{R} by {C} is no tile");
        debug_assert!(terms >= 32 && terms.is_multiple_of(32) && left.term == 1);
        let mut sums = MaybeUninit::<Tile<Avx512, R, C>>::uninit();
        unsafe {
            match C {
                1 => sum_tiles!(
                    left,
                    right,
                    terms,
                    sums,
                    "tilezero tmm0",
                    "tileloadd tmm5, [{b} + {b_row}*1]\n tdpbf16ps tmm0, tmm4, tmm5",
                    "tilestored [{sums} + {sums_row}*1], tmm0"
                ),
                2 => sum_tiles!(
                    left,
                    right,
                    terms,
                    sums,
                    "tilezero tmm0\n tilezero tmm1",
                    "tileloadd tmm5, [{b} + {b_row}*1]\n tdpbf16ps tmm0, tmm4, tmm5
                     tileloadd tmm6, [{b} + {b_row}*1 + 64]\n tdpbf16ps tmm1, tmm4, tmm6",
                    "tilestored [{sums} + {sums_row}*1], tmm0\n tilestored [{sums} + {sums_row}*1 + 64], tmm1"
                ),
                3 => sum_tiles!(
                    left,
                    right,
                    terms,
                    sums,
                    "tilezero tmm0\n tilezero tmm1\n tilezero tmm2",
                    "tileloadd tmm5, [{b} + {b_row}*1]\n tdpbf16ps tmm0, tmm4, tmm5
                     tileloadd tmm6, [{b} + {b_row}*1 + 64]\n tdpbf16ps tmm1, tmm4, tmm6
                     tileloadd tmm7, [{b} + {b_row}*1 + 128]\n tdpbf16ps tmm2, tmm4, tmm7",
                    "tilestored [{sums} + {sums_row}*1], tmm0\n tilestored [{sums} + {sums_row}*1 + 64], tmm1
                     tilestored [{sums} + {sums_row}*1 + 128], tmm2"
                ),
                _ => sum_tiles!(
                    left,
                    right,
                    terms,
                    sums,
                    "tilezero tmm0\n tilezero tmm1\n tilezero tmm2\n tilezero tmm3",
                    "tileloadd tmm5, [{b} + {b_row}*1]\n tdpbf16ps tmm0, tmm4, tmm5
                     tileloadd tmm6, [{b} + {b_row}*1 + 64]\n tdpbf16ps tmm1, tmm4, tmm6
                     tileloadd tmm7, [{b} + {b_row}*1 + 128]\n tdpbf16ps tmm2, tmm4, tmm7
                     tileloadd tmm5, [{b} + {b_row}*1 + 192]\n tdpbf16ps tmm3, tmm4, tmm5",
                    "tilestored [{sums} + {sums_row}*1], tmm0\n tilestored [{sums} + {sums_row}*1 + 64], tmm1
                     tilestored [{sums} + {sums_row}*1 + 128], tmm2\n tilestored [{sums} + {sums_row}*1 + 192], tmm3"
                ),
            }
            sums.assume_init()
        }
    }

    #[inline(always)]
    unsafe fn pair(first: __m512, second: __m512) -> __m512 {
        unsafe { dot::pair(first, second) }
    }

    #[inline(always)]
    unsafe fn join(first: __m512, second: __m512) -> __m512 {
        unsafe { dot::join(first, second) }
    }

    #[inline(always)]
    unsafe fn begin() {
        unsafe { asm!("ldtilecfg [{}]", in(reg) &raw const PALETTE, options(nostack, readonly)) }
    }

    #[inline(always)]
    unsafe fn end() {
        unsafe { asm!("tilerelease", options(nostack, nomem)) }
    }
}
