#!/usr/bin/env bash
# deploy/broker/install.sh FOLDER [PAGE]
# Puts an authority's FOLDER (`intercom fleet authority`) and the dashboard's PAGE (`make dashboard`) where Mosquitto of
# Debian reads them, asks for the passwords of the accounts that are new, and restarts it and the TLS in front of the page.
# Run it again whenever something has changed. DESTDIR puts everything below another root, and starts nothing.
set -euo pipefail
here=$(dirname "$0")
folder=${1:?usage: deploy/broker/install.sh FOLDER [PAGE]}
page=${2:-}
root=${DESTDIR:-}
etc=$root/etc/mosquitto/intercom

group=mosquitto
getent group "$group" >/dev/null || group=$(id -gn)

for file in authority.crt server.crt server.key revoked.crl; do
  [ -r "$folder/$file" ] || { echo "install.sh: $folder/$file is missing: intercom fleet authority" >&2; exit 1; }
done

# The authority's own key stays where it is: a broker has no use for it.
install -d -m 0750 -g "$group" "$etc"
install -m 0640 -g "$group" "$folder"/{authority.crt,server.crt,server.key,revoked.crl} "$here/access" "$etc"
install -D -m 0644 "$here/intercom.conf" "$root/etc/mosquitto/conf.d/intercom.conf"
install -D -m 0644 "$here/limits.conf" "$root/etc/systemd/system/mosquitto.service.d/intercom.conf"
install -D -m 0644 "$here/stunnel.conf" "$root/etc/stunnel/intercom.conf"
install -d "$root/usr/share/intercom/dashboard"
if [ -n "$page" ]; then install -m 0644 "$page"/* "$root/usr/share/intercom/dashboard"; fi

touch "$etc/accounts"
for account in dashboard operator doorkeeper; do
  grep -q "^$account:" "$etc/accounts" || {
    echo "A password for the account '$account':"
    mosquitto_passwd "$etc/accounts" "$account"
  }
done
chmod 0640 "$etc/accounts"
chgrp "$group" "$etc/accounts"

if [ -z "$root" ]; then
  systemctl daemon-reload
  # A new listener needs a restart; a new list of revoked certificates would not, but units come back by themselves.
  systemctl restart mosquitto
  systemctl enable stunnel@intercom
  systemctl restart stunnel@intercom
fi
