"""Does what a README says: python readme.py README.md [OLD=NEW ...]

In the current directory, block by block: `sh` is run, a program is written to
the file that its language wants, and run where no later `sh` does it; `text` is
what came out. Of the blocks below the first heading that is not "The first five
minutes" nothing is run. OLD=NEW replaces in `sh` blocks what is a matter of the
machine. Prints `N passed, N failed`.
"""

import re
import subprocess
import sys

FILES = {  # language: file, and how to run it
    "python": ("first.py", "python first.py"),
    "js": ("first.js", "node first.js"),
    "sql": ("first.sql", "sqlite3 -bail farm.db <first.sql"),
    "go": ("main.go", None),
    "rust": ("src/main.rs", None),
    "c": ("main.c", None),
}

with open(sys.argv[1], encoding="utf-8") as file:
    text = file.read()
begin = text.index("## The first five minutes\n")
end = text.find("\n## ", begin)
section = text[begin:end if end > 0 else None]
blocks = re.findall(r"^```(\w+)\n(.*?)^```$", section, re.M | re.S)
passed = failed = 0
got = ""


def count(good, *words):
    global passed, failed
    passed += good
    failed += not good
    if not good:
        print(*words, sep="\n")


def run(command):
    global got
    done = subprocess.run(
        ["sh", "-eu", "-c", command], stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        encoding="utf-8", errors="replace")
    got = done.stdout
    count(done.returncode == 0, command, done.stdout, done.stderr)


for language, body in blocks:
    if language == "text":
        count(got == body, "wanted", body, "got", got)
    elif language == "sh":
        for change in sys.argv[2:]:
            body = body.replace(*change.split("=", 1))
        run(body)
    else:
        name, command = FILES[language]
        with open(name, "w", encoding="utf-8") as file:
            file.write(body)
        if command:
            run(command)
if not blocks or blocks[-1][0] != "text":
    count(False, "the README does not say what comes out")
print("%d passed, %d failed" % (passed, failed))
sys.exit(failed > 0)
