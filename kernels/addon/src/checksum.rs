//! CRC-32 of what crosses a wire: zlib's numbers, three times as fast.

use napi::{Env, Unknown};
use napi_derive::napi;

use crate::arguments::{Arguments, checked};
use crate::loans::Loans;
use crate::refusal::Refusal;

/// Of `bytes`, after what `value` is the checksum of (0 at the beginning).
#[napi(catch_unwind)]
pub fn crc32(env: Env, call: Unknown) -> napi::Result<u32> {
    checked(env, || {
        let arguments = Arguments::of(call, &["bytes", "value"])?;
        let value = arguments.integer("value", 0..=u32::MAX)?;
        let (bytes, loan) = arguments.bytes("bytes")?;
        let _loans = Loans::take(vec![loan]).map_err(Refusal::Range)?;
        let mut hasher = crc32fast::Hasher::new_with_initial(value);
        hasher.update(&bytes);
        Ok(hasher.finalize())
    })
}
