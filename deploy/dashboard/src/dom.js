// The little of the DOM that the page needs. What units say is only ever text, never markup.

/** An element: h("p", { class: "note", onclick }, "text", child, …). null and false are left out. */
export function h(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else if (value === true) element.setAttribute(name, "");
    else if (value !== false && value !== null) element.setAttribute(name, value);
  }
  element.append(...children.flat().filter((child) => child !== null && child !== false));
  return element;
}

/** Set a text, if it is another one: nothing is laid out anew for nothing. */
export function setText(element, text) {
  const wanted = String(text);
  if (element.textContent !== wanted) element.textContent = wanted;
}

export function setAttribute(element, name, value) {
  if (value === null || value === false) {
    if (element.hasAttribute(name)) element.removeAttribute(name);
  } else if (element.getAttribute(name) !== String(value)) {
    element.setAttribute(name, String(value));
  }
}

/** A panel with a heading, as a landmark that can be jumped to. */
export function panel(name, title, aside, ...children) {
  const heading = h("h2", { id: `${name}-title` }, title);
  const head = h("header", { class: "panel-head" }, heading, aside ?? null);
  return h("section", { class: `panel ${name}`, "aria-labelledby": `${name}-title` }, head, ...children);
}

/**
 * Rows that are kept for as long as their keys: `make(key)` builds { element, update(item) } for a new one. Elements
 * move only when their order changes, so that focus and selection stay where they are.
 */
export class KeyedRows {
  #rows = new Map();

  constructor(parent, make) {
    this.parent = parent;
    this.make = make;
  }

  render(items, keyOf) {
    const wanted = new Set(items.map(keyOf));
    for (const [key, row] of this.#rows) {
      if (!wanted.has(key)) {
        row.element.remove();
        this.#rows.delete(key);
      }
    }
    let next = this.parent.firstChild;
    for (const item of items) {
      const key = keyOf(item);
      let row = this.#rows.get(key);
      if (!row) this.#rows.set(key, (row = this.make(item)));
      row.update(item);
      if (row.element === next) next = next.nextSibling;
      else this.parent.insertBefore(row.element, next);
    }
  }
}

/** The present value of a colour of style.css. */
export const colour = (name) => getComputedStyle(document.documentElement).getPropertyValue(`--${name}`).trim();
