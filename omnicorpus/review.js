// The page of `omnicorpus review`. Whatever a crawl holds is put in place as text: no markup is ever parsed here.
"use strict";

const at = (id) => document.getElementById(id);
let overview, current = -1, shown, targets = [], held = 0, waiting = Promise.resolve(), asking = null, warned = -1;

function make(name, kind, text) {
  const element = document.createElement(name);
  if (kind) element.className = kind;
  if (text !== undefined) element.textContent = text;
  return element;
}

function tell(text, failed = false) {
  at("status").textContent = text;
  at("status").className = failed ? "failed" : "";
}

async function ask(path, body) {
  const options = body === undefined ? {} : {
    method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify(body),
  };
  const answer = await fetch(path, options);
  if (!answer.ok) throw new Error(await answer.text());
  return answer.json();
}

// One request after the other, in the order of the keys; what fails is said, and nothing is shown as saved.
function later(work) {
  waiting = waiting.then(work).catch((error) => tell(`not saved: ${error.message}`, true));
  return waiting;
}

const number = (value) => (value === null ? "" : String(Number(value.toPrecision(6))));

function target(element, item, kind, slot) {
  element.classList.add("target");
  element.tabIndex = -1;
  element.dataset.item = item;
  targets.push({ element, item, kind, slot });
  element.addEventListener("click", () => hold(targets.findIndex((each) => each.element === element), false));
}

function markLine(mark, slot, name = "mark") {
  const line = make("div", name + (mark.shadow ? " shadow" : "") + (mark.asked && !shown.asks ? " asked" : ""));
  const fate = mark.shadow ? "in shadow: " : name === "fate" ? "dropped: " : "";
  line.append(make("b", "", `${fate}${mark.stage} · ${mark.rule}`));
  if (mark.value !== null) line.append(make("span", "", `measured ${number(mark.value)}`));
  if (mark.threshold !== null) line.append(make("span", "", `threshold ${number(mark.threshold)}`));
  if (mark.detail) {
    const quote = make("q", "", mark.detail);
    quote.dir = "auto";
    line.append(quote);
  }
  target(line, mark.item, mark.shadow ? "shadow" : "drop", slot);
  return line;
}

function picture(image) {
  const figure = make("figure");
  const absent = () => make("p", "absent", `no picture: ${image.error || "its bytes are not at hand"}`);
  if (image.error || !image.src) {
    figure.append(absent());
  } else {
    const view = make("img");
    view.alt = image.alt;
    view.loading = "lazy";
    view.addEventListener("error", () => view.replaceWith(absent()));
    view.src = image.src;
    figure.append(view);
  }
  const words = make("figcaption");
  for (const [kind, text] of [["caption", image.caption], ["alt", image.alt && `alt: ${image.alt}`]]) {
    if (!text) continue;
    const line = make("div", kind, text);
    line.dir = "auto";
    words.append(line);
  }
  const facts = [...image.numbers.map(([name, value]) => `${name} ${value}`), image.url];
  const line = make("div", "numbers", facts.join(" · "));
  line.dir = "ltr";
  words.append(line);
  figure.append(words);
  return figure;
}

function slotOf(slot) {
  const section = make("section", `slot ${slot.state}`);
  if (slot.marks.some((mark) => mark.shadow)) section.classList.add("shadowed");
  const body = make("div", `body ${slot.kind}`);
  if (slot.image) {
    body.append(picture(slot.image));
  } else {
    body.dir = slot.kind === "code" ? "ltr" : "auto";
    for (const [text, gone] of slot.segments) body.append(gone ? make("del", "", text) : text);
    if (slot.more) body.append(make("small", "", ` … and ${slot.more.toLocaleString("en")} characters more`));
    if (!slot.whole) body.append(make("small", "", " … only the start is stored"));
    if (slot.state === "touched") body.append(make("small", "", " (cut whole or in part)"));
  }
  section.append(body);
  if (slot.item) target(body, slot.item, "kept", section);
  for (const mark of slot.marks) section.append(markLine(mark, section));
  return section;
}

function facts() {
  const list = make("dl", "facts");
  const rows = [
    ["address", shown.url], ["language", shown.language_score === null ? shown.language
      : `${shown.language} ${shown.language_score.toFixed(2)}`],
    ["crawled", shown.crawled], ["record", shown.record], ["stratum", shown.stratum], ["id", shown.id],
  ];
  for (const [name, value] of rows) {
    if (!value) continue;
    const row = make("div");
    const cell = make("dd");
    if (name === "address" && shown.link) {
      const link = make("a", "", value);
      link.href = shown.link;
      link.rel = "noopener noreferrer nofollow";
      link.target = "_blank";
      link.tabIndex = -1;
      cell.append(link);
    } else {
      cell.append(make("bdi", "", value));
    }
    row.append(make("dt", "", name), cell);
    list.append(row);
  }
  return list;
}

function show() {
  targets = [];
  const page = at("document");
  page.replaceChildren();
  const title = make("h1", "", shown.title || shown.url);
  title.dir = "auto";
  if (shown.item) target(title, shown.item, "kept", null);
  page.append(title, facts());
  if (shown.fate) page.append(markLine(shown.fate, null, "fate"));
  for (const mark of shown.marks) page.append(markLine(mark, null, "fate"));
  if (shown.twin) {
    const twin = make("details", "twin");
    const text = make("p", "", shown.twin.text);
    text.dir = "auto";
    const heading = make("summary", "", "kept instead: ");
    heading.append(make("bdi", "", shown.twin.url));
    twin.append(heading, text);
    page.append(twin);
  }
  if (!shown.whole) {
    const where = "its stage's table is gone from the run's work folder; only what the ledger holds is shown";
    page.append(make("p", "state", `the document's text is not stored: ${where}`));
  }
  const parts = make("div", shown.fate ? "parts lost" : "parts");
  if (shown.language) parts.lang = shown.language;
  parts.append(...shown.slots.map(slotOf));
  page.append(parts);
  at("place").textContent = `${current + 1} of ${overview.documents.length}`;
  paint();
}

function paint() {
  for (const old of document.querySelectorAll(".label")) old.remove();
  for (const old of document.querySelectorAll(".slot.wrong")) old.classList.remove("wrong");
  for (const each of targets) {
    const label = shown.labels[each.item];
    if (!label) continue;
    const name = each.kind === "kept" && label.verdict === "wrong" ? "bad" : label.verdict;
    const words = [name, label.problem, label.note, label.should && `should: ${label.should}`].filter(Boolean);
    each.element.append(make("span", `label ${label.verdict}`, words.join(" · ")));
    if (each.slot && label.verdict === "wrong") each.slot.classList.add("wrong");
  }
  const line = overview.documents[current];
  line.reviewed = shown.reviewed;
  line.labelled = Object.keys(shown.labels).length;
  const done = overview.documents.filter((each) => each.reviewed).length;
  const labels = overview.documents.reduce((sum, each) => sum + each.labelled, 0);
  at("progress").textContent = `${done} read, ${labels} labels${shown.reviewed ? " · this one is read" : ""}`;
}

function hold(index, move = true) {
  if (!targets.length) return;
  held = Math.max(0, Math.min(targets.length - 1, index));
  const element = targets[held].element;
  element.focus({ preventScroll: true });
  if (move) element.scrollIntoView({ block: element.offsetHeight > innerHeight * 0.7 ? "start" : "center" });
}

function holdDrop(step) {
  for (let index = held + step; index >= 0 && index < targets.length; index += step) {
    if (targets[index].kind !== "kept") return hold(index);
  }
  return tell(step > 0 ? "no more drops in this document" : "no drop above");
}

async function load(index) {
  if (index < 0 || index >= overview.documents.length) {
    tell(index < 0 ? "this is the first document" : "this was the last document");
    return;
  }
  shown = await ask(`/document/${index}`);
  current = index;
  history.replaceState(null, "", `#${index + 1}`);
  show();
  scrollTo(0, 0);
  const first = targets.findIndex((each) => each.element.classList.contains("asked"));
  hold(first >= 0 ? first : 0, first >= 0);
}

function say(change) {
  const each = targets[held];
  if (!each) return;
  const document = current;
  later(async () => {
    const before = shown.labels[each.item] || {};
    const body = { item: each.item, verdict: null, problem: null, note: null, should: null, ...before, ...change };
    if (change.verdict === null || change.verdict === "right") body.problem = body.should = null;
    const state = await ask(`/label/${document}`, body);
    if (document === current) Object.assign(shown, state);
    paint();
    tell(`saved: ${body.verdict || "taken back"}${body.problem ? `, ${body.problem}` : ""}`);
  });
}

function finish() {
  const document = current;
  later(async () => {
    if (document !== current) return;
    const open = targets.findIndex((each) => each.kind === "shadow" && !shown.labels[each.item]);
    if (open >= 0 && shown.asks && warned !== document) {
      warned = document;
      hold(open);
      tell("a mark in shadow is not judged yet: w or o; Enter again leaves it open");
      return;
    }
    Object.assign(shown, await ask(`/reviewed/${document}`, {}));
    paint();
    tell("saved: read to the end");
    await load(document + 1);
  });
}

function question(name, text, list) {
  asking = name;
  at("question").textContent = text;
  if (list) at("answer").setAttribute("list", "rules");
  else at("answer").removeAttribute("list");
  at("answer").value = (shown.labels[targets[held].item] || {})[name] || "";
  at("ask").hidden = false;
  at("answer").focus();
}

function answered(save) {
  const value = at("answer").value.trim();
  const name = asking;
  asking = null;
  at("ask").hidden = true;
  hold(held, false);
  if (!save) return;
  const before = shown.labels[targets[held].item];
  say({ [name]: value || null, verdict: before && name === "note" ? before.verdict : "wrong" });
}

function help() {
  at("help").hidden = !at("help").hidden;
  at("help-button").setAttribute("aria-expanded", String(!at("help").hidden));
}

const keys = {
  j: () => hold(held + 1), ArrowDown: () => hold(held + 1),
  k: () => hold(held - 1), ArrowUp: () => hold(held - 1),
  d: () => holdDrop(1), D: () => holdDrop(-1),
  w: () => say({ verdict: "wrong" }),
  o: () => say({ verdict: "right" }),
  u: () => say({ verdict: "unsure" }),
  x: () => say({ verdict: null, note: null }),
  m: () => question("note", "note", false),
  r: () => question("should", "the rule that should have taken it", true),
  n: () => later(() => load(current + 1)),
  p: () => later(() => load(current - 1)),
  Enter: finish,
  "?": help,
};

addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing || !shown) return;
  if (asking) {
    if (event.key === "Escape") answered(false);
    return;
  }
  if (event.target.closest("button, a, summary") && event.key === "Enter") return;
  const problem = overview.problems[Number(event.key) - 1];
  const act = problem ? () => say({ verdict: "wrong", problem }) : keys[event.key];
  if (!act) return;
  event.preventDefault();
  act();
});

at("ask").addEventListener("submit", (event) => {
  event.preventDefault();
  answered(true);
});
at("help-button").addEventListener("click", help);

later(async () => {
  overview = await ask("/overview");
  document.title = `review ${overview.run}`;
  at("run").textContent = overview.run;
  at("design").textContent = `${overview.design} · ${overview.labels}`;
  overview.problems.forEach((problem, index) => {
    const row = make("div");
    const key = make("dt");
    key.append(make("kbd", "", String(index + 1)));
    row.append(key, make("dd", "", `wrong: ${problem}`));
    at("problems").append(row);
  });
  for (const rule of overview.rules) {
    const option = make("option");
    option.value = rule;
    at("rules").append(option);
  }
  if (!overview.documents.length) {
    tell("the sample is empty");
    return;
  }
  const asked = Number(location.hash.slice(1)) - 1;
  const open = overview.documents.findIndex((each) => !each.reviewed);
  await load(overview.documents[asked] ? asked : Math.max(0, open));
});
