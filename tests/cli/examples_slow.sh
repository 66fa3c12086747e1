#!/usr/bin/env bash
# The studies beside the examples, in their quick tier.
# shellcheck source=tests/cli/lib.bash
. "$(dirname "$0")/lib.bash"
# Sweeps train the same models again, which under sanitizers takes minutes.
optional 'sweeps take too long under sanitizers' is_plain && sweeps=1
for name in gaussian repfair augment; do
  cp -R "$QGN_ROOT/examples/$name" "$name"
  for script in "$name"/*.qgn; do
    [ -n "${sweeps:-}" ] || [ "${script##*/}" = main.qgn ] || ! grep -q '^ *sweep ' "$script" || continue
    [ "${script##*/}" = parts.qgn ] || must "$QGN" run --fresh -q "$script" --set tier=quick --deny warnings >"${script%.qgn}.txt"
  done
done
finish
