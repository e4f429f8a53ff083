#!/usr/bin/env bash
# Installs what is missing to build (`setup.sh run`) or also to test (`setup.sh test`).
#
# On Debian and as root, or with sudo, it installs with apt-get; elsewhere it says what is missing.
set -euo pipefail
cd "$(dirname "$0")/.."

purpose=${1:-run}
case $purpose in
  run | test) ;;
  *) echo "usage: scripts/setup.sh run|test" >&2; exit 2 ;;
esac

say() { printf 'setup: %s\n' "$*" >&2; }
has() { command -v "$1" >/dev/null; }

has cargo || { say "no Rust toolchain: install rustup or cargo first"; exit 1; }

# --- what is missing? -----------------------------------------------------------

packages=()
needs() { has "$1" || packages+=("$2"); }

has_wasm() {
  local folder
  folder=$(rustc --print target-libdir --target wasm32-unknown-unknown 2>/dev/null) || return 1
  compgen -G "$folder/libstd-*.rlib" >/dev/null
}
has_debian_wasm() {
  [ -x /usr/bin/cargo ] && [ -d /usr/lib/rustlib/src/rust/library ] && compgen -G '/usr/bin/wasm-ld*' >/dev/null
}

needs cc gcc
if ! has_wasm && ! has_debian_wasm; then
  packages+=(rustc-web cargo-web rust-web-src lld)
fi
if [ "$purpose" = test ]; then
  needs chromium chromium
  needs chromedriver chromium-driver
  needs swipl swi-prolog-nox
  needs patch patch
  needs brotli brotli
  needs python3 python3
  needs tshark tshark
  needs npm npm
  needs ip iproute2
fi

# --- install it, or say how -------------------------------------------------------

install_packages() {
  local root=()
  if [ "$(id -u)" != 0 ]; then
    has sudo || return 1
    root=(sudo)
  fi
  has apt-get || return 1
  say "installing ${packages[*]}"
  "${root[@]}" apt-get update -qq </dev/null
  "${root[@]}" env DEBIAN_FRONTEND=noninteractive \
    apt-get install -y -qq --no-install-recommends "${packages[@]}" </dev/null >/dev/null
}

if [ ${#packages[@]} -gt 0 ] && ! install_packages; then
  say "missing: ${packages[*]}"
  say "on Debian: apt-get install ${packages[*]}"
  say "elsewhere: the same programs; for wasm: rustup target add wasm32-unknown-unknown"
  exit 1
fi

if [ "$purpose" = test ] && ! has cargo-nextest; then
  say "installing cargo-nextest (a few minutes, once)"
  cargo install --quiet --locked cargo-nextest
fi

# The checker of accessibility that the browser tests run in pages; MPL-2.0, not part of the program.
axe=axe-core-4.11.0
if [ "$purpose" = test ] && [ ! -f "target/tools/$axe/axe.min.js" ]; then
  say "fetching $axe into target/tools"
  mkdir -p "target/tools/$axe"
  (cd "target/tools/$axe" && npm pack --silent "${axe/-core-/-core@}" >/dev/null &&
    tar -xzf "$axe.tgz" --strip-components=1 package/axe.min.js && rm "$axe.tgz")
fi
