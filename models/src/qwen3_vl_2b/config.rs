//! [`Config`]: the sizes of the network.

use std::fmt;

/// Sizes of both halves of the network.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Config {
    /// The name of the configuration in ids of benchmarks.
    pub name: &'static str,
    /// The half that encodes pictures.
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
    /// The number of patches, in each direction, that become one token of the language model.
    pub merge: usize,
    /// The number of learnt positions in a row and in a column; others are interpolated.
    pub positions: usize,
    /// The blocks after which features are passed to the first layers of the language model (DeepStack).
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
    /// The number of tokens in the vocabulary.
    pub vocabulary: usize,
    /// The number of tokens in the context. Memory for their keys and values is allocated with each session.
    pub context: usize,
    /// Base of the angles of rotary positions.
    pub theta: f32,
    /// The numbers of angles of a head that follow time, row and column.
    pub sections: [usize; 3],
}

impl Config {
    /// The published configuration, with 2.1 billion parameters, except for the context: keys and values of its 262
    /// 144 tokens would take 30 GB in f16. Here the context is 2048 tokens.
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

    /// Returns the side, in pixels, of the square that becomes one token of the language model.
    pub const fn token_side(&self) -> usize {
        self.vision.patch * self.vision.merge
    }
}

/// Writes the text that ids contain.
impl fmt::Display for Config {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name)
    }
}

impl Vision {
    /// Returns the number of values in a patch: three colours of each pixel of each frame.
    pub const fn patch_values(&self) -> usize {
        3 * self.frames * self.patch * self.patch
    }
}
