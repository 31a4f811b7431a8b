"""Devices and compilers: waits for the work that an engine has queued, and counts its compilations.

An engine is never imported here: one that the benchmark has not imported has queued nothing.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Any

# The parts of a compilation that JAX reports (jax/_src/dispatch.py).
_JAX_EVENTS = (
    "/jax/core/compile/jaxpr_trace_duration",
    "/jax/core/compile/jaxpr_to_mlir_module_duration",
    "/jax/core/compile/backend_compile_duration",
)
_COMPILED = _JAX_EVENTS[-1]


class _Compilations:
    """The compilations of JAX since a benchmark has imported it."""

    def __init__(self) -> None:
        self.count, self.seconds = 0, 0.0
        self.is_listening = False

    def listen(self) -> None:
        jax: Any = sys.modules.get("jax")
        if self.is_listening or jax is None or not hasattr(jax, "monitoring"):
            return
        jax.monitoring.register_event_duration_secs_listener(self._take)
        self.is_listening = True

    def _take(self, event: str, duration: float, **_: Any) -> None:
        if event in _JAX_EVENTS:
            self.seconds += duration
            self.count += event == _COMPILED


_jax_compilations = _Compilations()


def listen() -> None:
    """Begins to count the compilations of JAX, if it has been imported."""
    _jax_compilations.listen()


def compilations() -> tuple[int, float]:
    """Returns how many functions have been compiled so far, by JAX and `torch.compile`, and the seconds that this took."""
    count, seconds = _jax_compilations.count, _jax_compilations.seconds
    dynamo: Any = sys.modules.get("torch._dynamo.utils")
    times = getattr(dynamo, "compilation_time_metrics", None)
    if times:
        entire = times.get("_compile.compile_inner") or times.get("entire_frame_compile") or []
        count, seconds = count + len(entire), seconds + sum(entire)
    return count, seconds


def compiled_since(before: tuple[int, float]) -> list[str]:
    """Returns a warning if something has been compiled since `before`, when samples began."""
    if compilations()[0] == before[0]:
        return []
    return ["functions were compiled while it was measured: do the shapes of its inputs change?"]


def torch_device() -> Any:
    """Returns the module of torch that synchronizes its accelerator; `None` if no accelerator has been started."""
    torch: Any = sys.modules.get("torch")
    if torch is None:
        return None
    for name in ("cuda", "xpu"):
        device = getattr(torch, name, None)
        if device is not None and hasattr(device, "is_initialized") and device.is_initialized():
            return device
    mps = getattr(torch, "mps", None)
    backends = getattr(getattr(torch, "backends", None), "mps", None)
    if mps is not None and backends is not None and backends.is_available():
        return mps
    return None


def is_needed() -> bool:
    """Returns whether an engine may have queued work that is not done when a call returns."""
    return "jax" in sys.modules or torch_device() is not None


def synchronize() -> None:
    """Waits for the work that torch has queued on an accelerator. Does nothing if torch runs only on processors."""
    device = torch_device()
    if device is not None:
        device.synchronize()


def _jax_arrays(output: Any) -> list[Any]:
    jax: Any = sys.modules.get("jax")
    if jax is None or not hasattr(jax, "Array"):
        return []
    return [leaf for leaf in jax.tree_util.tree_leaves(output) if isinstance(leaf, jax.Array)]


def _is_on_cpu(array: Any) -> bool:
    return all(device.platform == "cpu" for device in array.devices())


def wait_for(output: Any) -> Any:
    """Waits until the engines have computed `output`, and returns it."""
    if _jax_arrays(output):
        sys.modules["jax"].block_until_ready(output)
    synchronize()
    return output


def waiting(first: Any) -> tuple[Callable[[Any], Any] | None, Callable[[], None] | None]:
    """Returns how a loop waits for outputs like `first`, that of the first call: a function for each output, and one to call at
    the end of a sample; each is `None` if not needed.

    JAX on processors is waited for in each iteration, since independent calls could otherwise overlap; on accelerators,
    where one stream works in order, the last output of a sample is enough.
    """
    device = torch_device()
    settle = device.synchronize if device is not None else None
    arrays = _jax_arrays(first)
    if not arrays:
        return None, settle
    block: Any = sys.modules["jax"].block_until_ready
    if all(map(_is_on_cpu, arrays)):
        return block, settle
    last: list[Any] = [first]

    def keep(output: Any) -> None:
        last[0] = output

    def wait() -> None:
        block(last[0])
        if settle is not None:
            settle()

    return keep, wait
