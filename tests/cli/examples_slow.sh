#!/usr/bin/env bash
# The studies beside the examples, in their quick tier.
# shellcheck source=tests/cli/lib.bash
. "$(dirname "$0")/lib.bash"
cp -R "$QGN_ROOT/examples/repfair" repfair
must "$QGN" run --fresh -q repfair
must "$QGN" run --fresh -q repfair/arms.qgn
finish
