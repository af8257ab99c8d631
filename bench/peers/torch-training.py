"""PyTorch's training step: python torch-training.py CONFIG.json THREADS f32|bf16

Forward, backward, clipping and AdamW of a model with fresh weights, in bf16 by autocast. Reads requests
{"texts", "tokens", "maskRate", "calls"} from standard input, one a line, and answers each with a line: the median
milliseconds of a step and the first numbers of the result, the loss.
"""

import json
import statistics
import sys
import time

import torch
from transformers import AutoConfig, AutoModelForMaskedLM, AutoModelForSequenceClassification

file, threads, dtype = sys.argv[1:]
torch.set_num_threads(int(threads))
torch.manual_seed(0)
with open(file) as opened:
    settings = json.load(opened)
masked = settings["architectures"][0].endswith("ForMaskedLM")
kind = AutoModelForMaskedLM if masked else AutoModelForSequenceClassification
model = kind.from_config(AutoConfig.for_model(**settings)).train()
optimizer = torch.optim.AdamW(model.parameters(), lr=1e-4)
print(json.dumps("ready"), flush=True)
for line in sys.stdin:
    request = json.loads(line)
    texts, tokens = request["texts"], request["tokens"]
    ids = torch.randint(5, 7000, (texts, tokens))
    labels = torch.randint(0, 2, (texts,))
    if masked:
        chosen = torch.rand(texts, tokens) < request["maskRate"]
        labels = torch.where(chosen, ids, -100)
    times = []
    for _ in range(request["calls"]):
        start = time.perf_counter()
        with torch.autocast("cpu", torch.bfloat16, enabled=dtype == "bf16"):
            loss = model(input_ids=ids, labels=labels).loss
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        optimizer.zero_grad()
        times.append(1000 * (time.perf_counter() - start))
    print(json.dumps({"milliseconds": statistics.median(times), "first": [loss.item()]}), flush=True)
