"""Makes torchvision importable beside a torch that it wasn't built for. torchvision enters the project here.

On a machine without a GPU the registry's torchvision is a CUDA build whose operators can't be loaded; its Python part
then fails at the import, because it describes two operators (`nms`, `qnms`) that nobody declared. open_clip and
transformers import it, and neither they nor we use those two: once they are declared, everything works. A torchvision
that fits is left alone, and one that isn't there isn't missed.
"""

from __future__ import annotations

import sys
from typing import Any

import torch

_declared: list[Any] = []
"""The declarations last as long as the object that made them."""


def mend() -> None:
    """Call this before the import of a library that imports torchvision."""
    try:
        import torchvision  # noqa: F401
    except ModuleNotFoundError:
        return
    except RuntimeError as error:
        if "torchvision::" not in str(error):
            raise
        for name in [name for name in sys.modules if name.partition(".")[0] == "torchvision"]:
            del sys.modules[name]
        library = torch.library.Library("torchvision", "FRAGMENT")  # type: ignore[no-untyped-call]
        for operator in ("nms", "qnms"):
            library.define(f"{operator}(Tensor dets, Tensor scores, float iou_threshold) -> Tensor")  # type: ignore[no-untyped-call]
        _declared.append(library)
