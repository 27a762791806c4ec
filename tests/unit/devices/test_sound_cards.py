"""Ids that stay, whatever was plugged in first."""

from pathlib import Path

from appliance.devices.sound_cards import SoundCards

HAT = "[wm8960soundcard ]: wm8960-soundcard - wm8960-soundcard"
USB = "[Headset        ]: USB-Audio - Jabra Headset"
HAT_PCM = "bcm2835-i2s-wm8960-hifi : : playback 1 : capture 1"
USB_PCM = "USB Audio : USB Audio : playback 1 : capture 1"


def machine(folder: Path, order: str, *, serial: str = "") -> SoundCards:
    """A machine whose cards have the numbers of `order`, a letter each: h is the HAT, u is on USB."""
    proc, system, usb = folder / "proc", folder / "sys", folder / "devices" / "usb1" / "1-1" / "1-1.3"
    for path in (proc, system, usb / "1-1.3:1.0", folder / "devices" / "soc"):
        path.mkdir(parents=True, exist_ok=True)
    (usb / "idVendor").write_text("0b0e\n")
    (usb / "idProduct").write_text("0412\n")
    if serial:
        (usb / "serial").write_text(f"{serial}\n")
    cards, pcms = [], []
    for number, kind in enumerate(order):
        cards.append(f" {number} {HAT if kind == 'h' else USB}\n                      more about it\n")
        pcms.append(f"{number:02}-00: {HAT_PCM if kind == 'h' else USB_PCM}\n")
        place = system / f"card{number}"
        place.mkdir(exist_ok=True)
        (place / "device").unlink(missing_ok=True)
        (place / "device").symlink_to(folder / "devices" / "soc" if kind == "h" else usb / "1-1.3:1.0")
    (proc / "cards").write_text("".join(cards))
    (proc / "pcm").write_text("".join(pcms))
    return SoundCards(proc=proc, sys=system)


def cards_of(system: SoundCards) -> set[tuple[str, str, str]]:
    found = (each for each in system.devices() if not each.group_id.startswith("pcm-"))
    return {(each.device_id, each.kind, each.label) for each in found}


def test_an_id_does_not_depend_on_a_card_s_number(tmp_path: Path) -> None:
    first = cards_of(machine(tmp_path, "hu"))
    assert first == cards_of(machine(tmp_path, "uh"))
    assert first == {
        ("card-wm8960soundcard:audioinput", "audioinput", "wm8960-soundcard"),
        ("card-wm8960soundcard:audiooutput", "audiooutput", "wm8960-soundcard"),
        ("usb-0b0e-0412-1-1.3:audioinput", "audioinput", "Jabra Headset"),
        ("usb-0b0e-0412-1-1.3:audiooutput", "audiooutput", "Jabra Headset"),
    }


def test_a_serial_is_better_than_a_place(tmp_path: Path) -> None:
    ids = {each for each, _, _ in cards_of(machine(tmp_path, "u", serial="50C2ED"))}
    assert ids == {"usb-0b0e-0412-50C2ED:audioinput", "usb-0b0e-0412-50C2ED:audiooutput"}


def test_what_is_opened_is_the_card_s_number_of_the_moment(tmp_path: Path) -> None:
    wanted = "usb-0b0e-0412-1-1.3:audioinput", "card-wm8960soundcard:audiooutput"
    assert machine(tmp_path, "hu").device(*wanted).name == "(hw:1,0) / (hw:0,0)"
    assert machine(tmp_path, "uh").device(*wanted).name == "(hw:0,0) / (hw:1,0)"
    assert machine(tmp_path, "h").device(*wanted).name == "default / (hw:0,0)"


def test_what_is_configured_comes_first(tmp_path: Path) -> None:
    machine(tmp_path, "hu")
    preferring = SoundCards("jabra", "usb-0b0e-0412-1-1.3:audiooutput", proc=tmp_path / "proc", sys=tmp_path / "sys")
    for kind in ("audioinput", "audiooutput"):
        first = next(each for each in preferring.devices() if each.kind == kind)
        assert first.label == "Jabra Headset"


def test_a_machine_without_alsa_has_no_cards(tmp_path: Path) -> None:
    assert cards_of(SoundCards(proc=tmp_path, sys=tmp_path)) == set()
