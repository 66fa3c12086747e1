#!/usr/bin/env bash
# Five generative models of digits: every script of examples/syndicate in its quick tier, on drawn digits.
# shellcheck source=tests/cli/lib.bash
. "$(dirname "$0")/lib.bash"
cp -R "$QGN_ROOT/examples/syndicate" syndicate
for script in syndicate/*.qgn; do
  # Sweeps train the same models again, which under sanitizers takes ten minutes.
  [[ $MODE != *san ]] || ! grep -q '^ *sweep ' "$script" || continue
  [ "${script##*/}" = parts.qgn ] || must "$QGN" run --fresh -q "$script" --deny warnings >"${script%.qgn}.txt"
done
finish
