"""A PostgreSQL server that a test starts by itself: a folder, a socket, and nothing else."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple
from urllib.parse import quote

DEBIAN = Path("/usr/lib/postgresql")
INSTALL = "install a PostgreSQL server (Debian: `apt-get install postgresql`; initdb and postgres)"
LOGIN = "p@ss/w0rd:%41"
OWNERS = ("postgres", "nobody")
"""Who runs the server where a test is run by root, which PostgreSQL refuses."""
PATIENCE = 60
"""Seconds that a server may take to start."""


class Postgres(NamedTuple):
    """A server that listens on a socket in a folder."""

    folder: Path

    def url(self, *, user: str = "reader", password: str = LOGIN, options: str = "") -> str:
        """The URL as a user writes it; every part is escaped."""
        login = f"{quote(user, safe='')}:{quote(password, safe='')}"
        more = f"&options={quote(options, safe='')}" if options else ""
        host = quote(str(self.folder), safe="")
        return f"postgresql+psycopg://{login}@/postgres?host={host}{more}"


def programs() -> tuple[str, str] | None:
    """Where initdb and postgres are: on the path, or where Debian has them."""
    places = [None, *map(str, sorted(DEBIAN.glob("*/bin"), reverse=True))]
    for place in places:
        found = shutil.which("initdb", path=place), shutil.which("postgres", path=place)
        if found[0] and found[1]:
            return found[0], found[1]
    return None


@contextmanager
def started() -> Iterator[Postgres]:
    """A new server, which ends with the block.

    Raises:
        FileNotFoundError: no server is installed.
    """
    found = programs()
    if found is None:
        raise FileNotFoundError(INSTALL)
    initdb, postgres = found
    # the path of a socket is short, and the folders of tests are closed to another user
    folder = Path(tempfile.mkdtemp(prefix="pg-"))
    data = folder / "data"
    secret = folder / "password"
    secret.write_text(LOGIN)
    as_owner = _unprivileged(folder, secret)
    try:
        words = ["--username=owner", "--auth=scram-sha-256", "--encoding=UTF8", "--no-sync"]
        _run([*as_owner, initdb, *words, f"--pwfile={secret}", f"--pgdata={data}"], folder)
        options = ("listen_addresses=", f"unix_socket_directories={folder}", "fsync=off",
                   "timezone=America/New_York")  # fmt: skip
        command = [*as_owner, postgres, "-D", str(data)]
        command += [word for one in options for word in ("-c", one)]
        with (folder / "log").open("wb") as log:
            server = subprocess.Popen(command, cwd=folder, stdout=log, stderr=log)
        try:
            _wait(server, folder)
            yield Postgres(folder)
        finally:
            server.send_signal(signal.SIGINT)  # it sends everybody away first
            server.wait(PATIENCE)
    finally:
        shutil.rmtree(folder)


def _unprivileged(folder: Path, *files: Path) -> list[str]:
    """How a command is begun so that root does not run it."""
    if os.geteuid() != 0:
        return []
    for name in OWNERS:
        try:
            for one in (folder, *files):
                shutil.chown(one, name)
        except LookupError:
            continue
        return ["setpriv", f"--reuid={name}", "--clear-groups", "--"]
    raise FileNotFoundError(f"root cannot run PostgreSQL: there is no user {' or '.join(OWNERS)}")


def _run(command: Sequence[str], folder: Path) -> None:
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def _wait(server: subprocess.Popen[bytes], folder: Path) -> None:
    """Until it says that it is ready."""
    ends = time.monotonic() + PATIENCE
    state = folder / "data" / "postmaster.pid"
    while server.poll() is None and time.monotonic() < ends:
        # its eighth line is the state
        if state.exists() and state.read_text().splitlines()[7:8] == ["ready   "]:
            return
        time.sleep(0.05)
    raise AssertionError((folder / "log").read_text())
