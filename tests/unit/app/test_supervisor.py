import os
import socket
from pathlib import Path

from appliance.app.supervisor import Supervisor


def test_nothing_without_a_service_manager() -> None:
    supervisor = Supervisor({})
    supervisor.ready("x")
    assert supervisor.watchdog_period is None


def test_datagrams_as_sd_notify_describes_them(tmp_path: Path) -> None:
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager:
        manager.bind(str(tmp_path / "notify"))
        supervisor = Supervisor({"NOTIFY_SOCKET": str(tmp_path / "notify"), "WATCHDOG_USEC": "10000000"})
        assert supervisor.watchdog_period == 5.0
        supervisor.ready("telephone 201")
        supervisor.status("in a call")
        supervisor.alive()
        supervisor.stopping()
        told = [manager.recv(4096) for _ in range(4)]
    assert told == [b"READY=1\nSTATUS=telephone 201", b"STATUS=in a call", b"WATCHDOG=1", b"STOPPING=1"]


def test_an_abstract_address() -> None:
    name = f"intercom-test-{os.getpid()}"
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager:
        manager.bind(f"\0{name}")
        Supervisor({"NOTIFY_SOCKET": f"@{name}"}).alive()
        assert manager.recv(64) == b"WATCHDOG=1"


def test_a_manager_that_is_gone_disturbs_nobody(tmp_path: Path) -> None:
    Supervisor({"NOTIFY_SOCKET": str(tmp_path / "nowhere")}).alive()


def test_the_watchdog_of_another_process(tmp_path: Path) -> None:
    environment = {"NOTIFY_SOCKET": str(tmp_path / "x"), "WATCHDOG_USEC": "1000000", "WATCHDOG_PID": "1"}
    assert Supervisor(environment).watchdog_period is None
