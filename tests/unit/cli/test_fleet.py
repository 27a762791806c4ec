"""`intercom fleet …` from its command line."""

from pathlib import Path

import pytest

from appliance.cli.main import main


def test_an_authority_and_what_it_issues(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = tmp_path / "fleet"
    words = ["fleet", "authority", "--folder", str(folder)]
    assert main([*words, "--server", "localhost", "--unit", "lobby/door", "--person", "operator/alice"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert [line.split()[0].removeprefix(f"{folder}/") for line in lines] == [
        "authority.crt",
        "server.crt",
        "units/lobby/door.crt",
        "people/operator/alice.crt",
    ]
    assert main([*words, "--revoke", "lobby/door", "--revoke", "operator/alice", "--unit", "lobby/door"]) == 0
    assert "revoked.crl  lobby/door is refused" in capsys.readouterr().out
    assert main([*words, "--unit", "lobby/door"]) == 2
    assert "intercom fleet: unit lobby/door has a certificate" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        ([], "the following arguments are required: COMMAND"),
        (["run", "--units", "0", "--broker", "mqtt://a"], "'0' can't be used: allowed is a number from 1"),
        (["run", "--units", "1", "--broker", "http://a"], "allowed is an address like mqtts://broker.example.org:8883"),
        (["run", "--units", "1", "--broker", "mqtts://u:p@a"], "allowed is an address like mqtts://"),
        (["run", "--units", "1", "--broker", "mqtt://a", "--authority", "x"], "an authority goes with TLS (mqtts://)"),
        (["run", "--units", "1", "--broker", "mqtt://a", "--part", "3/2"], "allowed is K/N, like 1/2"),
        (["run", "--units", "1", "--broker", "mqtt://a", "--busy", "2"], "allowed is a share from 0.001 to 0.9"),
    ],
)
def test_what_can_not_be_used_is_said(words: list[str], sentence: str, capsys: pytest.CaptureFixture[str]) -> None:
    try:
        code = main(["fleet", *words])
    except SystemExit as stopped:
        code = int(stopped.code or 0)
    assert code == 2
    assert sentence in capsys.readouterr().err
