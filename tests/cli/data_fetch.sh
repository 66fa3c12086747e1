#!/usr/bin/env bash
# tools/data.sh against a server on localhost: fetched, already there, resumed, truncated, wrong, missing.
# shellcheck source=tests/cli/lib.bash
. "$(dirname "$0")/lib.bash"
for tool in python3 curl; do command -v $tool >/dev/null || finish; done
mkdir -p site
cat >server.py <<'TEXT'
import http.server, sys
class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        how, name = self.path.strip("/").split("/")
        try:
            data = open("site/" + name, "rb").read()
        except OSError:
            return self.send_error(404)
        begin = 0
        asked = self.headers.get("Range")
        open("asked", "a").write(f"{how} {name} {asked or '-'}\n")
        if asked and how != "plain":
            begin = int(asked.split("=")[1].split("-")[0])
            self.send_response(206)
            self.send_header("Content-Range", f"bytes {begin}-{len(data) - 1}/{len(data)}")
        else:
            self.send_response(200)
        self.send_header("Content-Length", str(len(data) - begin))
        self.end_headers()
        data = data[begin:]
        if how == "cut" and not asked: data = data[:len(data) // 2]
        if how == "bad": data = bytes([data[0] ^ 1]) + data[1:]
        self.wfile.write(data)
    def log_message(self, *a): pass
server = http.server.HTTPServer(("127.0.0.1", 0), Handler)
print(server.server_port, flush=True)
server.serve_forever()
TEXT
head -c 50000 /dev/zero | tr '\0' 'a' >site/x.gz
printf 'small' >site/y.gz
python3 server.py >port & # ends with the test
server=$!
trap 'kill $server' EXIT
for _ in $(seq 100); do [ -s port ] && break; sleep 0.05; done
base=http://127.0.0.1:$(cat port)
row() { # name file how: a row of the table
  echo "$1 $(wc -c <"site/$2") $(sha256sum "site/$2" | cut -d' ' -f1) $base/$3/$2"
}
get() { sh "$QGN_ROOT/tools/data.sh" --into got --table table "$@" >out.txt 2>&1; }
unset http_proxy https_proxy all_proxy

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
finish
