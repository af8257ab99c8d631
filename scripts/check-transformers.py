"""Opens model folders with transformers, and adapters with PEFT, and compares their logits with recorded ones.

    python scripts/check-transformers.py CASES.json

scripts/check-transformers.ts writes the cases and runs this.
"""
import json
import sys

import torch
import transformers

TOLERANCE = 1e-4
transformers.logging.set_verbosity_error()
transformers.logging.disable_progress_bar()

try:
    import peft
except ImportError:
    peft = None


def open_model(case):
    opener = getattr(transformers, "AutoModelFor" + case["opens"] if case["opens"] else "AutoModel")
    if "adapter" not in case:
        return opener.from_pretrained(case["model"])
    config = transformers.AutoConfig.from_pretrained(case["adapter"])
    base = opener.from_pretrained(case["base"], config=config)
    return peft.PeftModel.from_pretrained(base, case["adapter"])


def outputs_of(model, opens, ids):
    ids = torch.tensor([ids])
    result = model(input_ids=ids[None] if opens == "MultipleChoice" else ids)
    if opens == "QuestionAnswering":
        return [result.start_logits, result.end_logits]
    return [result.logits if opens else result.last_hidden_state]


failed = False
for case in json.load(open(sys.argv[1])):
    if "adapter" in case and peft is None:
        print(f"skip {case['name']}: PEFT is not installed")
        continue
    model = open_model(case).eval()
    with torch.no_grad():
        runs = [outputs_of(model, case["opens"], ids) for ids in case["texts"]]
    worst = 0.0
    for place, numbers in enumerate(case["logits"]):
        expected = torch.cat([run[place].flatten() for run in runs])
        got = torch.tensor(numbers)
        same = expected.shape == got.shape
        worst = max(worst, (expected - got).abs().max().item() if same else float("inf"))
    failed = failed or not worst <= TOLERANCE
    print(f"{'ok  ' if worst <= TOLERANCE else 'FAIL'} {case['name']:18} {worst:.1e}")
sys.exit(1 if failed else 0)
