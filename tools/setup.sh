#!/bin/sh
# Finds what the build, the demo, the tests and `make data` need, and installs what is missing.
#
#   sh tools/setup.sh [--quiet] [--list]
#
# On Debian and its relatives missing packages are installed with apt-get, as root or through
# `sudo -n`. Elsewhere the line to type is printed and the status is 2. What was found is noted in
# build/setup.ok, one path a line; while that is newer than this script and all its paths exist,
# nothing is looked for again.
set -u
cd "$(dirname "$0")/.." || exit 2
stamp=build/setup.ok
editor=${LINE_EDITOR:-readline}
quiet=
list=
for arg in "$@"; do
  case $arg in
  --quiet) quiet=1 ;;
  --list) list=1 ;;
  *) echo "setup.sh: unknown option $arg" >&2; exit 2 ;;
  esac
done

# What, how it is found (cmd: a command; pc: a pkg-config module; h: a header; blas: the serial
# OpenBLAS; certs: those by which curl knows a server), and its package in apt, dnf, pacman, brew (-: there is none).
packages() {
  cat <<'END'
C compiler           cmd:cc                    gcc                    gcc              gcc          gcc
C library headers    h:stdlib.h                libc6-dev              glibc-devel      glibc        gcc
archiver             cmd:ar                    binutils               binutils         binutils     binutils
pkg-config           cmd:pkg-config            pkg-config             pkgconf          pkgconf      pkgconf
Bison 3.8            cmd:bison                 bison                  bison            bison        bison
Flex                 cmd:flex                  flex                   flex             flex         flex
serial OpenBLAS      blas:                     libopenblas-serial-dev openblas-devel   openblas     openblas
jansson              pc:jansson                libjansson-dev         jansson-devel    jansson      jansson
libmd                pc:libmd                  libmd-dev              libmd-devel      libmd        libmd
zlib                 pc:zlib                   zlib1g-dev             zlib-devel       zlib         zlib
libpng               pc:libpng                 libpng-dev             libpng-devel     libpng       libpng
utf8proc             pc:libutf8proc            libutf8proc-dev        utf8proc-devel   libutf8proc  utf8proc
uthash               h:uthash.h                uthash-dev             uthash-devel     uthash       uthash
Random123            h:Random123/philox.h      librandom123-dev       Random123-devel  -            -
gnuplot              cmd:gnuplot               gnuplot-nox            gnuplot          gnuplot      gnuplot
cmocka               pc:cmocka                 libcmocka-dev          libcmocka-devel  cmocka       cmocka
GNU parallel         cmd:parallel              parallel               parallel         parallel     parallel
curl                 cmd:curl                  curl                   curl             curl         curl
certificates         certs:                    ca-certificates        ca-certificates  ca-certificates ca-certificates
END
  case $editor in
  readline) echo 'readline             pc:readline               libreadline-dev        readline-devel   readline     readline' ;;
  libedit) echo 'libedit              pc:libedit                libedit-dev            libedit-devel    libedit      libedit' ;;
  esac
}

# The path by which one thing is found; empty if it is missing.
find_one() {
  kind=${1%%:*}
  name=${1#*:}
  case $kind in
  cmd) command -v "$name" ;;
  pc)
    command -v pkg-config >/dev/null && pkg-config --exists "$name" 2>/dev/null || return 0
    echo "$(pkg-config --variable=pcfiledir "$name")/$name.pc"
    ;;
  h)
    cc=$(command -v "${CC:-cc}") || return 0
    echo "#include <$name>" | "$cc" -M -MG -x c - 2>/dev/null | tr ' ' '\n' | grep "^/.*/$name\$" | head -n 1
    ;;
  blas)
    for f in /usr/lib/*/openblas-serial/libopenblas.a /usr/lib/*/openblas-serial/libopenblas.so; do
      [ -e "$f" ] && { echo "$f"; return 0; }
    done
    [ -e /etc/debian_version ] || find_one pc:openblas
    ;;
  certs)
    for f in /etc/ssl/certs/ca-certificates.crt /etc/pki/tls/certs/ca-bundle.crt /etc/ssl/ca-bundle.pem /etc/ssl/cert.pem; do
      [ -e "$f" ] && { echo "$f"; return 0; }
    done
    ;;
  esac
}

is_fresh() {
  [ -e "$stamp" ] && [ -z "$(find tools/setup.sh -newer "$stamp")" ] || return 1
  read -r first <"$stamp" && [ "$first" = "editor $editor" ] || return 1
  while read -r path; do
    case $path in /*) [ -e "$path" ] || return 1 ;; esac
  done <"$stamp"
}

# Sets missing (the things), apt, dnf, pacman, brew (their packages) and found (paths).
look() {
  missing='' apt='' dnf='' pacman='' brew='' found=''
  table=$(packages)
  oldifs=$IFS
  IFS='
'
  for row in $table; do
    what=$(echo "$row" | cut -c1-20 | sed 's/ *$//')
    IFS=' '
    # shellcheck disable=SC2086 # split into columns
    set -- ${row#????????????????????}
    IFS='
'
    path=$(find_one "$1")
    [ -n "$list" ] && printf '%-20s %-24s %s\n' "$what" "$2" "${path:-missing}"
    if [ -n "$path" ]; then
      found="$found$path
"
    else
      missing="$missing${missing:+, }$what"
      apt="$apt $2" dnf="$dnf $3" pacman="$pacman $4" brew="$brew $5"
    fi
  done
  IFS=$oldifs
}

write_stamp() {
  mkdir -p build && printf 'editor %s\n%s' "$editor" "$found" >"$stamp"
}

stop_with() {
  echo "missing: $missing"
  echo "install with:"
  echo "  $1" | sed 's/ - / /g; s/ -$//'
  case "$1 " in
  *" - "*) echo "Random123 has no package here: copy its headers to /usr/local/include (github.com/DEShawResearch/random123)" ;;
  esac
  exit 2
}

[ -n "$quiet" ] && is_fresh && exit 0
look
if [ -z "$missing" ]; then
  write_stamp
  [ -n "$quiet$list" ] || echo "everything needed is here"
  exit 0
fi
[ -n "$list" ] && exit 2

if command -v apt-get >/dev/null; then
  line="apt-get install -y --no-install-recommends$apt"
  if [ "$(id -u)" = 0 ]; then run='env'
  elif command -v sudo >/dev/null && sudo -n true 2>/dev/null; then run='sudo -n env'
  else stop_with "sudo $line"; fi
  echo "missing: $missing"
  echo "$line"
  log=build/setup.log
  mkdir -p build
  # shellcheck disable=SC2086 # several words on purpose
  { $run DEBIAN_FRONTEND=noninteractive apt-get update -q &&
    $run DEBIAN_FRONTEND=noninteractive apt-get install -y -q --no-install-recommends $apt; } >"$log" 2>&1 </dev/null || {
    tail -n 15 "$log"
    echo "the installation failed; all its output is in $log"
    exit 2
  }
elif command -v dnf >/dev/null; then stop_with "sudo dnf install -y$dnf"
elif command -v pacman >/dev/null; then stop_with "sudo pacman -S --needed$pacman"
elif command -v brew >/dev/null; then stop_with "brew install$brew"
else stop_with "(packages by their Debian names)$apt"
fi
look
if [ -n "$missing" ]; then
  echo "still missing after the installation: $missing"
  exit 2
fi
write_stamp
