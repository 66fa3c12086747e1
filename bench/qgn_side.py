"""How qgn itself is measured: one run of a script in a fresh folder, read back from the timing file of the run folder."""

import json
import os
import shutil
import subprocess
import threading
import time

from bench.harness import ROOT

QGN = ROOT / "build" / "qgn"
RUNS = ROOT / "build" / "bench-runs"


def train_timing(path, train):
    """(steps, seconds) of one train from timing.jsonl, summed over its lines; seconds cover the training loop alone."""
    steps, seconds = 0, 0.0
    for line in path.read_text().splitlines():
        entry = json.loads(line)
        if entry.get("train") == train and "steps" in entry and "seconds" in entry:
            steps += entry["steps"]
            seconds += entry["seconds"]
    if steps <= 0 or seconds <= 0:
        raise ValueError(f"{path.name} has no steps and seconds for train {train}")
    return steps, seconds


def run(script, train, threads, sets=(), limit=None):
    """One run as a harness-like entry, or {"failed": reason}. Never a made-up number: without a run there is a reason.
    `sets` are NAME=VALUE for --set; after `limit` seconds it is stopped."""
    if not os.access(QGN, os.X_OK):
        return {"failed": "not built (build/qgn is missing; run make)"}
    shutil.rmtree(RUNS, ignore_errors=True)
    RUNS.mkdir(parents=True)
    command = [QGN, "run", ROOT / script, "--fresh", "--threads", str(threads), "-q"]
    for change in sets:
        command += ["--set", change]
    begin = time.perf_counter()
    with open(RUNS / "stderr", "w+") as err:
        child = subprocess.Popen(command, cwd=RUNS, stdout=subprocess.DEVNULL, stderr=err)
        timer = threading.Timer(limit, child.kill) if limit else None
        if timer:
            timer.start()
        _, status, usage = os.wait4(child.pid, 0)
        if timer:
            timer.cancel()
        wall = time.perf_counter() - begin
        child.returncode = os.waitstatus_to_exitcode(status)
        err.seek(0)
        said = err.read().strip().splitlines()
    if child.returncode == -9 and limit and wall >= limit:
        return {"failed": f"over {limit} s", "slow": True}
    if child.returncode != 0:
        return {"failed": f"exit status {child.returncode}: {said[0] if said else 'no message'}"}
    try:
        steps, seconds = train_timing(RUNS / "runs" / "latest" / "timing.jsonl", train)
    except OSError as error:
        return {"failed": f"its run folder has no timing.jsonl ({error.strerror})"}
    except ValueError as error:
        return {"failed": f"no timing: {error}"}
    ms = seconds / steps * 1e3
    return {
        "ms_per_step_median": ms, "ms_min": ms, "n": steps, "threads": threads, "compile_s": 0.0,
        "start_s": round(wall - seconds, 3), "peak_mb": round(usage.ru_maxrss / 1024, 1),
        "cores_used": round((usage.ru_utime + usage.ru_stime) / wall, 2),
        "note": "start: everything outside the training loop, the end of the run included",
    }
