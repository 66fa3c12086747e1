#!/usr/bin/env python3
"""What of results.json is within the bounds, a line each: NAME|FIGURE|BOUND|ok or no. `verdict.py FILE`."""
import json
import sys

rows = json.load(open(sys.argv[1], encoding="utf-8"))["rows"]


def of(kind, system, key):
    return [r[key] for r in rows if r["kind"] == kind and r["system"] == system and key in r]


def timed(kind):
    own, peer = of(kind, "qgn", "seconds_per_epoch"), of(kind, "torch", "seconds_per_epoch")
    return f"an epoch {sum(own) / len(own):.1f} s, PyTorch {sum(peer) / len(peer):.1f} s"


for kind in ("vae", "vqvae"):
    for key in ("cross_entropy", "ssim"):
        own, peer = of(kind, "qgn", key), of(kind, "torch", key)
        if not own or not peer:
            print(f"{kind} {key}|not run|within 3 %|no")
            continue
        own, peer = sum(own) / len(own), sum(peer) / len(peer)
        print(f"{kind} {key}|{own:.4f}, PyTorch {peer:.4f}; {timed(kind)}|within 3 %|{'ok' if abs(own / peer - 1) <= 0.03 else 'no'}")
own, peer = of("gan", "qgn", "frechet"), of("gan", "torch", "frechet")
if len(own) < 3 or len(peer) < 3:
    print("gan Frechet distance|not run|ranges of 3 seeds overlap|no")
else:
    overlap = max(min(own), min(peer)) <= min(max(own), max(peer))
    print(f"gan Frechet distance|{min(own):.1f} to {max(own):.1f}, PyTorch {min(peer):.1f} to {max(peer):.1f}; {timed('gan')}|"
          f"ranges of 3 seeds overlap|{'ok' if overlap else 'no'}")
