"""What sqlite does to a disk, call by call; and what a disk may hold after the power was cut.

The recorder stands between the very libsqlite3 that Python uses and its own file system layer (a VFS, sqlite.org/vfs):
it takes down each write, truncation, sync and deletion, and passes it on. Between two syncs of a file the disk may have
written any beginning of what it was given, the last of it by half.
"""

import _sqlite3
import ctypes
from collections.abc import Iterator
from ctypes import CFUNCTYPE, POINTER, Structure, byref, c_char_p, c_int, c_int64, c_void_p, cast
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, Final, Self

_OPEN: Final = CFUNCTYPE(c_int, c_void_p, c_void_p, c_void_p, c_int, c_void_p)
_DELETE: Final = CFUNCTYPE(c_int, c_void_p, c_char_p, c_int)
_WRITE: Final = CFUNCTYPE(c_int, c_void_p, c_void_p, c_int, c_int64)
_TRUNCATE: Final = CFUNCTYPE(c_int, c_void_p, c_int64)
_SYNC: Final = CFUNCTYPE(c_int, c_void_p, c_int)


class _Vfs(Structure):
    """`sqlite3_vfs`, as far as it is touched here; what follows is copied."""

    _fields_ = (
        ("version", c_int),
        ("file_size", c_int),
        ("path_size", c_int),
        ("next", c_void_p),
        ("name", c_char_p),
        ("data", c_void_p),
        ("open", _OPEN),
        ("delete", _DELETE),
        ("rest", c_void_p * 14),
    )


class _Methods(Structure):
    """`sqlite3_io_methods`, version 3."""

    _fields_ = (
        ("version", c_int),
        ("close", c_void_p),
        ("read", c_void_p),
        ("write", _WRITE),
        ("truncate", _TRUNCATE),
        ("sync", _SYNC),
        ("rest", c_void_p * 13),
    )


class _File(Structure):
    _fields_ = (("methods", POINTER(_Methods)),)


@dataclass(frozen=True, slots=True)
class Write:
    file: str
    offset: int
    data: bytes


@dataclass(frozen=True, slots=True)
class Truncate:
    file: str
    size: int


@dataclass(frozen=True, slots=True)
class Delete:
    file: str
    synced: bool
    """The folder was synced with it: it is gone for good."""


@dataclass(frozen=True, slots=True)
class Sync:
    file: str


@dataclass(frozen=True, slots=True)
class Note:
    """The test's own word on what is promised from here on."""

    value: Any


Step = Write | Truncate | Delete | Sync | Note


class RecordedDisk:
    """While it is entered, sqlite's files are recorded in `steps`, in the order of the calls, by their names."""

    def __init__(self) -> None:
        self.steps: list[Step] = []
        self._library = ctypes.CDLL(_sqlite3.__file__)  # its symbols are those of the libsqlite3 it was linked with
        self._library.sqlite3_vfs_find.restype = POINTER(_Vfs)
        self._names: dict[int, str] = {}
        self._kept: list[object] = []
        """What C code points to."""

    def __enter__(self) -> Self:
        self._usual = self._library.sqlite3_vfs_find(None)
        ours = _Vfs.from_buffer_copy(self._usual.contents)
        ours.name = b"recorded"
        ours.open = _OPEN(self._opened)
        ours.delete = _DELETE(self._deleted)
        self._ours = ours
        assert self._library.sqlite3_vfs_register(byref(ours), 1) == 0
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._library.sqlite3_vfs_unregister(byref(self._ours))
        self._library.sqlite3_vfs_register(self._usual, 1)

    def note(self, value: Any) -> None:
        """Take down what is promised from now on."""
        self.steps.append(Note(value))

    def _opened(self, vfs: int, name: int | None, file: int, flags: int, result: int | None) -> int:
        status: int = self._usual.contents.open(vfs, name, file, flags, result)
        methods = cast(file, POINTER(_File)).contents.methods
        if status == 0 and name and methods:
            self._names[file] = Path(ctypes.string_at(name).decode()).name
            cast(file, POINTER(_File)).contents.methods = ctypes.pointer(self._recorded(methods.contents))
        return status

    def _recorded(self, usual: _Methods) -> _Methods:
        ours = _Methods.from_buffer_copy(usual)

        def write(file: int, data: int, size: int, offset: int) -> int:
            self.steps.append(Write(self._names[file], offset, ctypes.string_at(data, size)))
            return int(usual.write(file, data, size, offset))

        def truncate(file: int, size: int) -> int:
            self.steps.append(Truncate(self._names[file], size))
            return int(usual.truncate(file, size))

        def sync(file: int, flags: int) -> int:
            status = int(usual.sync(file, flags))
            self.steps.append(Sync(self._names[file]))
            return status

        ours.write, ours.truncate, ours.sync = _WRITE(write), _TRUNCATE(truncate), _SYNC(sync)
        self._kept += [usual, ours]
        return ours

    def _deleted(self, vfs: int, name: bytes, sync_folder: int) -> int:
        self.steps.append(Delete(Path(name.decode()).name, bool(sync_folder)))
        return int(self._usual.contents.delete(vfs, name, sync_folder))


Content = dict[str, bytes]
"""Files by name."""


@dataclass(frozen=True, slots=True)
class Remains:
    """What a power cut may leave, and the last that had been promised when it came."""

    content: Content
    promised: Any


def power_cuts(steps: list[Step], *, syncs: bool = True) -> Iterator[Remains]:
    """Everything that a cut at any moment may leave, each once. Without `syncs` as if none had been called."""
    durable: Content = {}
    waiting: list[Write | Truncate | Delete] = []
    promised: Any = None
    seen: set[tuple[int, int]] = set()
    for number, step in enumerate([*steps, Note(None)]):
        for content in _left(durable, waiting):
            key = (hash(tuple(sorted(content.items()))), id(promised))
            if key not in seen:
                seen.add(key)
                yield Remains(content, promised)
        match step:
            case Note(value=value) if number < len(steps):
                promised = value
            case Sync(file=file) if syncs:
                durable, waiting = _settled(durable, waiting, file)
            case Write() | Truncate() | Delete():
                waiting.append(step)
                if syncs and isinstance(step, Delete) and step.synced:
                    durable, waiting = _settled(durable, waiting, step.file)


def _settled(
    durable: Content, waiting: list[Write | Truncate | Delete], file: str
) -> tuple[Content, list[Write | Truncate | Delete]]:
    """What was done to `file` is on the disk."""
    for one in waiting:
        durable = applied(durable, one) if one.file == file else durable
    return durable, [one for one in waiting if one.file != file]


def _left(durable: Content, waiting: list[Write | Truncate | Delete]) -> Iterator[Content]:
    """Every beginning of what waits, its last write whole and by half; and each file's alone, as disks reorder."""
    content = durable
    yield content
    for step in waiting:
        if isinstance(step, Write) and len(step.data) > 1:
            yield applied(content, Write(step.file, step.offset, step.data[: len(step.data) // 2]))
        content = applied(content, step)
        yield content
    for file in {step.file for step in waiting}:
        alone = durable
        for step in waiting:
            alone = applied(alone, step) if step.file == file else alone
        yield alone


def applied(content: Content, step: Write | Truncate | Delete) -> Content:
    """The files after one step."""
    data = content.get(step.file, b"")
    match step:
        case Write(offset=offset, data=written):
            data = data.ljust(offset, b"\0")
            data = data[:offset] + written + data[offset + len(written) :]
        case Truncate(size=size):
            data = data[:size]
        case Delete():
            return {name: kept for name, kept in content.items() if name != step.file}
    return content | {step.file: data}
