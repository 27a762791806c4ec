"""SIPp on UDP behind Kamailio: a peer that follows a script to the letter, for flows that no ordinary telephone has.

A script is a list of steps, made by the functions here; SIPp ends with an error, and the test with it, at the first
message that is not the one that was expected.
"""

import asyncio
import re
from pathlib import Path
from types import TracebackType
from typing import Final, Self
from xml.sax.saxutils import quoteattr

from tests.support.kamailio import Kamailio
from tests.support.ports import LOOPBACK, free_port
from tests.support.require import require

SDP: Final = "Content-Type: application/sdp"
CONTACT: Final = "Contact: <sip:[local_ip]:[local_port]>"
_END: Final = 10.0


def _message(first_line: str, headers: str, body: str) -> str:
    lines = "\n".join(line for line in headers.splitlines() if line)
    return f"<send><![CDATA[\n{first_line}\n{lines}\nContent-Length: [len]\n\n{body}]]></send>"


def _find(expression: str, name: str, *, check: bool = False) -> str:
    """Keep what matches `expression` as `$name`, or what its first group matches."""
    options = ' check_it="true"' if check else ""
    kept = f"rest,{name}" if "(" in expression and not expression.endswith("+") else name
    return f'<ereg regexp={quoteattr(expression)} search_in="msg"{options} assign_to="{kept}"/>'


def receive(
    what: str | int, *, optional: bool = False, contains: str = "", keep: str = "", routes: bool = False
) -> str:
    """The next message: a method, or the status of a response.

    Args:
        what: that.
        optional: it need not come.
        contains: a regular expression (POSIX, extended) that its text has to match.
        keep: the group in `contains` is `[$<keep>]` in what follows.
        routes: its Record-Route is the way of what SIPp sends in the dialog.
    """
    kind = f'response="{what}"' if isinstance(what, int) else f'request="{what}"'
    options = ' optional="true"' if optional else f' timeout="{round(_END * 1000)}"'
    options += ' auth="true"' if what in (401, 407) else ""
    options += ' rrs="true"' if routes else ""
    if not contains:
        return f"<recv {kind}{options}/>"
    return f"<recv {kind}{options}><action>{_find(contains, keep or 'rest', check=True)}</action></recv>"


def pause(seconds: float) -> str:
    """Nothing for so long."""
    return f'<pause milliseconds="{round(seconds * 1000)}"/>'


class Caller:
    """The steps of a SIPp that calls `peer`, with the credentials of `user`."""

    def __init__(self, registrar: Kamailio, user: str, peer: str) -> None:
        self._domain = registrar.domain
        self._user, self._peer = user, peer
        self._password = registrar.users[user]
        self._sequence = 0

    def _request(self, method: str, headers: str, body: str, *, sequence: int, begins: bool = False) -> str:
        uri = f"sip:{self._peer}@{self._domain}"
        way = "" if begins else "[routes]\n"
        tag = "" if begins else "[peer_tag_param]"
        return _message(
            f"{method} {uri if begins else '[next_url]'} SIP/2.0",
            f"Via: SIP/2.0/UDP [local_ip]:[local_port];branch=[branch]\n{way}Max-Forwards: 70\n"
            f"From: <sip:{self._user}@{self._domain}>;tag=[pid]S[call_number]\nTo: <{uri}>{tag}\n"
            f"Call-ID: [call_id]\nCSeq: {sequence} {method}\n{CONTACT}\n{headers}",
            body,
        )

    def invite(self, headers: str = "", body: str = "") -> list[str]:
        """An INVITE, and once more with credentials."""
        self._sequence = 2
        login = f"[authentication username={self._user} password={self._password}]"
        return [
            self._request("INVITE", headers, body, sequence=1, begins=True),
            receive(100, optional=True),
            receive(407),
            self._request("ACK", "", "", sequence=1, begins=True),
            self._request("INVITE", f"{headers}\n{login}", body, sequence=2, begins=True),
            receive(100, optional=True),
        ]

    def request(self, method: str, headers: str = "", body: str = "") -> str:
        """Another request in the dialog; the last response that was received with `routes` says where it goes."""
        self._sequence += 1
        return self._request(method, headers, body, sequence=self._sequence)

    def acknowledge(self) -> str:
        """The ACK of the INVITE's 2xx."""
        return self._request("ACK", "", "", sequence=2)


def called() -> str:
    """The INVITE that the script answers; the first step of a SIPp that is called."""
    # SIPp knows no escapes in its XML: a line is what can be printed, its end what can't.
    kept = (
        ("(Via: [[:print:]]*[[:cntrl:]]+)+", "vias"),
        ("(Record-Route: [[:print:]]*[[:cntrl:]]+)+", "ways"),
        ("(To: [[:print:]]*)", "to"),
        ("(CSeq: [0-9]+ INVITE)", "cseq"),
    )
    actions = "".join(_find(expression, name) for expression, name in kept)
    return f'<recv request="INVITE" rrs="true" timeout="{round(_END * 1000)}"><action>{actions}</action></recv>'


def answer(status: str, headers: str = "", body: str = "") -> str:
    """A response to the INVITE that `called` took, whatever came in between: `"200 OK"`."""
    return _message(
        f"SIP/2.0 {status}",
        f"[last_From:]\n[last_Call-ID:]\n[$to];tag=[pid]S\n[$cseq]\n[$vias][$ways]{CONTACT}\n{headers}",
        body,
    )


def respond(status: str, headers: str = "", body: str = "") -> str:
    """A response to the last request."""
    return _message(
        f"SIP/2.0 {status}",
        f"[last_Via:]\n[last_Record-Route:]\n[last_From:]\n[last_To:]\n[last_Call-ID:]\n[last_CSeq:]\n{CONTACT}\n{headers}",
        body,
    )


class Sipp:
    """One SIPp for one call; `async with` starts it. With a `user` it can be called by that name."""

    def __init__(self, registrar: Kamailio, script: list[str], folder: Path, *, user: str = "") -> None:
        self._registrar = registrar
        self._script = script
        self._folder = folder
        self._user = user
        self._process: asyncio.subprocess.Process | None = None

    async def __aenter__(self) -> Self:
        program, port = require("sipp", package="sip-tester"), free_port()
        if self._user:
            contact = f"sip:{self._user}@{LOOPBACK}:{port}"
            self._registrar.rpc("ul.add", "location", self._user, contact, 600, "1.0", "0", 0, 0, 0)
        steps = "\n".join(self._script)
        names = sorted(set(re.findall(r'assign_to="([^"]*)"', steps)))
        names = sorted({name for group in names for name in group.split(",")})
        scenario = self._folder / "script.xml"
        reference = f'<Reference variables="{",".join(names)}"/>' if names else ""
        scenario.write_text(f'<?xml version="1.0"?>\n<scenario name="script">\n{steps}\n{reference}</scenario>\n')
        self._process = await asyncio.create_subprocess_exec(
            str(program),
            f"{LOOPBACK}:{self._registrar.udp}",
            *("-sf", str(scenario), "-i", LOOPBACK, "-p", str(port), "-m", "1", "-nostdin", "-timeout", "30"),
            *(
                "-timeout_error",
                "-default_behaviors",
                "abortunexp",
                "-trace_err",
                "-error_file",
                str(self._folder / "errors"),
            ),
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.DEVNULL,
            stderr=asyncio.subprocess.STDOUT,
            cwd=self._folder,
        )
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        process = self._process
        if process is not None and process.returncode is None:
            process.kill()
            await process.wait()

    async def ended(self) -> None:
        """Wait until the script has been followed to its end."""
        assert self._process is not None
        code = await self._process.wait()
        errors = self._folder / "errors"
        text = errors.read_text(errors="replace") if errors.exists() else ""
        assert code == 0, f"SIPp ended with {code}:\n{text[-4000:]}"
