#!/bin/sh
# `make install`: the program, its library and examples, manual pages and what shells need to complete, below the folder
# given.
set -eu
cd "$(dirname "$0")/.."
to=$1
qgn=build/release/qgn
share=$to/share
for folder in "$to/bin" "$share/qgn/stdlib" "$share/qgn/examples" "$share/man/man1" "$share/man/man5" "$share/man/man7" \
  "$share/bash-completion/completions" "$share/zsh/site-functions" "$share/fish/vendor_completions.d"; do
  install -d "$folder"
done
install -m 755 $qgn "$to/bin/qgn"
cp -R stdlib/. "$share/qgn/stdlib/"
cp -R examples/. "$share/qgn/examples/"
for page in $($qgn man pages); do
  $qgn man "$page" >"$share/man/man${page##*.}/$page"
done
$qgn completion bash >"$share/bash-completion/completions/qgn"
$qgn completion zsh >"$share/zsh/site-functions/_qgn"
$qgn completion fish >"$share/fish/vendor_completions.d/qgn.fish"
