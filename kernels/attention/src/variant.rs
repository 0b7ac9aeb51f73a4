//! The instruction sets that the one algorithm is compiled for.

/// An instruction set, as named in settings and reports.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Variant {
    Avx512,
    Avx2,
    Neon,
    Portable,
}

impl Variant {
    /// What this processor can run, best first; never empty.
    pub fn available() -> Vec<Variant> {
        [Variant::Avx512, Variant::Avx2, Variant::Neon, Variant::Portable]
            .into_iter()
            .filter(|variant| variant.is_available())
            .collect()
    }

    pub fn name(self) -> &'static str {
        match self {
            Variant::Avx512 => "avx512",
            Variant::Avx2 => "avx2",
            Variant::Neon => "neon",
            Variant::Portable => "portable",
        }
    }

    pub fn from_name(name: &str) -> Option<Variant> {
        [Variant::Avx512, Variant::Avx2, Variant::Neon, Variant::Portable]
            .into_iter()
            .find(|variant| variant.name() == name)
    }

    pub fn is_available(self) -> bool {
        match self {
            #[cfg(target_arch = "x86_64")]
            Variant::Avx512 => {
                is_x86_feature_detected!("avx512f")
                    && is_x86_feature_detected!("avx512dq")
                    && is_x86_feature_detected!("avx512bw")
                    && is_x86_feature_detected!("avx512vl")
                    && Variant::Avx2.is_available()
            }
            #[cfg(target_arch = "x86_64")]
            Variant::Avx2 => is_x86_feature_detected!("avx2") && is_x86_feature_detected!("fma"),
            #[cfg(target_arch = "aarch64")]
            Variant::Neon => std::arch::is_aarch64_feature_detected!("neon"),
            Variant::Portable => true,
            _ => false,
        }
    }
}
