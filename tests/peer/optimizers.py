#!/usr/bin/env python3
"""Ten steps of every optimiser and schedule by PyTorch, written as scripts that compare.

    python tests/peer/optimizers.py

writes tests/golden/run/optimizers.qgn (double, 1e-12) and optimizers_single.qgn (single, 1e-5). All values are
PyTorch's in double precision; the loss and the start are those of `loss` and `START`. Made with PyTorch 2.x.
"""
import math
from pathlib import Path

import torch

START = [0.5, -1.0, 2.0, 0.25, -0.75]
X = [0.1, 0.2, 0.3, -0.4, 0.5]
STEPS = 10

HEAD = """## PyTorch's values of {steps} steps, made by tests/peer/optimizers.py.
edition = 1
precision = "{precision}"
model M(x[5]) -> [] {{
  param w[5] = {start}
  return sum((w - x)^2 * 0.3 + sin(2 * w))
}}
def far(a, b) = max(abs(a - b) / max(abs(b), 1.0))
"""

# name, optimizer as a script writes it, as PyTorch writes it, schedule (or None)
CASES = [
    ("sgd", "sgd(0.05)", lambda p: torch.optim.SGD(p, 0.05), None),
    ("sgd_momentum", "sgd(0.05, momentum = 0.9)", lambda p: torch.optim.SGD(p, 0.05, momentum=0.9), None),
    ("sgd_nesterov", "sgd(0.05, momentum = 0.9, nesterov = true, weight_decay = 0.01)",
     lambda p: torch.optim.SGD(p, 0.05, momentum=0.9, nesterov=True, weight_decay=0.01), None),
    ("momentum", "momentum(0.02)", lambda p: torch.optim.SGD(p, 0.02, momentum=0.9), None),
    ("adam", "adam(0.1)", lambda p: torch.optim.Adam(p, 0.1), None),
    ("adam_betas", "adam(0.1, betas = (0.5, 0.9), eps = 1e-4, weight_decay = 0.05)",
     lambda p: torch.optim.Adam(p, 0.1, betas=(0.5, 0.9), eps=1e-4, weight_decay=0.05), None),
    ("amsgrad", "adam(0.2, betas = (0.5, 0.6), amsgrad = true)",
     lambda p: torch.optim.Adam(p, 0.2, betas=(0.5, 0.6), amsgrad=True), None),
    ("adamw", "adamw(0.1)", lambda p: torch.optim.AdamW(p, 0.1), None),
    ("adamw_decay", "adamw(0.1, weight_decay = 0.2)", lambda p: torch.optim.AdamW(p, 0.1, weight_decay=0.2), None),
    ("rmsprop", "rmsprop(0.02)", lambda p: torch.optim.RMSprop(p, 0.02), None),
    ("rmsprop_centered", "rmsprop(0.02, alpha = 0.9, eps = 1e-6, momentum = 0.5, centered = true, weight_decay = 0.01)",
     lambda p: torch.optim.RMSprop(p, 0.02, alpha=0.9, eps=1e-6, momentum=0.5, centered=True, weight_decay=0.01), None),
    ("lbfgs", "lbfgs(lr = 0.5, max_iter = 2, history = 3)",
     lambda p: torch.optim.LBFGS(p, 0.5, max_iter=2, history_size=3, line_search_fn="strong_wolfe"), None),
    ("lbfgs_more", "lbfgs(max_iter = 2)",
     lambda p: torch.optim.LBFGS(p, 1, max_iter=2, history_size=10, line_search_fn="strong_wolfe"), None),
    ("lbfgs_fixed", "lbfgs(lr = 0.05, max_iter = 3, history = 2, line_search = false)",
     lambda p: torch.optim.LBFGS(p, 0.05, max_iter=3, history_size=2), None),
    ("sched_steps", "sgd(steps(0.05, each = 3, by = 0.5))", lambda p: torch.optim.SGD(p, 0.05),
     lambda o: torch.optim.lr_scheduler.StepLR(o, 3, 0.5)),
    ("sched_exponential", "adam(exponential(0.1, 0.8))", lambda p: torch.optim.Adam(p, 0.1),
     lambda o: torch.optim.lr_scheduler.ExponentialLR(o, 0.8)),
    ("sched_cosine", "adam(cosine(0.1, to = 0.01))", lambda p: torch.optim.Adam(p, 0.1),
     lambda o: torch.optim.lr_scheduler.LambdaLR(
         o, lambda e: (0.01 + 0.09 * (1 + math.cos(math.pi * e / STEPS)) / 2) / 0.1)),
    ("sched_plateau", "sgd(plateau(0.6, by = 0.5, patience = 1, threshold = 0.01, cooldown = 1))",
     lambda p: torch.optim.SGD(p, 0.6),
     lambda o: torch.optim.lr_scheduler.ReduceLROnPlateau(o, factor=0.5, patience=1, threshold=0.01, cooldown=1)),
    ("sched_warmup", "adam(warmup(constant(0.1), 4))", lambda p: torch.optim.Adam(p, 0.1),
     lambda o: torch.optim.lr_scheduler.LinearLR(o, start_factor=0.25, total_iters=3)),
]

# Once converged, or without line search, L-BFGS amplifies rounding: PyTorch's own single precision is further than
# 1e-5 from its double precision.
DOUBLE_ONLY = {"lbfgs_more", "lbfgs_fixed"}


def loss(w):
    return ((w - torch.tensor(X, dtype=torch.float64)) ** 2 * 0.3 + torch.sin(2 * w)).sum()


def walk(make, schedule):
    w = torch.tensor(START, dtype=torch.float64, requires_grad=True)
    optimizer = make([w])
    scheduler = schedule(optimizer) if schedule else None
    rows = []

    def closure():
        optimizer.zero_grad()
        value = loss(w)
        value.backward()
        return value

    for _ in range(STEPS):
        value = optimizer.step(closure)
        rows.append(w.detach().tolist())
        if isinstance(scheduler, torch.optim.lr_scheduler.ReduceLROnPlateau):
            scheduler.step(value.item())
        elif scheduler:
            scheduler.step()
    return rows


def number(x):
    return repr(float(x))


def script(precision, tolerance):
    out = HEAD.format(steps=STEPS, precision=precision, start="[" + ", ".join(map(number, START)) + "]")
    for name, ours, theirs, schedule in CASES:
        if precision == "single" and name in DOUBLE_ONLY:
            continue
        rows = walk(theirs, schedule)
        values = ",\n  ".join("[" + ", ".join(map(number, r)) + "]" for r in rows)
        out += f"""let m_{name} = new M
train t_{name} {{
  epochs = {STEPS}
  optimizer m_{name} = {ours}
  step {{
    minimize m_{name}([{", ".join(map(number, X))}]) over m_{name}
    record w = m_{name}.w
  }}
}}
let {name}_as_pytorch = far(t_{name}.w, [
  {values}]) < {tolerance}
expect {name}_as_pytorch
"""
    return out


def main():
    folder = Path(__file__).resolve().parent.parent / "golden" / "run"
    folder.joinpath("optimizers.qgn").write_text(script("double", "1e-12"))
    folder.joinpath("optimizers_single.qgn").write_text(script("single", "1e-5"))


main()
