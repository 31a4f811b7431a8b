"""The memory of devices, as the engines that use them count it."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from typing import Any

from . import devices
from .probes import Reading, reading


class DeviceMemory:
    """A probe: the memory that torch and JAX have in use on accelerators, and the memory that they have reserved.

    The peaks of torch are those of the samples. JAX cannot reset its peaks, which are those of the process.
    """

    name = "device"

    def begin(self) -> None:
        torch = devices.torch_device()
        if hasattr(torch, "reset_peak_memory_stats"):
            for number in range(torch.device_count()):
                torch.reset_peak_memory_stats(number)

    def end(self, iterations: int) -> tuple[list[Reading], list[str]]:
        found = [*_of_torch(), *_of_jax()]
        if not found:
            return [], []
        used, reserved = (sum(memory) for memory in zip(*found))
        readings = [reading("device_memory_used", "bytes", used, over_rounds="max")]
        if reserved > 0:
            readings.append(reading("device_memory_reserved", "bytes", reserved, over_rounds="max"))
            readings.append(reading("device_memory_unused", "1", 1 - used / reserved, over_rounds="max"))
        return readings, []


def _of_torch() -> Iterator[tuple[int, int]]:
    """Returns the bytes in use and reserved on each accelerator of torch."""
    torch = devices.torch_device()
    if hasattr(torch, "max_memory_allocated"):
        for number in range(torch.device_count()):
            yield torch.max_memory_allocated(number), torch.max_memory_reserved(number)
    elif hasattr(torch, "current_allocated_memory"):
        # MPS counts no peaks.
        yield torch.current_allocated_memory(), torch.driver_allocated_memory()


def _of_jax() -> Iterator[tuple[int, int]]:
    """Returns the bytes in use and reserved on each device of JAX that counts them; processors do not count them."""
    jax: Any = sys.modules.get("jax")
    bridge: Any = sys.modules.get("jax._src.xla_bridge")
    # Asking for the devices of an engine that was imported but not used would start it.
    is_started = getattr(bridge, "backends_are_initialized", lambda: bridge is None)
    if jax is None or not hasattr(jax, "local_devices") or not is_started():
        return
    for device in jax.local_devices():
        counted = device.memory_stats() or {}
        if "peak_bytes_in_use" in counted:
            used = counted["peak_bytes_in_use"]
            yield used, max(used, counted.get("peak_pool_bytes", counted.get("pool_bytes", 0)))
