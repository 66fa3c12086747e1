"""What every measured peer has in common: threads, timing, the JSON line, and the probe used by agree.py.

A peer's script calls `threads()` before it imports its library, defines a class with the methods below, and ends with
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
