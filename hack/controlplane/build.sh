#!/usr/bin/env bash
# Puts etcd, kube-apiserver, kube-controller-manager and kubectl into a cache outside the checkout,
# once per version. Needs Go and the module proxy, nothing else.
#
#   build.sh        make them (does nothing when they are there)
#   build.sh dir    print where they are
set -euo pipefail
cd "$(dirname "$0")"

kubernetes=$(awk '$1 == "k8s.io/kubernetes" {print $2; exit}' go.mod)
etcd=$(awk '$1 == "go.etcd.io/etcd/server/v3" && $2 ~ /^v/ {print $2; exit}' go.mod)
cache=${XDG_CACHE_HOME:-$HOME/.cache}/roster/controlplane
dir=$cache/$kubernetes-etcd-$etcd
tools="etcd kube-apiserver kube-controller-manager kubectl"

say() { echo "controlplane: $*" >&2; }

complete() {
  for tool in $tools; do [ -x "$1/$tool" ] || return 1; done
}

# Prebuilt binaries take seconds where their host can be reached; they lack the controller manager,
# which is then the only one to be built.
download() {
  [ "${CONTROLPLANE_DOWNLOAD:-1}" = 1 ] || return 0
  local found
  found=$(timeout 180 go run sigs.k8s.io/controller-runtime/tools/setup-envtest@v0.25.1 \
    use "${kubernetes#v}" --bin-dir "$1/envtest" --print path 2>/dev/null) || return 0
  say "prebuilt etcd, kube-apiserver and kubectl found"
  cp "$found"/{etcd,kube-apiserver,kubectl} "$1/"
  chmod -R u+w "$1/envtest" && rm -rf "$1/envtest"
}

build() {
  local pkg="k8s.io/component-base/version" client="k8s.io/client-go/pkg/version" flags="-s -w"
  local minor=${kubernetes#v1.}
  for p in "$pkg" "$client"; do
    flags="$flags -X $p.gitVersion=$kubernetes -X $p.gitMajor=1 -X $p.gitMinor=${minor%%.*}"
  done
  local tool
  for tool in $(go list tool); do
    local name=$(basename "$tool")
    [ "$name" = v3 ] && name=etcd
    [ -x "$1/$name" ] && continue
    say "building $name from source; all of them take about six minutes, once"
    CGO_ENABLED=0 GOFLAGS=-mod=readonly go build -trimpath -ldflags "$flags" -o "$1/$name" "$tool"
  done
}

[ "${1:-}" = dir ] && { echo "$dir"; exit 0; }
complete "$dir" && exit 0
mkdir -p "$cache"

# A half-made directory never gets the final name, and of two builders the first one wins.
exec 9>"$cache/lock"
command -v flock >/dev/null && { flock -n 9 || { say "waiting for another build"; flock 9; }; }
complete "$dir" && exit 0
work=$dir.part
mkdir -p "$work"
download "$work"
build "$work"
rm -rf "$dir"
mv "$work" "$dir"
say "ready in $dir"
