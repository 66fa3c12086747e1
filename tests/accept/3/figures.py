"""figures.py BENCH NAME: one figure of the bench's results, from the medians in BENCH/wN/results.json. Nothing is printed, and
the status is 1, where a system that the figure needs was not measured."""

import json
import statistics
import sys
from pathlib import Path


def load(bench, workload):
    return {tuple(sorted(c["cell"].items())): c["rows"]
            for c in json.loads((Path(bench) / f"w{workload}" / "results.json").read_text())["cells"]}


def ms(rows, *starts):
    """The least median of the rows whose key begins so."""
    return min(r["summary"]["ms_per_step_median"] for r in rows
               if r["key"].startswith(starts) and "failed" not in r["summary"])


def ratio(rows, *starts):
    """The fastest of these peers (all, if none are named) to the faster row of qgn."""
    keys = starts or tuple({r["key"] for r in rows if not r["key"].startswith("qgn")})
    return ms(rows, *keys) / ms(rows, "qgn")


def cell(**sizes):
    return tuple(sorted(sizes.items()))


def small(cells):
    """Ratios of the 21 cells with up to 14 qubits."""
    found = [ratio(rows) for c, rows in cells.items() if dict(c)["n"] <= 14]
    assert len(found) == 21
    return found


def w2(bench, order=1):
    cells = load(bench, 2)
    return cells[cell(n=8, batch=64)] if order == 1 else cells[cell(n=8, batch=64, order=2)]


def w8(bench):
    return load(bench, 8)[cell(n=4, batch=32)]


FIGURES = {
    "w2_fastest": lambda b: ratio(w2(b)),
    "w2_lightning": lambda b: ratio(w2(b), "lightning"),
    "w3_median": lambda b: statistics.median(small(load(b, 3))),
    "w3_many": lambda b: sum(r >= 1.5 for r in small(load(b, 3))),
    "w3_least": lambda b: min(small(load(b, 3))),
    "w3_16": lambda b: ratio(load(b, 3)[cell(n=16, batch=1)]),
    "w3_20": lambda b: ratio(load(b, 3)[cell(n=20, batch=1)]),
    "w3_22": lambda b: ratio(load(b, 3)[cell(n=22, batch=1)]),
    "penalty_cost": lambda b: ms(w2(b, 2), "qgn") / ms(w2(b), "qgn"),
    "w8_pennylane": lambda b: ratio(w8(b), "jax_peer-mixed"),
    "w8_tensorcircuit": lambda b: ratio(w8(b), "jax_peer-tc"),
    "w8_transfer": lambda b: ratio(w8(b), "jax_peer-transfer"),
    "w7_fastest": lambda b: ratio(load(b, 7)[cell(n=8, batch=64)]),
    "penalty_jax": lambda b: ratio(w2(b, 2), "jax_peer-kron", "jax_peer-gates"),
}

if __name__ == "__main__":
    print(f"{FIGURES[sys.argv[2]](sys.argv[1]):.3g}")
