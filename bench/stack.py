"""qgn beside one peer of a workload, in turn: the factor over a document's own stack that docs/results.md shows, where a whole
`make bench` of that workload has not been run.

    build/bench-env/bin/python -m bench.stack 4 torch_step-w4-backprop-t2 [ROUNDS]

writes bench/w4/stack.json; `make bench W=4` measures all peers and goes before it. `cpu_ms` is processor time for a step, which
says something on a busy machine too.
"""

import importlib
import json
import statistics
import sys
from types import SimpleNamespace

from bench import driver, qgn_side


def main():
    name, key, rounds = sys.argv[1], sys.argv[2], int(sys.argv[3]) if len(sys.argv) > 3 else 3
    workload = importlib.import_module(f"bench.w{name}.workload")
    systems = [s for s in workload.SYSTEMS if s.key == key]
    if not systems:
        sys.exit(f"bench.stack: workload {name} has {', '.join(s.key for s in workload.SYSTEMS)}")
    system, peers, machine = systems[0], driver.load_peers(), driver.machine()
    one = SimpleNamespace(SCRIPT=workload.SCRIPT, TRAIN=workload.TRAIN, QGN_THREADS=(system.threads,), SYSTEMS=[system])
    rows = driver.measure(one, peers, (system.group,), rounds)
    for row in rows:
        if "failed" not in row["summary"]:
            row["summary"]["cpu_ms"] = statistics.median(r["ms_per_step_median"] * r["cores_used"] for r in row["runs"])
    out = {"name": name, "title": workload.TITLE, "command": f"python -m bench.stack {name} {key} {rounds}",
           "machine": machine, "qgn": driver.output_of(qgn_side.QGN, "--version"), "commit": driver.commit(), "rows": rows}
    (driver.HERE / f"w{name}" / "stack.json").write_text(json.dumps(out, indent=1) + "\n")
    for row in rows:
        print(row["key"], row["summary"].get("ms_per_step_median", row["summary"].get("failed")))


if __name__ == "__main__":
    main()
