// The page's behaviour: filters, opened scenarios, keys. What is shown is a function of the URL's
// fragment, so that any view can be sent. Text becomes DOM by textContent and in no other way:
// what scenarios and engines say is shown, never obeyed.
"use strict";
(() => {
  const $ = (id) => document.getElementById(id);
  const all = (selector, within = document) => [...within.querySelectorAll(selector)];
  const read = (id) => JSON.parse($(id).textContent);

  const index = read("index");
  const numbers = new Map(index.map((one, number) => [one.id, number]));
  const rows = index.map((_, number) => $(`s-${number}`));
  const buttons = rows.map((row) => row.querySelector("button"));
  const rulings = new Map(all("[data-ruling]").map((one) => [one.dataset.ruling, one]));
  const form = document.querySelector(".filters");
  const names = [...form.elements].map((field) => field.name).filter(Boolean);

  // Rows stand in the order of the index, in parts of a group: both are a first row and a size.
  const span = (node) => {
    const own = all(".scenario", node);
    return { node, first: rows.indexOf(own[0]), size: own.length };
  };
  const parts = all(".list").map(span);
  const groups = all(".group").map(span);

  // ---- making DOM ---------------------------------------------------------------------------

  /** An element; children may be text, lists, or nothing. */
  function el(tag, attributes, ...children) {
    const made = document.createElement(tag);
    for (const [name, value] of Object.entries(attributes)) {
      if (value !== "") made.setAttribute(name, value);
    }
    // Node.append turns a string into a text node: markup in it stays text.
    made.append(...children.flat(Infinity).filter((child) => child !== null && child !== ""));
    return made;
  }

  /** Long names break after a dot, slash or underscore; only where that is too long anywhere. */
  const breakable = (text) => (text.match(/[^._/]*[._/]|[^._/]+/g) || [])
    .flatMap((part, at) => (at ? [el("wbr", {}), part] : [part]));

  /** A value; one that is long in few words, and whole where somebody asks for it. */
  const value = (told) => (typeof told === "string" ? breakable(told)
    : el("details", { class: "whole" }, el("summary", {}, breakable(told[0])), list(told[1], "")));

  const list = (texts, name) =>
    el("ul", { class: name }, texts.map((text) => el("li", {}, breakable(text))));
  const word = (outcome) => el("span", { class: `word o-${outcome}` }, outcome);

  // Roles are written out: where a table is stacked on a narrow screen, it still is one.
  const row = (name, ...cells) => el("tr", { role: "row", class: name }, cells);
  const td = (attributes, ...said) => el("td", { role: "cell", ...attributes }, said);
  const th = (attributes, ...said) =>
    el("th", { scope: "row", role: "rowheader", ...attributes }, said);

  function table(name, head, body) {
    const cells = head.map((text) => el("th", { scope: "col", role: "columnheader" }, text));
    return el("table", { class: name, role: "table" },
      el("thead", { role: "rowgroup" }, row("", cells)),
      el("tbody", { role: "rowgroup" }, body));
  }

  /** A link to a ruling or a cell that leaves filters and opened scenarios as they are. */
  const linkTo = (at, text) => el("a", { href: fragment({ ...state, at }), "data-at": at }, text);
  const rulingLink = (id) => (rulings.has(id) ? linkTo(id, id) : id);
  const numberOf = (cell) => cell.slice(cell.lastIndexOf("#"));

  // ---- one scenario in full -----------------------------------------------------------------

  const LEGEND = "FIRST: the first cause; NEW: another difference; rep: repeats an earlier one; "
    + "given: damage that was given; both: both changed it alike; –: nothing happened.";
  const BRIGHT = new Set(["FIRST", "NEW"]);
  const CAUSES = new Set(["first cause", "new cause"]);
  const NO_RULING = "no ruling";
  const AGAINST =
    /^(candidate breaks|truth is not met|worse than truth|harm against|loss of|finding )/;

  const facts = (pairs) => el("dl", { class: "facts" },
    pairs.map(([name, text]) =>
      el("div", {}, el("dt", {}, name), el("dd", {}, breakable(text)))));

  /** Every episode in a row: when, act, outcome, and the stores that changed or disagree. */
  function overview({ scenario, episodes }) {
    const stores = [...new Set(episodes.flatMap((one) => Object.keys(one.stores)))].sort();
    const body = episodes.map((one) => row("",
      th({}, linkTo(one.cell, numberOf(one.cell))),
      td({ class: "time" }, one.at.replace("T", " ").replace(/(:00)?Z$/, "")),
      td({}, one.act),
      td({}, word(one.outcome)),
      stores.map((store) => {
        const mark = one.stores[store] || "–";
        return td({ class: BRIGHT.has(mark) ? "bright" : "quiet" }, mark);
      })));
    const made = table("overview", ["episode", "when (UTC)", "act", "outcome", ...stores], body);
    const region = { class: "scroller", role: "region", "aria-label": `Timeline of ${scenario}`,
      tabindex: "0" };
    return [
      el("h5", {}, "Timeline"), el("div", region, made),
      stores.length ? el("p", { class: "aside" }, LEGEND) : null,
    ];
  }

  /** One field side by side; the mark says in a word what the colour helps to find. */
  function change([mark, at, was, control, candidate, kept, ruling]) {
    const bare = ruling === NO_RULING;
    const cause = bare ? "cause" : "cause covered";
    const made = (side, told) => td({ class: "value", "data-label": side }, value(told),
      kept === side ? el("span", { class: "kept" }, "left as it was") : null);
    // What the mark says already is not said again.
    const said = ruling === mark || ruling === "(given)" ? "" : ruling;
    const covered = bare ? el("span", { class: "bare" }, said) : rulingLink(said);
    return row(CAUSES.has(mark) ? cause : "dim",
      td({ class: "mark" }, mark),
      th({ class: "field" }, breakable(at)),
      made("was", was),
      made("control", control),
      made("candidate", candidate),
      td({ "data-label": said ? "ruling" : "" }, covered));
  }

  function ran(one) {
    const own = Object.entries(one.own).filter(([, outcome]) => outcome !== one.outcome);
    const answers = own.map(([path, outcome]) => `${path} ${outcome}`).join(", ");
    return el("p", { class: "ran" }, "Paths that ran: ",
      el("span", { class: "at" }, one.ran.join(", ") || "none"),
      answers ? `; on their own: ${answers}` : "");
  }

  function episode(one) {
    const remark = (text) => el("li", { class: AGAINST.test(text) ? "against" : "" }, text);
    const head = ["What", "Field", "Was", "Control", "Candidate", "Ruling"];
    return el("article", { class: "episode", "data-cell": one.cell, tabindex: "-1" },
      el("header", {},
        el("h5", {}, `${numberOf(one.cell)} ${one.act}`),
        el("time", { datetime: one.at }, one.at),
        word(one.outcome),
        el("span", { class: "class" }, `class ${one.class}`)),
      ran(one),
      el("div", { class: "sides" },
        el("div", {}, el("h6", {}, "Control"), list(one.control, "deed")),
        el("div", {}, el("h6", {}, "Candidate"), list(one.candidate, "deed"),
          one.reasons.length ? [el("h6", {}, "Its reasons"), list(one.reasons, "deed")] : null)),
      one.changes.length ? table("stacked changes", head, one.changes.map(change)) : null,
      one.remarks.length ? el("ul", { class: "remarks" }, one.remarks.map(remark)) : null);
  }

  function ruled(data) {
    const body = data.rulings.map((id) => {
      const full = rulings.get(id);
      if (!full) return el("li", {}, `${id}: not found`);
      const [title, pins] = [".title", ".pins"].map((at) => full.querySelector(at).textContent);
      return el("li", {}, rulingLink(id), `: ${title} (${pins})`);
    });
    if (data.bare) body.push(el("li", { class: "bare" }, "Some differences have no ruling."));
    return body.length ? [el("h5", {}, "Rulings"), el("ul", {}, body)] : [];
  }

  function customer(data) {
    const body = data.rows.map(([name, control, candidate, differs]) =>
      row(differs ? "differs" : "",
        th({}, breakable(name)),
        td({ "data-label": "control" }, control),
        td({ "data-label": "candidate" }, candidate),
        td({}, differs)));
    const made = table("stacked customer", ["What", "Control", "Candidate", "Same?"], body);
    return [el("h5", {}, data.title), body.length ? made : null];
  }

  function detail(data) {
    return [
      facts(data.facts),
      overview(data),
      data.episodes.map(episode),
      ruled(data),
      customer(data.customer),
      el("h5", {}, "Free run ", word(data.free.outcome)),
      data.free.texts.length ? list(data.free.texts, "remarks") : null,
      el("p", { class: "next" }, "Next: ", el("code", {}, data.next)),
    ].flat(Infinity).filter(Boolean);
  }

  /** Open or close one scenario; it is made when it is opened for the first time. */
  function show(number, open) {
    const body = $(`d-${number}`);
    if (open && !body.firstChild) body.append(...detail(read(`data-${number}`)));
    body.hidden = !open;
    rows[number].classList.toggle("open", open);
    buttons[number].setAttribute("aria-expanded", String(open));
    const part = rows[number].parentElement;
    part.classList.toggle("busy", part.querySelector(":scope > .open") !== null);
  }

  // ---- the view, and the fragment that says it ----------------------------------------------

  let state = { open: [], at: "" };
  let written = location.hash;

  function parse(hash) {
    const asked = new URLSearchParams(hash.slice(1));
    const view = { open: asked.getAll("open"), at: asked.get("at") || "" };
    for (const name of names) if (asked.get(name)) view[name] = asked.get(name);
    return view;
  }

  function fragment(view) {
    const asked = new URLSearchParams();
    for (const name of names) if (view[name]) asked.set(name, view[name]);
    for (const id of view.open) asked.append("open", id);
    if (view.at) asked.set("at", view.at);
    return `#${asked}`;
  }

  // Browsers refuse many changes of the address in a short time: typing is written once it rests.
  let resting = 0;
  function write() {
    clearTimeout(resting);
    resting = setTimeout(() => {
      const hash = fragment(state);
      if (hash === written || (hash === "#" && !location.hash)) return;
      written = hash;
      history.replaceState(null, "", hash);
    }, 200);
  }

  /** Whether a cell is the one that is asked for: all of it must hold in one and the same cell. */
  function isMeant(cell, view, outcome) {
    if (view.path && !Object.hasOwn(cell.own, view.path)) return false;
    if (view.segment && cell.segment !== view.segment) return false;
    if (view.ruling && !cell.rulings.includes(view.ruling)) return false;
    if (!outcome) return true;
    // A path answers for its own outcome only.
    if (view.path) return cell.own[view.path] === outcome;
    return cell.outcome === outcome;
  }

  /** The cells of a scenario that are meant, or null where the scenario is not. */
  function meant(one, view, asked) {
    if (!asked.every((part) => one.text.includes(part))) return null;
    if (view.ticket && one.ticket !== view.ticket) return null;
    if (view.provenance && one.provenance !== view.provenance) return null;
    if (view.fault && !one.faults.includes(view.fault)) return null;
    let outcome = view.outcome || "";
    if (outcome === "needs a look") {
      if (!one.look) return null;
      outcome = "";
    } else if (outcome.startsWith("free run ")) {
      if (outcome !== `free run ${one.free}`) return null;
      outcome = "";
    }
    const cells = one.cells.filter((cell) => isMeant(cell, view, outcome)).length;
    const asksForCells = view.path || view.segment || view.ruling || outcome;
    return asksForCells && cells === 0 ? null : cells;
  }

  const counted = (n, what) => `${n} ${what}${n === 1 ? "" : "s"}`;

  function filter() {
    const asked = (state.q || "").toLowerCase().split(/\s+/).filter(Boolean);
    const found = index.map((one) => meant(one, state, asked));
    const within = ({ first, size }) =>
      found.slice(first, first + size).filter((cells) => cells !== null).length;
    found.forEach((cells, number) => {
      const hidden = cells === null;
      if (rows[number].hidden !== hidden) rows[number].hidden = hidden;
    });
    for (const part of parts) {
      const here = within(part);
      part.node.hidden = here === 0;
      part.node.style.setProperty("--n", here);
    }
    for (const group of groups) {
      const here = within(group);
      group.node.hidden = here === 0;
      group.node.querySelector("[data-n]").textContent =
        here === group.size ? String(here) : `${here} of ${group.size}`;
    }
    const scenarios = found.filter((cells) => cells !== null);
    const cells = scenarios.reduce((sum, n) => sum + n, 0);
    $("nothing").hidden = scenarios.length > 0;
    $("hits").textContent =
      `${scenarios.length} of ${counted(index.length, "scenario")}, ${counted(cells, "cell")}`;
  }

  function fill() {
    for (const name of names) {
      const field = form.elements[name];
      const value = state[name] || "";
      if (field.value !== value) field.value = value;
      // A value that no option has came with a link from another run: it is said, not dropped.
      if (field.value !== value) {
        field.append(new Option(`${value} (not in this run)`, value, true, true));
      }
      field.classList.toggle("set", value !== "");
    }
  }

  /** Take a view as it is: what the address says, what a link or a field asks for. */
  function take(view) {
    for (const id of state.open) {
      if (numbers.has(id) && !view.open.includes(id)) show(numbers.get(id), false);
    }
    state = view;
    for (const id of view.open) if (numbers.has(id)) show(numbers.get(id), true);
    fill();
    filter();
  }

  function go(view) {
    take(view);
    write();
  }

  function toggle(number) {
    const id = index[number].id;
    const others = state.open.filter((one) => one !== id);
    go({ ...state, open: state.open.includes(id) ? others : [...others, id], at: "" });
  }

  // ---- where the reader is ------------------------------------------------------------------

  /** Rows off the screen have guessed heights until they are laid out, so it is done twice. */
  function bring(target) {
    target.scrollIntoView();
    requestAnimationFrame(() => target.scrollIntoView());
  }

  /** Lead to a ruling, a cell, or a scenario, and give it the focus. */
  function goTo(at) {
    all(".here").forEach((one) => one.classList.remove("here"));
    const ruling = rulings.get(at);
    if (ruling) ruling.open = true;
    const target = ruling || document.querySelector(`[data-cell="${CSS.escape(at)}"]`)
      || rows[numbers.get(at)];
    if (!target) return;
    target.classList.add("here");
    const focused = target.querySelector(":scope > summary, :scope > .row button") || target;
    focused.focus({ preventScroll: true });
    bring(target);
  }

  function move(step) {
    const shown = buttons.filter((_, number) => !rows[number].hidden);
    const here = document.activeElement.closest(".scenario");
    const from = here ? shown.indexOf(here.querySelector("button")) : step > 0 ? -1 : shown.length;
    const next = shown[Math.min(Math.max(from + step, 0), shown.length - 1)];
    if (!next) return;
    next.focus({ preventScroll: true });
    next.closest(".scenario").scrollIntoView({ block: "nearest" });
  }

  /** Close the scenario that the reader is in, else the one that was opened last. */
  function close() {
    if (document.activeElement === form.elements.q) return document.activeElement.blur();
    const here = rows.indexOf(document.activeElement.closest(".scenario"));
    const inside = here >= 0 && state.open.includes(index[here].id);
    const number = inside ? here : numbers.get(state.open[state.open.length - 1]);
    if (number === undefined) return undefined;
    toggle(number);
    return buttons[number].focus();
  }

  function search() {
    form.elements.q.focus();
    form.elements.q.select();
  }

  // ---- what a person does -------------------------------------------------------------------

  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const at = document.activeElement;
    if (at.matches("select") && event.key === "Escape") return; // it closes the choice
    const typing = at.matches("input:not([type=checkbox]), select, textarea");
    const letters = $("letters").checked && !typing;
    // Arrows scroll the page as ever; they move from row to row once somebody is in the list.
    const onRow = buttons.includes(at);
    const done = {
      Escape: close,
      "/": letters && search,
      j: letters && (() => move(1)),
      k: letters && (() => move(-1)),
      ArrowDown: (onRow || at === form.elements.q) && (() => move(1)),
      ArrowUp: onRow && (() => move(-1)),
    }[event.key];
    if (!done) return;
    event.preventDefault();
    done();
  });

  document.addEventListener("click", (event) => {
    const asked = event.target.closest("a, .row button");
    if (!asked || event.ctrlKey || event.metaKey || event.shiftKey) return;
    if (asked.matches("button")) {
      toggle(rows.indexOf(asked.closest(".scenario")));
    } else if ("jump" in asked.dataset) {
      // The fragment is the view's; a jump inside the page must not change it.
      event.preventDefault();
      const target = document.querySelector(asked.getAttribute("href"));
      target.focus({ preventScroll: true });
      bring(target);
    } else if (asked.dataset.at) {
      event.preventDefault();
      take({ ...state, at: asked.dataset.at });
      written = fragment(state);
      history.pushState(null, "", written);
      goTo(state.at);
    }
  });

  form.addEventListener("input", ({ target }) =>
    go({ ...state, [target.name]: target.value, at: "" }));
  form.addEventListener("submit", (event) => event.preventDefault());

  const clear = (event) => {
    event.preventDefault();
    go({ open: state.open, at: "" });
  };
  form.addEventListener("reset", clear);
  $("clear").addEventListener("click", (event) => {
    clear(event);
    search();
  });

  function arrive() {
    written = location.hash;
    take(parse(location.hash));
    if (state.at) goTo(state.at);
    // A count in the matrix leads to what it counts.
    else if (names.some((name) => state[name])) bring($("scenarios"));
  }
  // Both come when somebody goes back; the second finds nothing new.
  addEventListener("hashchange", () => { if (location.hash !== written) arrive(); });
  addEventListener("popstate", () => { if (location.hash !== written) arrive(); });

  // Browsers that cannot style a closed <details> for print open them while they print.
  let closed = [];
  addEventListener("beforeprint", () => {
    closed = all(".figures details, .ruling, .whole").filter((one) => !one.open);
    closed.forEach((one) => { one.open = true; });
  });
  addEventListener("afterprint", () => closed.forEach((one) => { one.open = false; }));

  form.hidden = false;
  arrive();
})();
