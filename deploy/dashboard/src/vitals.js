// The numbers that are read from across the room.

import { h, setAttribute, setText } from "./dom.js";
import { grade } from "./quality.js";
import { count, decimal, percent } from "./words.js";

class Tile {
  constructor(name, title, href) {
    this.value = h("span", { class: "value" });
    this.of = h("span", { class: "of" });
    this.note = h("span", { class: "note" });
    this.element = h(
      href ? "a" : "div",
      { class: `tile ${name}`, href: href ?? null },
      h("span", { class: "title" }, title),
      h("span", { class: "figure" }, this.value, this.of),
      this.note,
    );
  }

  show(value, of, note, mood = null) {
    setText(this.value, value);
    setText(this.of, of);
    setText(this.note, note);
    setAttribute(this.element, "data-mood", mood);
  }
}

export class Vitals {
  constructor() {
    this.online = new Tile("online", "Units online", "#/units");
    this.calls = new Tile("calls", "Calls now", "#/units?show=calls");
    this.sound = new Tile("sound", "Sound now");
    this.attention = new Tile("attention-tile", "Need attention", "#/units?show=problems");
    this.day = new Tile("day", "Calls in 24 hours");
    const tiles = [this.online, this.calls, this.sound, this.attention, this.day];
    this.element = h("section", { class: "vitals", "aria-label": "The fleet in numbers" }, tiles.map((tile) => tile.element));
  }

  render(fleet, totals, hours) {
    const away = totals.units - totals.online;
    this.online.show(count(totals.online), `/ ${count(totals.units)}`, this.#away(totals, away), totals.lost ? "bad" : null);
    this.calls.show(count(totals.calls), "", totals.ringing ? `${totals.ringing} ringing` : "none ringing");
    const { mos } = totals;
    const low = mos.percentile(0.1);
    this.sound.show(decimal(mos.mean), "MOS", low === null ? "no calls" : `1 in 10 below ${decimal(low)}`, grade(mos.mean));
    const sites = totals.troubled === 1 ? "at one site" : `at ${totals.troubled} sites`;
    this.attention.show(count(totals.problems), "", totals.problems ? sites : "all is well", totals.problems ? "poor" : "good");
    const answered = hours.reduce((sum, hour) => sum + hour.answered, 0);
    const failed = hours.reduce((sum, hour) => sum + hour.failed, 0);
    const share = answered + failed ? failed / (answered + failed) : null;
    this.day.show(count(answered), "", share === null ? "none yet" : `${percent(share)} more were not answered`);
  }

  #away(totals, away) {
    if (!away) return "all of them";
    return totals.lost ? `${count(totals.lost)} gone without a goodbye` : `${count(away)} switched off`;
  }
}
