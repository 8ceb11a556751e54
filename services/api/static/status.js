// The status page. All data comes from GET /v1/status; the live stream triggers the next request.
// All texts are set as text, never as markup. The key is kept in the sessionStorage of this tab and sent only as a header.
"use strict";

const POLL_MS = 5000;
const ANSWER_WITHIN_MS = 10000;
const STREAM_TIMEOUT_MS = 40000; // the stream sends a heartbeat every 15 seconds
const RECONNECT_MS = 3000;
const RATE_OVER_MS = 60000;

const LEVELS = ["red", "orange", "yellow", "blue", "none"];
const WORDS = {
  red: ["红", "red"], orange: ["橙", "orange"], yellow: ["黄", "yellow"], blue: ["蓝", "blue"], none: ["无预警", "none"],
  no_data: ["无数据", "no data"], ok: ["正常", "ok"], idle: ["空闲", "idle"], down: ["中断", "down"], behind: ["滞后", "behind"],
  Alert: ["发布", "Alert"], Update: ["更新", "Update"], Cancel: ["解除", "Cancel"],
  waterlogging: ["积水监测", "waterlogging"], signal: ["信号机", "signal"], charging: ["充电桩", "charging"],
  silent: ["失联", "silent"], stuck: ["读数不变", "stuck"], blocked: ["探头被遮挡", "blocked"],
  no_measurement: ["无法测量", "cannot measure"],
  late: ["数据迟到或时钟偏慢", "data late or clock slow"], spiky: ["读数跳变", "spiky"], never_reported: ["从未上报", "never reported"],
};
const focused = decodeURIComponent((location.pathname.match(/^\/warnings\/([^/]+)$/) || ["", ""])[1]);

const $ = (id) => document.getElementById(id);
const state = { world: "actual", region: "", status: null, receivedAt: 0, samples: [], timer: 0, stream: null, lastEventId: null };

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
/** Fills a list again only if it has changed, so that a reader's focus and selection stay. */
function fill(id, data, build) {
  const node = $(id), mark = JSON.stringify(data);
  if (node.dataset.shown === mark) return;
  node.dataset.shown = mark;
  node.replaceChildren(...data.map(build));
}

// --- requests -----------------------------------------------------------------------------------------------------------

const key = () => sessionStorage.getItem("rencheng.key");
const headers = (more = {}) => ({ Authorization: `Bearer ${key()}`, ...more });
class KeyRejected extends Error {}

async function ask(path) {
  const signal = AbortSignal.timeout(ANSWER_WITHIN_MS);
  const answer = await fetch(path, { headers: headers(), credentials: "omit", cache: "no-store", signal });
  if (answer.status === 401 || answer.status === 403) throw new KeyRejected((await answer.json()).detail);
  if (!answer.ok && answer.status !== 404) throw new Error(`${answer.status}`);
  return answer.ok ? answer : null;
}

async function refresh() {
  clearTimeout(state.timer);
  const { world, region } = state;
  try {
    const path = `/v1/status?world=${encodeURIComponent(world)}${region ? `&region=${region}` : ""}`;
    const status = await (await ask(path)).json();
    const doubts = await (await ask(path.replace("status", "doubts"))).json();
    if (world !== state.world || region !== state.region) return; // another one was chosen meanwhile
    state.status = status;
    state.receivedAt = Date.now();
    addSample(status);
    show(status);
    showDoubts(doubts.items);
    if (focused) await showFocus();
  } catch (error) {
    if (error instanceof KeyRejected) return leave(error.message);
    state.failed = true;
  }
  showConnection();
  clearTimeout(state.timer);
  state.timer = setTimeout(refresh, POLL_MS);
}

/** Notes the number of readings, for the rate over the last minute. */
function addSample(status) {
  state.failed = false;
  state.samples.push([Date.parse(status.at), status.counts.processed]);
  while (state.samples.length > 2 && state.samples.at(-1)[0] - state.samples[1][0] >= RATE_OVER_MS) state.samples.shift();
}
function rate() {
  const [[from, before], [to, after]] = [state.samples[0], state.samples.at(-1)];
  return to - from < POLL_MS * 0.8 ? "…" : number(Math.round(((after - before) * 60000) / (to - from)));
}

// --- live stream --------------------------------------------------------------------------------------------------------

async function listen() {
  state.stream?.abort();
  const own = (state.stream = new AbortController());
  state.lastEventId = null;
  while (!own.signal.aborted) {
    try {
      await readStream(own.signal);
    } catch {
      // disconnected: polling continues, and the next stream starts after the last event received
    }
    if (own.signal.aborted) return;
    setLink("polling");
    await new Promise((resolve) => setTimeout(resolve, RECONNECT_MS));
  }
}

async function readStream(outer) {
  const inner = new AbortController();
  const stop = () => inner.abort();
  outer.addEventListener("abort", stop, { once: true });
  let alarm = setTimeout(stop, STREAM_TIMEOUT_MS);
  try {
    const from = state.lastEventId === null ? {} : { "Last-Event-ID": state.lastEventId };
    const path = `/v1/stream?world=${encodeURIComponent(state.world)}`;
    const answer = await fetch(path, { headers: headers(from), credentials: "omit", signal: inner.signal });
    if (answer.status === 422) state.lastEventId = null; // the platform was restored from a backup
    if (!answer.ok) return;
    setLink("live");
    const decoder = new TextDecoder(), reader = answer.body.getReader();
    for (let text = ""; ;) {
      const { done, value } = await reader.read();
      if (done) return;
      clearTimeout(alarm);
      alarm = setTimeout(stop, STREAM_TIMEOUT_MS);
      const blocks = (text + decoder.decode(value, { stream: true })).split("\n\n");
      text = blocks.pop();
      blocks.forEach(handleEvent);
    }
  } finally {
    clearTimeout(alarm);
    outer.removeEventListener("abort", stop);
  }
}

function handleEvent(block) {
  const field = (name) => block.split("\n").find((line) => line.startsWith(`${name}: `))?.slice(name.length + 2);
  state.lastEventId = field("id") ?? state.lastEventId;
  if (field("event") !== "warning") return;
  const warning = JSON.parse(field("data"));
  $("announced").textContent = `${warning.headline?.zh ?? ""} ${warning.headline?.en ?? ""}`;
  clearTimeout(state.timer);
  state.timer = setTimeout(refresh, 200); // several messages at once cause one request
}

// --- rendering ----------------------------------------------------------------------------------------------------------

function show(status) {
  const inForceIn = (world) => status.worlds.find((one) => one.world === world)?.in_force ?? 0;
  const [inForce, actual] = [inForceIn(status.world), inForceIn("actual")];
  document.title = `${inForce ? `(${inForce}) ` : ""}韧城 Rencheng`;
  fill("world", status.worlds, (one) => {
    const text = one.world === "actual" ? "实况 actual" : `演练 ${one.title}`;
    return make("option", { value: one.world, selected: one.world === status.world ? "" : null }, text);
  });
  $("world").value = status.world;
  $("exercise").hidden = status.world === "actual";
  $("exercise-name").textContent = `${status.world} · ${moment(status.now)}`;
  // a reader of an exercise must not overlook actual warnings
  $("actual").textContent = actual ? `实况有 ${actual} 个预警生效 ${actual} actual warnings in force` : "";
  showFigures(status);
  fill("levels", [...LEVELS.slice(0, 4).map((word) => [word, status.levels[word]]), ["no_data", status.no_data]], ([word, n]) =>
    make("li", {}, chip(word, n)));
  showSites(status.sites);
  $("shown").textContent = `显示 ${number(status.sites.length)} / ${number(status.sites_total)}，按严重程度排序`
    + ` shown ${number(status.sites.length)} of ${number(status.sites_total)}, the gravest first`;
  fill("messages", status.messages, message);
  fill("devices", status.devices, (row) => make("tr", {}, make("th", { scope: "row" }, ...both(row.kind)),
    ...[row.reporting, row.offline, row.silent].map((n) => make("td", {}, number(n)))));
  const reasons = Object.entries(status.counts.by_reason);
  fill("reasons", reasons.length ? reasons : [["无 none", 0]], ([reason, n]) =>
    make("tr", {}, make("th", { scope: "row" }, reason), make("td", {}, number(n))));
}

/** Shows what may be water and is not proven; the answer of a person who looked may be under way. */
function showDoubts(doubts) {
  $("doubtful").hidden = !doubts.length;
  fill("doubts", doubts, (one) => make("li", {}, make("p", { class: "when" }, chip(one.level), ` ${moment(one.issued_at)}`,
    one.answer ? " · 已答复 answered" : ""), make("p", {}, one.text_zh), make("p", { lang: "en" }, one.text_en)));
}

function showFigures({ health, counts }) {
  const figures = [
    [["平台 ", "platform"], WORDS[health.status].join(" "), { ok: "good", idle: "", behind: "bad", down: "bad" }[health.status]],
    ...health.parts.filter((one) => one.state !== "ok").map((one) => [[one.text.zh, ` ${one.text.en}`], WORDS[one.state].join(" "), "bad"]),
    [["读数/分 ", "readings/min"], rate(), ""],
    [["最近入库 ", "last commit"], age(health.last_row_age_s), ""],
    [["已处理 ", "processed"], number(counts.processed), ""],
    [["= 入库 ", "stored"], number(counts.stored), ""],
    [["+ 重复 ", "duplicate"], number(counts.duplicate), ""],
    [["+ 隔离 ", "quarantined"], number(counts.quarantined), ""],
  ];
  fill("figures", figures, ([[zh, en], value, tone]) =>
    make("div", { class: tone }, make("dt", {}, zh, make("span", { lang: "en" }, en)), make("dd", {}, value)));
}

/** Shows a card for each site, highest level first; within a level, sites without data first. Cards are reused. */
function showSites(sites) {
  const rank = (site) => LEVELS.indexOf(site.level) - (site.monitoring.state === "no_data" ? 0.5 : 0);
  const ordered = [...sites].sort((a, b) => rank(a) - rank(b) || a.site_id.localeCompare(b.site_id));
  const list = $("sites"), known = new Map([...list.children].map((node) => [node.dataset.id, node]));
  const nodes = ordered.map((site) => {
    const node = known.get(site.site_id) ?? make("li", { "data-id": site.site_id });
    const shown = JSON.stringify(site);
    if (node.dataset.shown !== shown) node.replaceChildren(...siteParts(site));
    Object.assign(node.dataset, { shown, level: site.level, state: site.monitoring.state });
    return node;
  });
  if (nodes.some((node, index) => list.children[index] !== node) || nodes.length !== list.children.length) {
    list.replaceChildren(...nodes);
  }
}

function siteParts(site) {
  const name = make("p", { class: "name" }, site.name_zh, make("span", { lang: "en" }, site.name_en));
  const { state: monitoring, reason } = site.monitoring;
  const water = site.depth_mm === null ? "—" : `${Math.round(site.depth_mm)} mm`;
  const depth = monitoring === "no_data" ? chip("no_data") : make("span", { class: "depth" }, water);
  const why = reason ? make("span", { class: "age" }, ...both(reason)) : null;
  const seen = site.age_s === null ? null : `${age(site.age_s)} 前 ago`;
  const level = site.level === "none" ? null : make("p", {}, chip(site.level), " ", warningLink(site.warning_id));
  return [name, make("p", {}, depth, " ", why, why && seen && " · ", seen && make("span", { class: "age" }, seen)), level]
    .filter(Boolean);
}

const warningLink = (id) => make("a", { href: `/warnings/${encodeURIComponent(id)}` }, "详情 details");

function message(warning) {
  const cap = make("a", { href: warning.cap, type: "application/cap+xml" }, "CAP");
  cap.addEventListener("click", (event) => {
    event.preventDefault();
    save(warning.cap, `${warning.identifier}.xml`);
  });
  const links = [warning.linked === false ? null : warningLink(warning.warning_id), " ", cap];
  const head = make("p", { class: "when" }, chip(warning.level), ` ${WORDS[warning.message_type].join(" ")} · `,
    make("time", { datetime: warning.issued_at }, moment(warning.issued_at)), " · ", ...links);
  const texts = [["b", {}, warning.headline?.zh ?? warning.identifier], ["p", { lang: "en" }, warning.headline?.en],
    ["p", {}, warning.description?.zh], ["p", { lang: "en" }, warning.description?.en],
    ["p", {}, warning.instruction?.zh], ["p", { lang: "en" }, warning.instruction?.en]];
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
  const facts = [warning.in_force ? "生效中 in force" : `已解除 ended · ${moment(warning.closed_at)}`,
    `最高 peak ${WORDS[warning.peak_level].join(" ")}`, `${moment(warning.opened_at)} 起 since`, warning.warning_id];
  $("focus-facts").replaceChildren(chip(warning.level), ` ${facts.join(" · ")}`);
  fill("focus-messages", warning.events.toReversed(), (event) => message({ ...event, ...event.document, linked: false,
    level: event.level, warning_id: warning.warning_id, issued_at: event.issued_at }));
  if (!state.focusShown) { // starts with the warning's world; later the reader chooses
    state.focusShown = true;
    if (warning.world !== state.world) choose(warning.world);
  }
}

function setLink(how) {
  $("link").dataset.state = how;
  $("link").textContent = how === "live" ? "实时 live" : "轮询 polling";
}

/** Says so when the data on the page is old. */
function showConnection() {
  document.body.classList.toggle("stale", state.failed === true);
  $("lost").hidden = !state.failed;
  if (!state.failed) return;
  const since = state.receivedAt ? moment(new Date(state.receivedAt).toISOString()) : "—";
  const ago = state.receivedAt ? ` (${age((Date.now() - state.receivedAt) / 1000)})` : "";
  $("lost").textContent = `连接中断，以下数据停在 ${since}${ago}。Connection lost. The data below is from ${since}${ago}.`;
}

// --- key and world -------------------------------------------------------------------------------------------------

function choose(world) {
  state.world = world;
  state.samples = [];
  refresh();
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
  for (const id of ["figures", "levels", "sites", "messages", "devices", "reasons", "focus-messages", "doubts"]) {
    delete $(id).dataset.shown;
    $(id).replaceChildren(); // the next reader of this tab finds no data
  }
  state.failed = false;
  $("ask").hidden = false;
  $("rejected").textContent = why && `密钥无效。Key rejected: ${why}`;
  $("key").focus();
}

$("ask").addEventListener("submit", (event) => {
  event.preventDefault();
  sessionStorage.setItem("rencheng.key", $("key").value.trim());
  $("key").value = "";
  enter();
});
$("leave").addEventListener("click", () => leave());
$("region-form").addEventListener("submit", (event) => {
  event.preventDefault();
  state.region = $("region").value;
  refresh();
});
$("world").addEventListener("change", () => choose($("world").value));
setInterval(showConnection, 1000);
document.addEventListener("visibilitychange", () => !document.hidden && key() && refresh());
if (key()) enter();
else leave();
