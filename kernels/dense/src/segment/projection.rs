//! What attention takes in, and the trunk of the heads.

use super::{rows_of, some};
use crate::product::{SizeError, expect};
use crate::scratch::Scratch;
use crate::team::{Team, plain, transposed};
use crate::{add, norm};

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
    pub(super) fn check(&self, y: &[f32]) -> Result<[usize; 3], SizeError> {
        let width = self.gain.len();
        let rows = rows_of("x", self.x, width)?;
        let columns = some("weights", rows_of("weights", self.weights, width)?)?;
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
