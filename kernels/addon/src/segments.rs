//! The segments of the network (`ringwatt_dense`), at once. All gradients are added to what their arrays hold.

use napi::{Env, Unknown};
use napi_derive::napi;
use ringwatt_dense::{Embedding, Head, Mlp, MlpGradients, Projection};

use crate::arguments::{Arguments, checked};
use crate::dense::{Arrays, fitting, team};

/// y = inputs · weights + region
#[napi(catch_unwind)]
pub fn embed_forward(env: Env, call: Unknown) -> napi::Result<()> {
    checked(env, || {
        let arguments = Arguments::of(call, &["inputs", "weights", "region", "y", "channels", "threads"])?;
        let mut arrays = Arrays::of(&arguments, ["inputs", "weights", "region"], ["y"])?;
        let ([inputs, weights, region], [y]) = arrays.slices();
        let embedding = Embedding {
            inputs,
            channels: arguments.size("channels")?,
            width: region.len(),
        };
        fitting(embedding.forward(team(&arguments)?, weights, region, y))
    })
}

#[napi(catch_unwind)]
pub fn embed_backward(env: Env, call: Unknown) -> napi::Result<()> {
    checked(env, || {
        let arguments = Arguments::of(call, &["inputs", "dy", "dweights", "dregion", "channels", "threads"])?;
        let mut arrays = Arrays::of(&arguments, ["inputs", "dy"], ["dweights", "dregion"])?;
        let ([inputs, dy], [dweights, dregion]) = arrays.slices();
        let embedding = Embedding {
            inputs,
            channels: arguments.size("channels")?,
            width: dregion.len(),
        };
        fitting(embedding.backward(team(&arguments)?, dy, dweights, dregion))
    })
}

/// y = normalise(x) · weights
#[napi(catch_unwind)]
pub fn project_forward(env: Env, call: Unknown) -> napi::Result<()> {
    checked(env, || {
        let arguments = Arguments::of(call, &["x", "gain", "weights", "y", "threads"])?;
        let mut arrays = Arrays::of(&arguments, ["x", "gain", "weights"], ["y"])?;
        let ([x, gain, weights], [y]) = arrays.slices();
        fitting(Projection { x, gain, weights }.forward(team(&arguments)?, y, false))
    })
}

#[napi(catch_unwind)]
pub fn project_backward(env: Env, call: Unknown) -> napi::Result<()> {
    checked(env, || {
        let names = ["x", "gain", "weights", "dy", "dx", "dgain", "dweights", "threads"];
        let arguments = Arguments::of(call, &names)?;
        let mut arrays = Arrays::of(&arguments, ["x", "gain", "weights", "dy"], ["dx", "dgain", "dweights"])?;
        let ([x, gain, weights, dy], [dx, dgain, dweights]) = arrays.slices();
        fitting(Projection { x, gain, weights }.backward(team(&arguments)?, dy, dx, dgain, dweights))
    })
}

/// y = mixed + gelu(normalise(mixed) · inward + bias) · outward, where mixed = x + attended · out
#[napi(catch_unwind)]
pub fn think_forward(env: Env, call: Unknown) -> napi::Result<()> {
    checked(env, || {
        let names = [
            "x", "attended", "out", "gain", "inward", "bias", "outward", "y", "threads",
        ];
        let arguments = Arguments::of(call, &names)?;
        let read = ["x", "attended", "out", "gain", "inward", "bias", "outward"];
        let mut arrays = Arrays::of(&arguments, read, ["y"])?;
        let ([x, attended, out, gain, inward, bias, outward], [y]) = arrays.slices();
        fitting(
            Mlp {
                out,
                gain,
                inward,
                bias,
                outward,
            }
            .forward(team(&arguments)?, x, attended, y),
        )
    })
}

#[napi(catch_unwind)]
pub fn think_backward(env: Env, call: Unknown) -> napi::Result<()> {
    checked(env, || {
        let read = ["x", "attended", "out", "gain", "inward", "bias", "outward", "dy"];
        let written = ["dx", "dattended", "dout", "dgain", "dinward", "dbias", "doutward"];
        let names: Vec<_> = read.iter().chain(&written).chain(&["threads"]).copied().collect();
        let arguments = Arguments::of(call, &names)?;
        let mut arrays = Arrays::of(&arguments, read, written)?;
        let ([x, attended, out, gain, inward, bias, outward, dy], written) = arrays.slices();
        let [dx, dattended, dout, dgain, dinward, dbias, doutward] = written;
        let gradients = MlpGradients {
            out: dout,
            gain: dgain,
            inward: dinward,
            bias: dbias,
            outward: doutward,
        };
        let mlp = Mlp {
            out,
            gain,
            inward,
            bias,
            outward,
        };
        fitting(mlp.backward(team(&arguments)?, x, attended, dy, dx, dattended, gradients))
    })
}

/// y = normalise(x) · out + region + inputs · direct
#[napi(catch_unwind)]
pub fn predict_forward(env: Env, call: Unknown) -> napi::Result<()> {
    checked(env, || {
        let names = [
            "x", "gain", "out", "region", "inputs", "direct", "y", "channels", "threads",
        ];
        let arguments = Arguments::of(call, &names)?;
        let mut arrays = Arrays::of(&arguments, ["x", "gain", "out", "region", "inputs", "direct"], ["y"])?;
        let ([x, gain, weights, region, inputs, direct], [y]) = arrays.slices();
        let head = Head {
            trunk: Projection { x, gain, weights },
            direct: Embedding {
                inputs,
                channels: arguments.size("channels")?,
                width: region.len(),
            },
        };
        fitting(head.forward(team(&arguments)?, region, direct, y))
    })
}
