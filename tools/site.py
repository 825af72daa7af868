"""Builds the handbook as a site: what `make site` runs.

    site.py ROOT BUILD

Lays out in BUILD/site-pages the pages that mkdocs.yml lists, where they are in the
repository, with the pictures and files that they link to, so that links lead
where they lead in the repository; has MkDocs build them in BUILD/site, where a
dead link is an error; and then looks at what came out: at each page, and where each
link and picture of it leads. Ends with `N passed, N failed`.
"""

import html.parser
import os
import re
import shutil
import subprocess
import sys
import urllib.parse

import yaml

root, build = (os.path.abspath(path) for path in sys.argv[1:3])
pages_dir = os.path.join(build, "site-pages")
site_dir = os.path.join(build, "site")
passed = 0
failed = 0


def check(good, message):
    global passed, failed
    if good:
        passed += 1
    else:
        failed += 1
        print(f"site: {message}")


def listed(nav):
    for entry in nav:
        for value in entry.values():
            if isinstance(value, list):
                yield from listed(value)
            else:
                yield value


def links(text):
    """The targets of links and pictures, outside of code."""
    text = re.sub(r"^```.*?^```$", "", text, flags=re.M | re.S)
    text = re.sub(r"`[^`]*`", "", text)
    for target in re.findall(r"\]\(([^)\s]+)\)", text):
        if not re.match(r"[a-z]+:", target):
            yield target.partition("#")[0]


def lay_out(config):
    """Copies pages, and what they link to; a page that is linked to is one."""
    shutil.rmtree(pages_dir, ignore_errors=True)
    todo = list(listed(config["nav"]))
    done = set()
    while todo:
        name = todo.pop()
        path = os.path.join(root, name)
        if name in done or not os.path.isfile(path):
            # MkDocs says so of one that is missing.
            continue
        done.add(name)
        to = os.path.join(pages_dir, name)
        os.makedirs(os.path.dirname(to), exist_ok=True)
        shutil.copyfile(path, to)
        if name.endswith(".md"):
            with open(path, encoding="utf-8") as file:
                text = file.read()
            for target in links(text):
                if target:
                    todo.append(os.path.normpath(os.path.join(os.path.dirname(name), target)))


class Page(html.parser.HTMLParser):
    def __init__(self, path):
        super().__init__()
        self.ids = set()
        self.targets = []
        self.headings = 0
        with open(path, encoding="utf-8") as file:
            self.feed(file.read())

    def handle_starttag(self, tag, attrs):
        attrs = dict(attrs)
        if attrs.get("id"):
            self.ids.add(attrs["id"])
        self.headings += tag == "h1"
        target = attrs.get("href") if tag in ("a", "link") else attrs.get("src")
        if target:
            self.targets.append(target)


def look():
    """Every page has one title; every link of the site leads somewhere in it."""
    pages = {}
    for folder, _, names in os.walk(site_dir):
        for name in names:
            if name.endswith(".html"):
                path = os.path.join(folder, name)
                pages[path] = Page(path)
    for path, page in sorted(pages.items()):
        name = os.path.relpath(path, site_dir)
        if name not in ("404.html", "search.html"):
            check(page.headings == 1, f"{name} has {page.headings} titles")
        for target in sorted(set(page.targets)):
            url = urllib.parse.urlsplit(target)
            if url.scheme or url.netloc:
                continue
            to = path
            if url.path.startswith("/"):
                to = os.path.join(site_dir, urllib.parse.unquote(url.path).lstrip("/"))
            elif url.path:
                to = os.path.join(os.path.dirname(path), urllib.parse.unquote(url.path))
            to = os.path.normpath(to)
            if os.path.isdir(to):
                to = os.path.join(to, "index.html")
            good = os.path.isfile(to)
            if good and url.fragment and to in pages:
                fragment = urllib.parse.unquote(url.fragment)
                good = fragment in pages[to].ids
            check(good, f"{name} links to {target}, which is not there")


with open(os.path.join(root, "mkdocs.yml"), encoding="utf-8") as file:
    config = yaml.safe_load(file)
lay_out(config)
with open(os.path.join(build, "mkdocs.yml"), "w", encoding="utf-8") as file:
    yaml.safe_dump(dict(config, docs_dir=pages_dir, site_dir=site_dir), file, sort_keys=False)
made = subprocess.run(
    [sys.executable, "-m", "mkdocs", "build", "--strict", "--clean",
     "--config-file", os.path.join(build, "mkdocs.yml")],
    stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False)
# --quiet would also keep it from refusing what it warns of.
if made.returncode:
    print("".join(x for x in made.stderr.splitlines(True) if not x.startswith("INFO")), end="")
check(made.returncode == 0, "MkDocs has refused the pages")
if made.returncode == 0:
    look()
    check(passed > 500, f"only {passed} links and titles")
print(f"{passed} passed, {failed} failed")
sys.exit(failed > 0)
