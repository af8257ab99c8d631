"""sentence-transformers on PyTorch, as its documentation shows: python sentence-transformers.py FOLDER THREADS f32|bf16

Reads requests {"texts", "calls", "keep"} from standard input, one a line, and answers each with a line: the milliseconds
of the whole or, with "calls", of the median call with all texts, and the embeddings if they are to be kept.
"""

import json
import statistics
import sys
import time

import torch
from sentence_transformers import SentenceTransformer

folder, threads, dtype = sys.argv[1:]
torch.set_num_threads(int(threads))
types = {"f32": torch.float32, "bf16": torch.bfloat16}
model = SentenceTransformer(folder, device="cpu", model_kwargs={"dtype": types[dtype]})
model.max_seq_length = 256
model.encode(["first"])
print(json.dumps("ready"), flush=True)
for line in sys.stdin:
    request = json.loads(line)
    times = []
    for _ in range(request.get("calls") or 1):
        start = time.perf_counter()
        embeddings = model.encode(request["texts"], batch_size=32, convert_to_numpy=dtype == "f32", convert_to_tensor=dtype != "f32")
        times.append(1000 * (time.perf_counter() - start))
    reply = {"milliseconds": statistics.median(times), "peakMemory": 0}
    if request.get("keep"):
        reply["embeddings"] = torch.as_tensor(embeddings).float().tolist()
    print(json.dumps(reply), flush=True)
