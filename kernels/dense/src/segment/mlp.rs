//! What follows attention in a layer.

use super::{rows_of, some};
use crate::product::{SizeError, expect};
use crate::scratch::Scratch;
use crate::team::{Team, plain, transposed};
use crate::{add, gelu, norm};

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
        let rows = rows_of("x", x, width)?;
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
