// The form that asks who looks.

import { keep } from "./account.js";
import { h, setText } from "./dom.js";

/** `signed(account)` is called with what was filled in; `say(text)` shows what became of it. */
export class SignIn {
  constructor(signed) {
    this.user = h("input", { id: "user", name: "username", autocomplete: "username", required: true, value: "dashboard" });
    this.password = h("input", { id: "password", type: "password", autocomplete: "current-password" });
    this.always = h("input", { id: "always", type: "checkbox" });
    this.note = h("p", { class: "sign-in-note", role: "alert" });
    const form = h(
      "form",
      {
        class: "sign-in-card",
        onsubmit: (event) => {
          event.preventDefault();
          const account = { user: this.user.value.trim(), password: this.password.value };
          keep(account, this.always.checked);
          this.say("");
          signed(account);
        },
      },
      h("div", { class: "mark large", "aria-hidden": "true" }),
      h("h1", {}, "Intercom fleet"),
      h("label", { for: "user" }, "Account", this.user),
      h("label", { for: "password" }, "Password", this.password),
      h("label", { class: "check", for: "always" }, this.always, "Stay signed in on this screen"),
      this.note,
      h("button", { class: "primary" }, "Sign in"),
      h("p", { class: "hint" }, "“dashboard” sees everything. “operator” commands units, “doorkeeper” opens doors too."),
    );
    this.element = h("main", { class: "sign-in", hidden: true }, form);
  }

  show(text = "") {
    this.element.hidden = false;
    this.say(text);
    this.password.focus();
  }

  hide() {
    this.element.hidden = true;
    this.password.value = "";
  }

  say(text) {
    setText(this.note, text);
  }
}
