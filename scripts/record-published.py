"""Records what the published forward passes of JinaBERT v2, its variant for code, and NeoBERT compute.

    python scripts/record-published.py tests/golden/fixtures

transformers has none of the three, so each is written down here once more, from its publications: text by text, head by
head, in double precision, with nothing shared with src/. Needs torch and safetensors. OUT/FAMILY-CASE/HEAD gets
config.json, model.safetensors (random weights under the published names) and expected.safetensors.

JinaBERT v2: arXiv 2310.19923; its slopes: arXiv 2108.12409. NeoBERT: arXiv 2502.19587.
"""
import argparse
import json
import math
from pathlib import Path

import torch
from safetensors.torch import save_file

LENGTHS = [9, 1, 5]
HEADS = ["base", "mlm", "pretraining", "sequence", "token", "qa", "choice", "nsp"]
LABELS = 3


class Weights:
    """Random tensors by published name, made when they are first asked for."""

    def __init__(self, seed):
        self.generator = torch.Generator().manual_seed(seed)
        self.tensors = {}

    def get(self, name, *shape):
        if name not in self.tensors:
            noise = torch.randn(shape, generator=self.generator, dtype=torch.float64)
            is_norm = "norm" in name.lower() and name.endswith("weight")
            value = 1 + 0.2 * noise if is_norm else 0.1 * noise if len(shape) < 2 else noise / shape[-1] ** 0.5
            self.tensors[name] = value.float().double()  # what the file holds
        return self.tensors[name]


def linear(w, name, x, out, bias=True):
    y = x @ w.get(f"{name}.weight", out, x.shape[-1]).T
    return y + w.get(f"{name}.bias", out) if bias else y


def layer_norm(w, name, x, eps):
    centred = x - x.mean(-1, keepdim=True)
    scaled = centred / (centred.square().mean(-1, keepdim=True) + eps).sqrt()
    return scaled * w.get(f"{name}.weight", x.shape[-1]) + w.get(f"{name}.bias", x.shape[-1])


def rms_norm(w, name, x, eps):
    return x / (x.square().mean(-1, keepdim=True) + eps).sqrt() * w.get(f"{name}.weight", x.shape[-1])


def gelu(x):
    return 0.5 * x * (1 + torch.erf(x / math.sqrt(2)))


def attend(q, k, v, heads, bias=None):
    """Per head: softmax(q k' / sqrt(d) + bias) v -> [n, D], probabilities [H, n, n]"""
    size = q.shape[-1] // heads
    contexts, probabilities = [], []
    for head in range(heads):
        columns = slice(head * size, (head + 1) * size)
        scores = q[:, columns] @ k[:, columns].T / math.sqrt(size)
        if bias is not None:
            scores = scores + bias[head]
        probabilities.append(scores.softmax(-1))
        contexts.append(probabilities[-1] @ v[:, columns])
    return torch.cat(contexts, -1), torch.stack(probabilities)


def alibi(heads, n):
    """Minus slope x distance. Powers of two: 2^(-8/H), its square, ...; else every other slope of twice as many follows."""
    def powers(count):
        return [2.0 ** (-8.0 * (i + 1) / count) for i in range(count)]

    below = 2 ** int(math.log2(heads))
    slopes = powers(below) + powers(2 * below)[0::2][: heads - below]
    bias = torch.zeros(heads, n, n, dtype=torch.float64)
    for head in range(heads):
        for i in range(n):
            for j in range(n):
                bias[head, i, j] = -slopes[head] * abs(i - j)
    return bias


def jina(w, c, text):
    """The encoder of JinaBERT v2 -> hidden states, attentions"""
    size, eps = c["hidden_size"], c["layer_norm_eps"]
    is_code = c["_variant"] == "code"
    words = w.get("bert.embeddings.word_embeddings.weight", c["vocab_size"], size)[text["input_ids"]]
    types = w.get("bert.embeddings.token_type_embeddings.weight", c["type_vocab_size"], size)[text["token_type_ids"]]
    x = layer_norm(w, "bert.embeddings.LayerNorm", words + types, eps)
    bias = alibi(c["num_attention_heads"], len(x))
    states, attentions = [x], []
    act = torch.relu if c["feed_forward_type"] == "reglu" else gelu
    inner_size = c["intermediate_size"]
    for i in range(c["num_hidden_layers"]):
        layer = f"bert.encoder.layer.{i}"
        q, k, v = (linear(w, f"{layer}.attention.self.{name}", x, size) for name in ("query", "key", "value"))
        if is_code:
            q = layer_norm(w, f"{layer}.attention.self.layer_norm_q", q, eps)
            k = layer_norm(w, f"{layer}.attention.self.layer_norm_k", k, eps)
        context, probabilities = attend(q, k, v, c["num_attention_heads"], bias)
        attended = linear(w, f"{layer}.attention.output.dense", context, size)
        attended = layer_norm(w, f"{layer}.attention.output.LayerNorm", attended + x, eps)
        if is_code:
            attended = layer_norm(w, f"{layer}.layer_norm_1", x + attended, eps)
            both = linear(w, f"{layer}.mlp.up_gated_layer", attended, 2 * inner_size, bias=False)
            gated = both[:, :inner_size] * act(both[:, inner_size:])
            x = layer_norm(w, f"{layer}.layer_norm_2", attended + linear(w, f"{layer}.mlp.down_layer", gated, size), eps)
        elif c["feed_forward_type"] == "original":
            inner = gelu(linear(w, f"{layer}.intermediate.dense", attended, inner_size))
            output = linear(w, f"{layer}.output.dense", inner, size)
            x = layer_norm(w, f"{layer}.output.LayerNorm", output + attended, eps)
        else:
            both = linear(w, f"{layer}.mlp.gated_layers", attended, 2 * inner_size, bias=False)
            gated = act(both[:, :inner_size]) * both[:, inner_size:]
            x = layer_norm(w, f"{layer}.mlp.layernorm", linear(w, f"{layer}.mlp.wo", gated, size) + attended, eps)
        states.append(x)
        attentions.append(probabilities)
    return states, attentions


def jina_head(w, c, head, x):
    """BERT's heads, which JinaBERT keeps."""
    size, eps = c["hidden_size"], c["layer_norm_eps"]
    if head in ("base", "pretraining", "nsp", "sequence", "choice"):
        pooled = torch.tanh(linear(w, "bert.pooler.dense", x[:1], size))
    if head in ("mlm", "pretraining"):
        y = gelu(linear(w, "cls.predictions.transform.dense", x, size))
        y = layer_norm(w, "cls.predictions.transform.LayerNorm", y, eps)
        table = w.get("bert.embeddings.word_embeddings.weight")
        words = y @ table.T + w.get("cls.predictions.bias", len(table))
    return {
        "base": lambda: {"pooler_output": pooled},
        "mlm": lambda: {"logits": words},
        "pretraining": lambda: {"prediction_logits": words, "seq_relationship_logits": linear(w, "cls.seq_relationship", pooled, 2)},
        "nsp": lambda: {"logits": linear(w, "cls.seq_relationship", pooled, 2)},
        "sequence": lambda: {"logits": linear(w, "classifier", pooled, LABELS)},
        "choice": lambda: {"logits": linear(w, "classifier", pooled, 1)},
        "token": lambda: {"logits": linear(w, "classifier", x, LABELS)},
        "qa": lambda: dict(zip(("start_logits", "end_logits"), linear(w, "qa_outputs", x, 2).split(1, -1))),
    }[head]()


def rotate(x, heads):
    """Columns 2i and 2i + 1 of each head as a complex number, turned by position x 10000^(-2i / d)."""
    n, size = len(x), x.shape[-1] // heads
    angles = torch.arange(n, dtype=torch.float64)[:, None] * 10000.0 ** (-torch.arange(0, size, 2, dtype=torch.float64) / size)
    numbers = torch.view_as_complex(x.reshape(n, heads, size // 2, 2))
    turned = numbers * torch.polar(torch.ones_like(angles), angles)[:, None]
    return torch.view_as_real(turned).reshape(n, -1)


def neobert(w, c, text):
    """The encoder of NeoBERT -> hidden states, attentions"""
    size, heads, eps = c["hidden_size"], c["num_attention_heads"], c["norm_eps"]
    inner_size = 8 * math.ceil(int(2 * c["intermediate_size"] / 3) / 8)
    x = w.get("model.encoder.weight", c["vocab_size"], size)[text["input_ids"]]
    states, attentions = [x], []
    for i in range(c["num_hidden_layers"]):
        layer = f"model.transformer_encoder.{i}"
        fused = linear(w, f"{layer}.qkv", rms_norm(w, f"{layer}.attention_norm", x, eps), 3 * size, bias=False)
        per_head = fused.reshape(len(x), heads, 3 * (size // heads))
        q, k, v = (part.reshape(len(x), size) for part in per_head.chunk(3, -1))
        context, probabilities = attend(rotate(q, heads), rotate(k, heads), v, heads)
        x = x + linear(w, f"{layer}.wo", context, size, bias=False)
        both = linear(w, f"{layer}.ffn.w12", rms_norm(w, f"{layer}.ffn_norm", x, eps), 2 * inner_size, bias=False)
        gate, up = both.chunk(2, -1)
        x = x + linear(w, f"{layer}.ffn.w3", gate * torch.sigmoid(gate) * up, size, bias=False)
        states.append(x)
        attentions.append(probabilities)
    states[-1] = rms_norm(w, "model.layer_norm", x, eps)
    return states, attentions


def neobert_head(w, c, head, x):
    if head == "mlm":
        return {"logits": linear(w, "decoder", x, c["vocab_size"])}
    if head == "sequence":
        return {"logits": linear(w, "classifier", torch.tanh(linear(w, "dense", x[:1], c["hidden_size"])), LABELS)}
    return {}


def jina_config(variant, **keys):
    return {"_variant": variant, "model_type": "bert", "position_embedding_type": "alibi", "vocab_size": 23,
            "num_hidden_layers": 2, "intermediate_size": 10, "max_position_embeddings": 64, "type_vocab_size": 2,
            "hidden_act": "gelu", "pad_token_id": 0, **keys}


CASES = {
    "jina-bert-v2": (jina, jina_head, "JinaBert", HEADS,
                     jina_config("text", hidden_size=9, num_attention_heads=3, layer_norm_eps=1e-12, feed_forward_type="geglu")),
    "jina-bert-v2-reglu": (jina, jina_head, "JinaBert", ["base"],
                           jina_config("text", hidden_size=12, num_attention_heads=4, layer_norm_eps=1e-3, feed_forward_type="reglu")),
    "jina-bert-v2-original": (jina, jina_head, "JinaBert", ["base"],
                              jina_config("text", hidden_size=12, num_attention_heads=6, layer_norm_eps=1e-5, feed_forward_type="original")),
    "jina-bert-v2-code": (jina, jina_head, "JinaBert", HEADS,
                          jina_config("code", hidden_size=10, num_attention_heads=5, layer_norm_eps=1e-5, feed_forward_type="geglu")),
    "jina-bert-v2-code-reglu": (jina, jina_head, "JinaBert", ["base"],
                                jina_config("code", hidden_size=12, num_attention_heads=2, layer_norm_eps=1e-3, feed_forward_type="reglu")),
    "neobert": (neobert, neobert_head, "NeoBERT", ["base", "mlm", "sequence"],
                {"model_type": "neobert", "vocab_size": 23, "hidden_size": 12, "num_hidden_layers": 2,
                 "num_attention_heads": 3, "intermediate_size": 17, "norm_eps": 1e-3, "max_length": 64, "pad_token_id": 0}),
}
CLASSES = {"base": "Model", "mlm": "ForMaskedLM", "pretraining": "ForPreTraining", "sequence": "ForSequenceClassification",
           "token": "ForTokenClassification", "qa": "ForQuestionAnswering", "choice": "ForMultipleChoice",
           "nsp": "ForNextSentencePrediction"}
# What NeoBERT's repository calls them.
NEOBERT_CLASSES = {"base": "", "mlm": "LMHead", "sequence": "ForSequenceClassification"}


def pad(rows, axes):
    """[rows, ...] with zeros behind the shorter rows."""
    longest = [max(row.shape[axis] for row in rows) for axis in range(rows[0].ndim)]
    shape = [longest[axis] if axis in axes else n for axis, n in enumerate(rows[0].shape)]
    out = torch.zeros(len(rows), *shape, dtype=rows[0].dtype)
    for i, row in enumerate(rows):
        out[(i, *(slice(0, n) for n in row.shape))] = row
    return out


def make(out, name, seed):
    encode, apply_head, family, heads, config = CASES[name]
    for head in heads:
        w, g = Weights(seed), torch.Generator().manual_seed(seed + 1)
        # Two choices of equal length for each question, one after the other.
        lengths = [n for n in LENGTHS for _ in range(2 if head == "choice" else 1)]
        texts = [{"input_ids": torch.randint(1, config["vocab_size"], (n,), generator=g),
                  "token_type_ids": torch.randint(0, config.get("type_vocab_size", 1), (n,), generator=g)} for n in lengths]
        results = []
        for text in texts:
            states, attentions = encode(w, config, text)
            found = {k: (v if head not in ("sequence", "nsp", "choice") else v[0]) for k, v in apply_head(w, config, head, states[-1]).items()}
            if head == "base":
                found = {k: v[0] for k, v in found.items()}
                found["last_hidden_state"] = states[-1]
                found.update({f"hidden_states.{i}": v for i, v in enumerate(states)})
                found.update({f"attentions.{i}": v for i, v in enumerate(attentions)})
            if head == "pretraining":
                found["seq_relationship_logits"] = found["seq_relationship_logits"][0]
            if head == "qa":
                found = {k: v[:, 0] for k, v in found.items()}
            results.append(found)
        group = (lambda t: t.reshape(len(LENGTHS), 2, *t.shape[1:])) if head == "choice" else (lambda t: t)
        inputs = {k: pad([t[k] for t in texts], [0]) for k in texts[0] if k == "input_ids" or "type_vocab_size" in config}
        inputs["attention_mask"] = pad([torch.ones_like(t["input_ids"]) for t in texts], [0])
        expected = {f"input.{k}": group(v).to(torch.int32).contiguous() for k, v in inputs.items()}
        for k in results[0]:
            axes = [1, 2] if k.startswith("attentions") else [] if results[0][k].shape[0] != LENGTHS[0] else [0]
            value = pad([r[k] for r in results], axes).float()
            expected[f"output.{k}"] = (value.reshape(len(LENGTHS), 2) if head == "choice" else value).contiguous()
        folder = out / name / head
        folder.mkdir(parents=True, exist_ok=True)
        ending = (NEOBERT_CLASSES if family == "NeoBERT" else CLASSES)[head]
        saved = {**config, "architectures": [family + ending]}
        if head in ("sequence", "token"):
            saved["num_labels"] = LABELS
        saved.pop("_variant", None)
        (folder / "config.json").write_text(json.dumps(saved, indent=2) + "\n")
        prefix = "bert." if family == "JinaBert" else "model."
        bare = head == "base"  # a file of the encoder alone has no prefix
        save_file({(k.removeprefix(prefix) if bare else k): v.float().contiguous() for k, v in w.tensors.items()},
                  folder / "model.safetensors", metadata={"format": "pt"})
        save_file(expected, folder / "expected.safetensors")


if __name__ == "__main__":
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("out", type=Path)
    arguments.add_argument("--seed", type=int, default=5)
    given = arguments.parse_args()
    for name in CASES:
        make(given.out, name, given.seed)
