//! [`Config`]: how large the network is.

use std::fmt;

use candle_core::DType;

/// Sizes of both halves of the network.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Config {
    /// What the configuration is called in ids of benchmarks.
    pub name: &'static str,
    /// The half that looks.
    pub vision: Vision,
    /// The half that reads and writes.
    pub language: Language,
}

/// The vision tower.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Vision {
    /// Transformer blocks.
    pub blocks: usize,
    /// Width of the residual stream.
    pub hidden: usize,
    /// Attention heads.
    pub heads: usize,
    /// Width of the feed-forward network.
    pub feed_forward: usize,
    /// Width and height of a patch, in pixels.
    pub patch: usize,
    /// Frames in a patch; a still picture is repeated.
    pub frames: usize,
    /// So many patches by as many become one token of the language model.
    pub merge: usize,
    /// Learnt positions in a row and in a column; others lie between them.
    pub positions: usize,
    /// Blocks after which features are handed to the first layers of the language model (DeepStack).
    pub deepstack: [usize; 3],
}

/// The language model.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Language {
    /// Transformer blocks.
    pub layers: usize,
    /// Width of the residual stream.
    pub hidden: usize,
    /// Heads of queries.
    pub heads: usize,
    /// Heads of keys and values.
    pub kv_heads: usize,
    /// Width of a head.
    pub head: usize,
    /// Width of the feed-forward network.
    pub feed_forward: usize,
    /// Tokens that there are.
    pub vocabulary: usize,
    /// Tokens that it can look back on. Memory for their keys and values is taken with each session.
    pub context: usize,
    /// Base of the angles of rotary positions.
    pub theta: f32,
    /// How many of the angles of a head follow time, row and column.
    pub sections: [usize; 3],
}

impl Config {
    /// As published, 2.1 billion parameters, but for the context: of its 262 144 tokens, keys and values would take
    /// 30 GB in f16. Here it is 2048.
    pub const FULL: Config = Config {
        name: "full",
        vision: Vision {
            blocks: 24,
            hidden: 1024,
            heads: 16,
            feed_forward: 4096,
            patch: 16,
            frames: 2,
            merge: 2,
            positions: 48,
            deepstack: [5, 11, 17],
        },
        language: Language {
            layers: 28,
            hidden: 2048,
            heads: 16,
            kv_heads: 8,
            head: 128,
            feed_forward: 6144,
            vocabulary: 151_936,
            context: 2048,
            theta: 5e6,
            sections: [24, 20, 20],
        },
    };

    /// The same architecture with 8 million parameters: fewer blocks, narrower ones, a smaller vocabulary.
    pub const REDUCED: Config = Config {
        name: "reduced",
        vision: Vision {
            blocks: 4,
            hidden: 128,
            heads: 4,
            feed_forward: 512,
            deepstack: [0, 1, 2],
            ..Config::FULL.vision
        },
        language: Language {
            layers: 4,
            hidden: 256,
            heads: 4,
            kv_heads: 2,
            head: 64,
            feed_forward: 768,
            vocabulary: 8192,
            context: 2048,
            theta: 5e6,
            sections: [12, 10, 10],
        },
    };

    /// Pixels on a side that become one token of the language model.
    pub const fn token_side(&self) -> usize {
        self.vision.patch * self.vision.merge
    }

    /// All parameters; the last layer of the language model is its first, turned.
    pub fn parameters(&self) -> usize {
        self.vision.parameters(self.language.hidden) + self.language.parameters()
    }

    /// Bytes of the weights, of one session, and of the largest tensor in f32, from which it is converted.
    pub fn needed_bytes(&self, dtype: DType) -> u64 {
        let Language { layers, kv_heads, head, context, vocabulary, hidden, .. } = self.language;
        let cache = 2 * layers * kv_heads * head * context;
        let conversion = if dtype == DType::F32 { 0 } else { vocabulary * hidden * 4 };
        ((self.parameters() + cache) * dtype.size_in_bytes() + conversion) as u64
    }
}

/// As it is shown in ids.
impl fmt::Display for Config {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name)
    }
}

impl Vision {
    /// Numbers in a patch: three colours of each pixel of each frame.
    pub const fn patch_values(&self) -> usize {
        3 * self.frames * self.patch * self.patch
    }

    fn parameters(&self, outputs: usize) -> usize {
        let Vision { blocks, hidden, feed_forward, merge, positions, deepstack, .. } = *self;
        let linear = |inputs, outputs| (inputs + 1) * outputs;
        let merged = hidden * merge * merge;
        let block = 4 * hidden
            + linear(hidden, 3 * hidden)
            + linear(hidden, hidden)
            + linear(hidden, feed_forward)
            + linear(feed_forward, hidden);
        let projector = linear(merged, merged) + linear(merged, outputs);
        linear(self.patch_values(), hidden)
            + positions * positions * hidden
            + blocks * block
            + (projector + 2 * hidden)
            + deepstack.len() * (projector + 2 * merged)
    }
}

impl Language {
    fn parameters(&self) -> usize {
        let Language { layers, hidden, heads, kv_heads, head, feed_forward, vocabulary, .. } = *self;
        let attention = 2 * hidden * heads * head + 2 * hidden * kv_heads * head + 2 * head;
        vocabulary * hidden + layers * (attention + 3 * hidden * feed_forward + 2 * hidden) + hidden
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_full_one_has_the_published_number_of_parameters() {
        // Of the index of the published weights: 4 255 064 064 bytes in bf16.
        assert_eq!(Config::FULL.parameters() * 2, 4_255_064_064);
        assert_eq!(Config::FULL.to_string(), "full");
    }

    #[test]
    fn the_reduced_one_is_small() {
        assert!(
            (5_000_000..10_000_000).contains(&Config::REDUCED.parameters()),
            "{}",
            Config::REDUCED.parameters()
        );
        assert!(Config::REDUCED.needed_bytes(DType::F32) < 100_000_000);
    }

    #[test]
    fn the_full_one_takes_what_weights_and_keys_and_values_take() {
        let gigabytes = Config::FULL.needed_bytes(DType::F16) as f64 / 1e9;
        assert!((5.6..5.8).contains(&gigabytes), "{gigabytes}");
        assert!(Config::FULL.needed_bytes(DType::F32) > Config::FULL.needed_bytes(DType::F16));
    }
}
