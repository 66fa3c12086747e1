# shellcheck shell=bash
# shellcheck disable=SC2154 # clone, here, qgn come from 4.sh
# The points of "Laws" that concern training, and "Right" for optimisers: scripts of the tests whose
# expectations are the laws, run by the clean clone's program in both precisions.

laws_run() { # script, options...: its output
  local script=$1
  shift
  (cd "$here" && timeout 300 "$qgn" run "$clone/tests/golden/run/$script.qgn" --fresh -q "$@" 2>&1)
}

# A point that holds if the script expects the name, and it holds.
law() { # point, output, name, bound, command
  local line
  line=$(grep -E "^(ok|FAILED) +$3( |\$)" <<<"$2")
  point "$1" "$5" "${line:-not run}" "$4" "$([[ $line == ok* ]] && echo ok || echo no)"
}

group_laws() {
  local double single said
  double=$(laws_run groups)
  single=$(laws_run groups --set precision=single --set tolerance=1e-6)
  law 'per g without clip equals no per, double' "$double" same_as_whole 'difference < 1e-12' 'qgn run tests/golden/run/groups.qgn'
  law 'per g without clip equals no per, single' "$single" same_as_whole 'difference < 1e-6' '... --set precision=single'
  law 'values bound before belong to the minibatch, double' "$double" same_as_whole_bound 'difference < 1e-12' 'the same'
  law 'three groups, one absent, one of one row, by hand, double' "$double" as_by_hand 'difference < 1e-12' 'the same'
  law 'three groups, one absent, one of one row, by hand, single' "$single" as_by_hand 'difference < 1e-6' '... --set precision=single'
  law 'order and names of groups change nothing' "$single" same_under_other_names 'equal bits' 'the same'
  law 'norms after clipping, double' "$double" within_the_bound '<= c (1 + 1e-6)' 'qgn run tests/golden/run/groups.qgn'
  law 'norms after clipping, single' "$single" within_the_bound '<= c (1 + 1e-6)' '... --set precision=single'
  said=$(grep -E '^by_hand\.(missing_groups|clipped)' <<<"$double" | tr -s ' \n' ' ')
  point 'absent groups are counted, the share of clipped ones is recorded' 'the same' "$said" '3 absent, 1/3 clipped' \
    "$([[ $said == *'missing_groups 3'*'0.33333'* ]] && echo ok || echo no)"
}

group_laws_across() {
  local out bad
  out=$(laws_run groups_across)
  bad=$(grep -c '^FAILED' <<<"$out")
  point 'per through a value bound before another grouped minimize' 'qgn run tests/golden/run/groups_across.qgn' \
    "$(grep -c '^ok' <<<"$out") laws hold, $bad do not" 'difference < 1e-12' "$([ "$bad" = 0 ] && grep -q '^ok' <<<"$out" && echo ok || echo no)"
}

group_laws_said() {
  local name said
  for name in per_sum per_mixed per_batchnorm; do
    said=$("$qgn" check "$clone/tests/bad/train/$name.qgn" 2>&1 | grep -o 'warning\[W0406\]' | head -1)
    point "per with a loss that is no mean over rows: $name" "qgn check tests/bad/train/$name.qgn" "${said:-nothing}" 'W0406' \
      "$([ -n "$said" ] && echo ok || echo no)"
  done
}

group_optimisers() {
  local name out bad
  for name in optimizers optimizers_single; do
    out=$(laws_run $name)
    bad=$(grep -c '^FAILED' <<<"$out")
    point "optimisers and schedules as PyTorch over 10 steps: $name" "qgn run tests/golden/run/$name.qgn" \
      "$(grep -c '^ok' <<<"$out") agree, $bad do not" "$([ $name = optimizers ] && echo 1e-12 || echo 1e-5), none differs" \
      "$([ "$bad" = 0 ] && grep -q '^ok' <<<"$out" && echo ok || echo no)"
  done
}

# Wrong scripts end with their code, and training with a value that is not finite ends with 4.
group_training_refused() {
  local name code want said
  while read -r name want code; do
    said=$(cd "$here" && "$qgn" "$([ "$code" = E0601 ] && echo run || echo check)" "$clone/tests/bad/train/$name.qgn" -q 2>&1)
    local status=$?
    point "bad input: $name" "tests/bad/train/$name.qgn" "status $status, $(grep -o 'error\[E[0-9]*\]' <<<"$said" | head -1), $(grep -c '┌─' <<<"$said") places" \
      "status $want, $code, a place" "$([ $status = "$want" ] && grep -q "error\[$code\]" <<<"$said" && grep -q '┌─' <<<"$said" && echo ok || echo no)"
  done <<'END'
optimizer_no_weights 2 E0412
optimizers_share 2 E0402
optimizer_twice 2 E0402
optimizer_argument 2 E0206
nan_loss 4 E0601
nan_gradient 4 E0601
nan_before 4 E0601
nan_group 4 E0601
nan_search 4 E0601
nan_weights 4 E0601
nan_weights_last 4 E0601
END
}
