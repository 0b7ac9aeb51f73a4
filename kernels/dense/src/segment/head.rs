//! What the network puts out.

use super::{Embedding, Projection};
use crate::product::SizeError;
use crate::team::Team;

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
