#!/usr/bin/env bash
# Puts the generators and linters named by the tool directives of go.mod here into a cache outside the
# checkout. Needs Go, git and the module proxy, nothing else.
#
#   build.sh        make them (does nothing when they are there)
#   build.sh dir    print where they are
set -euo pipefail
shopt -s extglob
cd "$(dirname "$0")"

# Anything that could change what the tools do gives them another directory: their versions, our sources,
# and the Go release, since a linter cannot read code for a Go newer than the one it was built with.
key=$({ go env GOVERSION; cat go.mod go.sum apilint/!(*_test).go; } | git hash-object --stdin | cut -c 1-16)
cache=${XDG_CACHE_HOME:-$HOME/.cache}/roster/tools
dir=$cache/$key

say() { echo "tools: $*" >&2; }

build() {
  local tool name
  for tool in $(go list tool); do
    name=$(basename "$tool")
    case $name in v[0-9]*) name=$(basename "$(dirname "$tool")") ;; esac
    [ -x "$1/$name" ] && continue
    say "building $name; all of them take a few minutes, once"
    CGO_ENABLED=0 GOFLAGS=-mod=readonly go build -trimpath -ldflags "-s -w" -o "$1/$name" "$tool"
  done
}

[ "${1:-}" = dir ] && { echo "$dir"; exit 0; }
[ -d "$dir" ] && exit 0
mkdir -p "$cache"

# A half-made directory never gets the final name, and of two builders the first one wins.
exec 9>"$cache/lock"
command -v flock >/dev/null && { flock -n 9 || { say "waiting for another build"; flock 9; }; }
[ -d "$dir" ] && exit 0
work=$dir.part
mkdir -p "$work"
build "$work"
mv "$work" "$dir"
say "ready in $dir"
