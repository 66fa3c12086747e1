#!/usr/bin/env python3
"""Edges of lang/ that programs reached, from what they left under UBSAN_OPTIONS=coverage=1 (clang -fsanitize-coverage=
trace-pc-guard,no-prune). The programs share their objects: an edge is one place of one function, wherever that was linked.

    python3 tools/edges.py FOLDER PROGRAM ...     prints one line, and the files with the most that is not reached
"""
import bisect
import collections
import glob
import json
import os
import re
import shutil
import subprocess
import sys

SANCOV = next(filter(shutil.which, ["sancov", "sancov-14", "sancov-15", "sancov-16"]), "sancov")


def functions(program):
    lines = subprocess.run(["nm", "-n", "-S", program], capture_output=True, text=True, check=True).stdout.splitlines()
    words = (line.split() for line in lines)
    return [(int(w[0], 16), w[3], w[1]) for w in words if len(w) == 4 and w[2] in "tTwW"]


def edges_of(program, dump):
    """For each edge: (function, its size, offset), the file, and whether it was reached."""
    said = subprocess.run([SANCOV, "-symbolize", dump, program], capture_output=True, text=True, check=True).stdout
    report, table = json.loads(said), functions(program)
    begins, reached = [f[0] for f in table], set(report["covered-points"])
    for file, inside in report["point-symbol-info"].items():
        short = re.sub(r".*/(lang|build/gen)/", r"\1/", file)
        for points in inside.values():
            for point in points:
                at = int(point, 16)
                i = bisect.bisect_right(begins, at) - 1
                if i >= 0:
                    yield (table[i][1], table[i][2], at - begins[i]), short, point in reached


def main():
    folder, programs = sys.argv[1], sys.argv[2:]
    files, reached = collections.defaultdict(collections.Counter), set()
    edges = set()
    for program in programs:
        for dump in glob.glob(f"{folder}/{os.path.basename(program)}.*.sancov"):
            for edge, file, hit in edges_of(program, dump):
                edges.add(edge)
                files[edge[:2]][file] += 1
                if hit:
                    reached.add(edge)
    total, hits = collections.Counter(), collections.Counter()
    for edge in edges:  # what is inlined from a header counts for the file of its function
        file = max(files[edge[:2]], key=lambda f: (f.endswith(".c"), files[edge[:2]][f], f))
        if file.startswith("lang/"):
            total[file] += 1
            hits[file] += edge in reached
    n, m = sum(hits.values()), sum(total.values())
    print(f"{n} of {m} edges, {100 * n / m:.1f} %")
    for file in sorted(total, key=lambda f: hits[f] - total[f])[:20]:
        print(f"  {file} {hits[file]} of {total[file]}", file=sys.stderr)


main()
