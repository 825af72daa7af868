"""docs/distributed.md, walked through: its commands run in their order, in one
shell, and the answers are those that the page shows ("..." stands for any).
"""

import os
import re
import subprocess

from harness import HERE, TOP, Program, Skip, check, say

END = '---- end of the command'


def blocks(text):
    return re.findall(r'^```(\w+)\n(.*?)^```$', text, re.M | re.S)


def sessions(text):
    """[command, answer] pairs of a console block."""
    found = []
    for line in text.splitlines():
        if line.startswith('$ '):
            found.append([line[2:], []])
        else:
            found[-1][1].append(line)
    return found


class Shell:
    def __init__(self, cwd, env):
        # It ends by itself should this program break.
        self.process = subprocess.Popen(['timeout', '-k', '5', '240', 'bash'], cwd=cwd, env=env, text=True,
                                        stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                                        start_new_session=True)

    def run(self, command):
        self.process.stdin.write(f'{command}\necho "{END}"\n')
        self.process.stdin.flush()
        lines = []
        for line in self.process.stdout:
            if line.rstrip('\n').endswith(END):
                lines.append(line.rstrip('\n')[:-len(END)])
                break
            lines.append(line.rstrip('\n'))
        return [line.rstrip() for line in lines if line]


def matches(got, expected):
    return len(got) == len(expected) and all(
        re.fullmatch('.*'.join(map(re.escape, want.rstrip().split('...'))), is_) for is_, want in zip(got, expected))


def same_error(lines):
    """How a message begins differs between versions of the shell."""
    return [re.sub(r'^(?:Parse|Runtime)? ?[Ee]rror(?: near line \d+)?: (?:in prepare, )?|( \(\d+\))$', '', line)
            for line in lines]


def part(build, work):
    with open(os.path.join(TOP, 'docs', 'distributed.md'), encoding='utf-8') as file:
        page = file.read()
    # What it says to install is what was tried.
    with open(os.path.join(HERE, 'requirements.txt'), encoding='utf-8') as file:
        pinned = {line.strip() for line in file if '==' in line}
    installs = {word for line in re.findall(r'^pip install (.*)$', page, re.M) for word in line.split()}
    check('versions that the page installs', installs, pinned)
    try:
        import apsw  # noqa: F401
        import litestream_vfs  # noqa: F401
    except ImportError as error:
        raise Skip(f'{error.name} cannot be had')
    bin_ = os.path.join(build, 'engines', 'venv', 'bin')
    cluster = os.path.join(build, 'cluster')
    for program in os.path.join(bin_, 'litestream'), os.path.join(cluster, 'cluster'):
        if not os.path.exists(program):
            raise Skip(f'{os.path.basename(program)} cannot be had')
    for name, target in ('build', build), ('tests', f'{TOP}/tests'), ('examples', f'{TOP}/examples'):
        os.symlink(target, os.path.join(work, name))
    shell = Shell(work, {**os.environ, 'PATH': os.pathsep.join([bin_, os.environ['PATH']])})

    class Running:  # so that kill_all() ends what the page leaves
        process = shell.process

        def kill(self):
            os.killpg(shell.process.pid, 9)
            Program.running.remove(self)
    Program.running.append(Running())

    # The page's own PATH, in which its programs go before others of their names (graphviz has a cluster).
    shell.run(re.search(r'^PATH=.*$', page, re.M)[0])
    check('the first program named cluster', shell.run('command -v cluster'), [f'{work}/build/cluster/cluster'])

    n = 0
    for language, text in blocks(page):
        if language == 'yaml':
            name = re.match(r'# (\S+)\n', text)[1]
            with open(os.path.join(work, name), 'w', encoding='utf-8') as file:
                file.write(text)
        elif language == 'console':
            for command, answer in sessions(text):
                n += 1
                got = same_error(shell.run(command))
                if not matches(got, same_error(answer)):
                    check(f'$ {command}', got, answer)
                else:
                    check(f'$ {command}', True, True)
    check('the page has commands', n > 30, True)
    say(f'  {n} commands')
