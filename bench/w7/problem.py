"""What W7 measures: the outputs of bench/circuit/problem.py as means over shots."""

SHOTS = 1024
