"""Runs the variations of one call per request, with whichever mlx is importable, and prints what each gives.

A request is a JSON line {"call": index, "skip": labels that ended the process before}; the answer a line per variation:
{"start": label}, {"label", "got"}, at the end {"done": true}.
"""

import json
import sys

# Whatever the library prints goes to stderr.
answers, sys.stdout = sys.stdout, sys.stderr

import mlx.core as mx  # noqa: E402
import numpy as np  # noqa: E402
from calls import CALLS  # noqa: E402
from forms import device_of, variations  # noqa: E402


def described(value):
    """A result as JSON: dtype, shape and values of arrays, text of anything else."""
    if isinstance(value, mx.array):
        mx.eval(value)
        flat = value.reshape(-1)
        values = np.array(flat.astype(mx.float32) if value.dtype == mx.bfloat16 else flat)[:400].tolist()
        if value.dtype == mx.complex64:
            values = [part for number in values for part in (number.real, number.imag)]
        return {"dtype": str(value.dtype), "shape": list(value.shape), "values": values}
    if isinstance(value, (list, tuple)):
        return {type(value).__name__: [described(x) for x in value]}
    if isinstance(value, dict):
        return {"dict": {str(k): described(v) for k, v in value.items()}}
    return {"text": repr(value)}


def result_of(call, label, thunk):
    try:
        with device_of(call, label):
            return described(thunk())
    except Exception as error:
        return {"error": type(error).__name__, "message": str(error)[:200]}


def say(answer):
    print(json.dumps(answer), file=answers, flush=True)


for line in sys.stdin:
    request = json.loads(line)
    call = CALLS[request["call"]]
    for label, thunk in variations(call):
        if label not in request["skip"]:
            say({"start": label})
            say({"label": label, "got": result_of(call, label, thunk)})
    say({"done": True})
