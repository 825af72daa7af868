"""Archives that are the same bytes from the same files, whoever makes them."""

import gzip
import io
import os
import tarfile
import zipfile


def _files(top):
    """(name, path, is it to be executed) of all files below, sorted by name."""
    found = []
    for folder, _, names in os.walk(top):
        for name in names:
            path = os.path.join(folder, name)
            inside = os.path.relpath(path, top).replace(os.sep, "/")
            found.append((inside, path, inside.endswith((".so", ".dylib", ".dll"))))
    return sorted(found)


def make_zip(out, top, prefix=""):
    """Times are the earliest that zip has."""
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as archive:
        for name, path, executable in _files(top):
            info = zipfile.ZipInfo(prefix + name)
            info.create_system = 3  # Unix, which gives the modes a meaning.
            info.compress_type = zipfile.ZIP_DEFLATED
            info.external_attr = (0o100755 if executable else 0o100644) << 16
            with open(path, "rb") as file:
                archive.writestr(info, file.read())


def make_tar_gz(out, top, mtime, prefix=""):
    data = io.BytesIO()
    with tarfile.open(fileobj=data, mode="w", format=tarfile.USTAR_FORMAT) as archive:
        for name, path, executable in _files(top):
            info = tarfile.TarInfo(prefix + name)
            info.mode = 0o755 if executable else 0o644
            info.mtime = mtime
            info.size = os.path.getsize(path)
            with open(path, "rb") as file:
                archive.addfile(info, file)
    with open(out, "wb") as file:
        with gzip.GzipFile("", "wb", 9, file, mtime=0) as compressed:
            compressed.write(data.getvalue())
