#!/bin/sh
# Makes the tarballs of a release, the same bytes each time:
#
#   packages/dist.sh BUILD OUT
#
#   OUT/tablao-VERSION.tar.gz               the files of the last commit
#   OUT/tablao-VERSION-amalgamation.tar.gz  BUILD/amalgamation
#
# The amalgamation is of the files as they are, so a release is made in a
# clean checkout. Times are those of the commit, or SOURCE_DATE_EPOCH.
set -eu

top=$(pwd)
mkdir -p "$2"
build=$(cd "$1" && pwd)
out=$(cd "$2" && pwd)
version=$(cat VERSION)
commit=$(git rev-parse --verify HEAD) || {
  echo 'tablao: dist: the source tarball is made from a git checkout' >&2
  exit 1
}
: "${SOURCE_DATE_EPOCH:=$(git log -1 --format=%ct "$commit")}"
git diff --quiet HEAD -- ||
  echo 'tablao: dist: changes that are not committed are left out' >&2

name=tablao-$version
git archive --format=tar --prefix="$name/" "$commit" |
  gzip -n -9 >"$out/$name.tar.gz"
name=tablao-$version-amalgamation
tar -c --sort=name --owner=0 --group=0 --numeric-owner --mode=644 \
  --mtime="@$SOURCE_DATE_EPOCH" --transform="s,^,$name/," \
  -C "$top" LICENSE -C "$top/packages/c" README.md \
  -C "$build/amalgamation" tablao.c tablao.h tablao.sql |
  gzip -n -9 >"$out/$name.tar.gz"
echo "$out/tablao-$version.tar.gz"
echo "$out/$name.tar.gz"
