#!/usr/bin/env bash
# Puts the generators and linters named by the tool directives of go.mod here into a cache outside the checkout.
# Needs Go, git and the module proxy, nothing else.
#
#   build.sh        make them (does nothing when they are there)
#   build.sh dir    print where they are
cd "$(dirname "$0")"
. ../toolcache.sh
shopt -s extglob

# Anything that could change what the tools do gives them another directory: their versions, our sources, and the Go
# release, since a linter cannot read code for a Go newer than the one it was built with.
key=$({ go env GOVERSION; cat go.mod go.sum apilint/!(*_test).go; } | git hash-object --stdin | cut -c 1-16)
name=tools
dir=${XDG_CACHE_HOME:-$HOME/.cache}/roster/tools/$key

if [ "${1:-}" = dir ]; then echo "$dir"; else once ""; fi
