#!/usr/bin/env bash
# Builds the browser half of the dashboard into target/site/pkg/<hash>/.
#
#   scripts/build-web.sh          small and compressed, as releases have it
#   scripts/build-web.sh --dev    quick and large
#
# The server's build embeds target/site, so this runs first. Nothing is done when no input has
# changed. Environment: WASM_BINDGEN and WASM_OPT name tools that are not on the PATH.
set -euo pipefail
cd "$(dirname "$0")/.."

readonly target=wasm32-unknown-unknown
readonly name=swish-cluster # app::OUTPUT_NAME
readonly site=target/site
readonly built=target/web
profile=web
[ "${1:-}" != --dev ] || profile=web-dev

say() { printf 'build-web: %s\n' "$*" >&2; }
die() { say "$@"; exit 1; }

# --- is there anything to do? ------------------------------------------------

# What the result is made of; the files' content, not their times.
inputs() {
  find app/src app/Cargo.toml server/domain/src server/domain/Cargo.toml style \
    Cargo.toml Cargo.lock scripts/build-web.sh -type f | LC_ALL=C sort | xargs sha256sum
  printf '%s\n' "$profile"
}

stamp=$(inputs | sha256sum | cut -c1-64)
if [ "$(cat "$site/.stamp" 2>/dev/null)" = "$stamp" ]; then
  say "up to date"
  exit 0
fi

# --- a compiler for wasm -----------------------------------------------------

has_target() { compgen -G "$("$1" --print target-libdir --target $target 2>/dev/null)/libstd-*.rlib" >/dev/null; }
has_sources() { [ -f "$("$1" --print sysroot 2>/dev/null)/lib/rustlib/src/rust/library/Cargo.toml" ]; }

cargo=cargo
flags=()
if has_target rustc; then
  compiler=rustc
elif [ -x /usr/bin/cargo ] && has_sources /usr/bin/rustc; then
  # A distribution's compiler with the library's sources: the library is built along.
  compiler=/usr/bin/rustc cargo=/usr/bin/cargo
  export RUSTC=$compiler RUSTC_BOOTSTRAP=1
  flags+=(-Zbuild-std=std,panic_abort)
else
  die "this compiler cannot make wasm. Either: rustup target add $target" \
    "or, on Debian: apt-get install rustc-web cargo-web rust-web-src lld"
fi
# The calling cargo's own settings must not reach another compiler.
unset RUSTUP_TOOLCHAIN CARGO RUSTFLAGS CARGO_ENCODED_RUSTFLAGS RUSTC_WRAPPER || true

# Its own linker, or any that knows wasm.
find_linker() {
  local host own candidate
  host=$("$compiler" -vV | sed -n 's/^host: //p')
  own=$("$compiler" --print sysroot)/lib/rustlib/$host/bin/rust-lld
  [ ! -x "$own" ] || return 0
  for candidate in wasm-ld wasm-ld-{22,21,20,19,18,17,16,15,14}; do
    if command -v "$candidate" >/dev/null; then
      export CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_LINKER=$candidate
      return 0
    fi
  done
  die "no linker for wasm: install lld"
}
[ -n "${CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_LINKER:-}" ] || find_linker

# --- wasm-bindgen, of exactly the version in Cargo.lock ------------------------

wanted=$(sed -n '/^name = "wasm-bindgen"$/{n;s/^version = "\(.*\)"$/\1/p;}' Cargo.lock)
is_wanted() { [ "$("$1" --version 2>/dev/null | cut -d' ' -f2)" = "$wanted" ]; }

find_bindgen() {
  local candidate own=$PWD/target/tools/bin/wasm-bindgen
  for candidate in "${WASM_BINDGEN:-}" wasm-bindgen "$own"; do
    if [ -n "$candidate" ] && is_wanted "$candidate"; then
      bindgen=$candidate
      return 0
    fi
  done
  say "installing wasm-bindgen $wanted into target/tools (a few minutes, once)"
  # Not --locked: its lock file names versions that newer compilers refuse.
  env -u RUSTC -u RUSTC_BOOTSTRAP cargo install --quiet "wasm-bindgen-cli@$wanted" \
    --root target/tools --target-dir target/tools/build >&2
  rm -rf target/tools/build
  bindgen=$own
}
find_bindgen

# --- build -------------------------------------------------------------------

say "compiling ($profile) with $("$compiler" -V)"
# No crate of its own: the library as a cdylib, in a folder of its own.
"$cargo" rustc "${flags[@]}" --locked -p app --lib --crate-type cdylib \
  --no-default-features --features hydrate \
  --profile $profile --target $target --target-dir $built >&2

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
bindgen_flags=(--target web --no-typescript --out-dir "$work" --out-name $name)
[ $profile != web ] || bindgen_flags+=(--remove-name-section --remove-producers-section)
"$bindgen" "${bindgen_flags[@]}" "$built/$target/$profile/app.wasm"

# Tokens come first: the parts use them.
cat style/tokens.css style/layout.css style/components.css style/pages.css style/file.css style/actions.css style/chat.css >"$work/$name.css"

# Binaryen before 116 breaks what wasm-bindgen writes.
optimize() {
  local tool version
  for tool in "${WASM_OPT:-}" wasm-opt node_modules/.bin/wasm-opt; do
    version=$("$tool" --version 2>/dev/null | sed -n 's/^wasm-opt version \([0-9]*\).*/\1/p') || true
    if [ "${version:-0}" -ge 116 ]; then
      "$tool" -Oz --all-features --strip-debug "$1" -o "$1.small" && mv "$1.small" "$1"
      return 0
    fi
  done
}

compress() {
  gzip -9 --keep --no-name "$1"
  ! command -v brotli >/dev/null || brotli --best --keep "$1"
}

if [ $profile = web ]; then
  optimize "$work/${name}_bg.wasm"
fi

# --- publish under the hash of the content -------------------------------------

hash=$(cd "$work" && cat $name.css $name.js ${name}_bg.wasm | sha256sum | cut -c1-16)
if [ $profile = web ]; then
  for file in "$work"/*; do compress "$file"; done
fi
rm -rf "$site"
mkdir -p "$site/pkg/$hash"
cp "$work"/* "$site/pkg/$hash/"
printf '%s\n' "$stamp" >"$site/.stamp"
compressed=$(stat -c ', %s compressed' "$work/${name}_bg.wasm.br" 2>/dev/null || true)
say "$site/pkg/$hash: $(stat -c %s "$work/${name}_bg.wasm") bytes of wasm$compressed"
