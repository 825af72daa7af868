"""Makes everything that people install: python release.py BUILD

All of it is in BUILD/release, made of BUILD's products and packages/; what it
is made of is left in BUILD/release-stage. To be run by BUILD/release-tools,
where Zig's compiler is (packages/tools.sh). RELEASE_PLATFORMS names some of the
platforms, for a quick try: that is no release, and the manifest says so.

The same commit gives the same bytes, with the same versions of the tools,
which the manifest names. Times in the archives are those of the commit, or
SOURCE_DATE_EPOCH.
"""

import hashlib
import json
import os
import re
import shlex
import shutil
import subprocess
import sys
import zlib
from datetime import datetime, timezone
from importlib import metadata

from archive import make_tar_gz, make_zip
from platforms import PLATFORMS

# What of BUILD is released as it is. What is not there yet is left out, and
# said to be.
SCRIPTS = ["tablao.sql", "tablao.json", "tablao-mirror.sql"]

build = os.path.abspath(sys.argv[1])
out = os.path.join(build, "release")
stage = os.path.join(build, "release-stage")
amalgamation = os.path.join(build, "amalgamation")


def die(message):
    sys.exit("tablao: release: " + message)


def output(*command):
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


def read(path):
    with open(path, encoding="utf-8") as file:
        return file.read()


def write(path, text):
    with open(path, "w", encoding="utf-8", newline="\n") as file:
        file.write(text)


def copy(target, *paths):
    os.makedirs(target, exist_ok=True)
    for path in paths:
        shutil.copyfile(path, os.path.join(target, os.path.basename(path)))


version = read("VERSION").strip()
schema_version = max(
    int(name.partition("_")[0])
    for name in os.listdir("sql")
    if re.fullmatch(r"\d+_.*\.sql", name)
)
try:
    commit = output("git", "rev-parse", "--verify", "HEAD").strip()
except (OSError, subprocess.CalledProcessError):
    die("it is made from a git checkout")
changed = bool(output("git", "status", "--porcelain", "--untracked-files=no"))
epoch = int(
    os.environ.get("SOURCE_DATE_EPOCH") or output("git", "log", "-1", "--format=%ct")
)
os.environ["SOURCE_DATE_EPOCH"] = str(epoch)
os.umask(0o022)  # Wheels have the modes of their files.

wanted = os.environ.get("RELEASE_PLATFORMS", "").split()
platforms = [p for p in PLATFORMS if not wanted or p.name in wanted]
if len(platforms) < len(wanted):
    die("RELEASE_PLATFORMS: the platforms are " + ", ".join(p.name for p in PLATFORMS))


def fill_in(text, **more):
    names = {"VERSION": version, "SCHEMA_VERSION": str(schema_version), **more}
    return re.sub(r"@([A-Z_]+)@", lambda found: names[found.group(1)], text)


def stage_package(name, target=None, **more):
    """packages/NAME with the files that end in .in filled in, and the licence."""
    target = target or os.path.join(stage, name)
    shutil.copytree(os.path.join("packages", name), target)
    for folder, folders, names in os.walk(target):
        for path in (os.path.join(folder, n) for n in folders + names):
            os.chmod(path, 0o755 if os.path.isdir(path) else 0o644)
            if path.endswith(".in"):
                write(path[:-3], fill_in(read(path), **more))
                os.remove(path)
    copy(target, "LICENSE")
    return target


# --- the library, for each platform ------------------------------------------


def find_headers():
    """SQLite's two headers alone: what the system has beside them is not for
    another platform."""
    compiler = shlex.split(os.environ.get("CC", "cc"))
    flags = shlex.split(os.environ.get("CPPFLAGS", ""))
    for name in "sqlite3.h", "sqlite3ext.h":
        rule = subprocess.run(
            compiler + flags + ["-M", "-E", "-x", "c", "-"],
            input="#include <%s>\n" % name, check=True, capture_output=True, text=True,
        ).stdout
        [path] = [p for p in rule.split() if os.path.basename(p) == name]
        copy(os.path.join(stage, "include"), path)


def build_library(platform):
    target = os.path.join(stage, "lib", platform.name)
    os.makedirs(target)
    caches = {
        name: os.environ.get(name, os.path.join(build, "zig-cache"))
        for name in ("ZIG_GLOBAL_CACHE_DIR", "ZIG_LOCAL_CACHE_DIR")
    }
    flags = ["-fPIC"]
    if platform.library == "tablao.dylib":
        flags.append("-Wl,-install_name,@rpath/tablao.dylib")
    subprocess.run(
        [sys.executable, "-m", "ziglang", "cc", "-target", platform.target,
         "-mcpu=baseline", "-std=c11", "-O2", "-DNDEBUG", "-Wall", "-Wextra", "-Werror",
         "-fvisibility=hidden", "-fno-sanitize=undefined",
         "-I" + os.path.join(stage, "include"), "-shared", "-s", *flags,
         "-o", os.path.join(target, platform.library), "tablao.c"],
        cwd=amalgamation, env={**os.environ, **caches}, check=True,
    )
    # An import library comes with a DLL; nobody links with this one.
    for name in set(os.listdir(target)) - {platform.library}:
        os.remove(os.path.join(target, name))
    return os.path.join(target, platform.library)


def archive_library(platform, library):
    folder = stage_package("loadable", os.path.join(stage, "loadable-" + platform.name))
    copy(folder, library, os.path.join(build, "tablao.sql"))
    make_tar_gz(
        os.path.join(out, "tablao-%s-loadable-%s.tar.gz" % (version, platform.loadable)),
        folder, epoch)
    make_zip(os.path.join(out, "tablao-%s.zip" % platform.zip), folder)


# --- packages -----------------------------------------------------------------


def wheel(source, tag=""):
    subprocess.run(
        [sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "--no-index",
         "--disable-pip-version-check", "--no-build-isolation",
         "-w", os.path.join(out, "python"), source],
        env={**os.environ, "TABLAO_WHEEL_PLATFORM": tag}, check=True,
    )


def make_python(libraries):
    for platform, library in libraries:
        folder = stage_package("python", os.path.join(stage, "python-" + platform.name))
        copy(os.path.join(folder, "tablao"), library, os.path.join(build, "tablao.sql"))
        wheel(folder, platform.wheel)
    for plugin in "datasette", "sqlite-utils":
        wheel(stage_package(plugin))


def npm_pack(folder, name):
    make_tar_gz(os.path.join(out, "npm", "%s-%s.tgz" % (name, version)), folder, epoch,
                "package/")


def make_npm(libraries):
    os.makedirs(os.path.join(out, "npm"))
    folder = stage_package("npm", OPTIONAL=json.dumps(
        {"@tablao/" + p.name: version for p, _ in libraries}))
    copy(folder, os.path.join(build, "tablao.sql"))
    npm_pack(folder, "tablao")
    for platform, library in libraries:
        folder = stage_package(
            "npm-platform", os.path.join(stage, "npm-" + platform.name),
            PLATFORM=platform.name, LIBRARY=platform.library, NEEDS=platform.needs,
            SELECT=json.dumps(platform.npm)[1:-1])
        copy(folder, library)
        npm_pack(folder, "tablao-" + platform.name)


def make_go():
    """What GOPROXY=file://.../go serves."""
    folder = stage_package("go")
    copy(folder, os.path.join(build, "tablao.sql"))
    headers = os.path.join(stage, "include")
    copy(os.path.join(folder, "ext"),
         os.path.join(amalgamation, "tablao.c"), os.path.join(amalgamation, "tablao.h"),
         os.path.join(headers, "sqlite3.h"), os.path.join(headers, "sqlite3ext.h"))
    module = read("packages/go/go.mod").split()[1]
    proxy = os.path.join(out, "go", module, "@v")
    os.makedirs(proxy)
    at = os.path.join(proxy, "v" + version)
    copy(proxy, os.path.join(folder, "go.mod"))
    os.rename(os.path.join(proxy, "go.mod"), at + ".mod")
    write(os.path.join(proxy, "list"), "v%s\n" % version)
    time = datetime.fromtimestamp(epoch, timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")
    write(at + ".info", json.dumps({"Version": "v" + version, "Time": time}) + "\n")
    make_zip(at + ".zip", folder, "%s@v%s/" % (module, version))


def make_rust():
    folder = stage_package("rust")
    copy(os.path.join(folder, "c"), *(
        os.path.join(amalgamation, name)
        for name in ("tablao.c", "tablao.h", "tablao.sql")))
    os.makedirs(os.path.join(out, "rust"))
    name = "tablao-" + version
    make_tar_gz(os.path.join(out, "rust", name + ".crate"), folder, epoch, name + "/")


def make_sqlpkg():
    """sqlpkg names platforms as Go does, and knows one C library of Linux."""
    processors = {"x64": "amd64", "arm64": "arm64"}
    systems = {"linux": "linux", "win32": "windows", "darwin": "darwin"}
    files = {
        "%s-%s" % (systems[p.npm["os"][0]], processors[p.npm["cpu"][0]]):
            "tablao-%s.zip" % p.zip
        for p in platforms
        if not p.name.endswith("-musl")
    }
    sums = {name: "sha256-" + sha256(os.path.join(out, name)) for name in files.values()}
    write(os.path.join(out, "sqlpkg.json"), fill_in(
        read("packages/sqlpkg.json.in"), FILES=json.dumps(files),
        CHECKSUMS=json.dumps(sums)))


# --- what there is -------------------------------------------------------------


def sha256(path):
    with open(path, "rb") as file:
        return hashlib.sha256(file.read()).hexdigest()


def list_files():
    return sorted(
        os.path.relpath(os.path.join(folder, name), out).replace(os.sep, "/")
        for folder, _, names in os.walk(out)
        for name in names
    )


def platform_of(name):
    """The platform of a file of the release; None where it serves all."""
    for platform in platforms:
        if name in (
            "tablao-%s-loadable-%s.tar.gz" % (version, platform.loadable),
            "tablao-%s.zip" % platform.zip,
            "python/tablao-%s-py3-none-%s.whl" % (version, platform.wheel),
            "npm/tablao-%s-%s.tgz" % (platform.name, version),
        ):
            return platform
    return None


def make_manifest():
    files = []
    for name in list_files():
        path = os.path.join(out, name)
        entry = {"name": name, "size": os.path.getsize(path), "sha256": sha256(path)}
        platform = platform_of(name)
        if platform:
            entry.update(platform=platform.name, needs=platform.needs,
                         run_by=platform.run_by or None)
        files.append(entry)
    headers = read(os.path.join(stage, "include", "sqlite3.h"))
    manifest = {
        "name": "tablao",
        "version": version,
        "schema_version": schema_version,
        "commit": commit,
        "complete": not wanted and not changed and not missing,
        "made_with": {
            "ziglang": metadata.version("ziglang"),
            "setuptools": metadata.version("setuptools"),
            "sqlite_headers": re.search(r'SQLITE_VERSION +"([^"]+)"', headers).group(1),
            "python": "%d.%d" % sys.version_info[:2],
            "zlib": zlib.ZLIB_RUNTIME_VERSION,
        },
        "files": files,
    }
    write(os.path.join(out, "manifest.json"), json.dumps(manifest, indent=1) + "\n")
    write(os.path.join(out, "SHA256SUMS"), "".join(
        "%s  %s\n" % (sha256(os.path.join(out, name)), name) for name in list_files()))


for folder in out, stage:
    shutil.rmtree(folder, ignore_errors=True)
os.makedirs(out)
if changed:
    print("tablao: release: there are changes that are not committed")
missing = [name for name in SCRIPTS if not os.path.exists(os.path.join(build, name))]
for name in SCRIPTS:
    if name in missing:
        print("tablao: release: left out: %s is not in %s" % (name, build))
    else:
        copy(out, os.path.join(build, name))
subprocess.run(["sh", "packages/dist.sh", build, out], check=True,
               stdout=subprocess.DEVNULL)
shutil.unpack_archive(os.path.join(out, "tablao-%s-amalgamation.tar.gz" % version),
                      os.path.join(stage, "amalgamation"))
make_zip(os.path.join(out, "tablao-%s-amalgamation.zip" % version),
         os.path.join(stage, "amalgamation"))
find_headers()
libraries = []
for platform in platforms:
    print("tablao: release: %s" % platform.name, flush=True)
    libraries.append((platform, build_library(platform)))
    archive_library(*libraries[-1])
make_python(libraries)
make_npm(libraries)
make_go()
make_rust()
make_sqlpkg()
make_manifest()
for name in list_files():
    print("%8d  %s" % (os.path.getsize(os.path.join(out, name)), name))
