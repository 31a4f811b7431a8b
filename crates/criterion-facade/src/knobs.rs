//! Settings that describe a benchmark, and settings that are accepted without effect.

/// The amount of work in an iteration: the report shows it per second.
#[derive(Debug, PartialEq, Eq, Clone)]
pub enum Throughput {
    /// The number of bits.
    Bits(u64),
    /// The number of bytes.
    Bytes(u64),
    /// The number of bytes. The runner chooses the prefixes in the report.
    BytesDecimal(u64),
    /// The number of elements.
    Elements(u64),
    /// The numbers of elements and of bytes.
    ElementsAndBytes {
        /// The number of elements.
        elements: u64,
        /// The number of bytes.
        bytes: u64,
    },
}

impl Throughput {
    /// Returns each unit, and the number of it that an iteration handles.
    pub(crate) fn counts(&self) -> Vec<(&'static str, u64)> {
        match *self {
            Throughput::Bits(count) => vec![("bits", count)],
            Throughput::Bytes(count) | Throughput::BytesDecimal(count) => vec![("bytes", count)],
            Throughput::Elements(count) => vec![("elements", count)],
            Throughput::ElementsAndBytes { elements, bytes } => {
                vec![("elements", elements), ("bytes", bytes)]
            }
        }
    }
}

/// The distribution of iterations among samples. Has no effect: all samples of a round have the same number.
#[derive(Debug, Default, Eq, PartialEq, Copy, Hash, Clone)]
pub enum SamplingMode {
    /// The choice that criterion would make.
    #[default]
    Auto,
    /// More iterations in each sample than in the previous one.
    Linear,
    /// The same number of iterations in each sample.
    Flat,
}

/// The axis of a plot. Has no effect.
#[derive(Debug, Default, Eq, PartialEq, Copy, Hash, Clone)]
pub enum AxisScale {
    /// Linear.
    #[default]
    Linear,
    /// Logarithmic.
    Logarithmic,
}

/// The look of plots. Has no effect: the page of a history chooses by itself.
#[derive(Debug, Default, Clone)]
pub struct PlotConfiguration {
    _summary_scale: AxisScale,
}

impl PlotConfiguration {
    /// Sets the axis of summaries.
    #[must_use]
    pub fn summary_scale(self, new_scale: AxisScale) -> PlotConfiguration {
        PlotConfiguration { _summary_scale: new_scale }
    }
}

/// The plotting library. Has no effect: the runner draws the plots.
#[derive(Debug, Eq, PartialEq, Copy, Hash, Clone)]
pub enum PlottingBackend {
    /// gnuplot.
    Gnuplot,
    /// plotters.
    Plotters,
    /// No plots.
    None,
}

/// The handling of a baseline. Has no effect: use `--save-baseline` and `--baseline`.
#[derive(Debug, Eq, PartialEq, Copy, Hash, Clone)]
pub enum Baseline {
    /// Compares with the baseline, if there is one.
    CompareLenient,
    /// Compares with the baseline.
    CompareStrict,
    /// Replaces the baseline.
    Save,
    /// Compares with the baseline, and keeps it.
    Discard,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_throughputs_count() {
        assert_eq!(Throughput::Bits(1).counts(), [("bits", 1)]);
        assert_eq!(Throughput::BytesDecimal(2).counts(), Throughput::Bytes(2).counts());
        let both = Throughput::ElementsAndBytes { elements: 3, bytes: 4 };
        assert_eq!(both.counts(), [("elements", 3), ("bytes", 4)]);
    }
}
