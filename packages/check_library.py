"""Checks a library without running it: python check_library.py PLATFORM FILE

Its format and machine, that it exports the one entry point and nothing else,
that it needs no other libraries than the system's own, and the oldest system
that it says it runs on. Prints a line per check that failed, then `N passed,
N failed`.
"""

import re
import sys

import lief

from platforms import PLATFORMS

lief.logging.disable()

ENTRY = "sqlite3_tablao_init"

MACHINES = {
    "x64": {lief.ELF.ARCH.X86_64, lief.PE.Header.MACHINE_TYPES.AMD64,
            lief.MachO.Header.CPU_TYPE.X86_64},
    "arm64": {lief.ELF.ARCH.AARCH64, lief.PE.Header.MACHINE_TYPES.ARM64,
              lief.MachO.Header.CPU_TYPE.ARM64},
}


class Checks:
    def __init__(self):
        self.passed = self.failed = 0

    def check(self, what, got, want):
        if got == want:
            self.passed += 1
        else:
            self.failed += 1
            print("%s: wanted %r, got %r" % (what, want, got))


def least_glibc(binary):
    """The newest version of glibc that a symbol of the library asks for."""
    versions = [
        tuple(map(int, found.group(1).split(".")))
        for needed in binary.symbols_version_requirement
        for symbol in needed.get_auxiliary_symbols()
        for found in [re.fullmatch(r"GLIBC_([0-9.]+)", symbol.name)]
        if found
    ]
    return max(versions, default=())


def check_elf(checks, platform, binary):
    musl = platform.name.endswith("-musl")
    checks.check("type", binary.header.file_type, lief.ELF.Header.FILE_TYPE.DYN)
    checks.check("machine",
                 binary.header.machine_type in MACHINES[platform.npm["cpu"][0]], True)
    checks.check("exports", [s.name for s in binary.exported_symbols], [ENTRY])
    checks.check("libraries", list(binary.libraries),
                 ["libc.so" if musl else "libc.so.6"])
    checks.check("stack is not executable", binary.has_nx, True)
    if musl:
        checks.check("versions of symbols", least_glibc(binary), ())
    else:
        oldest = tuple(map(int, platform.target.partition("gnu.")[2].split(".")))
        checks.check("glibc of %s" % (oldest,), () < least_glibc(binary) <= oldest,
                     True)


def check_pe(checks, platform, binary):
    checks.check("machine", binary.header.machine in MACHINES[platform.npm["cpu"][0]],
                 True)
    checks.check("is a DLL",
                 lief.PE.Header.CHARACTERISTICS.DLL
                 in binary.header.characteristics_list, True)
    checks.check("exports", [e.name for e in binary.get_export().entries], [ENTRY])
    # The universal C runtime is a part of Windows from 10 on.
    checks.check("libraries", [
        i.name for i in binary.imports
        if not re.fullmatch(r"(api-ms-win-crt-[a-z0-9-]+|kernel32)\.dll", i.name, re.I)
    ], [])
    system = binary.optional_header
    checks.check("system", (system.major_subsystem_version,
                            system.minor_subsystem_version) <= (10, 0), True)
    checks.check("runs at any address",
                 lief.PE.OptionalHeader.DLL_CHARACTERISTICS.DYNAMIC_BASE
                 in system.dll_characteristics_lists, True)


def check_macho(checks, platform, binary):
    checks.check("type", binary.header.file_type, lief.MachO.Header.FILE_TYPE.DYLIB)
    checks.check("machine", binary.header.cpu_type in MACHINES[platform.npm["cpu"][0]],
                 True)
    # What Zig's linker defines in every library is beside the entry point.
    checks.check("exports", sorted(
        {e.symbol.name for e in binary.dyld_info.exports}
        - {"__mh_dylib_header", "___dso_handle"}), ["_" + ENTRY])
    checks.check("libraries", [library.name for library in binary.libraries],
                 ["@rpath/tablao.dylib", "/usr/lib/libSystem.B.dylib"])
    oldest = [int(n) for n in platform.target.partition("macos.")[2].split(".")]
    checks.check("system", list(binary.build_version.minos), (oldest + [0, 0])[:3])
    # Apple's own processors run nothing that is not signed, if only by a hash.
    checks.check("signature", binary.has_code_signature,
                 platform.name == "darwin-arm64")


def check_library(platform, path):
    checks = Checks()
    binary = lief.parse(path)
    kind, check = {
        "tablao.so": (lief.ELF.Binary, check_elf),
        "tablao.dll": (lief.PE.Binary, check_pe),
        "tablao.dylib": (lief.MachO.Binary, check_macho),
    }[platform.library]
    checks.check("format", type(binary), kind)
    if isinstance(binary, kind):
        check(checks, platform, binary)
    return checks


if __name__ == "__main__":
    [platform] = [p for p in PLATFORMS if p.name == sys.argv[1]]
    checks = check_library(platform, sys.argv[2])
    print("%d passed, %d failed" % (checks.passed, checks.failed))
    sys.exit(checks.failed > 0)
