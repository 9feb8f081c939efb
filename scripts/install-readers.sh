#!/usr/bin/env bash
# Fetches the readers of PDF that tests hold exported files against, into target/readers: pdfium (by Python) and pdf.js (by Node).
# What cannot be had is told, and its test says that it was skipped; poppler and qpdf come with scripts/install-deps.sh --tests.
set -euo pipefail
cd "$(dirname "$0")/.."

say() { printf '%s\n' "$*" >&2; }
readers=${CARGO_TARGET_DIR:-target}/readers
mkdir -p "$readers"

pdfium() {
  [ -x "$readers/venv/bin/python" ] || python3 -m venv "$readers/venv" || return 1
  "$readers/venv/bin/python" -m pip install --quiet --disable-pip-version-check -r tests/readers/requirements.txt
}
pdfjs() {
  cp tests/readers/package.json "$readers/"
  npm install --prefix "$readers" --silent --no-audit --no-fund --no-package-lock
}

if ! cmp -s tests/readers/requirements.txt "$readers/requirements.done"; then
  if pdfium >&2; then cp tests/readers/requirements.txt "$readers/requirements.done"; else say "no pdfium: Python's venv or the network is missing"; fi
fi
if ! cmp -s tests/readers/package.json "$readers/package.done"; then
  if command -v npm >/dev/null && pdfjs >&2; then cp tests/readers/package.json "$readers/package.done"; else say "no pdf.js: Node's npm or the network is missing"; fi
fi
