#!/usr/bin/env bash
# Five kills at random moments; make soak-kill does fifty.
bash "$QGN_ROOT/tests/soak/kill.sh" "$QGN" 5 "$PWD/kill"
