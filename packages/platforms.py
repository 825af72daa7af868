"""What the library is built for, and what else calls these platforms what.

The names are npm's, with -musl behind those of Linux that have that C library.
"""

from typing import NamedTuple


class Platform(NamedTuple):
    name: str
    target: str  # of Zig's compiler, with the oldest C library or system
    library: str
    loadable: str  # as sqlite-vec names its archives
    zip: str  # as sqlean names its
    wheel: str
    npm: dict
    needs: str
    run_by: str  # what runs it in test-packages; "" where nothing can


PLATFORMS = [
    Platform(
        "linux-x64",
        "x86_64-linux-gnu.2.17",
        "tablao.so",
        "linux-x86_64",
        "linux-x64",
        "manylinux_2_17_x86_64.manylinux2014_x86_64",
        {"os": ["linux"], "cpu": ["x64"], "libc": ["glibc"]},
        "glibc 2.17",
        "linux",
    ),
    Platform(
        "linux-arm64",
        "aarch64-linux-gnu.2.17",
        "tablao.so",
        "linux-aarch64",
        "linux-arm64",
        "manylinux_2_17_aarch64.manylinux2014_aarch64",
        {"os": ["linux"], "cpu": ["arm64"], "libc": ["glibc"]},
        "glibc 2.17",
        "qemu-user",
    ),
    Platform(
        "linux-x64-musl",
        "x86_64-linux-musl",
        "tablao.so",
        "linux-x86_64-musl",
        "linux-x64-musl",
        "musllinux_1_2_x86_64",
        {"os": ["linux"], "cpu": ["x64"], "libc": ["musl"]},
        "musl 1.2",
        "a chroot with musl",
    ),
    Platform(
        "linux-arm64-musl",
        "aarch64-linux-musl",
        "tablao.so",
        "linux-aarch64-musl",
        "linux-arm64-musl",
        "musllinux_1_2_aarch64",
        {"os": ["linux"], "cpu": ["arm64"], "libc": ["musl"]},
        "musl 1.2",
        "qemu-user",
    ),
    Platform(
        "win32-x64",
        "x86_64-windows-gnu",
        "tablao.dll",
        "windows-x86_64",
        "win-x64",
        "win_amd64",
        {"os": ["win32"], "cpu": ["x64"]},
        "Windows 10",
        "Wine",
    ),
    Platform(
        "win32-arm64",
        "aarch64-windows-gnu",
        "tablao.dll",
        "windows-aarch64",
        "win-arm64",
        "win_arm64",
        {"os": ["win32"], "cpu": ["arm64"]},
        "Windows 10",
        "",
    ),
    Platform(
        "darwin-x64",
        "x86_64-macos.11.0",
        "tablao.dylib",
        "macos-x86_64",
        "macos-x64",
        "macosx_11_0_x86_64",
        {"os": ["darwin"], "cpu": ["x64"]},
        "macOS 11",
        "",
    ),
    Platform(
        "darwin-arm64",
        "aarch64-macos.11.0",
        "tablao.dylib",
        "macos-aarch64",
        "macos-arm64",
        "macosx_11_0_arm64",
        {"os": ["darwin"], "cpu": ["arm64"]},
        "macOS 11",
        "",
    ),
]
