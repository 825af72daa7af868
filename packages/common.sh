# What build.sh and test.sh share. Sourced at the top of the checkout.

build=$(cd "$1" && pwd)
out=$build/packages
version=$(cat VERSION)
# The number of the last migration.
schema_version=$(ls sql/[0-9]*.sql | tail -n 1 |
  sed 's,^sql/0*\([0-9]*\)_.*,\1,')

: "${SOURCE_DATE_EPOCH:=$(git log -1 --format=%ct 2>/dev/null || echo 315532800)}"
export SOURCE_DATE_EPOCH

have() {
  command -v "$1" >/dev/null 2>&1
}

die() {
  echo "tablao: packages: $*" >&2
  exit 1
}

# PLATFORM SUFFIX COMPILER, of what is built for more than this machine. The
# names are npm's.
platforms() {
  case $(uname -s)-$(uname -m) in
  Linux-x86_64)
    echo "linux-x64 so ${CC:-cc}"
    echo "linux-arm64 so aarch64-linux-gnu-gcc"
    echo "win32-x64 dll x86_64-w64-mingw32-gcc"
    ;;
  Linux-aarch64)
    echo "linux-arm64 so ${CC:-cc}"
    echo "win32-x64 dll x86_64-w64-mingw32-gcc"
    ;;
  Darwin-x86_64) echo "darwin-x64 dylib ${CC:-cc}" ;;
  Darwin-arm64) echo "darwin-arm64 dylib ${CC:-cc}" ;;
  *) die "unknown machine: $(uname -s)-$(uname -m)" ;;
  esac
}
