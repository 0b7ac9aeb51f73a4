//! One block of queries against one block of keys and values, off the event loop.

use std::panic::{AssertUnwindSafe, catch_unwind};

use napi::bindgen_prelude::AsyncTask;
use napi::{Env, Error, Status, Task, Unknown};
use napi_derive::napi;
use ringwatt_attention::{Gradients, Outcome, OutputGradient, ShapeError, State};

use crate::arguments::{Lent, checked};
use crate::block::{Block, read};
use crate::loans::Loans;
use crate::refusal::sizes;

/// What one call computes, off the event loop.
pub trait Work: Send {
    fn compute(&mut self) -> Result<Outcome, ShapeError>;
}

pub struct Call<W>(W);

impl<W: Work> Task for Call<W> {
    type Output = Outcome;
    type JsValue = bool;

    /// A panic of the core must not end the process: it becomes the error of this call.
    fn compute(&mut self) -> napi::Result<Outcome> {
        match catch_unwind(AssertUnwindSafe(|| self.0.compute())) {
            Ok(Ok(outcome)) => Ok(outcome),
            Ok(Err(error)) => Err(Error::new(Status::InvalidArg, error.to_string())),
            Err(_) => Err(Error::new(
                Status::GenericFailure,
                "the attention kernel panicked".to_owned(),
            )),
        }
    }

    fn resolve(&mut self, _env: Env, outcome: Outcome) -> napi::Result<bool> {
        Ok(outcome == Outcome::Done)
    }

    /// Sizes that the core found not to fit are a RangeError; anything else stays what it is.
    fn reject(&mut self, env: Env, error: Error) -> napi::Result<bool> {
        Err(match error.status {
            Status::InvalidArg => sizes(&error.reason).into_error(env),
            _ => error,
        })
    }
}

pub struct Forward {
    block: Block,
    out: Lent,
    max: Lent,
    sum: Lent,
    _loans: Loans,
}

impl Work for Forward {
    fn compute(&mut self) -> Result<Outcome, ShapeError> {
        let Forward {
            block, out, max, sum, ..
        } = self;
        // SAFETY: their loans were taken as written, and each is sliced once.
        let state = unsafe {
            State {
                out: out.write(),
                max: max.write(),
                sum: sum.write(),
            }
        };
        ringwatt_attention::forward(&block.run(), &block.shape, block.queries(), block.key_values(), state)
    }
}

pub struct Backward {
    block: Block,
    d_out: Lent,
    lse: Lent,
    delta: Lent,
    dq: Lent,
    dk: Lent,
    dv: Lent,
    _loans: Loans,
}

impl Work for Backward {
    fn compute(&mut self) -> Result<Outcome, ShapeError> {
        let Backward {
            block,
            d_out,
            lse,
            delta,
            dq,
            dk,
            dv,
            ..
        } = self;
        let output = OutputGradient {
            d_out: d_out.read(),
            lse: lse.read(),
            delta: delta.read(),
        };
        // SAFETY: their loans were taken as written, and each is sliced once.
        let gradients = unsafe {
            Gradients {
                dq: dq.write(),
                dk: dk.write(),
                dv: dv.write(),
            }
        };
        let (queries, key_values) = (block.queries(), block.key_values());
        ringwatt_attention::backward(&block.run(), &block.shape, output, queries, key_values, gradients)
    }
}

/// Folds a block of keys and values into `out`, `max`, `sum`. Resolves to false when it was cancelled.
#[napi(ts_return_type = "Promise<boolean>")]
pub fn attention_forward(env: Env, call: Unknown) -> napi::Result<AsyncTask<Call<Forward>>> {
    checked(env, || {
        let arguments = read(call, &["out", "max", "sum"])?;
        let block = Block::of(&arguments)?;
        let (out, max, sum) = (
            arguments.floats("out")?,
            arguments.floats("max")?,
            arguments.floats("sum")?,
        );
        let loans = block.loans(&[], &[&out, &max, &sum])?;
        Ok(AsyncTask::new(Call(Forward {
            block,
            out,
            max,
            sum,
            _loans: loans,
        })))
    })
}

/// Adds what this pair of blocks contributes to `dq`, `dk`, `dv`. Resolves to false when it was cancelled.
#[napi(ts_return_type = "Promise<boolean>")]
pub fn attention_backward(env: Env, call: Unknown) -> napi::Result<AsyncTask<Call<Backward>>> {
    checked(env, || {
        let arguments = read(call, &["dOut", "lse", "delta", "dq", "dk", "dv"])?;
        let block = Block::of(&arguments)?;
        let (d_out, lse, delta) = (
            arguments.floats("dOut")?,
            arguments.floats("lse")?,
            arguments.floats("delta")?,
        );
        let (dq, dk, dv) = (
            arguments.floats("dq")?,
            arguments.floats("dk")?,
            arguments.floats("dv")?,
        );
        let loans = block.loans(&[&d_out, &lse, &delta], &[&dq, &dk, &dv])?;
        Ok(AsyncTask::new(Call(Backward {
            block,
            d_out,
            lse,
            delta,
            dq,
            dk,
            dv,
            _loans: loans,
        })))
    })
}
