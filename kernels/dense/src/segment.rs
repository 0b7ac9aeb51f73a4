//! The network between two attentions, for some rows of tokens: what `src/model/segments.ts` says in tensors, forward
//! and backward. All gradients are added to what their arrays hold.

use crate::level::Level;
use crate::product::{Operand, Product, SizeError, expect};
use crate::scratch::Scratch;
use crate::{add, gelu, norm, pool};

/// On how many threads; and the instruction set, which decides no bits.
#[derive(Clone, Copy, Debug)]
pub struct Team {
    pub level: Level,
    pub threads: usize,
}

impl Team {
    fn work(&self, work: impl FnOnce() -> Result<(), SizeError> + Send) -> Result<(), SizeError> {
        pool::within(self.threads, work)
    }

    /// out (rows × columns) = or += a · b
    fn multiply(&self, a: Operand, b: Operand, out: &mut [f32], accumulate: bool, inner: usize, columns: usize) {
        let product = Product {
            rows: out.len() / columns,
            inner,
            columns,
            accumulate,
            threads: self.threads,
        };
        product.compute_here(a, b, out);
    }
}

const fn plain(values: &[f32]) -> Operand<'_> {
    Operand {
        values,
        transposed: false,
    }
}

const fn transposed(values: &[f32]) -> Operand<'_> {
    Operand {
        values,
        transposed: true,
    }
}

/// y = x · weights + row, without the gradient of x: x is data.
#[derive(Clone, Copy, Debug)]
pub struct Embedding<'a> {
    /// rows × channels
    pub inputs: &'a [f32],
    pub channels: usize,
    pub width: usize,
}

impl Embedding<'_> {
    fn check(&self, y: &[f32], weights: &[f32], region: &[f32]) -> Result<(), SizeError> {
        let rows = rows_of(y, self.width)?;
        expect("inputs", self.inputs.len(), rows, self.channels)?;
        expect("weights", weights.len(), self.channels, self.width)?;
        expect("region", region.len(), 1, self.width)
    }

    pub fn forward(&self, team: Team, weights: &[f32], region: &[f32], y: &mut [f32]) -> Result<(), SizeError> {
        self.check(y, weights, region)?;
        team.work(|| {
            add::spread(team.threads, region, y);
            team.multiply(plain(self.inputs), plain(weights), y, true, self.channels, self.width);
            Ok(())
        })
    }

    pub fn backward(&self, team: Team, dy: &[f32], dweights: &mut [f32], dregion: &mut [f32]) -> Result<(), SizeError> {
        self.check(dy, dweights, dregion)?;
        team.work(|| {
            let rows = dy.len() / self.width;
            team.multiply(transposed(self.inputs), plain(dy), dweights, true, rows, self.width);
            add::add_columns(team.level, team.threads, dy, dregion);
            Ok(())
        })
    }
}

/// y = normalise(x) · weights
#[derive(Clone, Copy, Debug)]
pub struct Projection<'a> {
    /// rows × width
    pub x: &'a [f32],
    pub gain: &'a [f32],
    /// width × columns
    pub weights: &'a [f32],
}

impl Projection<'_> {
    fn check(&self, y: &[f32]) -> Result<[usize; 3], SizeError> {
        let width = self.gain.len();
        let rows = rows_of_named("x", self.x, width)?;
        let columns = some("weights", rows_of_named("weights", self.weights, width)?)?;
        expect("y", y.len(), rows, columns)?;
        Ok([rows, width, columns])
    }

    /// With `add`, to what `y` holds.
    pub fn forward(&self, team: Team, y: &mut [f32], add: bool) -> Result<(), SizeError> {
        let [_, width, columns] = self.check(y)?;
        team.work(|| {
            let mut normal = Scratch::of(self.x.len());
            norm::forward(team.level, team.threads, self.x, self.gain, &mut normal);
            team.multiply(plain(&normal), plain(self.weights), y, add, width, columns);
            Ok(())
        })
    }

    pub fn backward(
        &self,
        team: Team,
        dy: &[f32],
        dx: &mut [f32],
        dgain: &mut [f32],
        dweights: &mut [f32],
    ) -> Result<(), SizeError> {
        let [rows, width, columns] = self.check(dy)?;
        expect("dx", dx.len(), rows, width)?;
        expect("dgain", dgain.len(), 1, width)?;
        expect("dweights", dweights.len(), width, columns)?;
        team.work(|| {
            let mut normal = Scratch::of(self.x.len());
            norm::forward(team.level, team.threads, self.x, self.gain, &mut normal);
            team.multiply(transposed(&normal), plain(dy), dweights, true, rows, columns);
            let mut d = normal;
            team.multiply(plain(dy), transposed(self.weights), &mut d, false, columns, width);
            norm::backward(team.level, team.threads, self.x, self.gain, &mut d, dgain);
            add::add(team.level, team.threads, &d, dx);
            Ok(())
        })
    }
}

/// y = mixed + gelu(normalise(mixed) · inward + bias) · outward, where mixed = x + attended · out.
#[derive(Clone, Copy, Debug)]
pub struct Mlp<'a> {
    /// width × width
    pub out: &'a [f32],
    pub gain: &'a [f32],
    /// width × hidden
    pub inward: &'a [f32],
    pub bias: &'a [f32],
    /// hidden × width
    pub outward: &'a [f32],
}

/// Of the weights of [`Mlp`].
#[derive(Debug)]
pub struct MlpGradients<'a> {
    pub out: &'a mut [f32],
    pub gain: &'a mut [f32],
    pub inward: &'a mut [f32],
    pub bias: &'a mut [f32],
    pub outward: &'a mut [f32],
}

impl Mlp<'_> {
    fn check(&self, x: &[f32], attended: &[f32], y: &[f32]) -> Result<[usize; 3], SizeError> {
        let (width, hidden) = (self.gain.len(), some("bias", self.bias.len())?);
        let rows = rows_of_named("x", x, width)?;
        expect("attended", attended.len(), rows, width)?;
        expect("y", y.len(), rows, width)?;
        expect("out", self.out.len(), width, width)?;
        expect("inward", self.inward.len(), width, hidden)?;
        expect("outward", self.outward.len(), hidden, width)?;
        Ok([rows, width, hidden])
    }

    pub fn forward(&self, team: Team, x: &[f32], attended: &[f32], y: &mut [f32]) -> Result<(), SizeError> {
        let [rows, width, hidden] = self.check(x, attended, y)?;
        team.work(|| {
            y.copy_from_slice(x);
            team.multiply(plain(attended), plain(self.out), y, true, width, width);
            let mut normal = Scratch::of(rows * width);
            norm::forward(team.level, team.threads, y, self.gain, &mut normal);
            let mut before = Scratch::of(rows * hidden);
            team.multiply(plain(&normal), plain(self.inward), &mut before, false, width, hidden);
            let mut after = Scratch::of(rows * hidden);
            gelu::forward(team.level, team.threads, &before, self.bias, &mut after);
            team.multiply(plain(&after), plain(self.outward), y, true, hidden, width);
            Ok(())
        })
    }
    pub fn backward(
        &self,
        team: Team,
        x: &[f32],
        attended: &[f32],
        dy: &[f32],
        dx: &mut [f32],
        dattended: &mut [f32],
        d: MlpGradients,
    ) -> Result<(), SizeError> {
        let [rows, width, hidden] = self.check(x, attended, dy)?;
        expect("dx", dx.len(), rows, width)?;
        expect("dattended", dattended.len(), rows, width)?;
        expect("dout", d.out.len(), width, width)?;
        expect("dgain", d.gain.len(), 1, width)?;
        expect("dinward", d.inward.len(), width, hidden)?;
        expect("dbias", d.bias.len(), 1, hidden)?;
        expect("doutward", d.outward.len(), hidden, width)?;
        let Team { level, threads } = team;
        team.work(|| {
            // Forward again, as far as its values are asked for.
            let mut mixed = Scratch::of(rows * width);
            mixed.copy_from_slice(x);
            team.multiply(plain(attended), plain(self.out), &mut mixed, true, width, width);
            let mut normal = Scratch::of(rows * width);
            norm::forward(level, threads, &mixed, self.gain, &mut normal);
            let mut before = Scratch::of(rows * hidden);
            team.multiply(plain(&normal), plain(self.inward), &mut before, false, width, hidden);
            let mut after = Scratch::of(rows * hidden);
            gelu::forward(level, threads, &before, self.bias, &mut after);
            // And back.
            team.multiply(transposed(&after), plain(dy), d.outward, true, rows, width);
            let mut dbefore = after;
            team.multiply(plain(dy), transposed(self.outward), &mut dbefore, false, width, hidden);
            gelu::backward(level, threads, &before, self.bias, &mut dbefore, d.bias);
            team.multiply(transposed(&normal), plain(&dbefore), d.inward, true, rows, hidden);
            let mut dmixed = normal;
            team.multiply(
                plain(&dbefore),
                transposed(self.inward),
                &mut dmixed,
                false,
                hidden,
                width,
            );
            norm::backward(level, threads, &mixed, self.gain, &mut dmixed, d.gain);
            add::add(level, threads, dy, &mut dmixed);
            team.multiply(transposed(attended), plain(&dmixed), d.out, true, rows, width);
            team.multiply(plain(&dmixed), transposed(self.out), dattended, true, width, width);
            add::add(level, threads, &dmixed, dx);
            Ok(())
        })
    }
}

/// y = normalise(x) · out + region + inputs · direct
#[derive(Clone, Copy, Debug)]
pub struct Head<'a> {
    pub trunk: Projection<'a>,
    pub direct: Embedding<'a>,
}

impl Head<'_> {
    pub fn forward(&self, team: Team, region: &[f32], direct: &[f32], y: &mut [f32]) -> Result<(), SizeError> {
        self.trunk.check(y)?;
        self.direct.forward(team, direct, region, y)?;
        self.trunk.forward(team, y, true)
    }
}

fn some(name: &str, count: usize) -> Result<usize, SizeError> {
    if count == 0 {
        Err(SizeError(format!("{name} is empty")))
    } else {
        Ok(count)
    }
}

fn rows_of(values: &[f32], columns: usize) -> Result<usize, SizeError> {
    rows_of_named("y", values, columns)
}

fn rows_of_named(name: &str, values: &[f32], columns: usize) -> Result<usize, SizeError> {
    if columns == 0 || !values.len().is_multiple_of(columns) {
        return Err(SizeError(format!(
            "{name} has {} elements, not rows of {columns}",
            values.len()
        )));
    }
    Ok(values.len() / columns)
}
