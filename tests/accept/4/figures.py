"""figures.py BENCH NAME: one figure of the bench's results, from BENCH/wN/results.json. Nothing is printed, and the status is 1,
where a system that the figure needs was not measured."""

import json
import sys
from pathlib import Path


def rows(bench, workload):
    return json.loads((Path(bench) / f"w{workload}" / "results.json").read_text())["rows"]


def least(workload_rows, what, *starts):
    """The least value of the rows whose key begins so; all of these systems must have been measured."""
    found = [[r["summary"][what] for r in workload_rows if r["key"].startswith(s) and "failed" not in r["summary"]]
             for s in starts]
    assert all(found)
    return min(min(f) for f in found)


def ratio(bench, workload, *starts):
    """Medians: the fastest of these peers to the faster row of qgn."""
    of = rows(bench, workload)
    return least(of, "ms_per_step_median", *starts) / least(of, "ms_per_step_median", "qgn")


def memory(bench):
    """The largest of qgn's shares of the least peak of PyTorch's processes, over W4, W5 and W6."""
    shares = []
    for workload in (4, 5, 6):
        of = rows(bench, workload)
        own = max(r["summary"]["peak_mb"] for r in of if r["key"].startswith("qgn"))
        shares.append(own / least(of, "peak_mb", "torch_step"))
    return max(shares)


HYBRID = ("torch_step-w{}-matrix", "jax_step-w{}-kron", "torch_step-w{}-backprop")

FIGURES = {
    "w4_hybrid": lambda b: ratio(b, 4, *(h.format(4) for h in HYBRID)),
    "w4_twin": lambda b: ratio(b, 4, "torch_step-w4-twin"),
    "w5_eager": lambda b: ratio(b, 5, "torch_step-w5-eager"),
    "w5_compiled": lambda b: ratio(b, 5, "torch_step-w5-compile", "jax_step-w5"),
    "w6_hybrid": lambda b: ratio(b, 6, *(h.format(6) for h in HYBRID)),
    "w6_twin": lambda b: ratio(b, 6, "torch_step-w6-twin"),
    "memory": memory,
}

if __name__ == "__main__":
    try:
        value = FIGURES[sys.argv[2]](sys.argv[1])
    except (OSError, KeyError, AssertionError, ValueError):
        sys.exit(1)
    print(f"{value:.2f}")
