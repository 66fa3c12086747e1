#!/bin/sh
# make bench: installs the peers, then measures qgn and the peers in turn and writes bench/RESULTS.md and bench/wN/results.json.
#
#   W=1            workloads, separated by commas (default: all there are)
#   PEERS=default  default or all (see peers.txt)
#   REPEAT=3       rounds; every round runs each system once, in turn
set -eu
cd "$(dirname "$0")/.."

W=${W:-$(for w in bench/w[0-9]*; do [ -f "$w/workload.py" ] && echo "${w#bench/w}"; done | sort -n | paste -sd,)}
PEERS=${PEERS:-default}
REPEAT=${REPEAT:-3}

fail() {
  echo "bench: $1" >&2
  exit 2
}

for w in $(echo "$W" | tr ',' ' '); do
  [ -f "bench/w$w/workload.py" ] ||
    fail "there is no workload $w; there are:$(ls -d bench/w[0-9]* | sed 's,bench/w, ,' | tr -d '\n')"
done
case $PEERS in
default | all) ;;
*) fail "PEERS is default or all, not '$PEERS'" ;;
esac
case $REPEAT in
'' | *[!0-9]* | 0*) fail "REPEAT is a whole number from 1, not '$REPEAT'" ;;
esac
command -v python3 >/dev/null 2>&1 ||
  fail "the peers are Python: install python3 and its venv module (Debian: apt-get install -y python3-venv)"
python3 -c 'import venv, ensurepip' 2>/dev/null ||
  fail "python3 is here without its venv module (Debian: apt-get install -y python3-venv)"

python3 bench/install.py --peers "$PEERS"
exec build/bench-env/bin/python -m bench.driver --workloads "$W" --peers "$PEERS" --repeat "$REPEAT"
