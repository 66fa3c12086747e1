"""Runs qgn and the peers in turn, several rounds, and writes wN/results.json of each workload and RESULTS.md of all there are.

Workloads whose module has CELLS are measured by cells.py; of the others what follows is true. In every round each system runs once in its own process, one after another, so that whatever else the machine does falls on
all alike. A row's figure is the median over rounds of each round's median; its minimum is the smallest block of all rounds.
"""

import argparse
import importlib
import json
import os
import platform
import statistics
import subprocess
import sys
import time

from bench import cells, figure, qgn_side, tables
from bench.harness import ROOT

HERE = ROOT / "bench"
LIMIT = 600  # seconds one run of one peer may take


def load_peers():
    """What install.py found: {peer: {"ok", "versions", "reason"}}."""
    return json.loads((ROOT / "build" / "bench-env" / "peers.json").read_text())


def reason_missing(system, peers):
    """Why a system cannot run, or None."""
    for peer in system.peers:
        state = peers.get(peer)
        if state is None:
            return f"not installed: {peer} belongs to PEERS=all"
        if not state["ok"]:
            return f"not installed: {peer}: {state['reason']}"
    return None


def run_peer(system):
    """One run of a peer's script: the JSON it prints, or {"failed": reason}."""
    command = [sys.executable, "-m", system.module, *system.args, "--name", system.key, "--seconds", str(system.seconds)]
    env = dict(os.environ, BENCH_THREADS=str(system.threads))
    try:
        done = subprocess.run(command, cwd=ROOT, env=env, capture_output=True, text=True, timeout=LIMIT)
    except subprocess.TimeoutExpired:
        return {"failed": f"stopped after {LIMIT} s"}
    if done.returncode != 0:
        said = done.stderr.strip().splitlines()
        return {"failed": f"exit status {done.returncode}: {said[-1].replace(str(ROOT), '.')[:300] if said else 'no message'}"}
    return json.loads(done.stdout.strip().splitlines()[-1])


def summary(runs):
    """Several runs of one system as one entry; the first failure stands for all."""
    failed = [r["failed"] for r in runs if "failed" in r]
    if failed:
        return {"failed": failed[0]}
    entry = {k: statistics.median(r[k] for r in runs)
             for k in ("ms_per_step_median", "compile_s", "start_s", "peak_mb", "cores_used")}
    entry["ms_min"] = min(r["ms_min"] for r in runs)
    entry["n"] = sum(r["n"] for r in runs)
    entry["note"] = runs[0]["note"]
    return entry


def measure(workload, peers, groups, repeat):
    """All rows of one workload: [{key, title, threads, runs, summary}], qgn first."""
    rows = [{"key": f"qgn-t{t}", "title": "**qgn**", "threads": t, "runs": [],
             "run": lambda t=t: qgn_side.run(workload.SCRIPT, workload.TRAIN, t)} for t in workload.QGN_THREADS]
    for s in workload.SYSTEMS:
        if s.group in groups:
            missing = reason_missing(s, peers)
            run = (lambda m=missing: {"failed": m}) if missing else (lambda s=s: run_peer(s))
            rows.append({"key": s.key, "title": s.title, "threads": s.threads, "runs": [], "run": run})
    for turn in range(repeat):
        for row in rows:
            if row["runs"] and "failed" in row["runs"][-1]:
                continue
            print(f"bench: round {turn + 1} of {repeat}: {row['key']}", file=sys.stderr, flush=True)
            row["runs"].append(row["run"]())
    for row in rows:
        del row["run"]
        row["summary"] = summary(row["runs"])
    return rows


def output_of(*command):
    """First line a command prints, or "unknown"."""
    try:
        done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    except OSError:
        return "unknown"
    lines = done.stdout.strip().splitlines()
    return lines[0] if done.returncode == 0 and lines else "unknown"


def machine():
    """What the figures depend on and can be said without naming the machine."""
    cpu = "unknown"
    with open("/proc/cpuinfo") as f:
        for line in f:
            if line.startswith("model name"):
                cpu = line.split(":", 1)[1].strip()
                break
    with open("/proc/cpuinfo") as f:
        flags = next((line.split() for line in f if line.startswith("flags")), [])
    simd = next((name for name in ("avx512f", "avx2", "sse4_2") if name in flags), "unknown")
    release = platform.freedesktop_os_release() if sys.platform == "linux" else {}
    return {
        "cpu": cpu, "simd": simd, "cores": len(os.sched_getaffinity(0)), "load_before": round(os.getloadavg()[0], 2),
        "os": f"{release.get('PRETTY_NAME', platform.system())}, kernel {platform.release().split('-')[0]}",
        "python": platform.python_version(),
    }


def commit():
    """The commit measured, and whether the tree had changes beside the results themselves."""
    results = [f":!bench/{name}" for name in ("RESULTS.md", "w*/results.json", "w*/stack.json", "w*/time.*")]
    changed = subprocess.run(["git", "status", "--porcelain", "--untracked-files=no", "--", ".", *results],
                             cwd=ROOT, capture_output=True, text=True).stdout.strip()
    return output_of("git", "rev-parse", "--short=12", "HEAD") + (" with uncommitted changes" if changed else "")


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--workloads", default="1")
    parser.add_argument("--peers", choices=["default", "all"], default="default")
    parser.add_argument("--repeat", type=int, default=3)
    args = parser.parse_args()
    groups = ("default",) if args.peers == "default" else ("default", "all")

    peers = load_peers()
    for name in args.workloads.split(","):
        workload = importlib.import_module(f"bench.w{name}.workload")
        begin = time.perf_counter()
        results = {
            "name": name, "title": workload.TITLE, "command": f"make bench W={name} PEERS={args.peers} REPEAT={args.repeat}",
            "machine": machine(), "peers": peers, "qgn": output_of(qgn_side.QGN, "--version"), "commit": commit(),
            "date": output_of("git", "show", "-s", "--format=%cs", "HEAD"),
        }
        if hasattr(workload, "CELLS"):
            results["cells"] = cells.measure(workload, peers, groups, args.repeat, reason_missing)
        else:
            results["rows"] = measure(workload, peers, groups, args.repeat)
        results["minutes"] = round((time.perf_counter() - begin) / 60, 1)
        (HERE / f"w{name}" / "results.json").write_text(json.dumps(results, indent=1) + "\n")
    (HERE / "RESULTS.md").write_text(tables.report(HERE))
    figure.draw(HERE / "w3")
    print("bench: wrote bench/RESULTS.md and " + ", ".join(f"bench/w{n}/results.json" for n in args.workloads.split(",")),
          file=sys.stderr)


if __name__ == "__main__":
    main()
