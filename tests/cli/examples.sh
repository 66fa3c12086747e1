#!/usr/bin/env bash
# The examples that state what must come out: run as they stand, every `expect` holds.
# shellcheck source=tests/cli/lib.bash
. "$(dirname "$0")/lib.bash"
for name in h2 ising qaoa penalty report; do
  cp -R "$QGN_ROOT/examples/$name" "$name"
  must "$QGN" run --fresh -q "$name"
done
finish
