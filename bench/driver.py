"""Runs qgn and the peers in turn, several rounds, and writes RESULTS.md and results.json beside this file.

In every round each system runs once in its own process, one after another, so that whatever else the machine does falls on
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

from bench import qgn_side
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
    changed = subprocess.run(["git", "status", "--porcelain", "--untracked-files=no", "--", ".", ":!bench/RESULTS.md",
                              ":!bench/results.json"], cwd=ROOT, capture_output=True, text=True).stdout.strip()
    return output_of("git", "rev-parse", "--short=12", "HEAD") + (" with uncommitted changes" if changed else "")


def figure(x):
    """Three digits or more that matter, without exponents."""
    return f"{x:.{max(0, 3 - len(str(int(x))))}f}" if x >= 1 else f"{x:.4f}"


def table(rows):
    """The rows as Markdown, ordered as measured; ratios to the faster qgn row."""
    own = [r["summary"]["ms_per_step_median"] for r in rows if r["key"].startswith("qgn") and "failed" not in r["summary"]]
    columns = ("system", "threads", "ms per step, median", "minimum", "ratio to qgn", "steps", "compile s", "start s", "peak MB",
               "cores used")
    lines = ["| " + " | ".join(columns) + " |", "| --- |" + " ---: |" * (len(columns) - 1)]
    for r in rows:
        s = r["summary"]
        if "failed" in s:  # the reason stands where the figures would
            lines.append(f"| {r['title']} | {r['threads']} | {s['failed'].replace('|', '/')} | | | | | | | |")
            continue
        ratio = f"{s['ms_per_step_median'] / min(own):.2f}" if own else "-"
        lines.append(f"| {r['title']} | {r['threads']} | {figure(s['ms_per_step_median'])} | {figure(s['ms_min'])} | {ratio} "
                     f"| {s['n']} | {s['compile_s']:.2f} | {s['start_s']:.2f} | {s['peak_mb']:.0f} | {s['cores_used']:.2f} |")
    return lines


def report(results):
    """RESULTS.md from results.json's content."""
    m = results["machine"]
    lines = [
        "# Results of `make bench`", "",
        f"- Machine: {m['cpu']} ({m['simd']}), {m['cores']} cores, {m['os']}, load before the run {m['load_before']}",
        f"- qgn: {results['qgn']}; commit {results['commit']}, {results['date']}",
        "- Peers: " + ", ".join(f"{n} {v}" for p in results["peers"].values() if p["ok"] for n, v in p["versions"].items())
        + f"; Python {m['python']}",
        f"- Command: `{results['command']}`", "",
        "Every round runs each system once, in turn, in a process of its own. Median: of the rounds' medians; minimum: the "
        "fastest block of all rounds. Ratios are of medians, to the faster row of qgn; on a shared machine those below 1.5 mean little. "
        "Raw figures: `results.json`; what is measured and how: `README.md`.",
    ]
    for w in results["workloads"]:
        lines += ["", f"## W{w['name']}: {w['title']}", "", *table(w["rows"])]
    return "\n".join(lines) + "\n"


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--workloads", default="1")
    parser.add_argument("--peers", choices=["default", "all"], default="default")
    parser.add_argument("--repeat", type=int, default=3)
    args = parser.parse_args()
    groups = ("default",) if args.peers == "default" else ("default", "all")

    peers = load_peers()
    results = {
        "command": f"make bench W={args.workloads} PEERS={args.peers} REPEAT={args.repeat}",
        "machine": machine(), "peers": peers,
        "qgn": output_of(qgn_side.QGN, "--version"),
        "commit": commit(),
        "date": output_of("git", "show", "-s", "--format=%cs", "HEAD"),
        "workloads": [],
    }
    for name in args.workloads.split(","):
        workload = importlib.import_module(f"bench.w{name}.workload")
        rows = measure(workload, peers, groups, args.repeat)
        results["workloads"].append({"name": name, "title": workload.TITLE, "rows": rows})
    (HERE / "results.json").write_text(json.dumps(results, indent=1) + "\n")
    (HERE / "RESULTS.md").write_text(report(results))
    print("bench: wrote bench/RESULTS.md and bench/results.json", file=sys.stderr)


if __name__ == "__main__":
    main()
