#!/usr/bin/env bash
# A make target on a bare machine: a minimal Debian 12 with nothing but make.
#
#   bash tests/accept/bare.sh [--tree] [--keep] TARGET [COMMAND]
#
# Makes the minimal root with debootstrap (kept in build/bare/base for the next time), copies a clean
# clone of HEAD into a fresh copy of it (--tree: the files as they are, committed or not), runs
# `make TARGET` there, then COMMAND if one is given, and prints the time of its parts. Packages come from the
# place from which this machine's apt takes them. The copy is left in build/bare/root with --keep.
# Needs root, debootstrap and a Debian; status 77 without them.
set -u
cd "$(dirname "$0")/../.." || exit 2
tree='' keep=''
while [[ ${1:-} == --* ]]; do
  case $1 in
  --tree) tree=1 ;;
  --keep) keep=1 ;;
  *) echo "bare.sh: unknown option $1" >&2; exit 2 ;;
  esac
  shift
done
target=${1:?a make target} command=${2:-}

if [ "$(id -u)" != 0 ] || ! command -v debootstrap >/dev/null || ! command -v apt-get >/dev/null; then
  echo "bare.sh: needs root, debootstrap and apt"
  exit 77
fi
base=build/bare/base root=build/bare/root

unmount() {
  for dir in "$base" "$root"; do
    for sub in dev/pts proc dev; do
      mountpoint -q "$dir/$sub" && umount "$dir/$sub"
    done
  done
}
clean_up() {
  unmount
  [ -n "$keep" ] || rm -rf "$root"
}
trap clean_up EXIT

# apt inside takes the same way out as this machine's.
copy_apt() { # root
  rm -rf "$1"/etc/apt/sources.list.d/*
  # shellcheck disable=SC2016 # fields of apt, not of the shell
  apt-get indextargets --format '$(ORIGIN) deb $(REPO_URI) $(RELEASE) $(COMPONENT)' 'Created-By: Packages' |
    sed -n 's/^Debian deb /deb /p' | sort -u >"$1/etc/apt/sources.list"
  grep -lsi proxy /etc/apt/apt.conf /etc/apt/apt.conf.d/* | while read -r f; do cp -L "$f" "$1/etc/apt/apt.conf.d/"; done
  for f in /etc/resolv.conf /etc/hosts; do
    [ ! -e "$f" ] || cp -L "$f" "$1$f"
  done
}

enter() { # root command...
  local dir=$1
  shift
  mountpoint -q "$dir/proc" || mount -t proc proc "$dir/proc"
  # terminals of its own, for the tests of the prompt
  mountpoint -q "$dir/dev/pts" || mount -t devpts -o newinstance,ptmxmode=0666 devpts "$dir/dev/pts"
  env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME=/srv TERM=dumb LC_ALL=C \
    ${http_proxy:+http_proxy="$http_proxy"} ${https_proxy:+https_proxy="$https_proxy"} \
    chroot "$dir" "$@"
}

if [ ! -e "$base/.made" ]; then
  unmount
  rm -rf "$base"
  mkdir -p "$base"
  # shellcheck disable=SC2016 # a field of apt
  mirror=$(apt-get indextargets --format '$(REPO_URI)' | head -n 1)
  [ -n "$mirror" ] || { echo "bare.sh: this machine's apt has no source"; exit 77; }
  log=build/bare/debootstrap.log
  debootstrap --variant=minbase bookworm "$base" "$mirror" >"$log" 2>&1 || { tail -n 20 "$log"; exit 1; }
  copy_apt "$base"
  enter "$base" sh -c 'apt-get update && DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends make' \
    >>"$log" 2>&1 || { tail -n 20 "$log"; exit 1; }
  touch "$base/.made"
fi

unmount
rm -rf "$root"
cp -a "$base" "$root"
if [ -n "$tree" ]; then
  mkdir -p "$root/srv/qgn"
  git ls-files -co --exclude-standard -z | tar --null --ignore-failed-read -T - -cf - 2>/dev/null | tar -xf - -C "$root/srv/qgn"
else
  git clone -q --no-hardlinks . "$root/srv/qgn"
fi
start=$(date +%s)
enter "$root" sh -c "cd /srv/qgn && make $target"
status=$?
# When packages were there and when the program was linked, from the files that are written then.
when() { stat -c %Y "$root/srv/qgn/build/$1" 2>/dev/null || date +%s; }
ready=$(when setup.ok) linked=$(when qgn) end=$(date +%s)
echo "bare.sh: make $target: status $status after $((end - start)) s: packages $((ready - start)) s," \
  "build $((linked - ready)) s, the rest $((end - linked)) s"
if [ $status -eq 0 ] && [ -n "$command" ]; then
  enter "$root" sh -c "cd /srv/qgn && $command"
  status=$?
fi
exit $status
