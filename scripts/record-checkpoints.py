"""Makes random tiny checkpoints of every architecture and records what PyTorch and transformers compute for them.

    python scripts/record-checkpoints.py OUT [--seeds 1,2,3] [--only FAMILY,...]

Needs torch, transformers, safetensors. OUT/FAMILY/SEED/HEAD gets config.json, model.safetensors and
expected.safetensors, which `cloze verify` reads. Every seed draws another config: sizes, heads, activations, epsilons,
vocabularies, padding ids, segment types, windows, ties, whatever the family's own keys are; even seeds spell it as transformers 4 did. Texts are from one token to
the longest that the config admits, and each is run alone: that is what a text's result has to be in any batch.
"""
import argparse
import inspect
import json
import random
from pathlib import Path

import torch
import transformers
from safetensors.torch import save_file

HEADS = {
    "base": transformers.AutoModel,
    "mlm": transformers.AutoModelForMaskedLM,
    "pretraining": transformers.AutoModelForPreTraining,
    "sequence": transformers.AutoModelForSequenceClassification,
    "token": transformers.AutoModelForTokenClassification,
    "qa": transformers.AutoModelForQuestionAnswering,
    "choice": transformers.AutoModelForMultipleChoice,
    "nsp": transformers.AutoModelForNextSentencePrediction,
}
ACTIVATIONS = ["gelu", "gelu_new", "gelu_fast", "gelu_pytorch_tanh", "gelu_python", "quick_gelu", "relu", "relu2",
               "silu", "swish", "tanh", "sigmoid", "linear"]
EPSILONS = [1e-12, 1e-7, 1e-6, 1e-5, 1e-3, 0.02]
TOKENS = {"bos_token_id": 2, "eos_token_id": 3, "cls_token_id": 2, "sep_token_id": 3}


def sizes(r, even=False, multiple=1):
    """Heads and their size; `multiple` divides the number of heads."""
    heads = multiple * r.choice([1, 2, 3, 5])
    size = r.choice([4, 6, 8, 10, 14] if even else [3, 5, 6, 7, 9, 16])
    return heads, heads * size


def bert(r, even=False, multiple=1, **keys):
    """The keys of BERT's line."""
    heads, hidden = sizes(r, even, multiple)
    return {
        "vocab_size": r.randrange(30, 160),
        "hidden_size": hidden,
        "num_hidden_layers": r.randrange(1, 5),
        "num_attention_heads": heads,
        "intermediate_size": r.choice([7, 33, 48, 61, 130]),
        "max_position_embeddings": r.choice([19, 50, 90, 300]),
        "type_vocab_size": r.randrange(1, 6),
        "hidden_act": r.choice(ACTIVATIONS),
        "layer_norm_eps": r.choice(EPSILONS),
        "pad_token_id": r.randrange(0, 8),
        "hidden_dropout_prob": 0.0,
        "attention_probs_dropout_prob": 0.0,
        "tie_word_embeddings": r.random() < 0.7,
        **keys,
    }


def albert(r):
    layers = r.choice([2, 4, 6])
    groups = r.choice([g for g in (1, 2, 3) if layers % g == 0])
    return bert(r, embedding_size=r.choice([5, 13, 32]), num_hidden_layers=layers, num_hidden_groups=groups,
                inner_group_num=r.choice([1, 2, 3]), classifier_dropout_prob=0.0)


def distilbert(r):
    c = bert(r)
    return {"vocab_size": c["vocab_size"], "dim": c["hidden_size"], "n_layers": c["num_hidden_layers"],
            "n_heads": c["num_attention_heads"], "hidden_dim": c["intermediate_size"], "dropout": 0.0,
            "attention_dropout": 0.0, "seq_classif_dropout": 0.0, "qa_dropout": 0.0,
            "activation": r.choice(ACTIVATIONS), "sinusoidal_pos_embds": r.random() < 0.5 and c["hidden_size"] % 2 == 0,
            **{k: c[k] for k in ("max_position_embeddings", "pad_token_id", "tie_word_embeddings")}}


def electra(r):
    c = bert(r)
    return {**c, "embedding_size": r.choice([c["hidden_size"], 7, 20]), "classifier_dropout": 0.0,
            "summary_last_dropout": 0.0, "summary_type": r.choice(["first", "last", "mean"]),
            "summary_use_proj": r.random() < 0.6, "summary_activation": r.choice(["gelu", "tanh", "relu"])}


def mpnet(r):
    c = bert(r)
    c.pop("type_vocab_size")
    return {**c, "relative_attention_num_buckets": 32}


def deberta(r):
    c = bert(r, type_vocab_size=r.choice([0, 1, 3]))
    relative = r.random() < 0.85
    return {**c, "relative_attention": relative, "pos_att_type": r.choice([["c2p"], ["p2c"], ["p2c", "c2p"], "c2p|p2c"]),
            "max_relative_positions": r.choice([-1, 4, 11, 40]), "position_biased_input": r.random() < 0.5,
            "pooler_dropout": 0.0, "pooler_hidden_act": r.choice(["gelu", "tanh", "relu"]),
            "pooler_hidden_size": c["hidden_size"], "legacy": r.random() < 0.6}


def deberta_v1(r):
    return {**deberta(r), "talking_head": r.random() < 0.4}


def deberta_v2(r):
    return {**deberta(r), "position_buckets": r.choice([-1, 2, 5, 8, 32]), "share_att_key": r.random() < 0.5,
            "norm_rel_ebd": r.choice(["none", "layer_norm"]), "conv_kernel_size": r.choice([0, 1, 3, 5]),
            "conv_act": r.choice(["tanh", "gelu", "relu"])}


def modernbert(r):
    c = bert(r, even=True)
    layers = r.randrange(1, 6)
    kinds = [r.choice(["full_attention", "sliding_attention"]) for _ in range(layers)]
    rope = {"full_attention": {"rope_type": "default", "rope_theta": r.choice([500.0, 80000.0])},
            "sliding_attention": {"rope_type": "default", "rope_theta": r.choice([100.0, 10000.0])}}
    return {**{k: c[k] for k in ("vocab_size", "hidden_size", "num_attention_heads", "intermediate_size",
                                 "max_position_embeddings", "pad_token_id", "tie_word_embeddings")},
            **TOKENS, "num_hidden_layers": layers, "layer_types": kinds, "rope_parameters": rope,
            "local_attention": r.choice([2, 6, 14, 31, 64]), "norm_eps": r.choice(EPSILONS),
            "hidden_activation": r.choice(ACTIVATIONS), "classifier_activation": r.choice(ACTIVATIONS),
            "classifier_pooling": r.choice(["cls", "mean"]), "decoder_bias": r.random() < 0.6,
            **{k: r.random() < 0.4 for k in ("norm_bias", "mlp_bias", "attention_bias", "classifier_bias")},
            **{k: 0.0 for k in ("embedding_dropout", "mlp_dropout", "attention_dropout", "classifier_dropout")}}


def rope(r):
    return {"rope_parameters": {"rope_type": "default", "rope_theta": r.choice([50.0, 1000.0, 160000.0])}}


def nomic_bert(r):
    c = bert(r, even=True, **rope(r))
    return {**c, "head_dim": c["hidden_size"] // c["num_attention_heads"]}


def eurobert(r):
    key_heads = r.choice([1, 2])
    heads = key_heads * r.choice([1, 2, 3])
    size = r.choice([4, 6, 10])
    c = bert(r, **rope(r))
    return {**{k: c[k] for k in ("vocab_size", "num_hidden_layers", "intermediate_size", "max_position_embeddings",
                                 "hidden_act", "pad_token_id", "tie_word_embeddings", "rope_parameters")},
            "num_attention_heads": heads, "num_key_value_heads": key_heads,
            "hidden_size": heads * r.choice([size, 5, 8]), "head_dim": size, "rms_norm_eps": r.choice(EPSILONS),
            "attention_bias": r.random() < 0.5, "mlp_bias": r.random() < 0.5, "attention_dropout": 0.0,
            "classifier_pooling": r.choice(["bos", "mean", "late"]), "mask_token_id": 5, "bos_token_id": 2, "eos_token_id": 3}


def roformer(r):
    c = bert(r, even=True)
    return {**c, "embedding_size": r.choice([c["hidden_size"], 7, 20]), "rotary_value": r.random() < 0.5}


def mobilebert(r):
    c = bert(r)
    heads = c["num_attention_heads"]
    narrow = r.random() < 0.7
    attends_narrow = r.random() < 0.4
    inner = heads * r.choice([3, 6])
    embedding = r.choice([9, 12])
    hidden = max(c["hidden_size"], embedding) if narrow else max(1, -(-embedding // heads)) * heads
    return {**c, "hidden_size": hidden, "embedding_size": embedding, "use_bottleneck": narrow,
            "intra_bottleneck_size": inner if narrow else hidden, "use_bottleneck_attention": attends_narrow,
            # The reference cannot run queries of the full size in a bottleneck.
            "key_query_shared_bottleneck": not attends_narrow or r.random() < 0.6, "num_feedforward_networks": r.randrange(1, 5),
            "normalization_type": r.choice(["no_norm", "layer_norm"]), "trigram_input": r.random() < 0.7,
            "classifier_activation": r.random() < 0.6}


def convbert(r):
    ratio = r.choice([1, 2, 3])
    c = bert(r, multiple=ratio)
    heads, groups = c["num_attention_heads"], r.choice([1, 1, 2])
    hidden = heads * 4 * r.choice([1, 2])
    return {**c, "hidden_size": hidden, "intermediate_size": 2 * r.choice([9, 20]), "num_groups": groups,
            "embedding_size": r.choice([hidden, 7, 20]), "head_ratio": ratio, "conv_kernel_size": r.choice([1, 3, 5, 9])}


def squeezebert(r):
    groups = {f"{k}_groups": r.choice([1, 2, 4]) for k in ("q", "k", "v", "post_attention", "intermediate", "output")}
    heads = r.choice([1, 2, 3])
    hidden = 4 * heads * r.choice([1, 3])
    return bert(r, num_attention_heads=heads, hidden_size=hidden, embedding_size=hidden,
                intermediate_size=r.choice([12, 40, 64]), **groups)


def fnet(r):
    return {k: v for k, v in bert(r).items() if k not in ("num_attention_heads", "attention_probs_dropout_prob")}


def esm(r):
    return bert(r, even=True, position_embedding_type=r.choice(["rotary", "absolute"]), mask_token_id=9,
                emb_layer_norm_before=r.random() < 0.5, token_dropout=r.random() < 0.6, hidden_act="gelu")


def rembert(r):
    return bert(r, input_embedding_size=r.choice([7, 20]), output_embedding_size=r.choice([9, 36]),
                classifier_dropout_prob=0.0, tie_word_embeddings=False)


FAMILIES = {
    "bert": bert,
    "ernie": lambda r: bert(r, use_task_id=r.random() < 0.6, task_type_vocab_size=r.randrange(1, 5)),
    "roberta": bert, "xlm-roberta": bert, "camembert": bert, "data2vec-text": bert, "roberta-prelayernorm": bert, "xlm-roberta-xl": bert,
    "albert": albert, "distilbert": distilbert, "electra": electra, "mpnet": mpnet,
    "deberta": deberta_v1, "deberta-v2": deberta_v2, "modernbert": modernbert, "nomic_bert": nomic_bert,
    "roformer": roformer, "mobilebert": mobilebert, "convbert": convbert, "squeezebert": squeezebert,
    "megatron-bert": bert, "rembert": rembert, "fnet": fnet, "eurobert": eurobert, "esm": esm,
    "gte": lambda r: bert(r, even=True, **rope(r)),
    "jina_embeddings_v3": lambda r: bert(r, even=True, **rope(r)),
    "luke": lambda r: bert(r, entity_vocab_size=r.randrange(10, 40), entity_emb_size=r.choice([4, 16]),
                           use_entity_aware_attention=r.random() < 0.5),
}
# Whose positions count from the padding id, or from 2: so many rows of the table are never read.
OFFSET_POSITIONS = {"roberta", "data2vec-text", "xlm-roberta", "camembert", "roberta-prelayernorm", "xlm-roberta-xl", "esm", "luke"}


def randomize(model, seed):
    """Weights so large that each of them moves the outputs, and so small that nothing saturates."""
    g = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for name, p in sorted(model.named_parameters()):
            noise = torch.randn(p.shape, generator=g)
            if "norm" in name.lower() and name.endswith("weight"):
                p.copy_(1 + 0.2 * noise)
            elif p.ndim < 2:
                p.copy_(0.1 * noise)
            else:
                p.copy_(noise * (0.3 if "embedding" in name.lower() else 0.6 / p.shape[-1] ** 0.5))
        model.tie_weights()


def lengths(r, longest):
    return [1, 2, longest, *(r.randrange(1, min(longest, 60) + 1) for _ in range(3))]


def longest_text(family, config):
    reserved = config.pad_token_id + 1 if family in OFFSET_POSITIONS else 2 if family == "mpnet" else 0
    return config.max_position_embeddings - reserved


def texts(family, config, model, r, sizes):
    """One dictionary of inputs a text, each tensor [1, n]."""
    wanted = set(inspect.signature(model.forward).parameters)
    types = getattr(config, "type_vocab_size", 0) or 0
    words = range(config.vocab_size)
    for size in sizes:
        draw = lambda choices: torch.tensor([[r.choice(choices) for _ in range(size)]])
        text = {"input_ids": draw(words)}
        if "token_type_ids" in wanted and types > 0 and family not in ("distilbert",):
            text["token_type_ids"] = draw(range(types))
        if getattr(config, "use_task_id", False):
            text["task_type_ids"] = draw(range(config.task_type_vocab_size))
        yield text


def padded(tensors, token_axes):
    """[1, ...] each -> [rows, ...], the axes of tokens padded with zeros."""
    longest = max((t.shape[axis] for t in tensors for axis in token_axes), default=0)
    rows = []
    for t in tensors:
        shape = [longest if axis in token_axes else n for axis, n in enumerate(t.shape)]
        row = torch.zeros(shape, dtype=t.dtype)
        row[tuple(slice(0, n) for n in t.shape)] = t
        rows.append(row)
    return torch.cat(rows)


def token_axes(name, tensor):
    if name.startswith("attentions"):
        return [2, 3]
    return [1] if tensor.ndim == 3 or name in ("start_logits", "end_logits", "token_logits") else []


def outputs_of(model, head, text, family):
    given = {**text, "attention_mask": torch.ones_like(text["input_ids"])}
    if family == "fnet":
        given.pop("attention_mask")
    detailed = {"output_hidden_states": True, "output_attentions": True} if head == "base" else {}
    if family == "fnet":
        detailed.pop("output_attentions", None)
    with torch.no_grad():
        result = model(**given, **detailed, return_dict=True)
    found = {}
    for name, value in result.items():
        if torch.is_tensor(value):
            found[name] = value
        elif isinstance(value, (tuple, list)) and head == "base" and name in ("hidden_states", "attentions"):
            found.update({f"{name}.{i}": v for i, v in enumerate(value) if torch.is_tensor(v)})
    if head == "pretraining" and family == "electra":
        found["token_logits"] = found.pop("logits")
    return found


def record(family, head, model, config, r):
    """The inputs and outputs of a batch of texts, or of groups of choices."""
    longest = longest_text(family, config)
    if head == "choice":
        choices = r.choice([2, 3])
        alone = []
        for size in (1, longest, r.randrange(1, longest + 1)):
            group = list(texts(family, config, model, r, [size] * choices))
            alone.append({k: torch.stack([t[k] for t in group], 1) for k in group[0]})  # [1, choices, n]
        results = [outputs_of(model, head, text, family) for text in alone]
        inputs = {k: padded([t[k] for t in alone], [2]) for k in alone[0]}
        mask = padded([torch.ones_like(t["input_ids"]) for t in alone], [2])
    else:
        alone = list(texts(family, config, model, r, lengths(r, longest)))
        results = [outputs_of(model, head, text, family) for text in alone]
        inputs = {k: padded([t[k] for t in alone], [1]) for k in alone[0]}
        mask = padded([torch.ones_like(t["input_ids"]) for t in alone], [1])
    tensors = {f"input.{k}": v.to(torch.int32) for k, v in {**inputs, "attention_mask": mask}.items()}
    for name in results[0]:
        values = [result[name].float() for result in results]
        saved = "logits" if name == "token_logits" else name
        tensors[f"output.{saved}"] = padded(values, token_axes(name, values[0]))
    return {k: v.contiguous().clone() for k, v in tensors.items()}


def well_conditioned(model, run, r):
    """What `run` records, after the weights were made small enough that the reference's own rounding does not matter."""
    while True:
        state = r.getstate()
        rough = run()
        r.setstate(state)
        model.double()
        exact = run()
        model.float()
        if all(close(rough[name], exact[name]) for name in rough):
            return rough
        r.setstate(state)
        with torch.no_grad():
            for p in model.parameters():
                if p.ndim > 1:
                    p.mul_(0.7)


def close(rough, exact):
    return (rough - exact).abs().max() <= 2e-5 * max(1, exact.abs().max())


def make(out, family, seed):
    r = random.Random(f"{family} {seed}")
    drawn = FAMILIES[family](r)
    for head, auto in HEADS.items():
        labels = r.randrange(1, 6) if head in ("sequence", "token") else 2
        config = transformers.AutoConfig.for_model(family, **drawn, num_labels=labels)
        if type(config) not in auto._model_mapping:
            continue
        if head == "pretraining" and auto._model_mapping[type(config)] is HEADS["mlm"]._model_mapping.get(type(config), None):
            continue  # the same class as the masked language model
        if head == "choice" and drawn.get("use_task_id"):
            continue  # the reference cannot run it
        torch.manual_seed(seed)
        try:
            model = auto.from_config(config, attn_implementation="eager")
        except ValueError:
            model = auto.from_config(config)
        model = model.float().eval()
        randomize(model, seed)
        folder = out / family / str(seed) / head
        folder.mkdir(parents=True, exist_ok=True)
        expected = well_conditioned(model, lambda: record(family, head, model, config, r), r)
        model.save_pretrained(folder)
        (folder / "generation_config.json").unlink(missing_ok=True)
        if seed % 2 == 0:
            respell(folder / "config.json")
        save_file(expected, folder / "expected.safetensors")


def respell(file):
    """The config as transformers 4 would have saved it, and the published repositories of GTE and NomicBERT have it."""
    config = json.loads(file.read_text())
    config["torch_dtype"] = config.pop("dtype", "float32")
    angles = config.pop("rope_parameters", {})
    if config["model_type"] == "modernbert":
        config["global_rope_theta"] = angles["full_attention"]["rope_theta"]
        config["local_rope_theta"] = angles["sliding_attention"]["rope_theta"]
        globals_ = [i for i, kind in enumerate(config["layer_types"]) if kind == "full_attention"]
        every = globals_[1] if len(globals_) > 1 else len(config["layer_types"])
        if globals_ == list(range(0, len(config["layer_types"]), every)):
            config["global_attn_every_n_layers"] = every
            del config["layer_types"]
    elif angles:
        config["rope_theta"] = angles["rope_theta"]
    if config["model_type"] == "nomic_bert" and config["hidden_act"] in ("silu", "swish"):
        names = {"n_embd": "hidden_size", "n_head": "num_attention_heads", "n_layer": "num_hidden_layers",
                 "n_inner": "intermediate_size", "max_trained_positions": "max_position_embeddings",
                 "layer_norm_epsilon": "layer_norm_eps", "rotary_emb_base": "rope_theta"}
        config.update({old: config.pop(new) for old, new in names.items()})
        config.update({"activation_function": "swiglu", "rotary_emb_fraction": 1.0, "prenorm": False,
                       "qkv_proj_bias": False, "mlp_fc1_bias": False, "mlp_fc2_bias": False})
        del config["hidden_act"]
    file.write_text(json.dumps(config, indent=2))


if __name__ == "__main__":
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("out", type=Path)
    arguments.add_argument("--seeds", default="1")
    arguments.add_argument("--only", default=",".join(FAMILIES))
    given = arguments.parse_args()
    transformers.logging.set_verbosity_error()
    for family in given.only.split(","):
        for seed in given.seeds.split(","):
            make(given.out, family, int(seed))
            print(family, seed, flush=True)
