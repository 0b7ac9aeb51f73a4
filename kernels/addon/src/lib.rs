//! The kernels as a Node addon: arguments are checked here, computed elsewhere.
//!
//! # Why lending JavaScript's memory is sound
//!
//! The arrays of a call are computed with in place. What Rust asks of a `&mut [f32]` is kept up like this:
//! - Their memory stays: each array is referenced until its call has ended, and memory that JavaScript could take away
//!   or move meanwhile is refused (`SharedArrayBuffer`, resizable buffers). WebAssembly memory never moves, and only
//!   calls that end before JavaScript goes on (products, normalisation, GELU, least squares, checksums) are given it.
//! - Nothing of Rust's overlaps: `loans` knows the bytes of every call in flight, and refuses a call that would write
//!   where another reads or writes, or whose own arrays overlap where it writes.
//! - What decides an address is not shared: sizes are numbers, and positions are copied before the call starts.
//! - JavaScript itself leaves lent arrays alone until the promise is settled. That the addon cannot enforce; it is the
//!   contract of `src/native/kernels.ts`, whose callers await the call. To break it gives wrong numbers: floats are
//!   only ever data here. To `transfer()` a lent buffer is the one thing that must never be done.
#![deny(unsafe_op_in_unsafe_fn)]

mod arguments;
mod attention;
mod block;
mod checksum;
mod dense;
mod loans;
mod moves;
mod normal;
mod refusal;
mod segments;
mod tickets;

use napi_derive::napi;
use ringwatt_attention::Variant;

/// What the functions are called and take. Raised whenever a caller of the last version would be misunderstood.
const INTERFACE: u32 = 2;

#[napi]
pub fn interface_version() -> u32 {
    INTERFACE
}

/// With a name for the very sources: bits may change with them.
#[napi]
pub fn version() -> &'static str {
    concat!(env!("CARGO_PKG_VERSION"), "+", env!("RINGWATT_SOURCES"))
}

/// Of the attention block, that this processor can run; best first.
#[napi]
pub fn variants() -> Vec<String> {
    Variant::available()
        .into_iter()
        .map(|variant| variant.name().to_owned())
        .collect()
}

/// What matrix products are computed with.
#[napi]
pub fn product_instructions() -> &'static str {
    ringwatt_dense::instructions()
}
