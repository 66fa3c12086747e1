#!/usr/bin/env bash
# Five generative models of digits: every script of examples/syndicate in its quick tier, on drawn digits.
# shellcheck source=tests/cli/lib.bash
. "$(dirname "$0")/lib.bash"
cp -R "$QGN_ROOT/examples/syndicate" syndicate
# Sweeps train the same models again, which under sanitizers takes ten minutes.
optional 'sweeps take too long under sanitizers' is_plain && sweeps=1
for script in syndicate/*.qgn; do
  [ -n "${sweeps:-}" ] || ! grep -q '^ *sweep ' "$script" || continue
  [ "${script##*/}" = parts.qgn ] || must "$QGN" run --fresh -q "$script" --deny warnings >"${script%.qgn}.txt"
done
finish
