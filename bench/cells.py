"""Workloads with cells: every system's process stays and is asked cell by cell, all systems in turn for one cell before the
next, several rounds, so that whatever else the machine does falls on all alike.

A cell that takes a system more than LIMIT seconds, compilation included, is skipped and named; so are then its larger cells.
"""

import json
import os
import selectors
import statistics
import subprocess
import sys
import time

from bench import qgn_side
from bench.harness import ROOT

LIMIT = 30    # seconds one request may take
BUDGET = 0.3  # seconds of timed steps in one request


class Worker:
    """One system's process, started when first asked."""

    def __init__(self, system):
        self.system, self.child = system, None

    def start(self):
        command = [sys.executable, "-m", self.system.module, *self.system.args]
        env = dict(os.environ, BENCH_THREADS=str(self.system.threads))
        log = ROOT / "build" / "bench-log"
        log.mkdir(parents=True, exist_ok=True)
        with open(log / f"{self.system.key}.log", "w") as err:
            self.child = subprocess.Popen(command, cwd=ROOT, env=env, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=err)

    def stop(self):
        if self.child:
            self.child.kill()
            self.child.wait()
        self.child = None

    def ask(self, request, limit=LIMIT):
        """Its reply, or {"failed": reason}. The time to start the process is not part of the limit."""
        if self.child is None:
            self.start()
            limit += 30
        line = b""
        try:
            self.child.stdin.write(json.dumps(request).encode() + b"\n")
            self.child.stdin.flush()
            with selectors.DefaultSelector() as ready:
                ready.register(self.child.stdout, selectors.EVENT_READ)
                if ready.select(limit):
                    line = self.child.stdout.readline()
                else:
                    self.stop()
                    return {"failed": f"over {LIMIT} s", "slow": True}
        except BrokenPipeError:
            pass
        if line:
            return json.loads(line)
        status = self.child.wait()
        self.child = None
        return {"failed": f"its process ended with status {status}"}


def smaller(a, b):
    """Is cell a no larger than b in every size, and of the same order?"""
    return all(a.get(k, 1) == b.get(k, 1) if k == "order" else a.get(k, 1) <= b.get(k, 1) for k in {*a, *b})


class Peer:
    """One peer as a row: worker, and what it could not do."""

    def __init__(self, system, missing):
        self.key, self.title, self.threads, self.orders = system.key, system.title, system.threads, system.orders
        self.worker, self.missing, self.slow = Worker(system), missing, []

    def run(self, cell):
        if self.missing:
            return {"failed": self.missing}
        for other in self.slow:
            if smaller(other, cell):
                return {"failed": "skipped: a smaller cell took over 30 s"}
        reply = self.worker.ask({"cell": cell, "budget": BUDGET})
        if reply.get("slow"):
            self.slow.append(cell)
        return reply

    def stop(self):
        self.worker.stop()


class Own:
    """qgn as a row: a run of the workload's script for each cell and round; as many epochs as fill the budget."""

    def __init__(self, workload, threads):
        self.key, self.title, self.threads = f"qgn-t{threads}", "**qgn**", threads
        self.orders, self.workload, self.ms = (1, 2), workload, {}

    def run(self, cell):
        sets, script = self.workload.sets(cell), self.workload.script(cell)
        name = json.dumps(cell)
        if name not in self.ms:  # a short run tells how long a step is
            first = qgn_side.run(script, self.workload.TRAIN, self.threads, [*sets, f"{self.workload.TRAIN}.epochs=3"], LIMIT)
            if "failed" in first:
                return first
            self.ms[name] = first["ms_per_step_median"]
        epochs = max(3, min(200000, int(BUDGET * 1e3 / self.ms[name])))
        run = qgn_side.run(script, self.workload.TRAIN, self.threads, [*sets, f"{self.workload.TRAIN}.epochs={epochs}"], LIMIT)
        if "failed" in run:
            return run
        self.ms[name] = run["ms_per_step_median"]
        return {"ms": [run["ms_per_step_median"]], "first_s": run["start_s"], "peak_mb": run["peak_mb"]}

    def stop(self):
        pass


def summary(runs):
    failed = [r["failed"] for r in runs if "failed" in r]
    if failed:
        return {"failed": failed[0]}
    return {"ms_per_step_median": statistics.median(statistics.median(r["ms"]) for r in runs),
            "ms_min": min(min(r["ms"]) for r in runs), "first_s": runs[0]["first_s"],
            "peak_mb": max(r["peak_mb"] for r in runs)}


def thin(run):
    """What is kept of a run with many blocks: nine of their times, least, eighths and largest; the median is exact."""
    ms = sorted(run.get("ms", ()))
    if len(ms) <= 9:
        return run
    kept = [ms[round(k * (len(ms) - 1) / 8)] for k in range(9)]
    kept[4] = statistics.median(ms)
    return dict(run, ms=[float(f"{t:.6g}") for t in kept], blocks=len(ms))


def measure_cell(cell, rows, repeat):
    """All rows of one cell: [{key, title, threads, runs, summary}]."""
    taking = [r for r in rows if cell.get("order", 1) in r.orders]
    runs = {r.key: [] for r in taking}
    for turn in range(repeat):
        for row in taking:
            done = runs[row.key]
            if done and ("failed" in done[-1] or min(done[-1]["ms"]) > 3000):
                continue  # no further round of what fails or is very slow
            done.append(row.run(cell))
    return [{"key": r.key, "title": r.title, "threads": r.threads, "runs": [thin(run) for run in runs[r.key]],
             "summary": summary(runs[r.key])} for r in taking]


def measure(workload, peers, groups, repeat, reason_missing):
    """[{cell, rows}] of a workload with cells."""
    rows = [Own(workload, t) for t in workload.QGN_THREADS]
    rows += [Peer(s, reason_missing(s, peers)) for s in workload.SYSTEMS if s.group in groups]
    cells = []
    try:
        for cell in workload.CELLS:
            begin = time.perf_counter()
            cells.append({"cell": cell, "rows": measure_cell(cell, rows, repeat)})
            print(f"bench: {json.dumps(cell)}: {time.perf_counter() - begin:.0f} s", file=sys.stderr, flush=True)
    finally:
        for row in rows:
            row.stop()
    return cells
