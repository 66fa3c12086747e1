#!/usr/bin/env bash
# tools/data.sh against a server on localhost: fetched, already there, resumed, truncated, wrong, missing; by curl and,
# where it is there, by wget.
# shellcheck source=tests/cli/lib.bash
. "$(dirname "$0")/lib.bash"
mkdir -p site bin
head -c 50000 /dev/zero | tr '\0' 'a' >site/x.gz
printf 'small' >site/y.gz
"${QGN%/qgn}/tests/cli/serve" site asked >port & # ends with the test
server=$!
trap 'kill $server' EXIT
for _ in $(seq 100); do [ -s port ] && break; sleep 0.05; done
base=http://127.0.0.1:$(cat port)
row() { # name file how: a row of the table
  echo "$1 $(wc -c <"site/$2") $(sha256sum "site/$2" | cut -d' ' -f1) $base/$3/$2"
}
# With nothing else in its path than what is in bin/, where the client is put.
get() { PATH=$PWD/bin sh "$QGN_ROOT/tools/data.sh" --into got --table table "$@" >out.txt 2>&1; }
for tool in sh cat cut dirname mkdir mv rm sha256sum tr wc; do ln -s "$(type -P $tool)" bin/$tool; done
unset http_proxy https_proxy all_proxy

fetches() { # client
  rm -rf got asked bin/curl bin/wget
  ln -s "$(type -P "$1")" "bin/$1"
  row set/x.gz x.gz good >table && row set/y.gz y.gz good >>table && row other/x.gz x.gz none >>table
  must get set
  must cmp -s site/x.gz got/set/x.gz
  must grep -qx 'fetched  set/y.gz' out.txt
  must_not test -e got/other
  must get set/x.gz
  must [ "$(cat out.txt)" = "ok       set/x.gz
in got" ]
  must_not get nothing
  must grep -q 'no such data set: nothing' out.txt
  # broken off in the middle: what came is kept, and the next call goes on
  row set/cut.gz x.gz cut >table
  must_not get
  must grep -q '^broken   set/cut.gz: 25000 of 50000 bytes' out.txt
  must_not test -e got/set/cut.gz
  must get
  must cmp -s site/x.gz got/set/cut.gz
  must grep -qx 'cut x.gz bytes=25000-' asked
  # a server that knows no ranges: from the start
  row set/plain.gz x.gz plain >table
  head -c 100 site/x.gz >got/set/plain.gz.part
  must get
  must cmp -s site/x.gz got/set/plain.gz
  # other bytes: never under the name, and the next address is tried
  row set/bad.gz x.gz bad >table
  must_not get
  must grep -q '^wrong    set/bad.gz: .* gave 50000 bytes with SHA-256' out.txt
  must_not test -e got/set/bad.gz
  must_not test -e got/set/bad.gz.part
  echo "$(row set/bad.gz x.gz bad) $base/good/x.gz" >table
  must get
  must cmp -s site/x.gz got/set/bad.gz
  # 404, and no server at all
  echo "set/z.gz 5 $(sha256sum site/y.gz | cut -d' ' -f1) $base/good/z.gz http://127.0.0.1:1/z.gz" >table
  must_not get
  must [ "$(grep -c '^missing  set/z.gz' out.txt)" = 2 ]
  # a file that was damaged later is fetched again
  row set/y.gz y.gz good >table
  printf 'smull' >got/set/y.gz
  must get
  must grep -qx 'fetched  set/y.gz' out.txt
}

fetches curl
if needs wget; then fetches wget; fi
# neither: said, and nothing is done
rm bin/curl bin/wget 2>/dev/null
row set/y.gz y.gz good >table
rm -r got
must_not get
must [ "$(cat out.txt)" = 'data.sh: neither curl nor wget is there' ]
finish
