"""Opens embedders' folders with sentence-transformers, and compares their embeddings with recorded ones.

    python scripts/check-sentence-transformers.py CASES.json

scripts/check-sentence-transformers.ts writes the cases and runs this.
"""
import json
import sys

import numpy
from sentence_transformers import SentenceTransformer

TOLERANCE = 1e-5

failed = False
before = None
for case in json.load(open(sys.argv[1])):
    model = SentenceTransformer(case["model"], device="cpu")
    expected = model.encode(case["texts"])
    worst = float(numpy.abs(expected - numpy.array(case["embeddings"])).max())
    dense = model[2].linear.weight.detach().numpy()
    learned = before is None or float(numpy.abs(dense - before).max()) > 1e-4
    before = dense
    failed = failed or not (worst <= TOLERANCE and learned)
    print(f"{'ok  ' if worst <= TOLERANCE else 'FAIL'} {case['model'].split('/')[-1]:8} {worst:.1e}")
    if not learned:
        print("FAIL the Dense module is as it was before training")
sys.exit(1 if failed else 0)
