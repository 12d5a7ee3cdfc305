#!/usr/bin/env bash
# Checks what a change must leave in order. Each check runs, whatever the others found, so that one run
# names everything. Other uncommitted changes do not matter: generated files are compared with themselves
# before and after, not with the last commit.
set -uo pipefail
cd "$(dirname "$0")/.."

tools=$(hack/tools/build.sh dir)
before=$(mktemp -d)
trap 'rm -rf "$before"' EXIT
failed=()

check() {
  local what=$1 complaint
  shift
  echo "verify: $what" >&2
  if ! complaint=$("$@" 2>&1); then
    failed+=("$what")
    head -n 300 <<<"$complaint" # more than that nobody reads; the files themselves are there
  fi
}

generated=(api config/crd/bases config/rbac/role.yaml config/decisions/role.yaml config/webhook/manifests.yaml docs/reference)

# Leaves the files generated anew, which is what has to be committed.
up_to_date() {
  local path
  for path in "${generated[@]}"; do
    mkdir -p "$before/$(dirname "$path")"
    [ ! -e "$path" ] || cp -R "$path" "$before/$path"
  done
  make -s generate manifests || return 1
  local stale=0
  for path in "${generated[@]}"; do
    [ -e "$path" ] || continue
    diff -ruN "$before/$path" "$path" || stale=1
  done
  [ $stale = 0 ] || { echo "These files were out of date; they have been generated anew: commit them."; return 1; }
}

tidy() { (cd "$1" && go mod tidy -diff); }

formatted() {
  local files
  files=$(git ls-files --cached --others --exclude-standard '*.go' | while read -r f; do [ ! -e "$f" ] || echo "$f"; done)
  files=$(xargs gofmt -l <<<"$files") && [ -z "$files" ] || { echo "Run gofmt -w on: $files"; return 1; }
}

kustomizations() {
  local file
  for file in $(git ls-files --cached --others --exclude-standard 'config/**/kustomization.yaml'); do
    "$tools/kustomize" build "$(dirname "$file")" >/dev/null || return 1
  done
}

check "generated files are up to date" up_to_date
for module in . hack/controlplane hack/dex hack/tools test/bench/peers test/dex; do
  check "go mod tidy has nothing to do in $module" tidy "$module"
done
check "gofmt has nothing to do" formatted
check "go vet" go vet ./...
check "kustomizations build" kustomizations
check "the tools' own tests" go -C hack/tools test ./...
check "budgets" go run ./hack/budgets

[ ${#failed[@]} = 0 ] || { printf 'verify: FAILED: %s\n' "${failed[@]}" >&2; exit 1; }
