//! One block of queries against one block of keys and values, off the event loop.

use std::panic::{AssertUnwindSafe, catch_unwind};

use napi::bindgen_prelude::AsyncTask;
use napi::{Env, Error, Status, Task, Unknown};
use napi_derive::napi;
use ringwatt_attention::{
    Gradients, KeyValues, Outcome, OutputGradient, Precision, Queries, Run, Shape, ShapeError, State, Variant,
};

use crate::arguments::{Arguments, Lent, checked};
use crate::loans::Loans;
use crate::refusal::{Checked, Refusal, sizes};
use crate::tickets::Ticket;

const MAX_THREADS: u32 = 1024;

/// What both directions take.
const COMMON: [&str; 13] = [
    "ticket",
    "variant",
    "threads",
    "precision",
    "heads",
    "kvHeads",
    "headDim",
    "causal",
    "window",
    "q",
    "queryPositions",
    "k",
    "v",
];

/// The names of the arrays that only one direction takes follow `COMMON` and `keyPositions`.
fn read<'env>(object: Unknown<'env>, own: &[&'static str]) -> Checked<Arguments<'env>> {
    let names: Vec<_> = COMMON.iter().chain(&["keyPositions"]).chain(own).copied().collect();
    Arguments::of(object, &names)
}

/// A block, its settings, and the loans of all arrays of the call.
struct Block {
    ticket: Ticket,
    variant: Variant,
    threads: usize,
    precision: Precision,
    shape: Shape,
    q: Lent,
    query_positions: Vec<i32>,
    k: Lent,
    v: Lent,
    key_positions: Vec<i32>,
}

impl Block {
    fn of(arguments: &Arguments) -> Checked<Block> {
        let number = arguments.integer("ticket", 1..=u32::MAX)?;
        let shape = Shape {
            heads: arguments.size("heads")?,
            kv_heads: arguments.size("kvHeads")?,
            head_dim: arguments.size("headDim")?,
            causal: arguments.boolean("causal")?,
            window: match arguments.is_given("window")? {
                true => Some(arguments.integer("window", 1..=i32::MAX as u32)?),
                false => None,
            },
        };
        Ok(Block {
            variant: variant(&arguments.text("variant")?)?,
            threads: arguments.integer("threads", 1..=MAX_THREADS)? as usize,
            precision: precision(&arguments.text("precision")?)?,
            shape,
            q: arguments.floats("q")?,
            query_positions: arguments.integers("queryPositions")?,
            k: arguments.floats("k")?,
            v: arguments.floats("v")?,
            key_positions: arguments.integers("keyPositions")?,
            ticket: Ticket::claim(number)
                .ok_or_else(|| Refusal::Range(format!("ticket {number} was not given out, or is in use")))?,
        })
    }

    /// The loans of the block and of the call's own arrays, `written` or only read.
    fn loans(&self, read: &[&Lent], written: &[&Lent]) -> Checked<Loans> {
        let inputs = [&self.q, &self.k, &self.v];
        let read = inputs.iter().chain(read).map(|lent| lent.loan(false));
        let written = written.iter().map(|lent| lent.loan(true));
        Loans::take(read.chain(written).collect()).map_err(Refusal::Range)
    }

    fn run(&self) -> Run<'_> {
        Run {
            variant: self.variant,
            threads: self.threads,
            precision: self.precision,
            cancelled: &self.ticket.cancelled,
        }
    }

    fn queries(&self) -> Queries<'_> {
        Queries {
            q: self.q.read(),
            positions: &self.query_positions,
        }
    }

    fn key_values(&self) -> KeyValues<'_> {
        KeyValues {
            k: self.k.read(),
            v: self.v.read(),
            positions: &self.key_positions,
        }
    }
}

fn variant(name: &str) -> Checked<Variant> {
    let available = Variant::available();
    available
        .iter()
        .copied()
        .find(|variant| variant.name() == name)
        .ok_or_else(|| {
            let names: Vec<_> = available.iter().map(|variant| variant.name()).collect();
            Refusal::Range(format!("variant is {name:?}; this processor runs {}", names.join(", ")))
        })
}

fn precision(name: &str) -> Checked<Precision> {
    match name {
        "float32" => Ok(Precision::F32),
        "bfloat16" => Ok(Precision::Bf16),
        _ => Err(Refusal::Range(format!(
            "precision is {name:?}, not \"float32\" or \"bfloat16\""
        ))),
    }
}

pub struct Forward {
    block: Block,
    out: Lent,
    max: Lent,
    sum: Lent,
    _loans: Loans,
}

impl Task for Forward {
    type Output = Outcome;
    type JsValue = bool;

    fn compute(&mut self) -> napi::Result<Outcome> {
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
        settle(|| ringwatt_attention::forward(&block.run(), &block.shape, block.queries(), block.key_values(), state))
    }

    fn resolve(&mut self, _env: Env, outcome: Outcome) -> napi::Result<bool> {
        Ok(outcome == Outcome::Done)
    }

    fn reject(&mut self, env: Env, error: Error) -> napi::Result<bool> {
        Err(rejection(env, error))
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

impl Task for Backward {
    type Output = Outcome;
    type JsValue = bool;

    fn compute(&mut self) -> napi::Result<Outcome> {
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
        settle(|| {
            let (queries, key_values) = (block.queries(), block.key_values());
            ringwatt_attention::backward(&block.run(), &block.shape, output, queries, key_values, gradients)
        })
    }

    fn resolve(&mut self, _env: Env, outcome: Outcome) -> napi::Result<bool> {
        Ok(outcome == Outcome::Done)
    }

    fn reject(&mut self, env: Env, error: Error) -> napi::Result<bool> {
        Err(rejection(env, error))
    }
}

/// A panic of the core must not end the process: it becomes the error of this call.
fn settle(work: impl FnOnce() -> Result<Outcome, ShapeError>) -> napi::Result<Outcome> {
    match catch_unwind(AssertUnwindSafe(work)) {
        Ok(Ok(outcome)) => Ok(outcome),
        Ok(Err(error)) => Err(Error::new(Status::InvalidArg, error.to_string())),
        Err(_) => Err(Error::new(
            Status::GenericFailure,
            "the attention kernel panicked".to_owned(),
        )),
    }
}

/// Sizes that the core found not to fit are a RangeError; anything else stays what it is.
fn rejection(env: Env, error: Error) -> Error {
    match error.status {
        Status::InvalidArg => sizes(&error.reason).into_error(env),
        _ => error,
    }
}

/// Folds a block of keys and values into `out`, `max`, `sum`. Resolves to false when it was cancelled.
#[napi(ts_return_type = "Promise<boolean>")]
pub fn attention_forward(env: Env, call: Unknown) -> napi::Result<AsyncTask<Forward>> {
    checked(env, || {
        let arguments = read(call, &["out", "max", "sum"])?;
        let block = Block::of(&arguments)?;
        let (out, max, sum) = (
            arguments.floats("out")?,
            arguments.floats("max")?,
            arguments.floats("sum")?,
        );
        let loans = block.loans(&[], &[&out, &max, &sum])?;
        Ok(AsyncTask::new(Forward {
            block,
            out,
            max,
            sum,
            _loans: loans,
        }))
    })
}

/// Adds what this pair of blocks contributes to `dq`, `dk`, `dv`. Resolves to false when it was cancelled.
#[napi(ts_return_type = "Promise<boolean>")]
pub fn attention_backward(env: Env, call: Unknown) -> napi::Result<AsyncTask<Backward>> {
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
        Ok(AsyncTask::new(Backward {
            block,
            d_out,
            lse,
            delta,
            dq,
            dk,
            dv,
            _loans: loans,
        }))
    })
}
