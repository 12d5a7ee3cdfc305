#!/usr/bin/env bash
# Puts Dex, the sign-in server that the demo and the tests of sign-in run, into a cache outside the checkout, once per
# version. Needs Go and the module proxy, nothing else.
#
#   build.sh        make it (does nothing when it is there)
#   build.sh dir    print where it is
cd "$(dirname "$0")"
. ../toolcache.sh

version=$(awk '$1 == "github.com/dexidp/dex" {print $2; exit}' go.mod)
name=dex
dir=${XDG_CACHE_HOME:-$HOME/.cache}/roster/dex/$version

if [ "${1:-}" = dir ]; then echo "$dir"; else once ""; fi
