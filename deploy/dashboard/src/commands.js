// What may be asked of a unit, and what it answered. The unit decides; the broker has decided before.

import { h, setAttribute, setText } from "./dom.js";
import { command as topicOf } from "./topics.js";
import { spoken } from "./words.js";

const PATIENCE = 12_000; // ms until a unit counts as silent
const SHOWN = 6; // commands and what became of them
const LAST = ["done", "failed", "refused"];
const FIELDS = {
  call: () => [["number", h("input", { name: "number", required: true, maxlength: 64, inputmode: "tel", "aria-label": "Number to call", placeholder: "Number" })]],
  volume: (unit) => [
    ["level", h("input", { name: "level", type: "range", min: 0, max: 100, value: unit.controls?.volume ?? 50, "aria-label": "Volume in percent" })],
  ],
  show_text: () => [["text", h("input", { name: "text", maxlength: 64, "aria-label": "Words on the display", placeholder: "Words on the display" })]],
};
const TITLES = {
  call: "Offer a call",
  hang_up: "Hang up",
  volume: "Set volume",
  show_text: "Show text",
  dnd: "Do not disturb",
  identify: "Identify",
  self_test: "Self test",
  reboot: "Restart service",
  logs: "Send logs",
  config_roll_back: "Roll back configuration",
  door_open: "Open door",
};
const ASKED = {
  reboot: "Restart this unit's service? A call that is going on ends first.",
  config_roll_back: "Go back to the configuration before the last one?",
  door_open: "Open this door now?",
};
const ORDER = ["door_open", "identify", "call", "hang_up", "volume", "show_text", "dnd", "self_test", "logs", "config_roll_back", "reboot"];

const GRAVE = ["reboot", "config_roll_back"];

/** The commands of one unit, for somebody of `role`. `broker` publishes; answers come by `answered`. */
export class Commands {
  #unit = null;
  #role = "";
  #sent = new Map();

  constructor(broker) {
    this.broker = broker;
    this.forms = h("div", { class: "command-forms" });
    this.answers = h("ol", { class: "answers", "aria-live": "polite", "aria-label": "Answers" });
    this.note = h("p", { class: "hint" });
    this.element = h("div", { class: "commands" }, this.forms, this.note, this.answers);
  }

  show(unit) {
    const role = this.broker().role;
    const offered = `${unit.key} ${role} ${(unit.info.commands ?? []).join()} ${unit.controls?.dnd}`;
    if (this.#role === offered) return;
    if (this.#unit !== unit) this.answers.replaceChildren();
    this.#role = offered;
    this.#unit = unit;
    const names = ORDER.filter((name) => (unit.info.commands ?? []).includes(name) && may(role, name));
    this.forms.replaceChildren(...names.map((name) => this.#form(name)));
    setText(this.note, role === "dashboard" ? "This account sees and does not command." : names.length ? "" : "This unit takes no commands.");
    this.note.hidden = this.note.textContent === "";
  }

  /** A unit's answer: to one of ours, or not. */
  answered(answer) {
    const sent = this.#sent.get(answer.command_id);
    if (!sent) return;
    const words = answer.status + (answer.detail ? `: ${answer.detail}` : answer.reason ? `: ${spoken(answer.reason)}` : "");
    this.#say(sent, LAST.includes(answer.status) ? answer.status : "running", words);
    if (LAST.includes(answer.status)) this.#finish(answer.command_id, sent);
  }

  #form(name) {
    const unit = this.#unit;
    const fields = FIELDS[name]?.(unit) ?? [];
    const kind = name === "door_open" ? "primary" : GRAVE.includes(name) ? "grave" : "plain";
    const title = name === "dnd" ? `${TITLES.dnd}: turn ${unit.controls?.dnd ? "off" : "on"}` : TITLES[name];
    const button = h("button", { class: kind, "data-command": name }, title);
    return h(
      "form",
      {
        "data-fields": fields.length,
        onsubmit: (event) => {
          event.preventDefault();
          if (name in ASKED && !confirm(`${unit.label}: ${ASKED[name]}`)) return;
          const values = Object.fromEntries(fields.map(([key, input]) => [key, input.type === "range" ? Number(input.value) : input.value]));
          if (name === "dnd") values.on = !unit.controls?.dnd;
          this.#send(name, values);
        },
      },
      fields.map(([, input]) => input),
      button,
    );
  }

  async #send(name, values) {
    const unit = this.#unit;
    const id = `${Date.now().toString(36)}-${Math.random().toString(36).slice(2, 10)}`;
    const status = h("span", { class: "status" }, "sent");
    const line = h("li", { "data-status": "running" }, h("span", { class: "command" }, TITLES[name]), status);
    this.answers.prepend(line);
    if (this.answers.children.length > SHOWN) this.answers.lastChild.remove();
    const sent = { line, status, timer: setTimeout(() => this.#silent(id), PATIENCE) };
    this.#sent.set(id, sent);
    const envelope = { id, time: new Date().toISOString(), expires: 10, by: this.broker().account.user };
    try {
      await this.broker().publish(topicOf(unit.site, unit.device, name), { ...envelope, ...values });
    } catch (error) {
      this.#say(sent, "failed", error.message);
      this.#finish(id, sent);
    }
  }

  #silent(id) {
    const sent = this.#sent.get(id);
    this.#say(sent, "failed", "no answer");
    this.#finish(id, sent);
  }

  #say(sent, status, words) {
    setAttribute(sent.line, "data-status", status);
    setText(sent.status, words);
  }

  #finish(id, sent) {
    clearTimeout(sent.timer);
    this.#sent.delete(id);
  }
}

const may = (role, name) => role === "doorkeeper" || (role === "operator" && name !== "door_open");
