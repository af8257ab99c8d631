"""PyTorch's own BERT on token ids: python torch-forward.py FOLDER THREADS f32|bf16

Reads requests {"texts", "tokens", "calls"} from standard input, one a line, and answers each with a line: the median
milliseconds of a call and the first numbers of the result.
"""

import json
import statistics
import sys
import time

import torch
from transformers import BertModel

folder, threads, dtype = sys.argv[1:]
torch.set_num_threads(int(threads))
types = {"f32": torch.float32, "bf16": torch.bfloat16}
model = BertModel.from_pretrained(folder, add_pooling_layer=False, dtype=types[dtype], attn_implementation="sdpa").eval()
print(json.dumps("ready"), flush=True)
for line in sys.stdin:
    request = json.loads(line)
    ids = torch.tensor(
        [
            [1000 + (at * 7919 + text * 104729) % 20000 for at in range(request["tokens"])]
            for text in range(request["texts"])
        ]
    )
    times = []
    with torch.inference_mode():
        for _ in range(request["calls"]):
            start = time.perf_counter()
            states = model(input_ids=ids).last_hidden_state
            times.append(1000 * (time.perf_counter() - start))
    first = states[0, 0].float().tolist()
    print(json.dumps({"milliseconds": statistics.median(times), "first": first}), flush=True)
