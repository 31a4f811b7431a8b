//! GPU Performance Monitoring (GPM): activity between two samples of a device's counters.
#![allow(unsafe_code)]

use std::ffi::c_uint;

use super::abi::{
    NVML_GPM_METRIC_MAX, NVML_GPM_METRICS_GET_VERSION, nvmlGpmMetric_t, nvmlGpmMetricInfo_t,
    nvmlGpmMetricsGet_t, nvmlGpmSample_t,
};
use super::error::{NvmlError, check};
use super::library::Nvml;

/// A metric of GPM (`nvmlGpmMetricId_t`). All are averages over the time between two samples, in per cent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum GpmMetricId {
    /// `NVML_GPM_METRIC_SM_UTIL`: the share of SMs that were busy.
    SmUtil = 2,
    /// `NVML_GPM_METRIC_SM_OCCUPANCY`: the warps on the SMs, as a share of the maximum.
    SmOccupancy = 3,
    /// `NVML_GPM_METRIC_ANY_TENSOR_UTIL`: the share of time in which the tensor cores were busy.
    AnyTensorUtil = 5,
    /// `NVML_GPM_METRIC_DRAM_BW_UTIL`: the share of the memory's bandwidth that was used.
    DramBwUtil = 10,
}

/// Counters of GPM at one moment, in memory of NVML that is freed when this is dropped.
pub(crate) struct GpmSample<'nvml> {
    nvml: &'nvml Nvml,
    /// Allocated by this `nvml`, and freed by nothing else.
    handle: nvmlGpmSample_t,
}

impl<'nvml> GpmSample<'nvml> {
    /// Allocates a sample, to be filled in (`nvmlGpmSampleAlloc`).
    pub(super) fn alloc(nvml: &'nvml Nvml) -> Result<Self, NvmlError> {
        let function = nvml.functions.nvmlGpmSampleAlloc.get()?;
        let mut handle = std::ptr::null_mut();
        // SAFETY: `handle` is a place for what the function writes.
        check(unsafe { function(&raw mut handle) })?;
        Ok(GpmSample { nvml, handle })
    }

    /// Returns the handle, for a call that fills the sample in.
    pub(super) fn handle(&self) -> nvmlGpmSample_t {
        self.handle
    }

    /// Computes metrics of the time from an earlier sample of the same device to this one (`nvmlGpmMetricsGet`), each of
    /// which the device may lack.
    ///
    /// # Errors
    /// NVML's own.
    pub(crate) fn metrics_since<const N: usize>(
        &self,
        earlier: &GpmSample<'nvml>,
        ids: [GpmMetricId; N],
    ) -> Result<[Result<f64, NvmlError>; N], NvmlError> {
        const { assert!(N <= NVML_GPM_METRIC_MAX) };
        let function = self.nvml.functions.nvmlGpmMetricsGet.get()?;
        let null = std::ptr::null_mut();
        let none = nvmlGpmMetric_t {
            metricId: 0,
            nvmlReturn: 0,
            value: 0.0,
            metricInfo: nvmlGpmMetricInfo_t { shortName: null, longName: null, unit: null },
        };
        let mut request = nvmlGpmMetricsGet_t {
            version: NVML_GPM_METRICS_GET_VERSION,
            numMetrics: N as c_uint,
            sample1: earlier.handle,
            sample2: self.handle,
            metrics: [none; NVML_GPM_METRIC_MAX],
        };
        for (metric, id) in request.metrics.iter_mut().zip(ids) {
            metric.metricId = id as c_uint;
        }
        // SAFETY: the request is of the version that it says, and both samples were allocated by NVML and filled in.
        check(unsafe { function(&raw mut request) })?;
        Ok(std::array::from_fn(|position| {
            let metric = &request.metrics[position];
            check(metric.nvmlReturn).map(|()| metric.value)
        }))
    }
}

impl Drop for GpmSample<'_> {
    fn drop(&mut self) {
        if let Ok(free) = self.nvml.functions.nvmlGpmSampleFree.get() {
            // SAFETY: allocated by NVML, and freed once. An error would change nothing.
            let _ = unsafe { free(self.handle) };
        }
    }
}

#[cfg(test)]
mod tests {
    use nvml_wrapper_sys::bindings;

    use super::*;

    #[test]
    fn numbers_are_those_of_the_header() {
        for (ours, theirs) in [
            (GpmMetricId::SmUtil, bindings::nvmlGpmMetricId_t_NVML_GPM_METRIC_SM_UTIL),
            (GpmMetricId::SmOccupancy, bindings::nvmlGpmMetricId_t_NVML_GPM_METRIC_SM_OCCUPANCY),
            (GpmMetricId::AnyTensorUtil, bindings::nvmlGpmMetricId_t_NVML_GPM_METRIC_ANY_TENSOR_UTIL),
            (GpmMetricId::DramBwUtil, bindings::nvmlGpmMetricId_t_NVML_GPM_METRIC_DRAM_BW_UTIL),
        ] {
            assert_eq!(ours as c_uint, theirs, "{ours:?}");
        }
    }
}
