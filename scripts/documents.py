#!/usr/bin/env python3
"""Runs what the documents print, so that no command, date or shape in them grows stale.

    documents.py [--binary LUUTRU] [--database-url URL] [DOCUMENT …]

A fence says what becomes of its block:

    ```console      lines after `$ ` are run; what is printed below each must be what came
    ```sh           a script, run as it stands; it must succeed
    ```sh elsewhere run by another check (a build, containers, hours of faults)
    ```text         not run; where it tells how `luutru` is called, the options must exist

The blocks of a document are one shell, from the first to the last. README.md meets a `luutru up`
whose addresses and keys it finds in variables (`$A`, `$P`, `$KEY`, `$POLICE`, `$ADMIN`, `$FACILITY`).
docs/operations.md finds an empty directory and DATABASE_URL: a SQLite file there, or the empty
database of --database-url.

Printed answers are compared by shape: ids, instants, digits and long tokens may differ, statuses may
not; `…` stands for anything; white space does not count. Only the standard library.
"""

import argparse
import json
import os
import pathlib
import re
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parent.parent
TIME_MAX_SECONDS = 180
DOCUMENTS = ["README.md", "docs/operations.md", "docs/performance.md", "docs/reliability.md", "docs/law.md",
             "CONTRIBUTING.md", "ARCHITECTURE.md"]


class Fault(Exception):
    """A document that is not true, with where it says so."""


class Block:
    def __init__(self, document, line, info, lines):
        self.document, self.line, self.info, self.lines = document, line, info, lines

    def fault(self, sentence, offset=0):
        return Fault(f"{self.document}:{self.line + offset}: {sentence}")


def blocks(document):
    """The fenced blocks of a document. A fence without a word is a fault: nobody runs it."""
    found, inside = [], None
    for number, text in enumerate((ROOT / document).read_text().split("\n"), start=1):
        if not text.startswith("```"):
            if inside is not None:
                inside.lines.append(text)
        elif inside is None:
            inside = Block(document, number + 1, text[3:].strip(), [])
        else:
            found.append(inside)
            inside = None
    return found


def is_whole(command):
    """Whether a shell would take it as a command that has ended."""
    if command.rstrip().endswith("\\"):
        return False
    judged = subprocess.run(["bash", "-n"], input=command.encode(), capture_output=True)
    return judged.returncode == 0 and b"here-document" not in judged.stderr


def exchanges(block):
    """(offset, command, printed lines) of a console block."""
    found, command, printed, start = [], None, [], 0
    for offset, text in enumerate(block.lines):
        if command is not None and not is_whole(command):
            command += "\n" + text
        elif text.startswith("$ "):
            if command is not None:
                found.append((start, command, printed))
            command, printed, start = text[2:], [], offset
        elif command is None:
            raise block.fault("a console block begins with `$ `", offset)
        else:
            printed.append(text)
    if command is not None:
        found.append((start, command, printed))
    return found


class Shell:
    """One bash for all blocks of a document."""

    def __init__(self, directory, environment):
        self.process = subprocess.Popen(
            ["bash", "--noprofile", "--norc"], cwd=directory, env=environment, stdin=subprocess.PIPE,
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, start_new_session=True)
        os.set_blocking(self.process.stdout.fileno(), False)

    def run(self, command):
        """What was printed, and the exit code."""
        end = f"end-{secrets.token_hex(8)}"
        # In this very shell, so that what one block sets the next one has.
        text = f"{command}\nprintf '\\n{end} %s\\n' \"$?\"\n"
        self.process.stdin.write(text.encode())
        self.process.stdin.flush()
        seen, until = b"", time.monotonic() + TIME_MAX_SECONDS
        pattern = re.compile(rf"\n{end} (\d+)\n".encode())
        while time.monotonic() < until:
            seen += self.process.stdout.read() or b""
            match = pattern.search(seen)
            if match:
                return seen[:match.start()].decode(errors="replace"), int(match.group(1))
            if self.process.poll() is not None:
                return seen.decode(errors="replace"), self.process.returncode
            time.sleep(0.02)
        return seen.decode(errors="replace") + f"\n(no end within {TIME_MAX_SECONDS} s)", 124

    def close(self):
        """Ends the shell and what it left running: they are a session of their own."""
        for sign in (signal.SIGTERM, signal.SIGKILL):
            try:
                os.killpg(self.process.pid, sign)
            except ProcessLookupError:
                break
            time.sleep(1)
        self.process.stdin.close()
        self.process.wait()


# What may differ, each as a word; the order counts.
PATTERNS = [
    (r"[A-Za-z0-9_-]{10,}\.[A-Za-z0-9_-]{10,}\.[A-Za-z0-9_-]{10,}", "«token»"),
    (r"LT-\d{6}-[0-9A-Z]{16}", "«receipt»"),
    (r"\d{4}-\d\d-\d\dT[0-9:.]+(?:Z|[+-]\d\d:\d\d)", "«instant»"),
    (r"\d{4}-\d\d-\d\d", "«day»"),
    (r"\d\d/\d\d/\d{4}", "«day»"),
    (r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}", "«id»"),
    (r"[0-9a-f]{64}", "«hash»"),
    (r"whsec_[A-Za-z0-9+/=]+", "«secret»"),
    (r"[A-Za-z0-9_+/-]{20,}={0,2}(?=\")", "«token»"),
]
# Statuses are what an answer says first.
KEPT = re.compile(r"(HTTP/1\.1\s*)(\d{3})|(\"status\":\s*)(\d{3})|(status\s+)(\d{3})")


def shape(text):
    """The text with all that may differ taken out of it."""
    text = KEPT.sub(lambda found: "".join(part or "" for part in found.groups()).translate(
        str.maketrans("0123456789", "⓪①②③④⑤⑥⑦⑧⑨")), text)
    for pattern, word in PATTERNS:
        text = re.sub(pattern, word, text)
    text = re.sub(r"\d+", "0", text)
    return re.sub(r"\s+", "", text)


def is_fitting(printed, came):
    """Whether what came has the shape that the document prints; the missing part, if not."""
    rest = shape(came)
    for index, part in enumerate(re.split("…", "\n".join(printed))):
        part = shape(part)
        # A token that is cut by `…` keeps its beginning only.
        place = rest.find(part)
        if place < 0 or (index == 0 and place != 0):
            return part
        rest = rest[place + len(part):]
    return None


def run_console(shell, block):
    for offset, command, printed in exchanges(block):
        came, code = shell.run(command)
        missing = is_fitting([line for line in printed if line.strip()], came)
        if missing is not None:
            raise block.fault(
                f"`{command.splitlines()[0]}` printed\n{came.strip()}\n(exit code {code}), and not, as shapes,\n"
                f"{missing}", offset)


def run_script(shell, block):
    came, code = shell.run("set -e\n" + "\n".join(block.lines) + "\nset +e")
    if shell.process.poll() is not None or code != 0:
        raise block.fault(f"the block ended with {code}:\n{came.strip()[-3000:]}")


def check_synopsis(block, binary):
    """The commands and options that a text block tells of are there."""
    command = []
    for offset, text in enumerate(block.lines):
        if text.startswith("luutru "):
            words = text.split()[1:]
            command = [word for word in words[:2] if re.fullmatch(r"[a-z]+", word)]
        if not command:
            continue
        help_text = subprocess.run([binary, *command, "--help"], capture_output=True, text=True)
        if help_text.returncode != 0:
            raise block.fault(f"there is no command `luutru {' '.join(command)}`", offset)
        for option in re.findall(r"--[a-z][a-z-]*", text):
            if not re.search(rf"{option}\b", help_text.stdout):
                raise block.fault(f"`luutru {' '.join(command)}` has no option {option}", offset)


def run_document(document, binary, directory, environment, runs_commands=True):
    shell = Shell(directory, environment)
    counts = {}
    try:
        for block in blocks(document):
            counts[block.info] = counts.get(block.info, 0) + 1
            if block.info == "console":
                run_console(shell, block)
            elif block.info == "sh":
                run_script(shell, block)
            elif block.info == "text":
                check_synopsis(block, binary)
            elif block.info not in ("sh elsewhere", "json", "http", "diagram"):
                raise block.fault(f"nobody knows what to do with a block of ```{block.info}")
    finally:
        shell.close()
    told = ", ".join(f"{count} {info}" for info, count in sorted(counts.items()))
    print(f"{document}: {told or 'no blocks'}", flush=True)


def free_ports(count):
    """Ports that nobody listens on, out of the range from which the system takes ports for clients:
    one of those would take a port between now and the start of what is to listen on it."""
    ports = []
    while len(ports) < count:
        port = secrets.SystemRandom().randrange(15_000, 20_000)
        with socket.socket() as listener:
            try:
                listener.bind(("127.0.0.1", port))
            except OSError:
                continue
        if port not in ports:
            ports.append(port)
    return ports


def plain_environment(binary):
    """Without settings of this run; `luutru` in the path."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("LUUTRU_")}
    kept["PATH"] = f"{binary.parent}:{kept['PATH']}"
    kept.update(TZ="Asia/Ho_Chi_Minh", LC_ALL="C.UTF-8", no_proxy="*")
    return kept


def with_river(binary, work, act):
    """Runs something beside a `luutru up` of its own."""
    environment = plain_environment(binary)
    for name in ("LISTEN", "OPS_LISTEN", "REGISTRY_LISTEN", "POLICE_LISTEN"):
        environment[f"LUUTRU_{name}"] = "127.0.0.1:0"
    with open(work / "up.log", "wb") as log:
        river = subprocess.Popen([binary, "up", "--ephemeral", "--ready-json"], cwd=work, env=environment,
                                 stdout=subprocess.PIPE, stderr=log)
    try:
        line = river.stdout.readline()
        if not line:
            raise Fault(f"luutru up printed no ready line:\n{(work / 'up.log').read_text()[-2000:]}")
        ready = json.loads(line)
        act(dict(plain_environment(binary), A=ready["api"], P=ready["police"], KEY=ready["keys"]["hotel"],
                 POLICE=ready["keys"]["police"], ADMIN=ready["keys"]["admin"],
                 FACILITY=ready["facilities"]["hotel"]))
    finally:
        river.terminate()
        if river.wait(30) != 0:
            raise Fault("luutru up did not end in order")


def run_operations(document, binary, work, database_url):
    directory = pathlib.Path(tempfile.mkdtemp(dir=work))
    url = database_url or f"sqlite://{directory}/luutru.db"
    simulators, *ports = free_ports(4)
    api, api_ops, worker_ops = [f"127.0.0.1:{port}" for port in ports]
    environment = dict(plain_environment(binary), DATABASE_URL=url, LUUTRU_LISTEN=api, API_OPS_LISTEN=api_ops,
                       WORKER_OPS_LISTEN=worker_ops, SIMULATOR_PORT=str(simulators))
    try:
        run_document(document, binary, directory, environment)
    except Fault:
        for log in ("api.log", "worker.log", "simulators/police.log"):
            if (directory / log).exists():
                print(f"--- {log}\n{(directory / log).read_text()[-1500:]}", file=sys.stderr)
        raise


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--binary", default=ROOT / "target/debug/luutru", type=pathlib.Path)
    parser.add_argument("--database-url", help="an empty database")
    parser.add_argument("documents", nargs="*", default=DOCUMENTS)
    options = parser.parse_args()
    binary = options.binary.resolve()
    if not os.access(binary, os.X_OK):
        sys.exit(f"no binary at {binary}: run cargo build --bin luutru")
    work = pathlib.Path(tempfile.mkdtemp(prefix="luutru-documents-"))
    try:
        for document in options.documents:
            if document == "docs/operations.md":
                run_operations(document, binary, work, options.database_url)
            elif document == "README.md":
                with_river(binary, work, lambda environment: run_document(document, binary, work, environment))
            elif (ROOT / document).exists():
                run_document(document, binary, work, plain_environment(binary))
    except Fault as fault:
        sys.exit(f"{fault}")
    finally:
        shutil.rmtree(work, ignore_errors=True)
    print("documents: every command that is printed runs, and answers as printed")


if __name__ == "__main__":
    main()
