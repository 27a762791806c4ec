// The page: who looks, what is shown, and when it is drawn.
//
//   broker ──► fleet (model) ◄── views, drawn four times a second at most and never while nobody looks
//   address (#/…) ──► which view

import { brokerUrl, forget, kept } from "./account.js";
import { Broker } from "./broker.js";
import { Fleet } from "./fleet.js";
import { Frame } from "./frame.js";
import { Header } from "./header.js";
import { Overview } from "./overview.js";
import { SignIn } from "./sign_in.js";
import { UnitPage } from "./unit_page.js";
import { UnitTable } from "./unit_table.js";
import { route, units, wall } from "./address.js";

const SIGNED = "signed in"; // in the browser's own timeline, like the next
const FIRST = "first units";
const REFUSED = "The broker does not know this account, or not with this password.";

class Page {
  fleet = new Fleet();
  broker = null;

  constructor() {
    this.header = new Header({ signOut: () => this.signOut(), recolour: () => this.recolour() });
    this.signIn = new SignIn((account) => this.connect(account));
    const open = (key) => (location.hash = `#/unit/${key}`);
    this.overview = new Overview(open);
    this.table = new UnitTable({ open, changed: (query) => history.replaceState(null, "", units(query)) });
    this.unit = new UnitPage({ broker: () => this.broker, closed: () => this.leaveUnit() });
    this.behind = wall();
    this.main = document.getElementById("main");
    this.main.append(this.overview.element, this.table.element);
    document.querySelector(".skip").after(this.header.element);
    document.body.append(this.signIn.element, this.unit.element);
    this.frame = new Frame(() => this.draw());
    addEventListener("hashchange", () => this.go());
    this.go();
    const account = kept();
    if (account) this.connect(account);
    else this.showSignIn("");
  }

  connect(account) {
    performance.mark(SIGNED);
    this.broker?.end();
    this.fleet = new Fleet();
    this.signIn.hide();
    this.main.hidden = false;
    this.broker = new Broker(brokerUrl(), account, {
      heard: (topic, octets, retained) => this.fleet.receive(topic, octets, retained, Date.now()) && this.frame.ask(),
      changed: () => this.connectionChanged(),
    });
  }

  connectionChanged() {
    if (this.broker.state === "refused") {
      forget();
      this.showSignIn(REFUSED);
    } else if (this.broker.state === "online" && this.connects !== this.broker.connects) {
      this.connects = this.broker.connects;
      this.fleet.expectAll();
    }
    this.frame.ask();
  }

  signOut() {
    this.broker?.end();
    this.broker = null;
    forget();
    this.fleet = new Fleet();
    this.unit.close();
    this.showSignIn("");
  }

  showSignIn(text) {
    this.main.hidden = true;
    this.signIn.show(text);
    this.frame.ask();
  }

  /** Show what the address says. */
  go() {
    const { view, query, key } = route();
    if (view === "unit") {
      this.wanted = key;
    } else {
      this.behind = location.hash;
      this.wanted = "";
      this.unit.close();
      if (view === "units") this.table.query = query;
    }
    const shown = view === "unit" ? route(this.behind).view : view;
    this.overview.element.hidden = shown !== "wall";
    this.table.element.hidden = shown !== "units";
    this.header.shown(shown);
    this.frame.ask(true);
  }

  leaveUnit() {
    if (route().view === "unit") location.hash = this.behind;
  }

  draw() {
    const now = Date.now();
    for (const answer of this.fleet.answers.splice(0)) this.unit.commands.answered(answer);
    this.header.render(this.broker, this.fleet, now);
    const unit = this.fleet.units.get(this.wanted);
    if (unit && this.unit.key !== this.wanted) this.unit.open(unit);
    if (!this.overview.element.hidden) this.overview.render(this.fleet, now);
    if (!this.table.element.hidden) this.table.render(this.fleet, now);
    this.unit.render(now);
    this.fleet.drawn(Date.now());
    if (this.fleet.units.size && !performance.getEntriesByName(FIRST).length) performance.mark(FIRST);
  }

  recolour() {
    this.overview.recolour();
    this.unit.recolour();
    this.frame.ask(true);
  }
}

new Page();
