#!/usr/bin/env bash
# Scripts that are none: status 2 and what is wrong, at once.
# shellcheck source=tests/cli/lib.bash
. "$(dirname "$0")/lib.bash"
mkdir empty folder
mkfifo fifo
printf 'edition = 1\n' >folder/main.qgn
printf 'edition = 1\0\n' >nul.qgn
printf '\177ELF\2\1\1 and more' >program.qgn
head -c 3000 /dev/zero >zeros.qgn
printf 'edition = 1\n' >closed.qgn
ln -s nowhere dangling.qgn

for verb in run check; do
  check 2 $verb nope.qgn <<'TEXT'
error[E0803]: there is no script `nope.qgn`
TEXT
  check 2 $verb dangling.qgn <<'TEXT'
error[E0803]: there is no script `dangling.qgn`
TEXT
  check 2 $verb nope/nope.qgn <<'TEXT'
error[E0803]: there is no script `nope/nope.qgn`
TEXT
  check 2 $verb '' <<'TEXT'
error[E0803]: the script's name is empty
TEXT
  check 2 $verb empty/ <<'TEXT'
error[E0803]: the folder `empty` has no main.qgn
   = help: name a text file, or a folder with a main.qgn
TEXT
  check 2 $verb fifo <<'TEXT'
error[E0803]: `fifo` is no regular file
   = help: name a text file, or a folder with a main.qgn
TEXT
  check 2 $verb /dev/null <<'TEXT'
error[E0803]: `/dev/null` is no regular file
   = help: name a text file, or a folder with a main.qgn
TEXT
  check 2 $verb program.qgn <<'TEXT'
error[E0803]: `program.qgn` is a binary file, no script
TEXT
  check 2 $verb zeros.qgn <<'TEXT'
error[E0803]: `zeros.qgn` is a binary file, no script
TEXT
  check 2 $verb nul.qgn <<'TEXT'
error[E0002]: a NUL byte: this is not a text
   ┌─ nul.qgn:1:12
 1 │ edition = 1\x00
   │            ^^^^
   = help: a script is UTF-8 text
TEXT
done
check 0 check folder </dev/null
check 0 check folder/ </dev/null
check 0 check folder/main.qgn </dev/null
must_not test -e runs

# without permission: root may read everything, so an unprivileged user tries
chmod 000 closed.qgn
if [ "$(id -u)" -eq 0 ]; then
  chmod 755 . && cp "$QGN" qgn && chmod 755 qgn
  QGN=./qgn
  RUNNER=(setpriv --reuid=65534 --regid=65534 --clear-groups)
  chmod 666 ./*.txt
fi
check 2 run closed.qgn <<'TEXT'
error[E0803]: no permission to read the script `closed.qgn`
TEXT
finish
