// The city at a glance. What is shown comes from GET /v1/status; the live stream says when to look again.
// All texts are set as text, never as markup. The key lives in this tab's sessionStorage and leaves only as a header.
"use strict";

const POLL_MS = 5000;
const ANSWER_WITHIN_MS = 10000;
const SILENT_AFTER_MS = 40000; // the stream says something every fifteen seconds
const COME_BACK_MS = 3000;
const RATE_OVER_MS = 60000;

const LEVELS = ["red", "orange", "yellow", "blue", "none"];
const WORDS = {
  red: ["红", "red"], orange: ["橙", "orange"], yellow: ["黄", "yellow"], blue: ["蓝", "blue"], none: ["无预警", "none"],
  blind: ["失明", "blind"], ok: ["正常", "well"], idle: ["空闲", "idle"], down: ["中断", "down"],
  Alert: ["发布", "Alert"], Update: ["更新", "Update"], Cancel: ["解除", "Cancel"],
  waterlogging: ["积水监测", "waterlogging"], signal: ["信号机", "signal"], charging: ["充电桩", "charging"],
};
const focused = decodeURIComponent((location.pathname.match(/^\/warnings\/([^/]+)$/) || ["", ""])[1]);

const $ = (id) => document.getElementById(id);
const state = { world: "actual", status: null, heardAt: 0, samples: [], timer: 0, stream: null, lastEventId: null };

// --- building ---------------------------------------------------------------------------------------------------------

function make(tag, attributes = {}, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) if (value !== null) node.setAttribute(name, value);
  node.append(...children.filter((child) => child !== null));
  return node;
}
const both = (word) => [`${WORDS[word]?.[0] ?? word} `, make("span", { lang: "en" }, WORDS[word]?.[1] ?? "")];
const chip = (word, count = null) => {
  const text = `${WORDS[word][0]} ${WORDS[word][1]}${count === null ? "" : ` ${count}`}`;
  return make("span", { class: `chip ${word}${count === 0 ? " zero" : ""}` }, text);
};
const number = (value) => value.toLocaleString("en-US");
const clock = new Intl.DateTimeFormat("zh-CN", { timeZone: "Asia/Shanghai", dateStyle: "short", timeStyle: "medium" });
const moment = (text) => (text ? clock.format(new Date(text)) : "—");
function age(seconds) {
  if (seconds === null) return "—";
  if (seconds < 100) return `${Math.round(seconds)} s`;
  if (seconds < 6000) return `${Math.round(seconds / 60)} min`;
  return seconds < 172800 ? `${Math.round(seconds / 3600)} h` : `${Math.round(seconds / 86400)} d`;
}
/** Fills a list anew, but only if something changed: whoever reads or tabs through it is not disturbed. */
function fill(id, data, build) {
  const node = $(id), mark = JSON.stringify(data);
  if (node.dataset.shown === mark) return;
  node.dataset.shown = mark;
  node.replaceChildren(...data.map(build));
}

// --- asking -----------------------------------------------------------------------------------------------------------

const key = () => sessionStorage.getItem("rencheng.key");
const headers = (more = {}) => ({ Authorization: `Bearer ${key()}`, ...more });
class Refused extends Error {}

async function ask(path) {
  const signal = AbortSignal.timeout(ANSWER_WITHIN_MS);
  const answer = await fetch(path, { headers: headers(), credentials: "omit", cache: "no-store", signal });
  if (answer.status === 401 || answer.status === 403) throw new Refused((await answer.json()).detail);
  if (!answer.ok && answer.status !== 404) throw new Error(`${answer.status}`);
  return answer.ok ? answer : null;
}

async function look() {
  clearTimeout(state.timer);
  const world = state.world;
  try {
    const status = await (await ask(`/v1/status?world=${encodeURIComponent(world)}`)).json();
    if (world !== state.world) return; // asked before another was chosen
    state.status = status;
    state.heardAt = Date.now();
    note(status);
    show(status);
    if (focused) await showFocus();
  } catch (error) {
    if (error instanceof Refused) return leave(error.message);
    state.failed = true;
  }
  showConnection();
  clearTimeout(state.timer);
  state.timer = setTimeout(look, POLL_MS);
}

/** How many readings came in, for the rate over the last minute. */
function note(status) {
  state.failed = false;
  state.samples.push([Date.parse(status.at), status.counts.settled]);
  while (state.samples.length > 2 && state.samples.at(-1)[0] - state.samples[1][0] >= RATE_OVER_MS) state.samples.shift();
}
function rate() {
  const [[from, before], [to, after]] = [state.samples[0], state.samples.at(-1)];
  return to - from < POLL_MS * 0.8 ? "…" : number(Math.round(((after - before) * 60000) / (to - from)));
}

// --- listening --------------------------------------------------------------------------------------------------------

async function listen() {
  state.stream?.abort();
  const own = (state.stream = new AbortController());
  state.lastEventId = null;
  while (!own.signal.aborted) {
    try {
      await hear(own.signal);
    } catch {
      // cut off: the polls go on meanwhile, and the next attempt tells what was missed
    }
    if (own.signal.aborted) return;
    setLink("polling");
    await new Promise((resolve) => setTimeout(resolve, COME_BACK_MS));
  }
}

async function hear(outer) {
  const inner = new AbortController();
  const stop = () => inner.abort();
  outer.addEventListener("abort", stop, { once: true });
  let alarm = setTimeout(stop, SILENT_AFTER_MS);
  try {
    const from = state.lastEventId === null ? {} : { "Last-Event-ID": state.lastEventId };
    const path = `/v1/stream?world=${encodeURIComponent(state.world)}`;
    const answer = await fetch(path, { headers: headers(from), credentials: "omit", signal: inner.signal });
    if (answer.status === 422) state.lastEventId = null; // the platform was set back
    if (!answer.ok) return;
    setLink("live");
    const decoder = new TextDecoder(), reader = answer.body.getReader();
    for (let text = ""; ;) {
      const { done, value } = await reader.read();
      if (done) return;
      clearTimeout(alarm);
      alarm = setTimeout(stop, SILENT_AFTER_MS);
      const blocks = (text + decoder.decode(value, { stream: true })).split("\n\n");
      text = blocks.pop();
      blocks.forEach(take);
    }
  } finally {
    clearTimeout(alarm);
    outer.removeEventListener("abort", stop);
  }
}

function take(block) {
  const field = (name) => block.split("\n").find((line) => line.startsWith(`${name}: `))?.slice(name.length + 2);
  state.lastEventId = field("id") ?? state.lastEventId;
  if (field("event") !== "warning") return;
  const said = JSON.parse(field("data"));
  $("said").textContent = `${said.headline?.zh ?? ""} ${said.headline?.en ?? ""}`;
  clearTimeout(state.timer);
  state.timer = setTimeout(look, 200); // several messages of one moment are one look
}

// --- showing ----------------------------------------------------------------------------------------------------------

function show(status) {
  const inForceIn = (world) => status.worlds.find((one) => one.world === world)?.in_force ?? 0;
  const [inForce, inEarnest] = [inForceIn(status.world), inForceIn("actual")];
  document.title = `${inForce ? `(${inForce}) ` : ""}韧城 Rencheng`;
  fill("world", status.worlds, (one) => {
    const text = one.world === "actual" ? "实况 actual" : `演练 ${one.title}`;
    return make("option", { value: one.world, selected: one.world === status.world ? "" : null }, text);
  });
  $("world").value = status.world;
  $("exercise").hidden = status.world === "actual";
  $("exercise-name").textContent = `${status.world} · ${moment(status.now)}`;
  // whoever watches an exercise must not overlook what happens in earnest
  $("actual").textContent = inEarnest ? `实况有 ${inEarnest} 个预警生效 ${inEarnest} actual warnings in force` : "";
  showFigures(status);
  fill("levels", [...LEVELS.slice(0, 4).map((word) => [word, status.levels[word]]), ["blind", status.blind]], ([word, n]) =>
    make("li", {}, chip(word, n)));
  showSites(status.sites);
  fill("messages", status.messages, message);
  fill("devices", status.devices, (row) => make("tr", {}, make("th", { scope: "row" }, ...both(row.kind)),
    ...[row.alive, row.offline, row.silent].map((n) => make("td", {}, number(n)))));
  const reasons = Object.entries(status.counts.by_reason);
  fill("reasons", reasons.length ? reasons : [["无 none", 0]], ([reason, n]) =>
    make("tr", {}, make("th", { scope: "row" }, reason), make("td", {}, number(n))));
}

function showFigures({ health, counts }) {
  const figures = [
    [["平台 ", "platform"], WORDS[health.status].join(" "), { ok: "good", idle: "", down: "bad" }[health.status]],
    [["读数/分 ", "readings/min"], rate(), ""],
    [["最近入库 ", "last commit"], age(health.last_row_age_s), ""],
    [["已处理 ", "settled"], number(counts.settled), ""],
    [["= 入库 ", "stored"], number(counts.stored), ""],
    [["+ 重复 ", "duplicate"], number(counts.duplicate), ""],
    [["+ 隔离 ", "quarantined"], number(counts.quarantined), ""],
  ];
  fill("figures", figures, ([[zh, en], value, tone]) =>
    make("div", { class: tone }, make("dt", {}, zh, make("span", { lang: "en" }, en)), make("dd", {}, value)));
}

/** A card each, kept as long as the site is there. The gravest first, then those that nobody sees. */
function showSites(sites) {
  const grave = (site) => LEVELS.indexOf(site.level) - (site.state === "blind" ? 0.5 : 0);
  const ordered = [...sites].sort((a, b) => grave(a) - grave(b) || a.site_id.localeCompare(b.site_id));
  const list = $("sites"), known = new Map([...list.children].map((node) => [node.dataset.id, node]));
  const nodes = ordered.map((site) => {
    const node = known.get(site.site_id) ?? make("li", { "data-id": site.site_id });
    const shown = JSON.stringify(site);
    if (node.dataset.shown !== shown) node.replaceChildren(...siteParts(site));
    Object.assign(node.dataset, { shown, level: site.level, state: site.state });
    return node;
  });
  if (nodes.some((node, index) => list.children[index] !== node) || nodes.length !== list.children.length) {
    list.replaceChildren(...nodes);
  }
}

function siteParts(site) {
  const name = make("p", { class: "name" }, site.name_zh, make("span", { lang: "en" }, site.name_en));
  const blind = site.state === "blind";
  const depth = blind ? chip("blind") : make("span", { class: "depth" }, `${Math.round(site.depth_mm)} mm`);
  const seen = site.age_s === null ? "从无读数 never seen" : `${age(site.age_s)} 前 ago`;
  const level = site.level === "none" ? null : make("p", {}, chip(site.level), " ", warningLink(site.warning_id));
  return [name, make("p", {}, depth, " ", make("span", { class: "age" }, seen)), level].filter(Boolean);
}

const warningLink = (id) => make("a", { href: `/warnings/${encodeURIComponent(id)}` }, "详情 details");

function message(said) {
  const cap = make("a", { href: said.cap, type: "application/cap+xml" }, "CAP");
  cap.addEventListener("click", (event) => {
    event.preventDefault();
    save(said.cap, `${said.identifier}.xml`);
  });
  const links = [said.linked === false ? null : warningLink(said.warning_id), " ", cap];
  const head = make("p", { class: "when" }, chip(said.level), ` ${WORDS[said.message_type].join(" ")} · `,
    make("time", { datetime: said.issued_at }, moment(said.issued_at)), " · ", ...links);
  const texts = [["b", {}, said.headline?.zh ?? said.identifier], ["p", { lang: "en" }, said.headline?.en],
    ["p", {}, said.description?.zh], ["p", { lang: "en" }, said.description?.en],
    ["p", {}, said.instruction?.zh], ["p", { lang: "en" }, said.instruction?.en]];
  return make("li", {}, head, ...texts.filter(([, , text]) => text).map((parts) => make(...parts)));
}

/** A link cannot carry the key, so the document is fetched and handed over. */
async function save(path, name) {
  try {
    const address = URL.createObjectURL(await (await ask(path)).blob());
    make("a", { href: address, download: name }).click();
    setTimeout(() => URL.revokeObjectURL(address), 10000);
  } catch {
    state.failed = true;
    showConnection();
  }
}

async function showFocus() {
  const answer = await ask(`/v1/warnings/${encodeURIComponent(focused)}`);
  $("focus").hidden = false;
  if (!answer) {
    $("focus-title").textContent = `没有此预警 No such warning: ${focused}`;
    return;
  }
  const warning = await answer.json();
  $("focus-title").textContent = `${warning.name_zh} ${warning.name_en}`;
  const facts = [warning.in_force ? "生效中 in force" : `已解除 over · ${moment(warning.closed_at)}`,
    `最高 peak ${WORDS[warning.peak_level].join(" ")}`, `${moment(warning.opened_at)} 起 since`, warning.warning_id];
  $("focus-facts").replaceChildren(chip(warning.level), ` ${facts.join(" · ")}`);
  fill("focus-messages", warning.events.toReversed(), (event) => message({ ...event, ...event.document, linked: false,
    level: event.level, warning_id: warning.warning_id, issued_at: event.issued_at }));
  if (!state.found) { // at first its own world; later the one that is chosen
    state.found = true;
    if (warning.world !== state.world) choose(warning.world);
  }
}

function setLink(how) {
  $("link").dataset.state = how;
  $("link").textContent = how === "live" ? "实时 live" : "轮询 polling";
}

/** Old figures must never pass for the present. */
function showConnection() {
  document.body.classList.toggle("stale", state.failed === true);
  $("lost").hidden = !state.failed;
  if (!state.failed) return;
  const since = state.heardAt ? moment(new Date(state.heardAt).toISOString()) : "—";
  const ago = state.heardAt ? ` (${age((Date.now() - state.heardAt) / 1000)})` : "";
  $("lost").textContent = `连接中断，以下数据停在 ${since}${ago}。Connection lost: what you see is of ${since}${ago}.`;
}

// --- coming and going -------------------------------------------------------------------------------------------------

function choose(world) {
  state.world = world;
  state.samples = [];
  look();
  listen();
}

function enter() {
  $("ask").hidden = true;
  for (const id of ["city", "worlds", "link", "leave"]) $(id).hidden = false;
  setLink("polling");
  choose(state.world);
}

function leave(why = "") {
  sessionStorage.removeItem("rencheng.key");
  clearTimeout(state.timer);
  state.stream?.abort();
  for (const id of ["city", "worlds", "link", "leave", "lost", "exercise"]) $(id).hidden = true;
  for (const id of ["figures", "levels", "sites", "messages", "devices", "reasons", "focus-messages"]) {
    delete $(id).dataset.shown;
    $(id).replaceChildren(); // whoever comes next finds nothing
  }
  state.failed = false;
  $("ask").hidden = false;
  $("refused").textContent = why && `密钥被拒绝。Refused: ${why}`;
  $("key").focus();
}

$("ask").addEventListener("submit", (event) => {
  event.preventDefault();
  sessionStorage.setItem("rencheng.key", $("key").value.trim());
  $("key").value = "";
  enter();
});
$("leave").addEventListener("click", () => leave());
$("world").addEventListener("change", () => choose($("world").value));
setInterval(showConnection, 1000);
document.addEventListener("visibilitychange", () => !document.hidden && key() && look());
if (key()) enter();
else leave();
