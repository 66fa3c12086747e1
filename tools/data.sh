#!/bin/sh
# Fetches public data sets, checks them, and puts them where qgn looks: `make data`.
#
#   sh tools/data.sh [--into FOLDER] [--table FILE] [NAME ...]
#
# NAME is a set (mnist, fashion-mnist) or a file of one; without any all are fetched. A file that is there and
# right is left alone. A download that breaks off stays beside its place as FILE.part, and the next call goes on from
# there. Nothing gets its name before size and SHA-256 are those of the table.
set -u
into=${XDG_DATA_HOME:-${HOME:-.}/.local/share}/qgn
table=

# Name, bytes, SHA-256, and addresses, tried in this order.
sets() {
  cat <<'END'
mnist/train-images-idx3-ubyte.gz 9912422 440fcabf73cc546fa21475e81ea370265605f56be210a4024d2ca8f203523609 https://ossci-datasets.s3.amazonaws.com/mnist/train-images-idx3-ubyte.gz https://storage.googleapis.com/cvdf-datasets/mnist/train-images-idx3-ubyte.gz
mnist/train-labels-idx1-ubyte.gz 28881 3552534a0a558bbed6aed32b30c495cca23d567ec52cac8be1a0730e8010255c https://ossci-datasets.s3.amazonaws.com/mnist/train-labels-idx1-ubyte.gz https://storage.googleapis.com/cvdf-datasets/mnist/train-labels-idx1-ubyte.gz
mnist/t10k-images-idx3-ubyte.gz 1648877 8d422c7b0a1c1c79245a5bcf07fe86e33eeafee792b84584aec276f5a2dbc4e6 https://ossci-datasets.s3.amazonaws.com/mnist/t10k-images-idx3-ubyte.gz https://storage.googleapis.com/cvdf-datasets/mnist/t10k-images-idx3-ubyte.gz
mnist/t10k-labels-idx1-ubyte.gz 4542 f7ae60f92e00ec6debd23a6088c31dbd2371eca3ffa0defaefb259924204aec6 https://ossci-datasets.s3.amazonaws.com/mnist/t10k-labels-idx1-ubyte.gz https://storage.googleapis.com/cvdf-datasets/mnist/t10k-labels-idx1-ubyte.gz
fashion-mnist/train-images-idx3-ubyte.gz 26421880 3aede38d61863908ad78613f6a32ed271626dd12800ba2636569512369268a84 http://fashion-mnist.s3-website.eu-central-1.amazonaws.com/train-images-idx3-ubyte.gz
fashion-mnist/train-labels-idx1-ubyte.gz 29515 a04f17134ac03560a47e3764e11b92fc97de4d1bfaf8ba1a3aa29af54cc90845 http://fashion-mnist.s3-website.eu-central-1.amazonaws.com/train-labels-idx1-ubyte.gz
fashion-mnist/t10k-images-idx3-ubyte.gz 4422102 346e55b948d973a97e58d2351dde16a484bd415d4595297633bb08f03db6a073 http://fashion-mnist.s3-website.eu-central-1.amazonaws.com/t10k-images-idx3-ubyte.gz
fashion-mnist/t10k-labels-idx1-ubyte.gz 5148 67da17c76eaffca5446c3361aaab5c3cd6d1c2608764d35dfb1850b086bf8dd5 http://fashion-mnist.s3-website.eu-central-1.amazonaws.com/t10k-labels-idx1-ubyte.gz
END
}

while [ $# -gt 0 ]; do
  case $1 in
  --into) into=${2:?data.sh: --into needs a folder} && shift 2 ;;
  --table) table=${2:?data.sh: --table needs a file} && shift 2 ;;
  -*) echo "data.sh: unknown option $1" >&2 && exit 2 ;;
  *) break ;;
  esac
done

hash_of() {
  if command -v sha256sum >/dev/null; then sha256sum "$1"; else shasum -a 256 "$1"; fi | cut -d' ' -f1
}

size_of() {
  if [ -e "$1" ]; then wc -c <"$1" | tr -d ' '; else echo 0; fi
}

# A copy, or what is left of one, into $1 from address $2. Where the server cannot go on, from the start.
transfer() {
  if command -v curl >/dev/null; then
    curl -fsSL --connect-timeout 20 -C - -o "$1" "$2"
    status=$?
    [ $status -ne 33 ] && return $status
    rm -f "$1"
    curl -fsSL --connect-timeout 20 -o "$1" "$2"
  elif command -v wget >/dev/null; then
    wget -q --timeout=20 --tries=1 -c -O "$1" "$2"
  else
    echo "data.sh: neither curl nor wget is there" >&2
    exit 2
  fi
}

# True once $into/$1 is there with $2 bytes and hash $3; the rest are addresses.
fetch() {
  name=$1 bytes=$2 hash=$3
  shift 3
  file=$into/$name
  if [ "$(size_of "$file")" = "$bytes" ] && [ "$(hash_of "$file")" = "$hash" ]; then
    echo "ok       $name"
    return 0
  fi
  mkdir -p "$(dirname "$file")" || return 1
  for address in "$@"; do
    [ "$(size_of "$file.part")" -ge "$bytes" ] && rm -f "$file.part"
    from=$(size_of "$file.part")
    transfer "$file.part" "$address"
    status=$?
    got=$(size_of "$file.part")
    if [ "$got" -lt "$bytes" ]; then
      if [ "$got" -gt "$from" ]; then
        echo "broken   $name: $got of $bytes bytes came from $address; the next call goes on from there" >&2
      else
        echo "missing  $name: nothing came from $address (status $status)" >&2
      fi
      continue
    fi
    found=$(hash_of "$file.part")
    if [ "$got" = "$bytes" ] && [ "$found" = "$hash" ]; then
      mv "$file.part" "$file" || return 1
      echo "fetched  $name"
      return 0
    fi
    rm -f "$file.part"
    echo "wrong    $name: $address gave $got bytes with SHA-256 $found, not $bytes with $hash" >&2
  done
  return 1
}

failed=0 known=0
while read -r name bytes hash addresses; do
  [ -n "$name" ] || continue
  wanted=$#
  for pick in "$@"; do
    case $name in "$pick" | "$pick"/*) wanted=0 ;; esac
  done
  [ "$wanted" -gt 0 ] && continue
  known=1
  # shellcheck disable=SC2086 # several addresses
  fetch "$name" "$bytes" "$hash" $addresses </dev/null || failed=1
done <<END
$(if [ -n "$table" ]; then cat "$table"; else sets; fi)
END
if [ $known = 0 ]; then
  echo "data.sh: no such data set: $*; there are mnist and fashion-mnist" >&2
  exit 2
fi
[ $failed = 0 ] && echo "in $into"
exit $failed
