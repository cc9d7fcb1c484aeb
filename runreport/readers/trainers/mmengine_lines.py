"""What logs of MMEngine and of MMCV before it share: names of metrics, and the description of the system."""

import re
from collections.abc import Mapping
from typing import Any

_SHARED = ("time", "data_time", "memory", "lr", "loss")
_PACKAGES = {
    "PyTorch": "torch",
    "TorchVision": "torchvision",
    "OpenCV": "opencv-python",
    "MMEngine": "mmengine",
    "MMCV": "mmcv",
}
_HARDWARE = re.compile(r"GPU [\d,]+|GPU number|CUDA available|MUSA available")


def named_values(logged: Mapping[str, Any]) -> dict[str, Any]:
    """Return the values of a line by the names of their metrics."""
    if "iter" in logged or "epoch" in logged:
        return {name: value for name, value in logged.items() if name != "iter"}
    is_single = len(logged) == 1
    return {f"val/{name}" if name in _SHARED and not is_single else name: value for name, value in logged.items()}


def environment_of(described: Mapping[str, str]) -> dict[tuple[str, str], str]:
    """Return what is kept of the description of a system, by kind and name."""
    kept: dict[tuple[str, str], str] = {}
    for name, text in described.items():
        if name in _PACKAGES:
            kept["package", _PACKAGES[name]] = text
        elif name == "Python":
            kept["package", "python"] = text.partition(" ")[0]
        elif _HARDWARE.fullmatch(name):
            kept["hardware", name] = text
        elif name == "sys.platform":
            kept["os", "platform"] = text
        elif name in ("NVCC", "CUDA_HOME", "GCC"):
            kept["driver", name] = text
    return kept
