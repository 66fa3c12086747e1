#!/usr/bin/env bash
# Screenshots of examples/report for docs/: light, dark, and as wide as a phone. Wants a headless Chromium, and a
# Python with Pillow (PYTHON, as `make bench-env` installs it), which makes the files small. Look at what comes out, then say so in tests/accept/5.seen.
set -eu
cd "$(dirname "$0")/.."
root=$PWD qgn=${QGN:-$PWD/build/release/qgn} python=${PYTHON:-$PWD/build/bench-env/bin/python}
there=$(mktemp -d)
trap 'rm -rf "$there"' EXIT
cp -R examples/report "$there/report"
(cd "$there" && "$qgn" run --fresh -q report >/dev/null)
page=$(readlink -f "$there/runs/latest")/report.html

# A page in a frame of so many pixels: Chromium makes no window narrower than 500.
shot() { # name width height options
  local name=$1 width=$2 height=$3
  shift 3
  printf '<body style="margin:0"><iframe src="file://%s" style="width:%dpx;height:%dpx;border:0;display:block"></iframe>' \
    "$page" "$width" "$height" >"$there/frame.html"
  chromium --headless --no-sandbox --disable-gpu --hide-scrollbars --allow-file-access-from-files \
    --force-device-scale-factor=1 --window-size="$width,$height" "$@" \
    --screenshot="$there/$name.png" "file://$there/frame.html" 2>/dev/null
  "$python" -c 'import sys
from PIL import Image, ImageChops
image = Image.open(sys.argv[1]).convert("RGB")
ground = Image.new("RGB", image.size, image.getpixel((2, image.height - 2)))
bottom = ImageChops.difference(image, ground).getbbox()[3]
image = image.crop((0, 0, image.width, min(image.height, bottom + 24)))
image.quantize(int(sys.argv[3])).save(sys.argv[2], optimize=True)' "$there/$name.png" "$root/docs/report-$name.png" 128
}
shot light 900 8400
shot dark 900 8400 --blink-settings=preferredColorScheme=0
shot phone 400 6200
"$python" -c 'import sys
from PIL import Image
Image.open(sys.argv[1]).crop((0, 0, 900, 1240)).save(sys.argv[2], optimize=True)' docs/report-light.png docs/report-top.png # for README
ls -l docs/report-*.png
