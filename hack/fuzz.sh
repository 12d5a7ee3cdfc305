#!/usr/bin/env bash
# Runs every fuzz target for a while: FUZZTIME, a minute when it is left out. A finding is kept by go under testdata/fuzz.
# Go would spend most of the time on making smaller what is merely interesting: twenty tries are enough.
set -uo pipefail
cd "$(dirname "$0")/.."

failed=0
while IFS=: read -r file target; do
  package=./$(dirname "$file")
  echo "fuzz: $package $target" >&2
  go test "$package" -run '^$' -fuzz "^$target\$" -fuzztime "${FUZZTIME:-60s}" -fuzzminimizetime 20x || failed=1
done < <(git grep -oE '^func Fuzz[A-Za-z0-9]+' -- '*_test.go' | sed 's/func //')
exit $failed
