# Sourced by the scripts that build programs from the tool directives of a go.mod into a cache outside the checkout.
# They set name (for messages), dir (where the programs go) and, if they like, a function prepare.
set -euo pipefail

say() { echo "$name: $*" >&2; }

give_up() {
  say "$*"
  say "if the lines above speak of the network, check it and the module proxy, which is $(go env GOPROXY)"
  exit 1
}

# build_tools DIR FLAGS builds every tool that is not there yet. Programs are named as Go would, without the version.
build_tools() {
  local tools tool program
  tools=$(go list tool) || give_up "the sources could not be fetched"
  for tool in $tools; do
    program=$(basename "$tool")
    case $tool in
      go.etcd.io/etcd/server/v3) program=etcd ;;
      */v[0-9]*) program=$(basename "$(dirname "$tool")") ;;
    esac
    [ -x "$1/$program" ] && continue
    say "building $program from source; all of it takes some minutes, once"
    CGO_ENABLED=0 GOFLAGS=-mod=readonly go build -trimpath -ldflags "-s -w $2" -o "$1/$program" "$tool" ||
      give_up "$program could not be built"
  done
}

# once FLAGS fills dir. A half-made directory never gets the final name, and of two builders the first one wins.
once() {
  [ -d "$dir" ] && exit 0
  mkdir -p "$(dirname "$dir")"
  exec 9>"$(dirname "$dir")/lock"
  if command -v flock >/dev/null; then
    flock -n 9 || { say "waiting for another build"; flock 9; }
  fi
  [ -d "$dir" ] && exit 0
  mkdir -p "$dir.part"
  if declare -F prepare >/dev/null; then prepare "$dir.part"; fi
  build_tools "$dir.part" "$1"
  mv "$dir.part" "$dir"
  say "ready in $dir"
}
