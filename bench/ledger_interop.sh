#!/bin/sh
# Does somebody else's program agree? Go's sumdb/note and sumdb/tlog read a log that Heed wrote.
# Debian or Ubuntu: apt-get install golang-go golang-golang-x-mod-dev
set -eu
here=$(cd "$(dirname "$0")" && pwd)
out=$(mktemp -d)
trap 'rm -rf "$out"' EXIT
"$here/../.venv/bin/python" "$here/ledger_interop/write.py" "$out" "${1:-70000}"
cd "$here/ledger_interop"
GO111MODULE=off GOPATH=/usr/share/gocode GOFLAGS= GOCACHE="$out/cache" go run check.go "$out"
