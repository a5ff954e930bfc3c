// Keeps the page current. Everything can be read and done without it.
"use strict";

const EVERY = 1000; // milliseconds between two questions for what is new
const TYPING = 150; // milliseconds after the last key before a search begins
const MOST = 600; // rows on the page while new ones arrive; older ones can be loaded again
const WIDE = matchMedia("(min-width: 75rem)");

const byId = (id) => document.getElementById(id);
const list = byId("filters") ? byId("entries") : null;
const state = { live: list?.dataset.live === "yes", paused: false, last: Number(list?.dataset.last ?? 0), run: 0 };

async function ask(path) {
  const response = await fetch(path, { headers: { accept: "application/json" } });
  if (!response.ok) throw new Error(`${path}: ${response.status}`);
  return response.json();
}

function showNow(found) {
  byId("now").textContent = found.now;
  byId("pace").textContent = found.pace;
  for (const count of document.querySelectorAll("[data-count]")) {
    count.textContent = found.counts[count.dataset.count];
  }
}

// The journal

function filters() {
  const asked = new URLSearchParams();
  for (const [name, value] of new FormData(byId("filters"))) if (value) asked.set(name, value);
  return asked;
}

function rowsPath(more) {
  const asked = filters();
  for (const [name, value] of Object.entries(more)) asked.set(name, value);
  return `/_mock/operator/rows?${asked}`;
}

function setOlder(query) {
  byId("more").hidden = !query;
  byId("older").href = `/_mock/?${query}`;
}

function summarize(found) {
  const shown = list.children.length;
  const kept = found.kept.toLocaleString("en");
  byId("summary").textContent = found.problem || (shown ? `Newest first, ${kept} kept` : "Nothing here.");
}

async function reload() {
  const run = ++state.run;
  const found = await ask(rowsPath({}));
  if (run !== state.run) return; // a later search has begun
  list.innerHTML = found.rows;
  state.last = found.last;
  state.live = !found.problem;
  setOlder(found.older);
  summarize(found);
  showNow(found);
  history.replaceState(null, "", `/_mock/?${filters()}`);
}

function removeDropped(found) {
  const before = list.children.length;
  while (list.lastElementChild?.querySelector("a").dataset.number <= found.dropped) list.lastElementChild.remove();
  if (list.children.length === before) return;
  setOlder("");
  summarize(found);
}

async function addNewer() {
  const run = state.run;
  const found = await ask(rowsPath({ since: state.last }));
  if (run !== state.run) return;
  showNow(found);
  if (found.older) return reload(); // more than a window came at once
  removeDropped(found);
  if (found.last === state.last) return;
  state.last = found.last;
  if (!found.number) return;
  list.insertAdjacentHTML("afterbegin", found.rows);
  if (list.children.length > MOST) {
    while (list.children.length > MOST) list.lastElementChild.remove();
    const asked = filters();
    asked.set("before", list.lastElementChild.querySelector("a").dataset.number);
    setOlder(String(asked));
  }
  summarize(found);
}

let loading = false;
async function addOlder() {
  if (loading || byId("more").hidden) return;
  loading = true;
  try {
    const run = state.run;
    const found = await ask(`/_mock/operator/rows${new URL(byId("older").href).search}`);
    if (run !== state.run) return;
    list.insertAdjacentHTML("beforeend", found.rows);
    setOlder(found.older);
  } finally {
    loading = false;
  }
}

async function openPane(entry) {
  const response = await fetch(`${entry.getAttribute("href")}?pane`);
  const pane = byId("pane");
  if (!response.ok) return location.assign(entry.href);
  pane.innerHTML = await response.text();
  pane.hidden = false;
  pane.scrollTop = 0;
  closeCurrent();
  entry.setAttribute("aria-current", "true");
  pane.querySelector(".what").focus({ preventScroll: true });
}

function closeCurrent() {
  const current = list.querySelector("[aria-current]");
  current?.removeAttribute("aria-current");
  return current;
}

function closePane() {
  byId("pane").hidden = true;
  closeCurrent()?.focus();
}

function startJournal() {
  let typing;
  byId("filters").addEventListener("input", (event) => {
    if (event.target.id !== "text") return;
    clearTimeout(typing);
    typing = setTimeout(reload, TYPING);
  });
  byId("filters").addEventListener("change", (event) => event.target.id !== "text" && reload());
  byId("filters").addEventListener("submit", (event) => {
    event.preventDefault();
    reload();
  });
  byId("older").addEventListener("click", (event) => {
    event.preventDefault();
    addOlder();
  });
  new IntersectionObserver((seen) => seen[0].isIntersecting && addOlder(), { rootMargin: "1500px" }).observe(byId("more"));
  list.addEventListener("click", (event) => {
    const entry = event.target.closest("a.entry");
    if (!entry || !WIDE.matches || event.ctrlKey || event.metaKey || event.shiftKey) return;
    event.preventDefault();
    openPane(entry);
  });
  list.addEventListener("keydown", (event) => {
    const step = { ArrowDown: "nextElementSibling", ArrowUp: "previousElementSibling" }[event.key];
    const next = step && event.target.closest("li")?.[step];
    if (!next) return;
    event.preventDefault();
    next.querySelector("a").focus();
  });
  byId("pane").addEventListener("click", (event) => event.target.closest("[data-close]") && closePane());
  document.addEventListener("keydown", (event) => event.key === "Escape" && !byId("pane").hidden && closePane());
  const live = byId("live");
  live.hidden = !state.live;
  live.addEventListener("click", () => {
    state.paused = !state.paused;
    live.setAttribute("aria-pressed", String(!state.paused));
  });
}

// The keyboard

// A form loads the page anew: focus stays on the button that the keyboard pressed, or on what takes its place.
function keepPlace() {
  const buttonsOf = (action) =>
    [...document.querySelectorAll("form button")].filter((one) => one.form.getAttribute("action") === action);
  const [action, position] = JSON.parse(sessionStorage.getItem("pressed") ?? "[]");
  sessionStorage.removeItem("pressed");
  buttonsOf(action)[position]?.focus();
  document.addEventListener("submit", ({ target: form, submitter }) => {
    if (submitter?.formTarget || !submitter?.matches(":focus-visible")) return;
    const here = form.getAttribute("action");
    sessionStorage.setItem("pressed", JSON.stringify([here, buttonsOf(here).indexOf(submitter)]));
  });
}

function closeMenu(event) {
  const open = event.key === "Escape" && document.querySelector("header details[open]");
  if (!open) return;
  open.open = false;
  open.querySelector("summary").focus();
}

async function tick() {
  try {
    if (!document.hidden && !state.paused) {
      if (list && state.live) await addNewer();
      else showNow(await ask("/_mock/operator/now"));
    }
    document.body.classList.remove("gone");
  } catch {
    document.body.classList.add("gone"); // the mock has stopped; it may come back
  }
  setTimeout(tick, EVERY);
}

if (list) startJournal();
keepPlace();
document.addEventListener("keydown", closeMenu);
document.querySelector("nav [aria-current]")?.scrollIntoView({ block: "nearest", inline: "center" });
const address = new URL(location.href);
if (address.searchParams.has("said")) {
  address.searchParams.delete("said"); // shown once
  history.replaceState(null, "", address);
}
setTimeout(tick, EVERY);
