#!/usr/bin/env bash
# Reads the sample letters into an archive of their own, searches it once and shows the ledger.
#   WARRAQ_DEMO_ARCHIVE  where the archive goes (./warraq-archive-demo); a second run finds everything already there
set -euo pipefail
cd "$(dirname "$0")/.."

warraq=${WARRAQ:-target/release/warraq}
archive=${WARRAQ_DEMO_ARCHIVE:-./warraq-archive-demo}

run() {
  printf '\n$ warraq --archive %s %s\n' "$archive" "$*"
  "$warraq" --archive "$archive" "$@"
}

run ingest samples
run search "شبكة الماء"
run ledger
printf '\nThe archive is in %s. Try: %s --archive %s search "مدرسة الفجر"\n' "$archive" "$warraq" "$archive"
