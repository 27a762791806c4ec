// All units in a table of which only the rows in sight exist: 2,000 units cost as much as twenty.

import { h, setAttribute, setText } from "./dom.js";
import { FILTERS, ORDERS, matching } from "./unit_filter.js";
import { UnitRow } from "./unit_row.js";
import { count } from "./words.js";

const ROW = 52; // pixels
const SPARE = 6; // rows above and below those in sight
const SORTED_EVERY = 2000; // ms: rows that jump can't be read
const COLUMNS = [
  ["name", "Unit"],
  ["state", "State"],
  ["mos", "MOS"],
  ["severity", "Attention"],
  ["software", "Software"],
];

export class UnitTable {
  #query = { show: "all", site: "", find: "", order: "name" };
  #units = [];
  #sortedAt = 0;
  #active = 0;
  #rows = [];

  constructor({ open, changed }) {
    this.open = open;
    this.changed = changed;
    this.find = h("input", { type: "search", placeholder: "Name, number, version, serial …", "aria-label": "Find units", oninput: () => this.#ask({ find: this.find.value }) });
    this.site = h("select", { "aria-label": "Site", onchange: () => this.#ask({ site: this.site.value }) });
    this.filters = Object.entries(FILTERS).map(([name, { title }]) =>
      h("button", { type: "button", "data-filter": name, onclick: () => this.#ask({ show: name }) }, title),
    );
    this.total = h("p", { class: "total", role: "status" });
    this.sizer = h("div", { class: "sizer", role: "rowgroup" });
    this.viewport = h("div", { class: "viewport", onscroll: () => this.#place() }, this.sizer);
    this.heads = COLUMNS.map(([name, title]) =>
      h("span", { role: "columnheader" }, h("button", { type: "button", "data-order": name, onclick: () => this.#ask({ order: name }) }, title)),
    );
    this.grid = h(
      "div",
      { class: "grid", role: "grid", "aria-label": "Units", onkeydown: (event) => this.#key(event) },
      h("div", { role: "rowgroup" }, h("div", { class: "grid-head", role: "row" }, this.heads)),
      this.viewport,
    );
    const tools = h("div", { class: "tools" }, this.find, this.site, h("div", { class: "segments", role: "group", "aria-label": "Show" }, this.filters), this.total);
    this.element = h("section", { class: "panel units", "aria-label": "Units" }, tools, this.grid);
    this.observer = new ResizeObserver(() => this.#place());
    this.observer.observe(this.viewport);
  }

  /** What the address asks for. */
  set query(query) {
    this.#query = { show: "all", site: "", find: "", order: "name", ...query };
    if (document.activeElement !== this.find) this.find.value = this.#query.find;
    for (const button of this.filters) setAttribute(button, "aria-pressed", button.dataset.filter === this.#query.show);
    for (const head of this.heads) {
      const chosen = head.firstChild.dataset.order === this.#query.order;
      setAttribute(head, "aria-sort", chosen ? ORDERS[this.#query.order].direction : null);
    }
    this.#sortedAt = 0;
  }

  render(fleet, now) {
    this.#listSites(fleet);
    if (now - this.#sortedAt > SORTED_EVERY) {
      this.#sortedAt = now;
      this.#units = matching(fleet.units.values(), this.#query);
      this.sizer.style.height = `${this.#units.length * ROW}px`;
      this.#active = Math.min(this.#active, Math.max(0, this.#units.length - 1));
      setAttribute(this.grid, "aria-rowcount", this.#units.length + 1);
      const all = fleet.units.size;
      setText(this.total, this.#units.length === all ? `${count(all)} units` : `${count(this.#units.length)} of ${count(all)} units`);
    }
    this.#place();
  }

  #ask(change) {
    this.query = { ...this.#query, ...change };
    this.#active = 0;
    this.viewport.scrollTop = 0;
    this.changed(this.#query);
  }

  #listSites(fleet) {
    const sites = [...fleet.sites.keys()];
    if (this.site.options.length !== sites.length + 1) {
      this.site.replaceChildren(h("option", { value: "" }, "All sites"), ...sites.map((site) => h("option", { value: site }, site)));
    }
    if (this.site.value !== this.#query.site) this.site.value = this.#query.site;
  }

  /** Fill the rows that are in sight. */
  #place() {
    const height = this.viewport.clientHeight;
    if (!height) return;
    const first = Math.max(0, Math.floor(this.viewport.scrollTop / ROW) - SPARE);
    const last = Math.min(this.#units.length, Math.ceil((this.viewport.scrollTop + height) / ROW) + SPARE);
    while (this.#rows.length < last - first) {
      const row = new UnitRow((key) => this.open(key));
      this.#rows.push(row);
      this.sizer.append(row.element);
    }
    // The row that Tab leads to is one in sight, unless somebody is in the table and has scrolled on.
    const away = this.#active < first || this.#active >= last;
    if (away && !this.grid.contains(document.activeElement)) this.#active = Math.ceil(this.viewport.scrollTop / ROW);
    const now = Date.now();
    for (const row of this.#rows) row.used = false;
    for (let index = first; index < last; index += 1) {
      const row = this.#rows[index % this.#rows.length];
      row.used = true;
      row.show(this.#units[index], index, index === this.#active, now);
      row.element.style.transform = `translateY(${index * ROW}px)`;
    }
    for (const row of this.#rows) row.element.hidden = !row.used;
  }

  #key(event) {
    if (!event.target.classList.contains("unit-row")) return;
    const page = Math.max(1, Math.floor(this.viewport.clientHeight / ROW) - 1);
    const steps = { ArrowDown: 1, ArrowUp: -1, PageDown: page, PageUp: -page, Home: -Infinity, End: Infinity };
    if (event.key === "Enter") {
      const unit = this.#units[this.#active];
      if (unit) this.open(unit.key);
    } else if (event.key in steps) {
      this.#active = Math.max(0, Math.min(this.#units.length - 1, this.#active + steps[event.key]));
      this.#reveal();
    } else {
      return;
    }
    event.preventDefault();
  }

  #reveal() {
    const top = this.#active * ROW;
    const { scrollTop, clientHeight } = this.viewport;
    if (top < scrollTop) this.viewport.scrollTop = top;
    else if (top + ROW > scrollTop + clientHeight) this.viewport.scrollTop = top + ROW - clientHeight;
    this.#place();
    this.#rows[this.#active % this.#rows.length].element.focus({ preventScroll: true });
  }
}
