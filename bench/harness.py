"""What every measured peer has in common: threads, timing, the JSON line, and the probe used by agree.py.

There are two forms of workload. In one (W1) every round starts each system in a process of its own (`main` below), since what
is compared is a training loop with its start. In the other (W2, W3: a `Peer` class and `serve`, at the end) a workload has
many cells, such as sizes; a system's process stays, so that each cell is compiled once, and is asked cell by cell.

In the first form a peer's script calls `threads()` before it imports its library, defines a class with the methods below, and ends with
`harness.main(TheClass)`.

    setup(weights)      builds the training state from numpy float32 weights
    compile()           makes the step ready to run; returns the seconds that took, 0 where nothing is compiled
    block(n)            runs n steps with fresh noise each and returns when they are done
    probe(noise)        one step with the given noise, through the same code as block: losses, gradients, new weights
    BLOCK               steps per timed block: 1 where a step is slow, many where a clock reading would show
    NOTE                a few words for the table

The process prints one JSON line. Times per step are those of whole blocks, so a peer that queues its work ahead may do so.
"""

import argparse
import json
import os
import resource
import statistics
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]


def threads():
    """Threads this process may use (BENCH_THREADS), told to every library by its own variable. Call before imports."""
    n = int(os.environ.get("BENCH_THREADS", "2"))
    for name in ("NPROC", "OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
        os.environ[name] = str(n)
    os.environ["JAX_PLATFORMS"] = "cpu"
    if n == 1:
        os.environ["XLA_FLAGS"] = "--xla_cpu_multi_thread_eigen=false"
    return n


def seconds_since_start():
    """Seconds since this process was started, interpreter and imports included (resolution 10 ms)."""
    with open("/proc/self/stat") as f:
        started = int(f.read().rsplit(")", 1)[1].split()[19]) / os.sysconf("SC_CLK_TCK")
    with open("/proc/uptime") as f:
        return float(f.read().split()[0]) - started


def measure(system, budget, least):
    """Timed blocks for about `budget` seconds, at least `least` of them, after one block that is not counted."""
    system.block(system.BLOCK)
    times = []
    cpu = time.process_time()
    begin = time.perf_counter()
    while len(times) < least or time.perf_counter() - begin < budget:
        t = time.perf_counter()
        system.block(system.BLOCK)
        times.append((time.perf_counter() - t) / system.BLOCK * 1e3)
    wall = time.perf_counter() - begin
    return times, (time.process_time() - cpu) / wall


def main(system_class, weights):
    """Runs a peer as a command: measures it, or with --probe writes what one step gives."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--name", default=system_class.__module__)
    parser.add_argument("--seconds", type=float, default=3.0)
    parser.add_argument("--least", type=int, default=3)
    parser.add_argument("--probe", nargs=2, metavar=("IN.npz", "OUT.npz"))
    args, rest = parser.parse_known_args()

    system = system_class(*rest)
    if args.probe:
        import numpy as np

        given = dict(np.load(args.probe[0]))
        system.setup({k[2:]: v for k, v in given.items() if k.startswith("w/")})
        np.savez(args.probe[1], **system.probe({k[2:]: v for k, v in given.items() if k.startswith("n/")}))
        return

    system.setup(weights())
    start = seconds_since_start()
    compiled = system.compile()
    times, cores = measure(system, args.seconds, args.least)
    print(json.dumps({
        "system": args.name,
        "threads": int(os.environ.get("BENCH_THREADS", "2")),
        "ms_per_step_median": statistics.median(times),
        "ms_min": min(times),
        "n": len(times) * system.BLOCK,
        "compile_s": round(compiled, 3),
        "start_s": round(start, 3),
        "peak_mb": round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024, 1),
        "cores_used": round(cores, 2),
        "note": system.NOTE,
    }))


# ---- workloads with cells ------------------------------------------------------------------------

MEMORY = 10 << 30  # bytes a serving peer may ask for: on a shared machine running out of memory kills others


def blocks(peer, budget):
    """Milliseconds per step of timed blocks; a block has as many steps as take 1 ms, so that a clock reading does not show."""
    begin = time.perf_counter()
    peer.step()
    once = time.perf_counter() - begin
    if once > budget:
        return [once * 1e3]
    steps = max(1, int(1e-3 / once))
    times = []
    while len(times) < 3 or time.perf_counter() - begin < budget:
        t = time.perf_counter()
        for _ in range(steps):
            peer.step()
        times.append((time.perf_counter() - t) / steps * 1e3)
    return times


def serve(peer_class):
    """Runs a peer of a workload with cells. peer_class(cell, *args) makes a cell ready, step() is one evaluation, finished when
    it returns, answer() one as {"loss", "w", "x"} for agree.py. Reads a JSON line {"cell", "budget"} for each request and
    writes one: {"ms": [...]}, or {"failed": reason}; with "probe" in place of "budget" the answer goes into that file."""
    resource.setrlimit(resource.RLIMIT_DATA, (MEMORY, MEMORY))
    out = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)  # what libraries print goes elsewhere
    args, made, cell_of_made = sys.argv[1:], None, None
    for line in sys.stdin:
        ask = json.loads(line)
        try:
            if ask["cell"] != cell_of_made:
                made = None
                made, cell_of_made = peer_class(ask["cell"], *args), ask["cell"]
                begin = time.perf_counter()
                made.step()
                first = time.perf_counter() - begin
            if "probe" in ask:
                import numpy as np

                np.savez(ask["probe"], **{k: np.asarray(v) for k, v in made.answer().items()})
                reply = {}
            else:
                reply = {"ms": blocks(made, ask["budget"]), "first_s": round(first, 3),
                         "peak_mb": round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024, 1)}
        except Exception as error:  # a cell that fails is a reason in the table, and the next one may work
            made = cell_of_made = None
            reply = {"failed": f"{type(error).__name__}: {str(error).splitlines()[0][:200] if str(error) else ''}"}
        print(json.dumps(reply), file=out, flush=True)
