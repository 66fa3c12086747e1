#!/usr/bin/env bash
# The core scripts of the documents on images, in their quick tier, on MNIST, where it is found.
# shellcheck source=tests/cli/lib.bash
. "$(dirname "$0")/lib.bash"
[ -d "${QGN_DATA:-}/mnist" ] || exit 77
for name in repfair augment; do
  cp -R "$QGN_ROOT/examples/$name" "$name"
  must "$QGN" run --fresh -q "$name" --set tier=quick --set images=mnist --deny warnings >"$name.txt"
done
finish
