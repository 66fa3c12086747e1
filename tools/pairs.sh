#!/usr/bin/env bash
# A line for every pair of operators of grammar/qgn.y, in the order of its table: of two binary ones, of a unary
# and a binary one in both orders, of two unary ones. tests/golden/parse/precedence_pairs.qgn is this text, and
# `dump --ast` of it shows how each binds (E0001 where two do not chain); tools/lint.sh compares.
#
#   bash tools/pairs.sh > tests/golden/parse/precedence_pairs.qgn
set -u
cd "$(dirname "$0")/.." || exit 2
binary=$(sed -nE 's/^%(left|nonassoc|right) //p' grammar/qgn.y | tr -d "\"'" | tr '\n' ' ')
unary="not -"
# shellcheck disable=SC2086 # several words on purpose
{
  set -f
  echo '# Every pair of operators: made by tools/pairs.sh.'
  for one in $binary; do
    for two in $binary; do echo "v = a $one b $two c"; done
  done
  for one in $unary; do
    for two in $binary; do echo "v = $one a $two b"; done
    for two in $binary; do echo "v = a $two $one b"; done
    for two in $unary; do echo "v = $one $two a"; done
  done
}
