//! The depthwise convolution. candle runs a grouped convolution group by group, each as a matrix product: with one
//! channel for each group, that took nine tenths of this network's time on a processor.

use candle_core::{CpuStorage, CustomOp3, DType, Layout, Shape, Tensor};
use rayon::prelude::*;

use super::padding::{Padding, pad};

/// Convolves every channel on its own, with zeros around the input by the rule
/// [`Padding::same`]. `images` has the shape `(batch, channels, height, width)`, `kernel`
/// `(channels, 1, k, k)` and `bias` `(channels)`; the result has ⌈height / stride⌉ rows.
///
/// # Errors
/// If the shapes do not match, or the elements are not f32 on a processor.
pub fn depthwise(
    images: &Tensor,
    kernel: &Tensor,
    bias: &Tensor,
    stride: usize,
) -> candle_core::Result<Tensor> {
    let (_, channels, _, _) = images.dims4()?;
    let (kernels, one, k, width) = kernel.dims4()?;
    if (kernels, one, width, bias.dims()) != (channels, 1, k, &[channels]) || stride == 0 {
        return Err(candle_core::Error::Msg(format!(
            "depthwise convolution with stride {stride} of {:?} by {:?} with bias {:?}",
            images.dims(),
            kernel.dims(),
            bias.dims()
        )));
    }
    if images.device().is_cpu() && images.dtype() == DType::F32 {
        return images.contiguous()?.apply_op3_no_bwd(
            &kernel.contiguous()?,
            &bias.contiguous()?,
            &Depthwise { stride },
        );
    }
    let output = pad(images, k, stride)?.conv2d(kernel, 0, stride, 1, channels)?;
    output.broadcast_add(&bias.reshape((1, channels, 1, 1))?)
}

struct Depthwise {
    stride: usize,
}

impl CustomOp3 for Depthwise {
    fn name(&self) -> &'static str {
        "depthwise"
    }

    fn cpu_fwd(
        &self,
        images: &CpuStorage,
        images_layout: &Layout,
        kernel: &CpuStorage,
        kernel_layout: &Layout,
        bias: &CpuStorage,
        bias_layout: &Layout,
    ) -> candle_core::Result<(CpuStorage, Shape)> {
        let (batch, channels, height, width) = images_layout.shape().dims4()?;
        let (_, _, k, _) = kernel_layout.shape().dims4()?;
        let (images, kernel, bias) = (
            contiguous(images, images_layout)?,
            contiguous(kernel, kernel_layout)?,
            contiguous(bias, bias_layout)?,
        );
        let rows = Axis::new(height, k, self.stride);
        let columns = Axis::new(width, k, self.stride);
        let mut output = vec![0f32; batch * channels * rows.outputs * columns.outputs];
        output.par_chunks_mut((rows.outputs * columns.outputs).max(1)).enumerate().for_each(
            |(plane, output)| {
                let channel = plane % channels;
                output.fill(bias[channel]);
                let image = &images[plane * height * width..][..height * width];
                let kernel = &kernel[channel * k * k..][..k * k];
                convolve(image, kernel, output, &rows, &columns);
            },
        );
        Ok((CpuStorage::F32(output), (batch, channels, rows.outputs, columns.outputs).into()))
    }
}

fn contiguous<'a>(storage: &'a CpuStorage, layout: &Layout) -> candle_core::Result<&'a [f32]> {
    match layout.contiguous_offsets() {
        Some((start, end)) => Ok(&storage.as_slice::<f32>()?[start..end]),
        None => Err(candle_core::Error::RequiresContiguous { op: "depthwise" }),
    }
}

/// How inputs and outputs correspond along height or width.
struct Axis {
    inputs: usize,
    outputs: usize,
    stride: usize,
    zeros_before: usize,
    kernel: usize,
}

impl Axis {
    fn new(inputs: usize, kernel: usize, stride: usize) -> Self {
        let Padding { before, .. } = Padding::same(inputs, kernel, stride);
        Axis { inputs, outputs: inputs.div_ceil(stride), stride, zeros_before: before, kernel }
    }

    /// Returns the outputs for which tap number `tap` of the kernel lies on the image and not on the zeros around it,
    /// and the first input that it lies on.
    fn reach(&self, tap: usize) -> (std::ops::Range<usize>, usize) {
        let first = self.zeros_before.saturating_sub(tap).div_ceil(self.stride);
        let end =
            (self.inputs + self.zeros_before).saturating_sub(tap).div_ceil(self.stride).min(self.outputs);
        // A tap that lies on zeros only, as on a picture smaller than the kernel, reaches nothing.
        let first = first.min(end);
        (first..end, (first * self.stride + tap).saturating_sub(self.zeros_before))
    }
}

/// Adds the convolution of `image` to `output`. The innermost loop runs along a row, where a compiler can vectorize it.
fn convolve(image: &[f32], kernel: &[f32], output: &mut [f32], rows: &Axis, columns: &Axis) {
    for row_tap in 0..rows.kernel {
        let (reached, first) = rows.reach(row_tap);
        for (row, input_row) in reached.zip((first..).step_by(rows.stride)) {
            let image = &image[input_row * columns.inputs..][..columns.inputs];
            let output = &mut output[row * columns.outputs..][..columns.outputs];
            for column_tap in 0..columns.kernel {
                let weight = kernel[row_tap * columns.kernel + column_tap];
                let (reached, first) = columns.reach(column_tap);
                let (output, image) = (&mut output[reached], image.get(first..).unwrap_or_default());
                if columns.stride == 1 {
                    output.iter_mut().zip(image).for_each(|(sum, value)| *sum += weight * value);
                } else {
                    let image = image.iter().step_by(columns.stride);
                    output.iter_mut().zip(image).for_each(|(sum, value)| *sum += weight * value);
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use candle_core::Device;

    use super::*;
    use crate::seeded::Seeded;

    fn uniform(name: &str, shape: &[usize]) -> Tensor {
        Seeded::new(1).uniform(name, shape, -1.0, 1.0, &Device::Cpu).expect("uniform")
    }

    #[test]
    fn it_is_the_grouped_convolution_of_candle() {
        let channels = 3;
        for (k, stride, height, width) in
            [(3, 1, 6, 5), (3, 2, 6, 5), (5, 1, 7, 9), (5, 2, 8, 8), (5, 2, 1, 2), (1, 2, 4, 3), (3, 3, 7, 7)]
        {
            let images = uniform("images", &[2, channels, height, width]);
            let kernel = uniform("kernel", &[channels, 1, k, k]);
            let bias = uniform("bias", &[channels]);
            let ours = depthwise(&images, &kernel, &bias, stride).expect("ours");
            let theirs = pad(&images, k, stride)
                .and_then(|padded| padded.conv2d(&kernel, 0, stride, 1, channels))
                .and_then(|output| output.broadcast_add(&bias.reshape((1, channels, 1, 1))?))
                .expect("theirs");
            assert_eq!(ours.dims(), theirs.dims(), "{k}, {stride}");
            let worst =
                (ours - theirs).and_then(|d| d.abs()?.max_all()?.to_scalar::<f32>()).expect("difference");
            assert!(worst < 1e-5, "kernel {k}, stride {stride}, {height} × {width}: off by {worst}");
        }
    }

    #[test]
    fn views_are_read_in_their_own_order() {
        let images = uniform("images", &[1, 2, 5, 5]);
        let kernel = uniform("kernel", &[2, 1, 3, 3]);
        let bias = uniform("bias", &[2]);
        let turned = images.transpose(2, 3).expect("transposed");
        let of_view = depthwise(&turned, &kernel, &bias, 1).expect("of a view");
        let of_copy =
            turned.force_contiguous().and_then(|t| depthwise(&t, &kernel, &bias, 1)).expect("of a copy");
        let values = |t: Tensor| t.flatten_all().and_then(|t| t.to_vec1::<f32>()).expect("values");
        assert_eq!(values(of_view), values(of_copy));
    }

    #[test]
    fn shapes_that_do_not_fit_are_refused() {
        let images = uniform("images", &[1, 2, 5, 5]);
        for (kernel, bias) in [([3, 1, 3, 3], 2), ([2, 2, 3, 3], 2), ([2, 1, 3, 5], 2), ([2, 1, 3, 3], 3)] {
            let (kernel, bias) = (uniform("kernel", &kernel), uniform("bias", &[bias]));
            assert!(depthwise(&images, &kernel, &bias, 1).is_err(), "{kernel:?}");
        }
    }
}
