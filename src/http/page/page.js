// SPDX-License-Identifier: BSD-3-Clause
// The page at GET /. All text from the service or the user is inserted as text, never as HTML.
"use strict";

const byId = (id) => document.getElementById(id);
const MAX_TEXTS = 30;
const MAX_ENTRIES = 20; // of a sparse vector that are shown
const EVERY_MS = 5000; // between two looks at the state
// Routes of what watches the service; they do not count as work.
const WATCHERS = ["/health", "/metrics", "/meta", "/page", "/openapi.json", "/.well-known/live", "/.well-known/ready"];

let token = ""; // in memory only
let routes = []; // the paths of this service
let counts = null; // of the last look at /metrics
let known = { Models: null, Family: null, Precision: null }; // facts about the service, by their labels, in this order

// An element with text and children: make("p", {className: "a"}, "text", child).
function make(name, props, ...children) {
  const element = Object.assign(document.createElement(name), props);
  element.append(...children); // strings become text nodes
  return element;
}

async function ask(path, body) {
  const options = { headers: {}, cache: "no-store" };
  if (token) options.headers.Authorization = "Bearer " + token;
  if (body !== undefined) {
    options.method = "POST";
    options.headers["Content-Type"] = "application/json";
    options.body = JSON.stringify(body);
  }
  return fetch(path, options);
}

// What an error's body says, in any of the shapes that the APIs have.
function reason(status, answer) {
  const error = answer && (answer.error && answer.error.message || answer.error || answer.message);
  return typeof error === "string" ? error : "the service answered with status " + status;
}

async function askJson(path, body) {
  const answer = await ask(path, body);
  const json = await answer.json().catch(() => null);
  if (answer.status === 401) needToken();
  if (!answer.ok || json === null) throw new Error(reason(answer.status, json));
  return json;
}

function needToken() {
  byId("access").hidden = false;
}

function linesOf(text) {
  return text.split("\n").map((line) => line.trim()).filter((line) => line !== "");
}

// A table: head is a list of texts, rows are lists of texts or numbers.
function table(caption, head, rows) {
  const cells = (row) => row.map((cell) => make("td", { className: typeof cell === "number" ? "number" : "" },
    typeof cell === "number" ? cell.toFixed(4) : String(cell)));
  return make("div", { className: "scroll", tabIndex: 0, role: "group", ariaLabel: caption },
    make("table", {}, make("caption", {}, caption),
      make("thead", {}, make("tr", {}, ...head.map((text) => make("th", { scope: "col" }, text)))),
      make("tbody", {}, ...rows.map((row) => make("tr", {}, ...cells(row))))));
}

function cosine(a, b) {
  let ab = 0, aa = 0, bb = 0;
  for (let i = 0; i < a.length; i++) {
    ab += a[i] * b[i];
    aa += a[i] * a[i];
    bb += b[i] * b[i];
  }
  return aa === 0 || bb === 0 ? 0 : ab / Math.sqrt(aa * bb);
}

// White at 0, blue at 1, orange at -1: dark text can be read on all of them.
function heatColour(value) {
  const t = Math.min(1, Math.abs(value));
  const end = value < 0 ? [240, 160, 90] : [110, 170, 245];
  return "rgb(" + end.map((c) => Math.round(255 + (c - 255) * t)).join(",") + ")";
}

function heatMap(texts, vectors) {
  const caption = "Cosine similarity of each pair of texts";
  const rows = texts.map((text, i) => make("tr", {}, make("th", { scope: "row" }, (i + 1) + ". " + text),
    ...vectors.map((other) => {
      const value = cosine(vectors[i], other);
      const cell = make("td", {}, value.toFixed(3));
      cell.style.backgroundColor = heatColour(value);
      return cell;
    })));
  return make("div", { className: "scroll heat", tabIndex: 0, role: "group", ariaLabel: caption },
    make("table", {}, make("caption", {}, caption),
      make("thead", {}, make("tr", {}, make("th", { scope: "col" }, "Text"),
        ...texts.map((_, i) => make("th", { scope: "col" }, String(i + 1))))),
      make("tbody", {}, ...rows)));
}

// The first of some paths that the service has, without its first slash, so that the page also works below another path.
function routeOf(...paths) {
  const path = paths.find((one) => routes.includes(one));
  return path ? path.slice(1) : null;
}

// What a route tells of each text, its tokens or its sentences; null where the service or the model does not.
async function partsOf(route, texts, model) {
  const path = routeOf(route);
  if (!path) return null;
  const answer = await ask(path, { inputs: texts, model });
  if (!answer.ok) return null;
  const lists = await answer.json().catch(() => null);
  return Array.isArray(lists) && lists.length === texts.length ? lists : null;
}

function tokenList(tokens) {
  return make("ul", { className: "tokens", ariaLabel: "Tokens" }, ...tokens.map((t) =>
    make("li", { className: t.special ? "special" : "", title: "id " + t.id + (t.special ? ", special" : "") }, t.text)));
}

function sentenceList(sentences) {
  return make("ol", { className: "sentences", ariaLabel: "Sentences" }, ...sentences.map((s) => make("li", {}, s.text)));
}

function detailsOf(text, i, vector, sentences, tokens) {
  const box = make("div", {}, make("h3", {}, (i + 1) + ". " + text));
  if (sentences && sentences.length > 1) box.append(make("p", {}, sentences.length + " sentences, each with a vector of its own at /vectors"), sentenceList(sentences));
  if (tokens) box.append(make("p", {}, tokens.length + " tokens"), tokenList(tokens));
  box.append(make("details", {}, make("summary", {}, "Vector: " + vector.length + " components"),
    make("p", { className: "vector" }, vector.map((x) => x.toPrecision(6)).join(", "))));
  return box;
}

function textsOf(form) {
  const texts = linesOf(form.texts.value).slice(0, MAX_TEXTS);
  if (texts.length === 0) throw new Error("there is no text");
  return texts;
}

async function embed(form) {
  const texts = textsOf(form);
  const model = form.model.value;
  const answer = await askJson("v1/embeddings", { input: texts, model });
  const vectors = answer.data.map((item) => item.embedding);
  const [sentences, tokens] = await Promise.all([partsOf("/sentences", texts, model), partsOf("/tokenize", texts, model)]);
  return [heatMap(texts, vectors), ...texts.map((text, i) => detailsOf(text, i, vectors[i], sentences && sentences[i], tokens && tokens[i]))];
}

// The vocabulary's entries of these ids, as text.
async function wordsOf(ids, model) {
  if (ids.length === 0 || !routeOf("/decode")) return ids.map(String);
  return askJson("decode", { ids: ids.map((id) => [id]), skip_special_tokens: false, model });
}

async function weigh(form) {
  const texts = textsOf(form);
  const model = form.model.value;
  const lists = await askJson("embed_sparse", { inputs: texts, model });
  const best = lists.map((list) => [...list].sort((a, b) => b.value - a.value).slice(0, MAX_ENTRIES));
  const words = await wordsOf(best.flat().map((entry) => entry.index), model);
  return texts.map((text, i) => make("div", {}, make("h3", {}, (i + 1) + ". " + text),
    table("The heaviest of " + lists[i].length + " entries", ["Entry", "Id", "Weight"],
      best[i].map((entry) => [words.shift(), String(entry.index), entry.value]))));
}

async function multiVectors(input, model, type) {
  const answer = await askJson("v1/multi-vector", { input, model, input_type: type });
  return answer.data.map((item) => item.embeddings);
}

// Late interaction: the sum over the query's vectors of the largest similarity to one of the text's.
function lateScore(query, text) {
  return query.reduce((sum, q) => sum + Math.max(...text.map((t) => q.reduce((dot, x, i) => dot + x * t[i], 0))), 0);
}

async function match(form) {
  const texts = textsOf(form);
  const [query] = await multiVectors([form.query.value], form.model.value, "query");
  const documents = await multiVectors(texts, form.model.value, "document");
  const rows = texts.map((text, i) => [text, lateScore(query, documents[i]), String(documents[i].length)]);
  return [make("p", {}, "The query has " + query.length + " vectors."),
    table("Texts, best first", ["Text", "Score", "Vectors"], rows.sort((a, b) => b[1] - a[1]))];
}

async function rank(form) {
  const texts = linesOf(form.texts.value);
  if (texts.length === 0) throw new Error("there is no text");
  const answer = await askJson("rerank", { query: form.query.value, texts, model: form.model.value });
  const rows = [...answer].sort((a, b) => b.score - a.score).map((item) => [texts[item.index], item.score]);
  return [table("Texts, best first", ["Text", "Score"], rows)];
}

async function answerQuestion(form) {
  const a = await askJson(routeOf("/answers", "/answers/"), { text: form.text.value, question: form.question.value, model: form.model.value });
  if (a.answer === null) return [make("p", {}, "No answer was found.")];
  return [table("Answer", ["Answer", "Certainty"], [[a.answer, a.certainty]])];
}

async function tag(form) {
  const a = await askJson(routeOf("/ner", "/ner/"), { text: form.text.value, model: form.model.value });
  if (!a.tokens || a.tokens.length === 0) return [make("p", {}, "No name was found.")];
  return [table("Names", ["Word", "Label", "Certainty", "Characters"],
    a.tokens.map((t) => [t.word, t.entity, t.certainty, t.startPosition + " to " + t.endPosition]))];
}

async function classify(form) {
  const a = await askJson("predict", { inputs: form.text.value, model: form.model.value });
  return [table("Labels", ["Label", "Score"], a.flat().map((item) => [item.label, item.score]))];
}

// Gives each event of a stream to take(), until [DONE].
async function readEvents(answer, take) {
  const reader = answer.body.pipeThrough(new TextDecoderStream()).getReader();
  let rest = "";
  for (let part = await reader.read(); !part.done; part = await reader.read()) {
    const lines = (rest + part.value).split("\n");
    rest = lines.pop();
    for (const line of lines.filter((one) => one.startsWith("data: {"))) take(JSON.parse(line.slice(6)));
  }
}

async function generate(form, result) {
  const chat = form.chat.checked;
  const body = { model: form.model.value, stream: true, max_tokens: Number(form.tokens.value), temperature: Number(form.temperature.value) };
  if (chat) body.messages = [{ role: "user", content: form.prompt.value }];
  else body.prompt = form.prompt.value;
  const answer = await ask(chat ? "v1/chat/completions" : "v1/completions", body);
  if (answer.status === 401) needToken();
  if (!answer.ok) throw new Error(reason(answer.status, await answer.json().catch(() => null)));
  const text = make("p", { className: "text" });
  result.replaceChildren(text);
  await readEvents(answer, (event) => {
    if (event.error) throw new Error(reason(0, event));
    for (const choice of event.choices) text.append(chat ? choice.delta.content || "" : choice.text);
  });
  return [text];
}

// Each task: its section, what its form does, and the paths of which it needs one.
const TASKS = {
  embeddings: ["embeddings", embed, "/v1/embeddings"],
  "sparse embeddings": ["sparse", weigh, "/embed_sparse"],
  "multi-vector": ["multi-vector", match, "/v1/multi-vector"],
  rerank: ["rerank", rank, "/rerank"],
  "question answering": ["question-answering", answerQuestion, "/answers", "/answers/"],
  "token classification": ["token-classification", tag, "/ner", "/ner/"],
  classification: ["classification", classify, "/predict"],
  "text generation": ["text-generation", generate, "/v1/completions"],
};

function listen(section, action) {
  const form = section.querySelector("form");
  const result = section.querySelector(".result");
  const button = form.querySelector("button");
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    button.disabled = true;
    byId("message").textContent = "";
    try {
      result.replaceChildren(...await action(form, result));
    } catch (error) {
      result.replaceChildren();
      byId("message").textContent = "This did not work: " + error.message;
    }
    button.disabled = false;
    button.focus();
  });
}

function showTasks(models) {
  for (const [task, [id, , ...paths]] of Object.entries(TASKS)) {
    const able = routeOf(...paths) ? models.filter((model) => model.tasks.includes(task)) : [];
    const select = byId(id).querySelector("select");
    byId(id).hidden = able.length === 0;
    select.replaceChildren(...able.map((model) => make("option", { value: model.name }, model.name)));
    select.closest(".model").hidden = able.length < 2;
  }
}

function showFacts(facts) {
  known = { ...known, ...facts };
  byId("state").replaceChildren(...Object.entries(known).filter(([, value]) => value !== null).map(([name, value]) =>
    make("div", {}, make("dt", {}, name), make("dd", {}, String(value)))));
}

async function loadMeta() {
  const answer = await ask("meta");
  if (answer.status === 401) {
    needToken();
    if (token) byId("message").textContent = "The service does not accept this token.";
    return;
  }
  const meta = await answer.json();
  const models = meta.models || [];
  routes = Object.keys((await askJson("openapi.json")).paths);
  byId("access").hidden = true;
  byId("message").textContent = "";
  byId("version").textContent = meta.version || "";
  showTasks(models);
  showFacts({ Models: models.map((model) => model.name).join(", "), Family: meta.family, Precision: meta.precision });
}

// The sum of a metric over its labels, in Prometheus' text, without the routes of watchers.
function sumOf(text, name) {
  let sum = 0;
  for (const line of text.split("\n")) {
    if (!line.startsWith(name + " ") && !line.startsWith(name + "{")) continue;
    const route = /route="([^"]*)"/.exec(line);
    if (!route || !WATCHERS.includes(route[1])) sum += Number(line.slice(line.lastIndexOf(" ") + 1));
  }
  return sum;
}

async function showRates() {
  const text = await (await ask("metrics")).text();
  const now = { at: performance.now(), requests: sumOf(text, "t2v_requests_total"), tokens: sumOf(text, "t2v_tokens_total") };
  const seconds = counts ? (now.at - counts.at) / 1000 : 0;
  const rate = (key) => (seconds > 0 ? ((now[key] - counts[key]) / seconds).toFixed(1) : "measuring");
  showFacts({ "Requests": now.requests, "Requests a second": rate("requests"), "Tokens a second": rate("tokens") });
  counts = now;
}

function say(text, good) {
  const line = byId("ready");
  if (line.textContent !== text) line.textContent = text; // announced only when it changes
  line.className = good ? "" : "bad";
}

async function look() {
  if (document.hidden) return;
  try {
    const [live, ready] = await Promise.all([ask(".well-known/live"), ask(".well-known/ready")]);
    if (!live.ok) say("Not live: work makes no progress", false);
    else if (!ready.ok) say("Live, but not ready: shutting down", false);
    else say("Live and ready", true);
    await showRates();
  } catch {
    say("The service does not answer", false);
  }
}

async function start() {
  for (const [id, action] of Object.values(TASKS)) listen(byId(id), action);
  byId("access").addEventListener("submit", (event) => {
    event.preventDefault();
    token = byId("token").value.trim();
    loadMeta().catch((error) => { byId("message").textContent = error.message; });
  });
  await Promise.all([loadMeta().catch((error) => { byId("message").textContent = error.message; }), look()]);
  setInterval(look, EVERY_MS);
}

start();
