#!/usr/bin/env bash
# Tests the pages in Debian's chromium. Installs what is missing where it may: chromium, node and npm as packages, and the
# two modules of package-lock.json. Writes the pictures of docs/images with SCREENSHOTS=1.
set -euo pipefail
cd "$(dirname "$0")"

packages=()
[ -x "${CHROMIUM:-/usr/bin/chromium}" ] || packages+=(chromium)
command -v node >/dev/null || packages+=(nodejs)
command -v npm >/dev/null || packages+=(npm)
if [ ${#packages[@]} -gt 0 ]; then
  echo "test-browser: installing ${packages[*]}" >&2
  if [ "$(id -u)" != 0 ] || ! { apt-get update -qq && apt-get install -y -qq --no-install-recommends "${packages[@]}" >/dev/null; }; then
    echo "test-browser: ${packages[*]} missing: install them (apt-get install ${packages[*]}), or name another chromium with CHROMIUM=…" >&2
    exit 1
  fi
fi
npm ci --silent --no-audit --no-fund || { echo "test-browser: npm could not fetch playwright-core and axe-core: check the network" >&2; exit 1; }
go test -tags browser -count=1 -timeout 25m -v .
