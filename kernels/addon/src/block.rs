//! What both directions of attention take.

use napi::Unknown;
use ringwatt_attention::{KeyValues, Precision, Queries, Run, Shape, Variant};

use crate::arguments::{Arguments, Lent};
use crate::loans::Loans;
use crate::refusal::{Checked, Refusal};
use crate::tickets::Ticket;

/// What both directions take.
const COMMON: [&str; 14] = [
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
    "keyPositions",
];

/// Reads a call: `own` are the arrays that only its direction takes.
pub fn read<'env>(object: Unknown<'env>, own: &[&'static str]) -> Checked<Arguments<'env>> {
    let names: Vec<_> = COMMON.iter().chain(own).copied().collect();
    Arguments::of(object, &names)
}

/// Queries, keys and values, and how to compute with them.
pub struct Block {
    ticket: Ticket,
    variant: Variant,
    threads: usize,
    precision: Precision,
    pub shape: Shape,
    q: Lent,
    query_positions: Vec<i32>,
    k: Lent,
    v: Lent,
    key_positions: Vec<i32>,
}

impl Block {
    pub fn of(arguments: &Arguments) -> Checked<Block> {
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
            threads: arguments.threads()?,
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
    pub fn loans(&self, read: &[&Lent], written: &[&Lent]) -> Checked<Loans> {
        let inputs = [&self.q, &self.k, &self.v];
        let read = inputs.iter().chain(read).map(|lent| lent.loan(false));
        let written = written.iter().map(|lent| lent.loan(true));
        Loans::take(read.chain(written).collect()).map_err(Refusal::Range)
    }

    pub fn run(&self) -> Run<'_> {
        Run {
            variant: self.variant,
            threads: self.threads,
            precision: self.precision,
            cancelled: &self.ticket.cancelled,
        }
    }

    pub fn queries(&self) -> Queries<'_> {
        Queries {
            q: self.q.read(),
            positions: &self.query_positions,
        }
    }

    pub fn key_values(&self) -> KeyValues<'_> {
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
