//! The network on candle.

use candle_core::{DType, Device, Tensor};

use super::{EngineError, Network};
use crate::resnet::{Depth, ResNet};

pub(super) struct Candle {
    network: ResNet,
    shape: [usize; 4],
}

impl Candle {
    pub(super) fn load(depth: Depth, shape: [usize; 4]) -> Result<Self, EngineError> {
        Ok(Candle { network: ResNet::load(depth, DType::F32, &Device::Cpu)?, shape })
    }
}

impl Network for Candle {
    fn run(&mut self, images: &[f32]) -> Result<Vec<f32>, EngineError> {
        EngineError::expect_input(images, self.shape)?;
        let images = Tensor::from_slice(images, &self.shape[..], &Device::Cpu)?;
        Ok(self.network.forward(&images)?.flatten_all()?.to_vec1()?)
    }
}
