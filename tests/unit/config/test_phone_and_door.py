"""The tables [phone] and [door] of a configuration."""

from pathlib import Path

import pytest

from appliance.config.load import parse
from appliance.errors import ConfigError

FILE = Path("unit.toml")


def test_a_door_and_its_codes(tmp_path: Path) -> None:
    file = tmp_path / "c.toml"
    line = '[line]\nregistrars = ["ws://x"]\nuser = "1"\npassword = "p"\n'
    good = parse(
        line + '[door]\naudit = "a"\n[[door.code]]\nname = "Anna"\ndigits = "4711"\nfirst = 2026-01-01\n', file
    )
    assert good.door is not None
    assert (good.door.code[0].name, good.door.code[0].digits.reveal()) == ("Anna", "4711")
    assert "4711" not in repr(good)
    assert parse(line, file).door is None, "no door without its table"
    with pytest.raises(ConfigError) as caught:
        parse(
            line
            + "[door]\ncommands = true\npulse = 60\n"
            + '[[door.code]]\nname = "A"\ndigits = "123"\nways = ["voice"]\n'
            + '[[door.code]]\nname = "B"\ndigits = "123"\nfirst = 2026-02-01\nlast = 2026-01-01\n',
            file,
        )
    problems = "\n".join(caught.value.problems)
    for sentence in (
        "door.pulse = 60 can't be used: allowed is a number from 0.5 to 10",
        "door.commands needs door.audit",
        "door.code.digits can't be used: allowed are 4 to 12 digits",
        'door.code.ways = "voice" can\'t be used',
        "two codes have the same digits",
        "door.code.last = 2026-01-01 can't be used",
    ):
        assert sentence in problems
    assert "123" not in problems


def test_how_the_telephone_behaves() -> None:
    line = '[line]\nregistrars = ["ws://x"]\nuser = "1"\npassword = "p"\n'
    told = parse(
        line + '[phone]\nhotline = "100"\nlongest_call = 300\n[[phone.button]]\nname = "bell"\ncall = ["1", "2"]\n',
        FILE,
    ).phone
    assert (told.hotline, told.longest_call, told.button[0].call) == (("100",), 300.0, ("1", "2"))
    assert parse(line, FILE).phone.longest_call is None
    with pytest.raises(ConfigError) as caught:
        parse(
            line + '[phone]\nhotline_delay = 3\nlongest_call = 5\n[[phone.button]]\nname = "hook"\n'
            '[[phone.button]]\nname = "a"\ncall = "1"\nseconds = 1\n[[phone.button]]\nname = "a"\ncall = "1"\n',
            FILE,
        )
    found = "\n".join(caught.value.problems)
    for sentence in (
        "phone.hotline_delay is of no use without phone.hotline",
        "phone.longest_call = 5 can't be used: allowed is a number from 30 to 86400",
        'phone.button.name = "hook" can\'t be used: allowed is another name',
        "phone.button.call is missing",
        "phone.button.seconds = 1 can't be used",
        "two of them have the same name",
    ):
        assert sentence in found, found
