#!/usr/bin/env bash
# requirements/install.sh run|test
# Gets a machine (Debian 12 or 13, Raspberry Pi OS) ready for `make run` or `make test`: Debian packages that are missing,
# .venv with what is locked in this folder, and the project itself. PYTHON names another Python than the one found.
set -euo pipefail
cd "$(dirname "$0")/.."

say() { printf '==> %s\n' "$*"; }
fail() {
  printf 'install: %s\n' "$*" >&2
  exit 1
}

case "${1:-}" in
  run)
    debian=(requirements/debian-run.txt)
    locks=(requirements/build.txt requirements/run.txt)
    ;;
  test)
    debian=(requirements/debian-run.txt requirements/debian-test.txt)
    locks=(requirements/build.txt requirements/dev.txt)
    ;;
  *) fail "usage: requirements/install.sh run|test" ;;
esac

# Daemons live in sbin, which is not on everybody's PATH.
PATH="$PATH:/usr/local/sbin:/usr/sbin"

usable_python() {
  "$1" -c 'import sys, venv, ensurepip; sys.exit(sys.version_info < (3, 11))' 2>/dev/null
}

find_python() {
  local candidate
  for candidate in ${PYTHON:+"$PYTHON"} python3 python3.13 python3.12 python3.11 /usr/bin/python3; do
    if usable_python "$candidate"; then
      command -v "$candidate"
      return
    fi
  done
  return 1
}

installed() {
  [ "$(dpkg-query --show --showformat='${db:Status-Status}' "$1" 2>/dev/null)" = installed ]
}

missing_packages() {
  local package program
  find_python >/dev/null || echo python3-venv
  while read -r package program; do
    case "$package" in '' | '#'*) continue ;; esac
    if [ -n "$program" ] && command -v "$program" >/dev/null; then continue; fi
    installed "$package" || echo "$package"
  done < <(cat "${debian[@]}")
}

install_packages() {
  local root=()
  if [ "$(id -u)" != 0 ]; then
    command -v sudo >/dev/null || fail "these Debian packages are missing, and there is no sudo: $*"
    root=(sudo)
  fi
  command -v apt-get >/dev/null || fail "these packages (Debian's names) are missing: $*"
  say "Debian packages: $*"
  # A fresh machine has no package lists, an old one has stale ones.
  "${root[@]}" apt-get update --quiet=2
  "${root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install --quiet=2 --yes --no-install-recommends "$@"
}

mapfile -t packages < <(missing_packages)
if [ "${#packages[@]}" -gt 0 ]; then install_packages "${packages[@]}"; fi

if ! usable_python .venv/bin/python; then
  python=$(find_python) || fail "no Python of 3.11 or newer"
  say "a virtual environment of $python ($("$python" --version)) in .venv"
  "$python" -m venv --clear .venv
fi

say "Python packages, checked against their hashes: ${locks[*]}"
export PIP_ROOT_USER_ACTION=ignore PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_INPUT=1
wanted=()
for lock in "${locks[@]}"; do wanted+=(--requirement "$lock"); done
.venv/bin/python -m pip install --quiet --require-hashes --no-deps --only-binary :all: "${wanted[@]}"
.venv/bin/python -m pip install --quiet --no-deps --no-build-isolation --no-index --editable .
