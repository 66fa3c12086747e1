#!/usr/bin/env python3
"""Runs the studies of the examples again and writes their result files, from which `make results` makes docs/results.md.

    tools/studies.py [--old] [--fresh] [NAME ...]

examples/studies.tsv lists them. NAME is a result file's name (`repfair/arms-study`) or a part of several (`repfair`); without one all
are run, one after another, each in one process and on one thread; together some hours. What was interrupted goes on where it was,
what is complete is only collected: runs and their memo lie in build/studies/, in a folder for each example, so nothing comes
from a run of something else, and each training counts in the `seconds` of the study that needed it first. --fresh empties
that folder first; --old takes only studies whose committed result is missing, of another script or of another number of numerics.

Of each study one line says whether its numbers are those of the committed file, or the first that differs.
Environment: QGN, the program (build/qgn); RESULTS_ROOT, another project folder, for tests."""
import glob
import json
import os
import shutil
import subprocess
import sys

from results import QGN, ROOT, fail, first_difference, numbers, numerics, qgn, read_table

WORK = os.path.join(ROOT, "build", "studies")


def studies():
    for name, script, sets in read_table("studies.tsv", ["result file", "script", "settings"]):
        yield name, script, sets.split()


def committed(name):
    example, result = name.split("/")
    path = os.path.join(ROOT, "examples", example, "results", result + ".json")
    return path, json.load(open(path, encoding="utf-8")) if os.path.exists(path) else None


def is_present(one, script):
    """The result is of the script as it is, and of the present number of numerics."""
    status, text, _ = qgn("dump", "--hash", script)
    return one and status == 0 and one["lock"]["statements"] == text.strip() and one["lock"]["numerics"] == numerics()


def copy_of(example, fresh):
    """The example's folder, with copies of its scripts: a run is not disturbed by later edits."""
    work = os.path.join(WORK, example)
    if fresh:
        shutil.rmtree(work, ignore_errors=True)
    to = os.path.join(work, "examples", example)
    os.makedirs(to, exist_ok=True)
    source = os.path.join(ROOT, "examples", example)
    for file in os.listdir(source):
        if file.endswith(".qgn") or file == "qgn.lock":
            shutil.copy(os.path.join(source, file), to)
    return work


def trained(work, one):
    """Seconds of all training under the settings of this run in the work folder: also of an earlier form of the script, whose
    trains the present one then took from the memo."""
    total, name = 0.0, os.path.splitext(os.path.basename(one["script"]))[0]
    for run in glob.glob(os.path.join(work, "runs", "*-*")):
        lock = json.load(open(os.path.join(run, "qgn.lock"), encoding="utf-8"))
        if os.path.basename(run).rsplit("-", 1)[0] not in (name, one["results"]["run"]) or lock["sets"] != one["lock"]["sets"]:
            continue
        for path in glob.glob(os.path.join(run, "**", "timing.jsonl"), recursive=True):
            lines = [json.loads(line) for line in open(path, encoding="utf-8")]
            total += sum(line["seconds"] for line in lines if not line["loaded"])
    return total


def run(name, script, sets, fresh):
    example = name.split("/")[0]
    work = copy_of(example, fresh)
    words = [QGN, "run", f"examples/{example}/{script}", "--threads", "1", "-q", "--resume"]
    for s in sets:
        words += ["--set", s]
    here = dict(os.environ, XDG_CACHE_HOME=os.path.join(work, "cache"))
    done = subprocess.run(["nice", "-n", "19", *words], cwd=work, env=here, capture_output=True, text=True)
    if done.returncode != 0:
        print(f"FAIL  {name}: status {done.returncode}\n{done.stderr}", flush=True)
        return 1
    shown = subprocess.run([QGN, "show", "--json", "runs/latest"], cwd=work, env=here, capture_output=True, text=True)
    lines = shown.stdout.splitlines(keepends=True)
    lines[1] = f'"script": "examples/{example}/{script}",\n'
    again = json.loads("".join(lines))
    again["times"]["training_seconds"] = round(trained(work, again), 3)
    lines[-2:] = [f'"times": {json.dumps(again["times"])}\n', "}\n"]
    path, before = committed(name)
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, "w", encoding="utf-8") as f:
        f.writelines(lines)
    at = first_difference(numbers(before), numbers(again)) if before else None
    print(f"{'new   ' if not before else 'other ' if at else 'same  '}{name}{': ' + at if at else ''}", flush=True)
    return 0


def main():
    options = {w for w in sys.argv[1:] if w.startswith("--")}
    names = [w for w in sys.argv[1:] if not w.startswith("--")]
    if options - {"--old", "--fresh"}:
        fail(f"no such option: {', '.join(sorted(options - {'--old', '--fresh'}))}")
    bad, emptied, whole = 0, set(), {name for name, _, _ in studies()}
    for name, script, sets in studies():
        example = name.split("/")[0]
        path = os.path.join(ROOT, "examples", example, script)
        named = not names or any(n == name if n in whole else n in name for n in names)
        if not named or "--old" in options and is_present(committed(name)[1], path):
            continue
        bad += run(name, script, sets, "--fresh" in options and example not in emptied)
        emptied.add(example)
    sys.exit(1 if bad else 0)


main()
