//! One piece of code, compiled for several instruction sets and chosen at run time. Nothing here fuses a multiplication
//! with an addition and every sum names its order, so that all of them give the same bits.

/// An instruction set that row-wise code is compiled for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Level {
    #[cfg(target_arch = "x86_64")]
    Avx512,
    #[cfg(target_arch = "x86_64")]
    Avx2,
    /// What every processor of this architecture has: SSE2, NEON.
    Baseline,
}

impl Level {
    /// What this processor runs; best first, never empty.
    pub fn available() -> Vec<Level> {
        let mut levels = Vec::new();
        #[cfg(target_arch = "x86_64")]
        {
            if std::arch::is_x86_feature_detected!("avx512f") && std::arch::is_x86_feature_detected!("avx512vl") {
                levels.push(Level::Avx512);
            }
            if std::arch::is_x86_feature_detected!("avx2") {
                levels.push(Level::Avx2);
            }
        }
        levels.push(Level::Baseline);
        levels
    }

    pub fn best() -> Level {
        Level::available()[0]
    }
}

/// Defines a function that takes a [`Level`] first and runs its body compiled for it.
macro_rules! levelled {
    ($(#[$doc:meta])* $visibility:vis fn $name:ident($($argument:ident: $type:ty),* $(,)?) $body:block) => {
        $(#[$doc])*
        $visibility fn $name(level: $crate::level::Level, $($argument: $type),*) {
            #[inline(always)]
            fn body($($argument: $type),*) $body
            #[cfg(target_arch = "x86_64")]
            #[target_feature(enable = "avx512f,avx512vl")]
            fn avx512($($argument: $type),*) {
                body($($argument),*);
            }
            #[cfg(target_arch = "x86_64")]
            #[target_feature(enable = "avx2")]
            fn avx2($($argument: $type),*) {
                body($($argument),*);
            }
            match level {
                // SAFETY: a level is made by `Level::available` alone, which asks the processor.
                #[cfg(target_arch = "x86_64")]
                $crate::level::Level::Avx512 => unsafe { avx512($($argument),*) },
                // SAFETY: as above.
                #[cfg(target_arch = "x86_64")]
                $crate::level::Level::Avx2 => unsafe { avx2($($argument),*) },
                $crate::level::Level::Baseline => body($($argument),*),
            }
        }
    };
}
pub(crate) use levelled;
