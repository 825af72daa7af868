#!/bin/sh
# Builds the cluster's program, BUILD/cluster/cluster.
#
#   sh examples/cluster/build.sh BUILD ?WITH ?test??
#
# dqlite is linked dynamically, and go-dqlite has to fit it: version 1.11.5
# for libdqlite before 1.17 (Debian 12), 2.0.1 for later ones (Debian 13).
# Both are pinned in go.mod; a build tag picks one. WITH, a libtablao.a, has
# the extension in every connection of every node, and makes
# BUILD/cluster/cluster-extension; the program itself needs no extension. With
# test, what the extension does on dqlite is tested instead.
set -eu

build=$(mkdir -p "$1/cluster" && cd "$1" && pwd)
with=${2:-}
cd "$(dirname "$0")"
: "${CC:=cc}" "${CPPFLAGS:=}"

# shellcheck disable=SC2086
if echo '#include <dqlite.h>' | $CC $CPPFLAGS -E - | grep -q dqlite_node_describe_last_entry
then
  tags=libsqlite3,nosqlite3
else
  tags=libsqlite3,dqlite1
fi
out=$build/cluster/cluster
if [ -n "$with" ]; then
  tags=$tags,extension
  out=$build/cluster/cluster-extension
  export CGO_LDFLAGS="$with -lsqlite3"
fi
# go-dqlite asks the linker for -z now, which cgo lets pass only when told to.
export CGO_ENABLED=1 CGO_LDFLAGS_ALLOW='.*' CC
if [ "${3:-}" = test ]; then
  exec go test -count=1 -tags "$tags" .
fi
go build -trimpath -tags "$tags" -o "$out" .
