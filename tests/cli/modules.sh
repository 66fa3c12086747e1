#!/usr/bin/env bash
# Modules: their hashes name the run and stand in both locks; links do not lead out of the project.
# shellcheck source=tests/cli/lib.bash
. "$(dirname "$0")/lib.bash"
mkdir -p project/lib project/scripts project/.git
printf 'def f(x) = 2 * x\n' >project/lib/parts.qgn
printf 'edition = 1\nuse "../lib/parts.qgn" as p\nuse std.gan\np.f(2)\ngan.hinge_critic([[1.0]], [[-1.0]])\n' >project/scripts/a.qgn
check 0 run project/scripts/a.qgn -q </dev/null
must grep -q '^p.f(2)  4' stdout.txt
first=$(readlink runs/latest)
hash=$(sha256sum <project/lib/parts.qgn)
for lock in project/scripts/qgn.lock runs/latest/qgn.lock; do
  must grep -q "\"../lib/parts.qgn\": \"${hash%% *}\"" "$lock"
  must grep -q '"std.gan": "' "$lock"
done

# A changed module is another run, with another lock.
printf 'def f(x) = 3 * x\n' >project/lib/parts.qgn
check 0 run project/scripts/a.qgn -q </dev/null
must grep -q '^p.f(2)  6' stdout.txt
must test "$(readlink runs/latest)" != "$first"
hash=$(sha256sum <project/lib/parts.qgn)
must grep -q "${hash%% *}" project/scripts/qgn.lock

# A link out of the project, and something that is no file.
printf 'def f(x) = x\n' >outside.qgn
ln -s ../../outside.qgn project/lib/link.qgn
mkfifo project/lib/pipe.qgn
printf 'edition = 1\nuse "../lib/link.qgn" as a\nuse "../lib/pipe.qgn" as b\n' >project/scripts/b.qgn
check 2 check project/scripts/b.qgn <<'TEXT'
error[E0109]: `../lib/link.qgn` is outside of the project
   ┌─ project/scripts/b.qgn:2:1
 2 │ use "../lib/link.qgn" as a
   │ ^^^^^^^^^^^^^^^^^^^^^^^^^^

error[E0109]: `../lib/pipe.qgn` is no regular file
   ┌─ project/scripts/b.qgn:3:1
 3 │ use "../lib/pipe.qgn" as b
   │ ^^^^^^^^^^^^^^^^^^^^^^^^^^
TEXT

# Seventeen modules, each of which uses the next.
for i in $(seq 17); do printf 'use "m%d.qgn" as next\n' $((i + 1)) >project/lib/m$i.qgn; done
printf 'def f(x) = x\n' >project/lib/m18.qgn
printf 'edition = 1\nuse "../lib/m1.qgn" as m\n' >project/scripts/deep.qgn
"$QGN" check project/scripts/deep.qgn >stdout.txt 2>stderr.txt
must [ $? -eq 2 ]
must grep -q '^error\[E0109\]: modules use each other more than 16 deep' stderr.txt
printf 'edition = 1\nuse "../lib/m4.qgn" as m\n' >project/scripts/deep.qgn
must "$QGN" check project/scripts/deep.qgn
finish
