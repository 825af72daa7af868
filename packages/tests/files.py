"""Looks at a release without installing it: python files.py RELEASE VERSION

The sums, the manifest, the names; what is inside each archive, and that the
library of a platform is the same in all of them; each library by
check_library.py. Prints a line per check that failed, a line for each platform,
and `N passed, N failed`.
"""

import hashlib
import io
import json
import os
import subprocess
import sys
import tarfile
import zipfile

sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
from check_library import Checks, check_library  # noqa: E402
from platforms import PLATFORMS  # noqa: E402

release, version = sys.argv[1:3]
checks = Checks()
check = checks.check


def read(name):
    with open(os.path.join(release, name), "rb") as file:
        return file.read()


def sha256(data):
    return hashlib.sha256(data).hexdigest()


def unpack(name):
    """{name inside: data}, and no time, owner or mode that tells who made it."""
    data = io.BytesIO(read(name))
    if name.endswith((".zip", ".whl")):
        with zipfile.ZipFile(data) as archive:
            return {info.filename: archive.read(info) for info in archive.infolist()}
    with tarfile.open(fileobj=data) as archive:
        members = archive.getmembers()
        check(name + ": owners", {(m.uid, m.gid, m.uname, m.gname) for m in members},
              {(0, 0, "", "")})
        return {m.name: archive.extractfile(m).read() for m in members if m.isfile()}


manifest = json.loads(read("manifest.json"))
names = sorted(
    os.path.relpath(os.path.join(folder, name), release).replace(os.sep, "/")
    for folder, _, found in os.walk(release)
    for name in found
)
sums = dict(line.split("  ")[::-1] for line in read("SHA256SUMS").decode().splitlines())
check("SHA256SUMS", sums,
      {name: sha256(read(name)) for name in names if name != "SHA256SUMS"})
check("manifest", [(f["name"], f["size"], f["sha256"]) for f in manifest["files"]],
      [(name, len(read(name)), sums[name]) for name in names
       if name not in ("SHA256SUMS", "manifest.json")])
check("version", manifest["version"], version)

platforms = PLATFORMS
if os.environ.get("RELEASE_PLATFORMS"):
    platforms = [p for p in PLATFORMS if p.name in os.environ["RELEASE_PLATFORMS"].split()]
go = "go/tablao.example/tablao/@v/"
expected = {
    "SHA256SUMS", "manifest.json", "sqlpkg.json", "tablao.sql",
    "tablao-%s.tar.gz" % version,
    "tablao-%s-amalgamation.tar.gz" % version,
    "tablao-%s-amalgamation.zip" % version,
    "npm/tablao-%s.tgz" % version,
    "rust/tablao-%s.crate" % version,
    "python/datasette_tablao-%s-py3-none-any.whl" % version,
    "python/sqlite_utils_tablao-%s-py3-none-any.whl" % version,
    go + "list", go + "v%s.info" % version, go + "v%s.mod" % version,
    go + "v%s.zip" % version,
}
for script in "tablao.json", "tablao-mirror.sql":
    if script in names:
        expected.add(script)
    else:
        print("skipped: %s is not made yet" % script)

schema = read("tablao.sql")
for platform in platforms:
    loadable = "tablao-%s-loadable-%s.tar.gz" % (version, platform.loadable)
    archive = "tablao-%s.zip" % platform.zip
    wheel = "python/tablao-%s-py3-none-%s.whl" % (version, platform.wheel)
    npm = "npm/tablao-%s-%s.tgz" % (platform.name, version)
    expected.update((loadable, archive, wheel, npm))
    inside = {name: unpack(name) for name in (loadable, archive, wheel, npm)}

    for name in loadable, archive:
        check(name, sorted(inside[name]),
              sorted(["LICENSE", "README.md", "tablao.sql", platform.library]))
        check(name + ": tablao.sql", inside[name]["tablao.sql"] == schema, True)

    info = "tablao-%s.dist-info/" % version
    check(wheel, sorted(inside[wheel]), sorted(
        ["tablao/" + n for n in ("__init__.py", "__main__.py", "command.py", "py.typed",
                                "tablao.sql", platform.library)]
        + [info + n for n in ("METADATA", "WHEEL", "RECORD", "entry_points.txt",
                              "top_level.txt", "licenses/LICENSE")]))
    check(wheel + ": tablao.sql", inside[wheel]["tablao/tablao.sql"] == schema, True)
    tags = [line.partition(": ")[2] for line in
            inside[wheel][info + "WHEEL"].decode().splitlines() if line.startswith("Tag: ")]
    check(wheel + ": tags", sorted(tags),
          sorted("py3-none-" + tag for tag in platform.wheel.split(".")))
    check(wheel + ": version", ("\nVersion: %s\n" % version).encode()
          in inside[wheel][info + "METADATA"], True)

    check(npm, sorted(inside[npm]), sorted(
        "package/" + n for n in ("LICENSE", "README.md", "package.json", platform.library)))
    package = json.loads(inside[npm]["package/package.json"])
    check(npm + ": package.json", {k: package.get(k) for k in ("name", "version", "os",
                                                               "cpu", "libc")},
          {"name": "@tablao/" + platform.name, "version": version, "libc": None,
           **platform.npm})

    libraries = {
        inside[loadable][platform.library], inside[archive][platform.library],
        inside[wheel]["tablao/" + platform.library],
        inside[npm]["package/" + platform.library],
    }
    check(platform.name + ": one library", len(libraries), 1)
    path = os.path.join(os.environ["TMPDIR"], platform.name + "-" + platform.library)
    with open(path, "wb") as file:
        file.write(libraries.pop())
    print("checking %s" % platform.name)
    found = check_library(platform, path)
    checks.passed += found.passed
    checks.failed += found.failed

    # A second opinion, from those who decide what a manylinux wheel is.
    if platform.needs.startswith("glibc"):
        shown = subprocess.run(
            [os.path.join(sys.prefix, "bin", "auditwheel"), "show",
             os.path.join(release, wheel)], capture_output=True, text=True).stdout
        check(wheel + ": auditwheel", '"%s"' % platform.wheel.split(".")[0] in shown, True)
    says = "%s: %d bytes, needs %s or later, run by %s" % (
        platform.name, os.path.getsize(path), platform.needs, platform.run_by or "nothing")
    print(says)

check("files", names, sorted(expected))
sqlpkg = json.loads(read("sqlpkg.json"))
check("sqlpkg: version", sqlpkg["version"], version)
check("sqlpkg: sums", sqlpkg["assets"]["checksums"],
      {name: "sha256-" + sums[name] for name in sqlpkg["assets"]["files"].values()})
amalgamation = "tablao-%s-amalgamation" % version
tar, zipped = unpack(amalgamation + ".tar.gz"), unpack(amalgamation + ".zip")
check("amalgamation: tar.gz and zip", tar == zipped, True)
check("amalgamation", sorted(tar), [
    amalgamation + "/" + n
    for n in ("LICENSE", "README.md", "tablao.c", "tablao.h", "tablao.sql")])
main = json.loads(unpack("npm/tablao-%s.tgz" % version)["package/package.json"])
check("npm: optional packages", main["optionalDependencies"],
      {"@tablao/" + p.name: version for p in platforms})

print("%d passed, %d failed" % (checks.passed, checks.failed))
sys.exit(checks.failed > 0)
