"""Makes build/bench-env and installs the peers of peers.txt into it, each on its own.

Standard library only: it runs under the system's python3, before the environment exists. What came of every peer is
written to build/bench-env/peers.json: {name: {"versions": {...}, "ok": bool, "reason": "..."}}. A peer that cannot be
installed or imported is no error here: it becomes a row of the results.
"""

import argparse
import json
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
ENV = ROOT / "build" / "bench-env"
PYTHON = ENV / "bin" / "python"
LOGS = ROOT / "build" / "bench-log"


def read_peers(path):
    """The lines of peers.txt as (group, name, import name, requirements)."""
    peers = []
    for line in path.read_text().splitlines():
        words = line.split("#", 1)[0].split()
        if words:
            peers.append((words[0], words[1], words[2], words[3:]))
    return peers


def installed_versions(requirements):
    """Versions the environment holds, by distribution name; None for what is missing."""
    names = [r.split("==")[0] for r in requirements]
    code = (
        "import json,sys\nfrom importlib.metadata import version,PackageNotFoundError\n"
        "def v(n):\n try: return version(n)\n except PackageNotFoundError: return None\n"
        "print(json.dumps({n: v(n) for n in sys.argv[1:]}))"
    )
    done = subprocess.run([PYTHON, "-c", code, *names], capture_output=True, text=True, check=True)
    return json.loads(done.stdout)


def last_words(text):
    """The line of a failed command's output that says why: the last error line, or the last line at all."""
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    errors = [line for line in lines if line.lower().startswith("error") or "Error:" in line]
    return (errors or lines or ["no output"])[-1].replace(str(ROOT), ".")[:300]


def install(name, module, requirements, constraints):
    """Installs and imports one peer; returns its entry for peers.json."""
    wanted = dict(r.split("==") for r in requirements)
    if installed_versions(requirements) != wanted:
        print(f"bench: installing {' '.join(requirements)}", file=sys.stderr, flush=True)
        pip = [PYTHON, "-m", "pip", "install", "--disable-pip-version-check", "-c", constraints, *requirements]
        done = subprocess.run(pip, capture_output=True, text=True)
        (LOGS / f"{name}.log").write_text(done.stdout + done.stderr)
        if done.returncode != 0:
            return {"ok": False, "versions": wanted, "reason": last_words(done.stderr)}
    # A package may install and still not import, for want of something it does not name among its requirements.
    done = subprocess.run([PYTHON, "-c", f"import {module}"], capture_output=True, text=True)
    if done.returncode != 0:
        return {"ok": False, "versions": wanted, "reason": "import fails: " + last_words(done.stderr)}
    return {"ok": True, "versions": installed_versions(requirements), "reason": ""}


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--peers", choices=["default", "all"], default="default")
    groups = {"default": ["default"], "all": ["default", "all"]}[parser.parse_args().peers]

    LOGS.mkdir(parents=True, exist_ok=True)
    if not PYTHON.exists():
        done = subprocess.run([sys.executable, "-m", "venv", ENV], capture_output=True, text=True)
        if done.returncode != 0:
            sys.exit("bench: cannot make a Python environment; on Debian: apt-get install -y python3-venv\n"
                     + done.stdout + done.stderr)

    peers = read_peers(Path(__file__).with_name("peers.txt"))
    constraints = LOGS / "constraints.txt"
    constraints.write_text("".join(f"{r}\n" for peer in peers for r in peer[3]))
    state = {}
    for group, name, module, requirements in peers:
        if group in groups:
            state[name] = install(name, module, requirements, constraints)
            if not state[name]["ok"]:
                print(f"bench: {name} is not installed: {state[name]['reason']}", file=sys.stderr, flush=True)
    (ENV / "peers.json").write_text(json.dumps(state, indent=1) + "\n")


if __name__ == "__main__":
    main()
