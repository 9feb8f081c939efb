#!/usr/bin/env bash
# Installs what building Warraq needs and this machine lacks; does nothing, quickly, where nothing is missing.
#   scripts/install-deps.sh           look, and install what is missing
#   scripts/install-deps.sh --check   look, and fail with the cure instead of installing
#   scripts/install-deps.sh --tests   what the tests hold Warraq against, too
set -euo pipefail

say() { printf '%s\n' "$*" >&2; }
have() { command -v "$1" >/dev/null 2>&1; }
have_library() { have pkg-config && pkg-config --exists "$1" 2>/dev/null; }

# bindgen loads libclang.so; where Debian and its kin keep it depends on the version.
have_libclang() {
  [ -n "${LIBCLANG_PATH:-}" ] && return 0
  ldconfig -p 2>/dev/null | grep -q 'libclang[-.0-9]*\.so' && return 0
  compgen -G '/usr/lib/llvm-*/lib/libclang*.so*' >/dev/null || compgen -G '/usr/lib64/libclang*.so*' >/dev/null
}

missing=()
have cc && have make || missing+=(build-essential)
have pkg-config || missing+=(pkg-config)
have_library 'tesseract >= 5' || missing+=(libtesseract-dev)
have_library lept || missing+=(libleptonica-dev)
# libclang alone lacks the compiler's own headers (stddef.h), which come with clang.
{ have_libclang && have clang; } || missing+=(clang libclang-dev)
if [ "${1:-}" = --tests ]; then
  have pdftotext || missing+=(poppler-utils)
  have qpdf || missing+=(qpdf)
  have chromedriver || missing+=(chromium chromium-driver)
  python3 -m ensurepip --version >/dev/null 2>&1 || missing+=(python3-venv)
fi

if [ ${#missing[@]} -gt 0 ]; then
  say "missing: ${missing[*]}"
  if [ "${1:-}" = --check ]; then
    say "cure: scripts/install-deps.sh, or: apt-get install ${missing[*]}"
    exit 1
  fi
  if ! have apt-get; then
    say "This is no Debian or Ubuntu; install these with the package manager of your system:"
    say "  a C compiler, make, pkg-config, clang with libclang, and the headers of Tesseract 5 and Leptonica"
    say "  Fedora: dnf install gcc gcc-c++ make pkgconf clang clang-devel tesseract-devel leptonica-devel"
    exit 1
  fi
  as_root=()
  if [ "$(id -u)" -ne 0 ]; then
    if ! have sudo; then
      say "Not root, and there is no sudo. As root: apt-get update && apt-get install ${missing[*]}"
      exit 1
    fi
    as_root=(sudo)
  fi
  say "installing: ${missing[*]}"
  "${as_root[@]}" apt-get update -qq
  "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "${missing[@]}" >&2
  have_library 'tesseract >= 5' || { say "Tesseract 5 is needed; this system offers $(pkg-config --modversion tesseract 2>/dev/null || echo none). Debian 12 and Ubuntu 24.04 bring it."; exit 1; }
fi

if ! have cargo; then
  say "Rust is missing. Install rustup (https://rustup.rs), open a new shell and run make again:"
  say "  curl --proto '=https' --tlsv1.2 -sSf https://sh.rustup.rs | sh -s -- -y --profile minimal"
  say "The toolchain itself is named in rust-toolchain.toml and fetched by cargo on its first call."
  exit 1
fi
