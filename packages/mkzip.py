"""Makes a zip file, the same bytes from the same files.

    mkzip.py OUT.zip DIR [PREFIX]

Every name in it begins with PREFIX. Times are the earliest that zip has.
"""

import os
import sys
import zipfile

out, top = sys.argv[1:3]
prefix = sys.argv[3] if len(sys.argv) > 3 else ""
with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
    for folder, folders, names in os.walk(top):
        folders.sort()
        for name in sorted(names):
            path = os.path.join(folder, name)
            inside = os.path.relpath(path, top).replace(os.sep, "/")
            info = zipfile.ZipInfo(prefix + inside)
            info.compress_type = zipfile.ZIP_DEFLATED
            info.external_attr = 0o644 << 16
            with open(path, "rb") as file:
                archive.writestr(info, file.read())
