"""Events on the disk [I/O]: an sqlite file, and the thread that alone touches it.

    any thread:   write() ──► what has changed ──┐
    the thread:   load ──► …                     └──► one transaction ──► fsync ──► whoever waited is told

Only what must outlive a power cut is written at once. What the broker takes within a few seconds never gets here, so
that a unit with a broker hardly writes to its card. sqlite appends a transaction to its write-ahead log and calls fsync
before the commit returns (`synchronous=EXTRA`); what was not committed is not there after a power cut, whole.
"""

import contextlib
import logging
import sqlite3
import threading
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from appliance.clock import Clock, SystemClock
from appliance.mqtt.event_queue import Entry
from appliance.mqtt.outbox import Write
from appliance.mqtt.publication import Publication
from appliance.units import Seconds

log = logging.getLogger(__name__)

Told = Callable[[str], object]
"""Called on the store's thread: "" when it is on the disk, else why not."""

Restore = Callable[[list[Publication]], list[int]]
"""Takes the events of a former start, in their order; their serials."""

_TABLES: Final = """
CREATE TABLE IF NOT EXISTS events (place INTEGER PRIMARY KEY, topic TEXT, payload BLOB, lasting INTEGER);
CREATE TABLE IF NOT EXISTS commands (id TEXT PRIMARY KEY, seen REAL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS notes (name TEXT PRIMARY KEY, value TEXT) WITHOUT ROWID;
"""
_FORGET_OLD_COMMANDS: Final = """
DELETE FROM commands WHERE id IN (SELECT id FROM commands ORDER BY seen DESC LIMIT -1 OFFSET ?)
"""
_PAGES: Final = 8_192  # of 4 KiB: more than the outbox's bounds can fill
_LOG_PAGES: Final = 128  # of the write-ahead log, before they go into the file
_COMMANDS: Final = 1_000  # ids that are remembered; commands are refused by their age long before
_RETRY: Final = Seconds(30.0)  # after the disk has failed
_PATIENCE: Final = 5.0  # seconds for the disk at the end


@dataclass(frozen=True, slots=True)
class Kept:
    """What was on the disk at the start."""

    commands: dict[str, float] = field(default_factory=dict)
    """The ids of commands that must not be done again, and when they came, in seconds since 1970."""
    notes: dict[str, str] = field(default_factory=dict)


@dataclass(slots=True)
class _Changes:
    """What the next transaction is made of."""

    entries: dict[int, Entry] = field(default_factory=dict)
    forgotten: set[int] = field(default_factory=set)
    commands: dict[str, float] = field(default_factory=dict)
    notes: dict[str, str] = field(default_factory=dict)
    waiting: list[Told] = field(default_factory=list)
    urgent: bool = False
    since: Seconds | None = None
    """When the first of them came."""

    def __bool__(self) -> bool:
        return bool(self.entries or self.forgotten or self.commands or self.notes or self.waiting)


class OutboxStore:
    """`open()` it, `write()` what an outbox says, `close()` it. Nothing here raises or waits for the disk."""

    def __init__(self, file: Path, *, linger: float = 5.0, clock: Clock | None = None) -> None:
        self.problem = ""
        """What is wrong with the disk, in words; "" if nothing is."""
        self._file = file
        self._linger = linger
        self._clock = clock or SystemClock()
        self._changes = _Changes()
        self._news = threading.Condition()
        self._closing = False
        self._places: dict[int, int] = {}
        """Where the events are on the disk, by their serial. The thread's own, as the connection is."""
        self._last_place = 0
        self._thread: threading.Thread | None = None

    def open(self, restore: Restore, ready: Callable[[Kept], object]) -> None:
        """Start the thread; it hands what it finds to `restore`, for serials, and to `ready`, both on that thread.

        Where there is no way to the file, `ready` is told of nothing, and again when there is a way.
        """

        def run() -> None:
            while not self._closing:
                try:
                    with contextlib.closing(_connected(self._file)) as database:
                        ready(self._load(database, restore))
                        self._serve(database)
                except (sqlite3.Error, OSError) as error:
                    self._failed(error)
                    ready(Kept())
                    self._rest()

        self._thread = threading.Thread(target=run, name="outbox", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Write what waits, and end; within a few seconds, whatever the disk does."""
        thread, self._thread = self._thread, None
        if thread is None:
            return
        with self._news:
            self._closing = True
            self._news.notify()
        thread.join(_PATIENCE)

    # From any thread.

    def write(self, writes: Iterable[Write]) -> None:
        """Keep and forget events; at once if one of them has to last, else in a while."""
        with self._news:
            for write in writes:
                if isinstance(write, Entry):
                    self._changes.entries[write.serial] = write
                    self._changes.urgent |= write.publication.lasting
                elif self._changes.entries.pop(write.serial, None) is None:
                    self._changes.forgotten.add(write.serial)
            self._noted()

    def sync(self, told: Told) -> None:
        """Tell when everything that was written before is on the disk."""
        with self._news:
            self._changes.waiting.append(told)
            self._changes.urgent = True
            self._noted()

    def remember(self, command: str, seen: float) -> None:
        """The id of a command that must not be done again, ever; `sync()` after it. `seen` in seconds since 1970."""
        with self._news:
            self._changes.commands[command] = seen
            self._noted()

    def note(self, name: str, value: str) -> None:
        """A text that the next start wants to know."""
        with self._news:
            self._changes.notes[name] = value
            self._noted()

    def _noted(self) -> None:
        if self._changes and self._changes.since is None:
            self._changes.since = self._clock.now()
        if self._changes.urgent:
            self._news.notify()

    # The thread's own.

    def _load(self, database: sqlite3.Connection, restore: Restore) -> Kept:
        rows = database.execute("SELECT place, topic, payload, lasting FROM events ORDER BY place").fetchall()
        serials = restore([_publication(topic, payload, lasting) for _, topic, payload, lasting in rows])
        self._places = {serial: row[0] for serial, row in zip(serials, rows, strict=True)}
        self._last_place = rows[-1][0] if rows else 0
        if rows:
            log.info("%d events of a former start wait for the broker", len(rows))
        return Kept(
            commands=dict(database.execute("SELECT id, seen FROM commands")),
            notes=dict(database.execute("SELECT name, value FROM notes")),
        )

    def _serve(self, database: sqlite3.Connection) -> None:
        wait = self._linger
        while True:
            with self._news:
                self._news.wait_for(lambda: self._changes.urgent or self._closing, wait)
                changes, closing = self._due(), self._closing
            if changes is not None:
                wait = self._linger if self._transact(database, changes) else _RETRY
            if closing:
                return

    def _due(self) -> _Changes | None:
        """What is to be written now; the lock is held."""
        since = self._changes.since
        ripe = since is not None and self._clock.now() - since >= self._linger
        if not (self._changes and (self._changes.urgent or self._closing or ripe)):
            return None
        due, self._changes = self._changes, _Changes()
        return due

    def _transact(self, database: sqlite3.Connection, changes: _Changes) -> bool:
        try:
            places = self._written(database, changes)
        except sqlite3.Error as error:
            self._failed(error)
            with contextlib.suppress(sqlite3.Error):
                database.rollback()
            self._put_back(changes)
            _tell(changes.waiting, self.problem)
            return False
        self.problem = ""
        self._places |= places
        for serial in changes.forgotten:
            self._places.pop(serial, None)
        self._last_place = max([self._last_place, *places.values()])
        _tell(changes.waiting, "")
        return True

    def _written(self, database: sqlite3.Connection, changes: _Changes) -> dict[int, int]:
        gone = [(self._places[serial],) for serial in changes.forgotten if serial in self._places]
        entries = sorted(changes.entries.values(), key=lambda entry: entry.serial)
        places = {entry.serial: self._last_place + 1 + index for index, entry in enumerate(entries)}
        database.execute("BEGIN IMMEDIATE")
        database.executemany("DELETE FROM events WHERE place = ?", gone)
        database.executemany(
            "INSERT INTO events VALUES (?, ?, ?, ?)",
            [
                (places[entry.serial], entry.publication.topic, entry.publication.payload, entry.publication.lasting)
                for entry in entries
            ],
        )
        database.executemany("INSERT OR REPLACE INTO commands VALUES (?, ?)", changes.commands.items())
        if changes.commands:
            database.execute(_FORGET_OLD_COMMANDS, (_COMMANDS,))
        database.executemany("INSERT OR REPLACE INTO notes VALUES (?, ?)", changes.notes.items())
        database.execute("COMMIT")
        return places

    def _put_back(self, changes: _Changes) -> None:
        """It could not be written: it waits again, before what has come meanwhile."""
        with self._news:
            newer = self._changes
            gone = {serial for serial in newer.forgotten if serial in changes.entries}
            entries = {serial: entry for serial, entry in changes.entries.items() if serial not in gone}
            newer.entries = entries | newer.entries
            newer.forgotten = (changes.forgotten | newer.forgotten) - gone
            newer.commands = changes.commands | newer.commands
            newer.notes = changes.notes | newer.notes
            newer.since = self._clock.now()

    def _failed(self, error: sqlite3.Error | OSError) -> None:
        problem = f"{self._file}: {error}"
        log.log(logging.DEBUG if problem == self.problem else logging.WARNING, "events are not kept: %s", problem)
        self.problem = problem

    def _rest(self) -> None:
        """There is no way to the file: whoever waits is told so, for a while."""
        until = self._clock.now() + _RETRY
        while not self._closing and (left := until - self._clock.now()) > 0:
            with self._news:
                self._news.wait_for(lambda: self._changes.urgent or self._closing, left)
                waiting, self._changes.waiting = self._changes.waiting, []
                self._changes.urgent = False
            _tell(waiting, self.problem)


def _connected(file: Path) -> sqlite3.Connection:
    """The file, made if it is not there, and made anew if it is damaged. Raises `sqlite3.Error`, `OSError`."""
    file.parent.mkdir(parents=True, exist_ok=True)
    try:
        return _opened(file)
    except sqlite3.OperationalError:
        raise  # another process has it, or the disk can't be written
    except sqlite3.DatabaseError as error:
        log.warning("%s is damaged (%s): it begins anew, the old one is kept beside it", file, error)
        file.replace(file.with_suffix(".damaged"))
        file.with_name(f"{file.name}-wal").unlink(missing_ok=True)
        return _opened(file)


def _opened(file: Path) -> sqlite3.Connection:
    database = sqlite3.connect(file, timeout=1.0, isolation_level=None, check_same_thread=False)
    try:
        # Alone with the file: then the index of the log is in memory, and no third file is needed.
        database.execute("PRAGMA locking_mode = EXCLUSIVE")
        # Before the log is in use: else the file that the switch to it has removed may be back after a power cut.
        database.execute("PRAGMA synchronous = EXTRA")
        database.execute("PRAGMA journal_mode = WAL")
        database.execute(f"PRAGMA wal_autocheckpoint = {_LOG_PAGES}")
        database.execute(f"PRAGMA max_page_count = {_PAGES}")
        if database.execute("PRAGMA quick_check(1)").fetchone() != ("ok",):
            raise sqlite3.DatabaseError("its pages contradict each other")
        database.executescript(_TABLES)
    except sqlite3.Error:
        database.close()
        raise
    return database


def _publication(topic: str, payload: bytes, lasting: int) -> Publication:
    return Publication(topic=topic, payload=payload, qos=1, retain=False, lasting=bool(lasting))


def _tell(waiting: Iterable[Told], problem: str) -> None:
    for told in waiting:
        told(problem)
