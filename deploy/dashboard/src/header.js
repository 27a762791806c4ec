// The bar at the top: where one is, whether it is live, and who looks.

import { h, setAttribute, setText } from "./dom.js";
import { clock, count, duration } from "./words.js";

const THEME = "intercom-theme";

export class Header {
  constructor({ signOut, recolour }) {
    this.links = [
      ["wall", "Wall", "#/"],
      ["units", "Units", "#/units"],
    ].map(([name, title, href]) => h("a", { href, "data-view": name }, title));
    this.dot = h("i", { class: "dot", "aria-hidden": "true" });
    this.live = h("span");
    this.state = h("p", { class: "live", role: "status" }, this.dot, this.live);
    this.latency = h("p", { class: "latency", title: "From the unit to this screen: half of all messages, and 99 of 100" });
    this.role = h("span", { class: "role" });
    this.out = h("button", { type: "button", class: "quiet", onclick: signOut }, "Sign out");
    this.theme = h("button", { type: "button", class: "quiet theme", "aria-label": "Dark or light", onclick: () => this.#switch(recolour) }, "◐");
    this.time = h("time", { class: "clock" });
    this.banner = h("p", { class: "banner", role: "alert", hidden: true });
    const bar = h(
      "div",
      { class: "bar" },
      h("div", { class: "mark", "aria-hidden": "true" }),
      h("h1", {}, "Intercom fleet"),
      h("nav", { "aria-label": "Views" }, this.links),
      this.state,
      this.latency,
      h("span", { class: "spring" }),
      this.role,
      this.out,
      this.theme,
      this.time,
    );
    this.element = h("header", { class: "top" }, bar, this.banner);
    setAttribute(document.documentElement, "data-theme", localStorage.getItem(THEME));
    matchMedia("(prefers-color-scheme: dark)").addEventListener("change", recolour);
  }

  shown(view) {
    for (const link of this.links) setAttribute(link, "aria-current", link.dataset.view === view ? "page" : null);
  }

  render(broker, fleet, now) {
    this.element.hidden = !broker || broker.state === "refused";
    if (!broker) return;
    setAttribute(this.dot, "data-state", broker.state);
    setText(this.live, { online: "live", connecting: "connecting", offline: "no broker" }[broker.state] ?? "");
    setText(this.role, broker.account.user === broker.role ? broker.role : `${broker.account.user}, ${broker.role}`);
    setAttribute(document.documentElement, "data-role", broker.role);
    setText(this.time, clock(now));
    this.#showLatency(fleet);
    const away = broker.state === "offline" && now - broker.since > 1500;
    this.banner.hidden = !away;
    if (away) {
      setText(this.banner, `The broker is not there since ${clock(broker.since)} (${duration((now - broker.since) / 1000)}). What you see is from then; the page tries again by itself.`);
    }
  }

  #showLatency(fleet) {
    if (fleet.latencies.length < 20) return;
    const sorted = [...fleet.latencies].sort((one, other) => one - other);
    const at = (share) => Math.max(0, Math.round(sorted[Math.floor(share * (sorted.length - 1))]));
    setText(this.latency, `delay ${count(at(0.5))} / ${count(at(0.99))} ms`);
  }

  #switch(recolour) {
    const dark = getComputedStyle(document.documentElement).colorScheme === "dark";
    const theme = dark ? "light" : "dark";
    localStorage.setItem(THEME, theme);
    setAttribute(document.documentElement, "data-theme", theme);
    recolour();
  }
}
