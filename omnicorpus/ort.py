"""Models as ONNX files on a CPU: running them, and making their weights whole numbers of 8 bits. onnxruntime enters the
project here."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime


def session(path: Path) -> Any:
    """A model that computes in one thread: a stage has as many calls as processors."""
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    return onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])


def run(model: Any, values: np.ndarray) -> np.ndarray:
    """The only output of a model of one input."""
    (name,) = (each.name for each in model.get_inputs())
    (found,) = model.run(None, {name: values})
    return np.asarray(found)


def to_int8(source: Path, target: Path) -> None:
    """Write the model with the weights of its matrix products in 8 bits, one scale for every column.

    What goes into a product is rounded to 8 bits when it is there (dynamic quantisation), so no pictures are needed to
    find ranges. Convolutions stay as they are: their 8-bit form is slower on a CPU.
    """
    from onnxruntime.quantization import QuantType, quantize_dynamic
    from onnxruntime.quantization.shape_inference import quant_pre_process

    ready = source.with_suffix(".ready.onnx")
    quant_pre_process(str(source), str(ready), skip_symbolic_shape=True)
    quantize_dynamic(
        str(ready), str(target), op_types_to_quantize=["MatMul", "Gemm"], per_channel=True, weight_type=QuantType.QInt8
    )
    ready.unlink()
