"""What each process of test_mlx_lm_distributed.py does: loads its part of a checkpoint and prints the tokens that come out."""

import json
import sys

import mlx.core as mx
from mlx_lm.utils import sharded_load
from scenarios import tokens_of

folder, how = sys.argv[1:]
group = mx.distributed.init(strict=True)
model, tokenizer = sharded_load(folder, *((group, None) if how == "pipeline" else (None, group)))
tokens = tokens_of(model, tokenizer)
print(json.dumps({"tokens": [int(token) for token in tokens]}), flush=True)
