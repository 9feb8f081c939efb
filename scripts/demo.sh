#!/usr/bin/env bash
# Reads the sample letters into an archive of their own, searches it once and shows the ledger.
#   WARRAQ_DEMO_ARCHIVE  where the archive goes (./warraq-archive-demo); a second run finds everything already there
set -euo pipefail
cd "$(dirname "$0")/.."

warraq=${WARRAQ:-target/release/warraq}
archive=${WARRAQ_DEMO_ARCHIVE:-./warraq-archive-demo}

show() { printf '\n$ warraq --archive %s %s\n' "$archive" "$*"; }
run() {
  show "$@"
  "$warraq" --archive "$archive" "$@"
}

# The scans alone: the truth beside them would be told as ignored, line after line.
show 'ingest samples/*.{tif,pdf,jpg,png,bmp,webp}'
"$warraq" --archive "$archive" ingest samples/*.{tif,pdf,jpg,png,bmp,webp}
run search "شبكة الماء"
run ledger
printf '\nThe archive is in %s. Try: %s --archive %s search "مدرسة الفجر"\n' "$archive" "$warraq" "$archive"
