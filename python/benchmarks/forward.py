"""ResNet-50 and ViT-B/16 on PyTorch, JAX and ONNX Runtime, with the weights that candle's models have.

bench run python/benchmarks            # or `python python/benchmarks/table.py`, with candle's figures beside them
"""

from pathlib import Path

import numpy as np

from bench_models import benchmark

from weights import CLASSES, images, weights

FRAMEWORKS = ["torch", "torch_compile", "jax", "onnxruntime"]
BATCHES = [1, 8, 32, 128]

# The largest difference of logits that rounding explains, as in models/src/engine/agreement.rs.
TOLERANCE = 1e-4


def engine_of(framework):
    """Returns the module that computes with a framework; it is imported only now, since it may be missing."""
    if framework == "jax":
        import jax_engine as engine
    elif framework == "onnxruntime":
        import onnx_engine as engine
    else:
        import torch_engine as engine
    return engine


def measure(b, model, framework, batch):
    """Times one network; its logits have to be candle's for the time to count."""
    engine = engine_of(framework)
    options = {"compiles": True} if framework == "torch_compile" else {}
    given = images(batch)
    run = b.load(lambda: engine.load(model, weights(model), given, **options))
    b.count(images=batch)
    b.iter(run)
    # After measuring, so that the first call is a first call; an error fails the case, figures and all.
    expect_agreement(model, np.asarray(run()))


def expect_agreement(model, logits):
    """Raises `AssertionError` if logits are not those that candle computes for the same images, but for rounding."""
    reference = np.fromfile(Path(__file__).parent / "logits" / f"{model}.f32", "<f4").reshape(-1, CLASSES)
    count = min(len(reference), len(logits))
    apart = np.abs(logits[:count] - reference[:count])
    worst = apart.max()
    # NaN is not at most anything.
    assert worst <= TOLERANCE, f"logits differ by {worst:.2g} from candle's, which is more than {TOLERANCE:g}"


@benchmark(
    category="performance",
    model="resnet50",
    name="forward",
    share=False,
    max_time="8s",
    args={"framework": FRAMEWORKS, "batch": BATCHES},
    ignore={"framework": ["torch_compile"], "batch": [32, 128]},
)
def resnet50(b, framework, batch):
    measure(b, "resnet50", framework, batch)


@benchmark(
    category="performance",
    model="vit_b_16",
    name="forward",
    share=False,
    max_time="8s",
    args={"framework": FRAMEWORKS, "batch": BATCHES},
    ignore={"framework": ["torch_compile"], "batch": [32, 128]},
)
def vit_b_16(b, framework, batch):
    measure(b, "vit_b_16", framework, batch)
