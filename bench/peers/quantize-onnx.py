"""Dynamic int8 quantization of an ONNX file, per channel: python quantize-onnx.py INPUT OUTPUT"""

import sys

import onnx
from onnxruntime.quantization import QuantType, quantize_dynamic

source, target = sys.argv[1:]
# onnxruntime's fused operators have no shape inference, so the type of what lies between is told.
quantize_dynamic(
    source,
    target,
    per_channel=True,
    weight_type=QuantType.QInt8,
    extra_options={"DefaultTensorType": onnx.TensorProto.FLOAT},
)
