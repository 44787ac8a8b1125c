"""An installation of a test's own, on SQLite or PostgreSQL: started, damaged, started again, and
checked at the end."""

import contextlib
import os
import pathlib
import sqlite3
import subprocess
import time
import urllib.parse
import uuid

import pg8000.dbapi

import harness

POSTGRES_SECONDS = 60
CONTAINER_PORT = "5432/tcp"


class PostgresServer:
    """The server of LUUTRU_TEST_DATABASE_URL, or a container of LUUTRU_TEST_POSTGRES_IMAGE."""

    def __init__(self):
        self.container = None
        self.url = os.environ.get("LUUTRU_TEST_DATABASE_URL")
        if not self.url:
            image = os.environ.get("LUUTRU_TEST_POSTGRES_IMAGE", "postgres:15")
            options = ["--detach", "--rm", "--publish", f"127.0.0.1::{CONTAINER_PORT}"]
            options += ["--env", "POSTGRES_PASSWORD=postgres", "--tmpfs", "/var/lib/postgresql/data"]
            self.container = _run("docker", "run", *options, image)
            address = _run("docker", "port", self.container, CONTAINER_PORT).splitlines()[0]
            self.url = f"postgres://postgres:postgres@{address}/postgres"
            until = time.monotonic() + POSTGRES_SECONDS
            while not self._answers():
                assert time.monotonic() < until, f"{image} does not answer"
                time.sleep(0.2)

    def _answers(self):
        try:
            execute(self.url, "SELECT 1")
        except (pg8000.dbapi.Error, OSError):
            return False
        return True

    def new_database(self):
        """The address of an empty database."""
        name = f"luutru_journey_{uuid.uuid4().hex}"
        execute(self.url, f"CREATE DATABASE {name}")
        return urllib.parse.urlsplit(self.url)._replace(path=f"/{name}").geturl()

    def stop(self):
        if self.container:
            _run("docker", "stop", "--time", "1", self.container)


def execute(url, statement, values=()):
    """Carries out a statement, `?` for each value; the rows that it has."""
    if url.startswith("sqlite:"):
        with contextlib.closing(sqlite3.connect(url.removeprefix("sqlite:"), timeout=10)) as connection:
            rows = connection.execute(statement, values).fetchall()
            connection.commit()
            return rows
    at = urllib.parse.urlsplit(url)
    connection = pg8000.dbapi.connect(
        at.username, at.hostname, at.path[1:], at.port or 5432, at.password
    )
    with contextlib.closing(connection):
        connection.autocommit = True
        cursor = connection.cursor()
        cursor.execute(statement.replace("?", "%s"), tuple(values))
        return list(cursor.fetchall()) if cursor.description else []


class Installation:
    """A data directory and a database, and `luutru up` on them."""

    def __init__(self, directory, database_url=None):
        self.binary = os.environ.get("LUUTRU_BINARY", str(harness.ROOT / "target/debug/luutru"))
        self.directory = pathlib.Path(directory)
        self.database_url = database_url or f"sqlite:{self.directory / 'luutru.db'}"
        self.settings = {"LUUTRU_DATA_DIR": str(self.directory), "LUUTRU_PROFILE": "development"}
        if database_url:
            self.settings["LUUTRU_DATABASE_URL"] = database_url
        self.service = None

    def start(self, settings=None):
        """Starts it, with these settings besides its own."""
        self.service = harness.Service(self.binary, {**self.settings, **(settings or {})})
        return self.service

    def stop(self):
        if self.service:
            self.service.stop()
            self.service = None

    def execute(self, statement, values=()):
        return execute(self.database_url, statement, values)

    def assert_sound(self):
        """`luutru check`: rows agree with each other, every version opens, receipts are true."""
        env = {**os.environ, **self.settings}
        checked = subprocess.run([self.binary, "check"], env=env, capture_output=True, text=True)
        assert checked.returncode == 0, checked.stdout


def _run(*command):
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0, f"{command[0]} {command[1]}: {done.stderr}"
    return done.stdout.strip()
