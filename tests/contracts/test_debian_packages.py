"""What tests ask for is what `make test` installs."""

import re
from pathlib import Path

_ROOT = Path(__file__).parents[2]
_PACKAGES = re.compile(r'(?:\bPACKAGES? = |\brequire\([^)]*\bpackage=)"([^"]+)"')


def test_every_package_that_a_test_requires_is_installed_for_it() -> None:
    lists = [(_ROOT / "requirements" / f"debian-{name}.txt").read_text() for name in ("run", "test")]
    installed = {line.split()[0] for text in lists for line in text.splitlines() if line and line[0] != "#"}
    asked = {
        (package, path.name)
        for path in (_ROOT / "tests").rglob("*.py")
        for packages in _PACKAGES.findall(path.read_text())
        for package in packages.split()
    }
    assert {"kamailio", "chromium"} <= {package for package, _ in asked}
    assert {(package, path) for package, path in asked if package not in installed} == set()
