#!/usr/bin/env bash
# Formats the C files of the tree (fmt), or only says which are not formatted (fmt-check).
set -u
cd "$(dirname "$0")/.." || exit 2
if ! command -v clang-format >/dev/null; then
  echo "fmt: clang-format is not here, nothing was looked at"
  [ "${1:-}" = fmt-check ]
  exit
fi
files=()
while IFS= read -r f; do files+=("$f"); done < <(find lang runtime tests -name '*.[ch]' | LC_ALL=C sort)
case ${1:-} in
fmt) clang-format -i "${files[@]}" ;;
fmt-check) clang-format --dry-run -Werror "${files[@]}" ;;
*) echo "usage: fmt.sh fmt|fmt-check" >&2; exit 2 ;;
esac
