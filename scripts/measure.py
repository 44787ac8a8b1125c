#!/usr/bin/env python3
"""Measures the code and compares the numbers with limits.

    scripts/measure.py            prints the numbers; fails if one exceeds its limit
    scripts/measure.py --long 60  also lists functions of more than 60 lines
    scripts/measure.py --edges    also lists the imports that close each circle

Only product code counts: modules under `#[cfg(test)]`, `tests.rs` and `tests/` do not. Lengths
come from matching braces after comments and strings are blanked out. A circle is a set of files
of one crate that import each other; a module and its own submodules are one unit, so a `super::`
closes no circle by itself. Standard library only.
"""

import argparse
import re
import statistics
import sys
from collections import defaultdict
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent

# Each number may fall and must not rise. When it has fallen, lower the limit in the same commit.
LIMITS = {
    "function length, median": 9,
    "function length, p90": 26,
    "functions over 100 lines": 0,
    "files in circles": 0,
    "answers made as text": 0,
}
FUNCTION_LINES_MAX = 100
# Crates whose code writes answers to clients.
ANSWERING_CRATES = ("api", "intake")

TOKEN = re.compile(
    r"""//[^\n]*
      | /\*.*?\*/
      | b?r(?P<fence>\#*)".*?"(?P=fence)
      | b?"(?:\\.|[^"\\])*"
      | b?'(?:\\(?:x[0-9a-fA-F]{2}|u\{[0-9a-fA-F]+\}|.)|[^'\\\n])'
    """,
    re.VERBOSE | re.DOTALL,
)


def blank(text, keep_strings=False):
    """The source with comments, and strings unless kept, replaced by spaces: same length, same lines."""

    def spaces(match):
        token = match.group()
        if keep_strings and not token.startswith(("//", "/*")):
            return token
        return re.sub(r"[^\n]", " ", token)

    return TOKEN.sub(spaces, text)


def closing(text, start, pair="{}"):
    """The index of the bracket that closes the one at `start`."""
    depth = 0
    for index in range(start, len(text)):
        if text[index] == pair[0]:
            depth += 1
        elif text[index] == pair[1]:
            depth -= 1
            if depth == 0:
                return index
    return len(text) - 1


def item_end(text, start):
    """Where the item that begins at `start` ends: its closing brace or its semicolon."""
    depth = 0
    for index in range(start, len(text)):
        character = text[index]
        if character in "([":
            depth += 1
        elif character in ")]":
            depth -= 1
        elif character == "{" and depth == 0:
            return closing(text, index)
        elif character == ";" and depth == 0:
            return index
    return len(text) - 1


class Source:
    """One file of product code."""

    def __init__(self, crate, path, module):
        self.crate = crate
        self.path = path
        self.module = module
        raw = path.read_text(encoding="utf-8")
        self.code = blank(raw)
        self.code_with_strings = blank(raw, keep_strings=True)
        self.test_modules = set()
        self._drop_test_items()

    def _drop_test_items(self):
        for match in list(re.finditer(r"#\[cfg\(test\)\]", self.code)):
            end = item_end(self.code, match.end())
            item = self.code[match.end() : end + 1]
            declared = re.search(r"\bmod\s+(\w+)\s*;", item)
            if declared:
                self.test_modules.add(self.module + (declared.group(1),))
            for name in ("code", "code_with_strings"):
                text = getattr(self, name)
                gap = re.sub(r"[^\n]", " ", text[match.start() : end + 1])
                setattr(self, name, text[: match.start()] + gap + text[end + 1 :])

    def functions(self):
        """Name, first line and length of each function with a body."""
        for match in re.finditer(r"\bfn\s+(\w+)", self.code):
            end = item_end(self.code, match.end())
            if self.code[end] != "}":
                continue
            first = self.code.count("\n", 0, match.start()) + 1
            last = self.code.count("\n", 0, end) + 1
            yield match.group(1), first, last - first + 1

    def uses(self):
        """Every imported or written path, as (path, exported name or None)."""
        rest = self.code
        for match in re.finditer(r"(\bpub(?:\([^)]*\))?\s+)?\buse\s+([^;]+);", self.code):
            for path, name in flatten(match.group(2)):
                yield path, name if match.group(1) else None
            gap = re.sub(r"[^\n]", " ", match.group())
            rest = rest[: match.start()] + gap + rest[match.end() :]
        for match in re.finditer(r"\b(?:crate|super|self)(?:::\w+)+", rest):
            yield tuple(match.group().split("::")), None

    def text_answers(self):
        """How often JSON is put together as text."""
        count = len(re.findall(r"format!\(\s*b?r#*\"\s*[\[{]", self.code_with_strings))
        for match in re.finditer(r"\bjson!\(", self.code):
            end = closing(self.code, match.end() - 1, "()")
            count += bool(re.match(r"\s*\.to_string\(\)", self.code[end + 1 :]))
        return count


def flatten(tree, prefix=()):
    """`a::{b, c as d}` as paths, each with the name it is known by afterwards."""
    tree = tree.strip()
    head, brace, inner = tree.partition("{")
    if brace:
        prefix += tuple(part.strip() for part in head.split("::") if part.strip())
        depth, start = 0, 0
        body = inner.rsplit("}", 1)[0]
        for index, character in enumerate(body + ","):
            depth += (character == "{") - (character == "}")
            if character == "," and depth == 0:
                if body[start:index].strip():
                    yield from flatten(body[start:index], prefix)
                start = index + 1
        return
    path, _, alias = tree.partition(" as ")
    parts = prefix + tuple(part.strip() for part in path.split("::"))
    if parts[-1] == "self":
        parts = parts[:-1]
    yield parts, alias.strip() or parts[-1]


def load():
    """The product sources by crate and module path."""
    manifest = (ROOT / "Cargo.toml").read_text(encoding="utf-8")
    members = re.search(r"members\s*=\s*\[(.*?)\]", manifest, re.DOTALL).group(1)
    crates = {}
    for crate in re.findall(r'"([^"]+)"', members):
        if crate == "tests":
            continue
        base = ROOT / crate / "src"
        sources = {}
        for path in sorted(base.rglob("*.rs")):
            parts = path.relative_to(base).with_suffix("").parts
            if parts[-1] in ("lib", "main", "mod"):
                parts = parts[:-1]
            if "tests" not in parts and parts[:1] != ("bin",):
                sources[parts] = Source(crate, path, parts)
        hidden = {module for source in sources.values() for module in source.test_modules}
        crates[crate] = {
            module: source
            for module, source in sources.items()
            if not any(module[: len(one)] == one for one in hidden)
        }
    return crates


class Imports:
    """Which file of a crate uses which."""

    def __init__(self, sources):
        self.sources = sources
        self.exports = {}
        for module, source in sources.items():
            for path, name in source.uses():
                if name:
                    self.exports[module + (name,)] = self._absolute(module, path)
        self.edges = defaultdict(set)
        for module, source in sources.items():
            for path, _ in source.uses():
                target = self._resolve(self._absolute(module, path))
                if target is not None and not related(module, target):
                    self.edges[module].add(target)

    def _absolute(self, module, path):
        """The path from the root of the crate, or `None` for a name of elsewhere."""
        if path[0] == "crate":
            return path[1:]
        base = module
        if path[0] == "self":
            return base + path[1:]
        if path[0] == "super":
            while path and path[0] == "super":
                base, path = base[:-1], path[1:]
            return base + path
        is_local = base + path[:1] in self.sources
        return base + path if is_local else None

    def _resolve(self, path):
        """The file that declares what a path names; re-exports are followed."""
        for _ in range(5):
            if path is None:
                return None
            for length in range(len(path), 0, -1):
                if path[:length] in self.exports and path[:length] not in self.sources:
                    path = self.exports[path[:length]]
                    break
            else:
                break
        if path is None:
            return None
        for length in range(len(path), 0, -1):
            if path[:length] in self.sources:
                return path[:length]
        return None

    def circles(self):
        """Strongly connected sets of more than one file (Tarjan)."""
        index, low, stack, found = {}, {}, [], []

        def visit(node):
            index[node] = low[node] = len(index)
            stack.append(node)
            for target in sorted(self.edges[node]):
                if target not in index:
                    visit(target)
                    low[node] = min(low[node], low[target])
                elif target in stack:
                    low[node] = min(low[node], index[target])
            if low[node] == index[node]:
                at = stack.index(node)
                if len(stack) - at > 1:
                    found.append(sorted(stack[at:]))
                del stack[at:]

        for node in sorted(self.sources):
            if node not in index:
                visit(node)
        return found


def related(one, other):
    """Whether one module contains the other, or is it."""
    shared = min(len(one), len(other))
    return one[:shared] == other[:shared]


def percentile(lengths, share):
    return sorted(lengths)[min(len(lengths) - 1, int(len(lengths) * share))]


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--long", type=int, default=FUNCTION_LINES_MAX, metavar="LINES")
    parser.add_argument("--edges", action="store_true")
    options = parser.parse_args()

    sys.setrecursionlimit(10_000)
    crates = load()
    functions, circles, text_answers = [], [], []
    for crate, sources in crates.items():
        imports = Imports(sources)
        for circle in imports.circles():
            circles.append((crate, circle, imports))
        for source in sources.values():
            where = source.path.relative_to(ROOT)
            functions += [(size, f"{where}:{line}", name) for name, line, size in source.functions()]
            if crate in ANSWERING_CRATES and source.text_answers():
                text_answers.append((source.text_answers(), where))

    lengths = [size for size, _, _ in functions]
    measured = {
        "function length, median": statistics.median_low(lengths),
        "function length, p90": percentile(lengths, 0.9),
        "functions over 100 lines": sum(size > FUNCTION_LINES_MAX for size in lengths),
        "files in circles": sum(len(circle) for _, circle, _ in circles),
        "answers made as text": sum(count for count, _ in text_answers),
    }

    for size, where, name in sorted(functions, reverse=True):
        if size > options.long:
            print(f"{where} {name}: {size} lines")
    for crate, circle, imports in circles:
        print(f"circle in {crate}: {', '.join('::'.join(module) for module in circle)}")
        if options.edges:
            for module in circle:
                inside = sorted(imports.edges[module] & set(circle))
                print(f"    {'::'.join(module)} -> {', '.join('::'.join(one) for one in inside)}")
    for count, where in text_answers:
        print(f"{where}: {count} answers made as text")

    print(f"{len(functions)} functions, the longest {max(lengths)} lines")
    failures = 0
    for name, value in measured.items():
        verdict = "" if value <= LIMITS[name] else "  EXCEEDED"
        if value < LIMITS[name]:
            verdict = "  lower the limit"
        failures += value > LIMITS[name]
        print(f"{name:26} {value:5}   limit {LIMITS[name]:5}{verdict}")
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
