"""Exports MiniLM from PyTorch to ONNX, to check that the file which the bench writes itself runs as fast.

    python export-minilm.py WEIGHTS_FOLDER OUTPUT_FOLDER

writes exported.onnx (as PyTorch leaves it) and exported-fused.onnx (through onnxruntime's own transformer optimizer).
Needs torch, transformers, onnx, onnxruntime, safetensors. Then, in bench/peers, compare them with
compare-graphs.mjs. The bench itself needs no Python.
"""

import pathlib
import sys

import torch
from onnxruntime.transformers import optimizer
from safetensors.torch import load_file
from transformers import BertConfig, BertModel

weights, output = map(pathlib.Path, sys.argv[1:])
config = BertConfig.from_pretrained(weights, attn_implementation="eager")
model = BertModel(config, add_pooling_layer=False).eval()
state = {name: value.float() for name, value in load_file(weights / "model.fp16.safetensors").items()}
missing = model.load_state_dict(state, strict=False).missing_keys
assert not missing, missing


class LastHiddenState(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.model = model

    def forward(self, input_ids, attention_mask, token_type_ids):
        # A mask that is already a bias keeps the export free of the branches of recent versions.
        bias = (1.0 - attention_mask[:, None, None, :].float()) * -10000.0
        return self.model(input_ids, attention_mask=bias, token_type_ids=token_type_ids).last_hidden_state


output.mkdir(parents=True, exist_ok=True)
names = ["input_ids", "attention_mask", "token_type_ids"]
example = torch.ones(2, 8, dtype=torch.int64)
torch.onnx.export(
    LastHiddenState().eval(),
    (example, example, torch.zeros_like(example)),
    str(output / "exported.onnx"),
    input_names=names,
    output_names=["last_hidden_state"],
    dynamic_axes={name: {0: "batch", 1: "tokens"} for name in [*names, "last_hidden_state"]},
    opset_version=14,
    dynamo=False,
)
fused = optimizer.optimize_model(str(output / "exported.onnx"), model_type="bert", num_heads=12, hidden_size=384)
fused.save_model_to_file(str(output / "exported-fused.onnx"))
print({name: count for name, count in fused.get_fused_operator_statistics().items() if count})
