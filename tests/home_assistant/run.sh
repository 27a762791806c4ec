#!/usr/bin/env bash
# Home Assistant's validators in a Debian of their own, because they need a newer Python than this one's. Needs root,
# mmdebstrap and 1.5 GB; the root is made once and kept in .cache/home-assistant.
set -euo pipefail
cd "$(dirname "$0")/../.."
root=.cache/home-assistant
version=2026.2.3  # the last for Python 3.13, Debian 13's

command -v mmdebstrap >/dev/null || { echo "mmdebstrap not found: apt-get install mmdebstrap" >&2; exit 1; }
if [ ! -e $root/ha/.ready ]; then
    rm -rf $root
    mkdir -p .cache
    # The mirror that this machine uses itself.
    mirror=$(awk '/^URIs:/ {print $2; exit} /^deb / {print $2; exit}' \
        /etc/apt/sources.list.d/debian.sources /etc/apt/sources.list 2>/dev/null || true)
    mmdebstrap --quiet --variant=minbase --include=python3,python3-venv,ca-certificates trixie $root ${mirror:+"$mirror"}
    cp /etc/resolv.conf /etc/hosts $root/etc/
    cp /etc/ssl/certs/ca-certificates.crt $root/etc/ssl/certs/
    inside() {
        chroot $root env PIP_CONFIG_FILE=/dev/null PIP_FIND_LINKS= PIP_DEFAULT_TIMEOUT=180 \
            PIP_CERT=/etc/ssl/certs/ca-certificates.crt "$@"
    }
    inside python3 -m venv /ha
    inside /ha/bin/pip install --quiet --no-cache-dir --no-deps "homeassistant==$version"
    # What it needs beside Bluetooth; two of its pins have no wheel for this Python.
    sed -n 's/^Requires-Dist: //p' $root/ha/lib/python3*/site-packages/homeassistant-"$version".dist-info/METADATA \
        | grep -Ev '^(home-assistant-bluetooth|uv)=' \
        | sed -E 's/^(lru-dict|fnv-hash-fast)==.*/\1/' >$root/tmp/needed.txt
    inside /ha/bin/pip install --quiet --no-cache-dir --prefer-binary -r /tmp/needed.txt 'paho-mqtt==2.1.0'
    touch $root/ha/.ready
fi
.venv/bin/python -m tests.home_assistant.messages $root/tmp
cp tests/home_assistant/check.py $root/tmp/
chroot $root /ha/bin/python /tmp/check.py /tmp
