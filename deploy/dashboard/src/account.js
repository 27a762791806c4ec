// Who is signed in on this screen, and where the broker is.

const KEY = "intercom-account";

/** The account that is kept for this tab, or for this screen; null without one. */
export function kept() {
  const text = sessionStorage.getItem(KEY) ?? localStorage.getItem(KEY);
  try {
    return text ? JSON.parse(text) : null;
  } catch {
    return null;
  }
}

/** Keep it while the tab is open; with `always`, over restarts of this screen too. */
export function keep(account, always) {
  forget();
  (always ? localStorage : sessionStorage).setItem(KEY, JSON.stringify(account));
}

export function forget() {
  sessionStorage.removeItem(KEY);
  localStorage.removeItem(KEY);
}

/** The broker that has given us the page, unless the address says another: #broker=wss://mqtt.example.org:9443 */
export function brokerUrl(place = location) {
  const other = new URLSearchParams(place.hash.slice(1)).get("broker");
  if (other && /^wss?:\/\//.test(other)) return other;
  return `${place.protocol === "https:" ? "wss" : "ws"}://${place.host}/mqtt`;
}
