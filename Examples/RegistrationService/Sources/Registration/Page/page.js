// The page's script. Tokens stay in this page's memory: no storage, no cookie.
const byId = (id) => document.getElementById(id);
const make = (name, className, text) => {
  const element = document.createElement(name);
  if (className) element.className = className;
  if (text !== undefined) element.textContent = text;
  return element;
};
const say = (text) => { byId("said").textContent = text; };

/** @type {{token: string, user: string, parts: object, verdict: ?{good: boolean, title: string, why: string}}[]} */
const tokens = [];
let shown = null;
let mode = "register";

// Requests

/** The status and what came: never throws. */
async function ask(path, { body, token } = {}) {
  const headers = {};
  if (body) headers["Content-Type"] = "application/json";
  if (token) headers["Authorization"] = `Bearer ${token}`;
  try {
    const answer = await fetch(path, { method: body ? "POST" : "GET", headers, body: body && JSON.stringify(body) });
    return { status: answer.status, json: await answer.json(), retryAfter: answer.headers.get("Retry-After") };
  } catch {
    return { status: 0, json: { code: "unreachable", detail: "The service does not answer." } };
  }
}

const failure = ({ json, retryAfter }) => json.detail + (retryAfter ? ` Try again in ${retryAfter} s.` : "");

// The account form

function choose(next, focus) {
  mode = next;
  for (const name of ["register", "login"]) {
    const tab = byId(`tab-${name}`);
    tab.setAttribute("aria-selected", String(name === mode));
    tab.tabIndex = name === mode ? 0 : -1;
  }
  if (focus) byId(`tab-${mode}`).focus();
  byId("account").setAttribute("aria-labelledby", `tab-${mode}`);
  byId("email-field").hidden = mode === "login";
  byId("password").autocomplete = mode === "login" ? "current-password" : "new-password";
  byId("submit").textContent = mode === "login" ? "Log in" : "Create account";
  showErrors(null);
}

function showErrors(problem) {
  const errors = new Map((problem?.json.errors ?? []).map(({ field, message }) => [field, message]));
  for (const field of ["userName", "email", "password"]) {
    byId(`${field}-error`).textContent = errors.get(field) ?? "";
    byId(field).setAttribute("aria-invalid", String(errors.has(field)));
  }
  byId("password-hint").hidden = mode === "login" || errors.has("password");
  const inform = byId("form-error");
  inform.hidden = !problem || errors.size > 0;
  inform.textContent = inform.hidden ? "" : failure(problem);
  document.querySelector("[aria-invalid=true]")?.focus();
}

async function submit(event) {
  event.preventDefault();
  const [userName, email, password] = ["userName", "email", "password"].map((id) => byId(id).value);
  byId("submit").disabled = true;
  const body = mode === "login" ? { userName, password } : { userName, email, password };
  const answer = await ask(`/api/account/${mode}`, { body });
  byId("submit").disabled = false;
  if (answer.status !== 200 && answer.status !== 201) return showErrors(answer);
  showErrors(null);
  say(mode === "login" ? "Logged in." : "Registered.");
  choose("login");
  await add(answer.json.token, answer.json.userName);
}

// Tokens

function part(text) {
  try {
    const bytes = Uint8Array.from(atob(text.replace(/-/g, "+").replace(/_/g, "/")), (c) => c.charCodeAt(0));
    return JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(bytes));
  } catch {
    return null;
  }
}

function takeApart(token) {
  const [header, claims, signature] = token.split(".");
  return { raw: [header, claims, signature], header: part(header), claims: part(claims) };
}

async function add(token, user) {
  const entry = { token, user, parts: takeApart(token), verdict: null };
  tokens.unshift(entry);
  show(entry);
  await check(entry);
}

/** Has the service say whether it accepts the token. */
async function check(entry) {
  const answer = await ask("/api/account/me", { token: entry.token });
  if (answer.status === 200) {
    entry.verdict = { good: true, badge: "accepted", title: "Accepted", why: "Signature, times, issuer and audience hold." };
  } else if (answer.status === 401) {
    const reason = answer.json.code.replaceAll("_", " ");
    entry.verdict = { good: false, badge: reason, title: `Refused: ${reason}`, why: answer.json.detail };
  } else {
    entry.verdict = { good: null, badge: "unknown", title: "Nobody can tell now", why: failure(answer) };
  }
  list();
  if (shown === entry) showVerdict(entry);
}

async function checkAll() {
  byId("check").disabled = true;
  await Promise.all(tokens.map(check));
  byId("check").disabled = tokens.length === 0;
  say("All tokens were checked.");
}

function list() {
  const focused = document.activeElement?.dataset?.index;
  byId("no-tokens").hidden = tokens.length > 0;
  byId("check").disabled = tokens.length === 0;
  byId("tokens").replaceChildren(...tokens.map((entry, index) => {
    const button = make("button");
    button.type = "button";
    button.dataset.index = index;
    if (entry === shown) button.setAttribute("aria-current", "true");
    const verdict = entry.verdict;
    const tone = verdict?.good === true ? "good" : verdict?.good === false ? "bad" : "";
    const when = make("span", "when", `${time(entry.parts.claims?.iat, { timeStyle: "medium" })} · key `);
    when.append(make("span", "key", entry.parts.header?.kid ?? "unknown"));
    button.append(make("span", "who", entry.user), make("span", `badge ${tone}`, verdict?.badge ?? "…"), when);
    button.addEventListener("click", () => show(entry));
    const item = make("li");
    item.append(button);
    return item;
  }));
  if (focused !== undefined) byId("tokens").querySelector(`[data-index="${focused}"]`)?.focus();
}

// What is in it

function time(seconds, style = { dateStyle: "medium", timeStyle: "medium" }) {
  return Number.isFinite(seconds) ? new Intl.DateTimeFormat(undefined, style).format(seconds * 1000) : "no time";
}

function distance(seconds) {
  const units = [["day", 86400], ["hour", 3600], ["minute", 60], ["second", 1]];
  const left = seconds - Date.now() / 1000;
  const [unit, size] = units.find(([, size]) => Math.abs(left) >= size) ?? ["second", 1];
  return new Intl.RelativeTimeFormat(undefined, { numeric: "auto" }).format(Math.trunc(left / size), unit);
}

/** What a name means, and who put it there. */
const meanings = {
  alg: ["how it is signed: the key decides, never the token", "key"],
  kid: ["which key signed it", "key"],
  typ: ["what it is", "profile"],
  sub: ["who it speaks of", "application"],
  email: ["", "application"],
  given_name: ["", "application"],
  roles: ["what its holder may do here", "application"],
  iss: ["who says so", "profile"],
  aud: ["for whom", "profile"],
  iat: ["made", "daemon"],
  nbf: ["holds from", "daemon"],
  exp: ["holds until", "profile"],
  jti: ["its own number", "daemon"],
};

function rows(object) {
  return Object.entries(object ?? {}).map(([name, value]) => {
    const [meaning, by] = meanings[name] ?? ["", ""];
    const cell = make("td");
    if (by) cell.append(make("span", "by", `by the ${by}`));
    const isTime = ["iat", "nbf", "exp"].includes(name) && Number.isFinite(value);
    cell.append(isTime ? time(value) : Array.isArray(value) ? value.join(", ") : String(value));
    const note = isTime ? `${meaning} · ${distance(value)} · ${value}` : meaning;
    if (note) cell.append(make("span", "note", note));
    const head = make("th", "", name);
    head.scope = "row";
    const row = make("tr");
    row.append(head, cell);
    return row;
  });
}

function showVerdict({ verdict }) {
  const banner = byId("verdict");
  banner.className = "verdict" + (verdict?.good === true ? " good" : verdict?.good === false ? " bad" : "");
  const sign = make("span", "sign");
  sign.setAttribute("aria-hidden", "true");
  sign.append(make("span", "", verdict?.good === true ? "✓" : verdict?.good === false ? "✕" : "?"));
  const words = make("div");
  words.append(make("strong", "", verdict?.title ?? "Being checked"), make("span", "why", verdict?.why ?? ""));
  banner.replaceChildren(sign, words);
}

function show(entry) {
  shown = entry;
  byId("empty").hidden = true;
  byId("parts").hidden = false;
  for (const id of ["copy", "tamper", "admin"]) byId(id).disabled = false;
  byId("admin-answer").replaceChildren();
  const classes = ["header-part", "claims-part", "signature-part"];
  byId("raw").replaceChildren(...entry.parts.raw.flatMap((text, i) => [...(i ? ["."] : []), make("span", classes[i], text)]));
  byId("header-rows").replaceChildren(...rows(entry.parts.header));
  byId("claims-rows").replaceChildren(...rows(entry.parts.claims));
  const bytes = Math.floor((entry.parts.raw[2].length * 3) / 4);
  byId("signature-text").textContent = `${bytes} bytes that only the holder of the key can make.`;
  showVerdict(entry);
  list();
}

/** One more token: the shown one with the role that it lacks, under the old signature. */
async function tamper() {
  const claims = { ...shown.parts.claims, roles: ["user", "admin"] };
  const bytes = new TextEncoder().encode(JSON.stringify(claims));
  const text = btoa(String.fromCharCode(...bytes)).replace(/\+/g, "-").replace(/\//g, "_").replace(/=+$/, "");
  await add([shown.parts.raw[0], text, shown.parts.raw[2]].join("."), `${shown.user}, forged`);
}

async function admin() {
  const answer = await ask("/api/admin/users", { token: shown.token });
  const box = byId("admin-answer");
  if (answer.status !== 200) return box.replaceChildren(make("p", "alert", `${answer.status || "No answer"}: ${failure(answer)}`));
  const table = make("table");
  const head = table.createTHead().insertRow();
  for (const text of ["Name", "E-mail address", "Roles"]) {
    const cell = make("th", "", text);
    cell.scope = "col";
    head.append(cell);
  }
  const body = table.createTBody();
  for (const user of answer.json) {
    const row = body.insertRow();
    for (const text of [user.userName, user.email, user.roles.join(", ")]) row.insertCell().textContent = text;
  }
  box.replaceChildren(make("h3", "", "Users"), table);
}

async function copy(text, button) {
  try {
    await navigator.clipboard.writeText(text);
    const before = button.textContent;
    button.textContent = "Copied";
    say("Copied.");
    setTimeout(() => { button.textContent = before; }, 1500);
  } catch {
    say("The browser does not let this page copy.");
  }
}

byId("account").addEventListener("submit", submit);
for (const name of ["register", "login"]) {
  byId(`tab-${name}`).addEventListener("click", () => choose(name));
  byId(`tab-${name}`).addEventListener("keydown", (event) => {
    if (event.key === "ArrowLeft" || event.key === "ArrowRight") choose(name === "login" ? "register" : "login", true);
  });
}
byId("reveal").addEventListener("click", () => {
  const isShown = byId("password").type === "text";
  byId("password").type = isShown ? "password" : "text";
  byId("reveal").textContent = isShown ? "Show" : "Hide";
  byId("reveal").setAttribute("aria-pressed", String(!isShown));
});
byId("check").addEventListener("click", checkAll);
byId("copy").addEventListener("click", (event) => copy(shown.token, event.currentTarget));
byId("copy-command").addEventListener("click", (event) => copy(byId("rotate-command").textContent, event.currentTarget));
byId("tamper").addEventListener("click", tamper);
byId("admin").addEventListener("click", admin);
// Who comes back from the terminal sees at once what has become of the tokens.
window.addEventListener("focus", checkAll);
document.documentElement.dataset.ready = "true";
