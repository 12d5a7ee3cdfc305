#!/usr/bin/env bash
# Puts etcd, kube-apiserver, kube-controller-manager and kubectl into a cache outside the checkout, once per version.
# Needs Go and the module proxy, nothing else.
#
#   build.sh        make them (does nothing when they are there)
#   build.sh dir    print where they are
cd "$(dirname "$0")"
. ../toolcache.sh

kubernetes=$(awk '$1 == "k8s.io/kubernetes" {print $2; exit}' go.mod)
etcd=$(awk '$1 == "go.etcd.io/etcd/server/v3" && $2 ~ /^v/ {print $2; exit}' go.mod)
name=controlplane
dir=${XDG_CACHE_HOME:-$HOME/.cache}/roster/controlplane/$kubernetes-etcd-$etcd

# Prebuilt binaries take seconds where their host can be reached; they lack the controller manager, which is then the
# only one to be built.
prepare() {
  [ "${CONTROLPLANE_DOWNLOAD:-1}" = 1 ] || return 0
  local found
  found=$(timeout 180 go run sigs.k8s.io/controller-runtime/tools/setup-envtest@v0.25.1 \
    use "${kubernetes#v}" --bin-dir "$1/envtest" --print path 2>/dev/null) || return 0
  say "prebuilt etcd, kube-apiserver and kubectl found"
  cp "$found"/{etcd,kube-apiserver,kubectl} "$1/"
  chmod -R u+w "$1/envtest" && rm -rf "$1/envtest"
}

version_flags() {
  local minor=${kubernetes#v1.} package
  for package in k8s.io/component-base/version k8s.io/client-go/pkg/version; do
    printf -- '-X %s.gitVersion=%s -X %s.gitMajor=1 -X %s.gitMinor=%s ' \
      "$package" "$kubernetes" "$package" "$package" "${minor%%.*}"
  done
}

if [ "${1:-}" = dir ]; then echo "$dir"; else once "$(version_flags)"; fi
