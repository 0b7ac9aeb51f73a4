//! The same as the crate computes it, block after block, as a rank of the ring does it: the state goes from block to
//! block, the caller divides.

use std::sync::atomic::AtomicBool;

use ringwatt_attention::{
    Gradients, NO_SCORE, Outcome, OutputGradient, Precision, Run, Shape, State, Variant, backward, forward,
};

use super::{All, KeyBlock, QueryBlock};

#[derive(Clone, Copy)]
pub struct How {
    pub variant: Variant,
    pub threads: usize,
    pub precision: Precision,
}

pub fn every_variant(threads: usize) -> Vec<How> {
    Variant::available()
        .into_iter()
        .map(|variant| How {
            variant,
            threads,
            precision: Precision::F32,
        })
        .collect()
}

static NEVER: AtomicBool = AtomicBool::new(false);

impl How {
    /// Nobody cancels it.
    pub fn run(&self) -> Run<'static> {
        Run {
            variant: self.variant,
            threads: self.threads,
            precision: self.precision,
            cancelled: &NEVER,
        }
    }
}

/// What forward leaves behind, of one block of queries.
pub struct Sums {
    pub out: Vec<f32>,
    pub max: Vec<f32>,
    pub sum: Vec<f32>,
}

impl Sums {
    pub fn new(shape: &Shape, queries: &QueryBlock) -> Sums {
        let rows = shape.heads * queries.positions.len();
        let mut sums = Sums {
            out: vec![0.0; queries.q.len()],
            max: vec![0.0; rows],
            sum: vec![0.0; rows],
        };
        sums.forget();
        sums
    }

    /// Back to before the first block.
    pub fn forget(&mut self) {
        self.out.fill(0.0);
        self.max.fill(NO_SCORE);
        self.sum.fill(0.0);
    }

    pub fn add(&mut self, how: How, shape: &Shape, queries: &QueryBlock, block: &KeyBlock) {
        let state = State {
            out: &mut self.out,
            max: &mut self.max,
            sum: &mut self.sum,
        };
        let outcome = forward(&how.run(), shape, queries.queries(), block.key_values(), state);
        assert_eq!(outcome, Ok(Outcome::Done));
    }

    /// Divides the output, and says what backward wants of it.
    pub fn divide(&mut self, shape: &Shape, queries: &QueryBlock) -> Divided {
        let (d, rows) = (shape.head_dim, queries.positions.len());
        let Sums { out, max, sum } = self;
        let (mut lse, mut delta) = (vec![0.0; sum.len()], vec![0.0; sum.len()]);
        let mut d_out = queries.d_out.clone();
        for row in 0..sum.len() {
            if max[row] == NO_SCORE {
                assert!(
                    sum[row] == 0.0 && out[row * d..][..d].iter().all(|&value| value == 0.0),
                    "row {row} saw no key"
                );
                if queries.positions[row % rows] < 0 {
                    // Whatever a caller keeps there must not matter.
                    (lse[row], delta[row]) = (f32::NAN, f32::NAN);
                }
                continue;
            }
            let exact = f64::from(max[row]) + f64::from(sum[row]).ln();
            lse[row] = exact as f32;
            // At 10,000 a float32 is exact to 5e-4 only, and so would be every exp(s − lse) of the row. What rounding took
            // off is a factor of the whole row, which the gradient of the output can carry.
            let rounding = (f64::from(lse[row]) - exact).exp();
            let mut total = 0.0;
            for c in row * d..(row + 1) * d {
                out[c] /= sum[row];
                total += f64::from(out[c]) * f64::from(d_out[c]);
                d_out[c] = (f64::from(d_out[c]) * rounding) as f32;
            }
            delta[row] = (total * rounding) as f32;
        }
        Divided { d_out, lse, delta }
    }
}

pub struct Divided {
    d_out: Vec<f32>,
    pub lse: Vec<f32>,
    delta: Vec<f32>,
}

/// Of one block of keys and values; `dq` goes from block to block.
pub struct KeyGradients {
    pub dk: Vec<f32>,
    pub dv: Vec<f32>,
}

impl KeyGradients {
    pub fn new(block: &KeyBlock) -> KeyGradients {
        KeyGradients {
            dk: vec![0.0; block.k.len()],
            dv: vec![0.0; block.v.len()],
        }
    }

    pub fn add(
        &mut self,
        how: How,
        shape: &Shape,
        divided: &Divided,
        queries: &QueryBlock,
        block: &KeyBlock,
        dq: &mut [f32],
    ) {
        let Divided { d_out, lse, delta } = divided;
        let output = OutputGradient { d_out, lse, delta };
        let gradients = Gradients {
            dq,
            dk: &mut self.dk,
            dv: &mut self.dv,
        };
        let (queries, key_values) = (queries.queries(), block.key_values());
        let outcome = backward(&how.run(), shape, output, queries, key_values, gradients);
        assert_eq!(outcome, Ok(Outcome::Done));
    }
}

pub fn ours(how: How, shape: &Shape, queries: &QueryBlock, blocks: &[KeyBlock]) -> All<f32> {
    let mut sums = Sums::new(shape, queries);
    for block in blocks {
        sums.add(how, shape, queries, block);
    }
    let mut divided = sums.divide(shape, queries);
    let mut dq = vec![0.0; queries.q.len()];
    let (mut dks, mut dvs) = (Vec::new(), Vec::new());
    for block in blocks {
        let mut gradients = KeyGradients::new(block);
        gradients.add(how, shape, &divided, queries, block, &mut dq);
        dks.push(gradients.dk);
        dvs.push(gradients.dv);
    }
    let lse = &mut divided.lse;
    lse.iter_mut().filter(|lse| lse.is_nan()).for_each(|lse| *lse = 0.0);
    All {
        out: sums.out,
        lse: divided.lse,
        dq,
        dk: dks,
        dv: dvs,
    }
}
