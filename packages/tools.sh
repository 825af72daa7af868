#!/bin/sh
# Installs pinned tools from PyPI into an environment of their own:
#
#   packages/tools.sh FOLDER REQUIREMENTS [PIP'S OPTION ...]
#
# Does nothing where it has done so before.
set -eu

folder=$1
requirements=$2
shift 2
! cmp -s "$requirements" "$folder/requirements.txt" || exit 0
echo "tablao: installing from $requirements into $folder"
rm -rf "$folder"
python3 -m venv "$folder"
"$folder/bin/python" -m pip install --quiet --disable-pip-version-check \
  --no-cache-dir --only-binary :all: "$@" -r "$requirements" || {
  echo "tablao: pip could not install $requirements" >&2
  exit 1
}
cp "$requirements" "$folder/requirements.txt"
