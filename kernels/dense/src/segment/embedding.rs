//! What the network takes in.

use super::rows_of;
use crate::add;
use crate::product::{SizeError, expect};
use crate::team::{Team, plain, transposed};

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
        let rows = rows_of("y", y, self.width)?;
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
