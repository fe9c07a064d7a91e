// Asks the servers through the edge, looks at what the desk knows, and holds a WebSocket open.
const by = id => document.getElementById(id);
const say = (id, text) => { if (by(id).textContent !== text) by(id).textContent = text; };
const count = id => say(id, String(Number(by(id).textContent) + 1));
const later = (what, millis) => setTimeout(what, millis);
const span = seconds => seconds < 60 ? Math.round(seconds) + " s" : Math.floor(seconds / 60) + " min " + Math.round(seconds % 60) + " s";
const clock = millis => new Date(millis).toLocaleTimeString();

const SHOWN = 120;

function showAnswer(colour, text) {
  const one = document.createElement("i");
  one.className = colour;
  one.title = text;
  by("answers").append(one);
  while (by("answers").children.length > SHOWN) by("answers").firstChild.remove();
}

async function ask() {
  const begun = performance.now();
  try {
    const answer = await fetch("/hello", { cache: "no-store" });
    await answer.text();
    const colour = answer.headers.get("X-Demo-Server");
    if (!answer.ok || !colour) throw new Error("status " + answer.status);
    count("asked");
    count("by-" + colour);
    showAnswer(colour, colour + ", " + Math.round(performance.now() - begun) + " ms");
  } catch (e) {
    count("failed");
    showAnswer("", String(e.message || e));
  }
  later(ask, 500);
}

function showServer(server) {
  const card = by(server.name);
  card.classList.toggle("stopped", !server.running);
  card.querySelector(".stop").disabled = !server.running;
  card.querySelector(".start").disabled = server.running;
  const edge = server.state === undefined ? "" : "For the edge " + server.state + (server.why ? ", " + server.why : "") + ", for " + span(server.for) + ".";
  const seen = card.querySelector(".seen");
  const text = (server.running ? "Running. " : "Stopped. ") + edge;
  if (seen.textContent !== text) seen.textContent = text;
}

let serial = "", renewals = 0;

function showCertificate(certificate, now) {
  if (certificate.serial === undefined) {
    say("life", certificate.problem || "");
    return;
  }
  const begin = certificate["not-before"], end = certificate["not-after"];
  const gone = Math.min(1, Math.max(0, (now - begin) / (end - begin)));
  say("serial", certificate.serial);
  say("issuer", certificate.issuer ? "from " + certificate.issuer : "");
  by("gone").style.width = (gone * 100).toFixed(1) + "%";
  say("life", Math.round(gone * 100) + " % of its life is gone; it came at " + clock(begin) + " and ends at " + clock(end) + ".");
  const next = certificate["next-renewal"] ? Date.parse(certificate["next-renewal"]) : NaN;
  say("renewal", certificate["last-failure"] ? "The last order failed: " + certificate["last-failure"]
    : next > now ? "Renewed in " + span((next - now) / 1000) + "." : "Is being renewed.");
  if (serial && serial !== certificate.serial) {
    renewals++;
    say("renewed", "A new one came at " + clock(begin) + ", in the place of " + serial + ".");
  }
  serial = certificate.serial;
}

async function look() {
  try {
    const answer = await fetch("/demo/state", { cache: "no-store" });
    if (!answer.ok) throw new Error("status " + answer.status);
    const state = await answer.json();
    state.servers.forEach(showServer);
    say("retried", String(state.servers.reduce((all, one) => all + (one.retries || 0), 0)));
    showCertificate(state.certificate, state.now);
    say("problem", state.problem || "");
  } catch (e) {
    say("problem", "The demo does not answer: " + (e.message || e));
  }
}

async function act(event) {
  event.preventDefault();
  try {
    const answer = await fetch(event.target.action, { method: "POST", redirect: "manual" });
    if (answer.type !== "opaqueredirect") say("problem", await answer.text());
  } catch (e) {
    say("problem", String(e.message || e));
  }
  look();
}

function listen() {
  const socket = new WebSocket("wss://" + location.host + "/socket");
  const state = by("socket").dataset;
  let begun = 0, before = 0, server = "", shown;
  const show = () => say("socket", "Open with " + server + " for " + span((Date.now() - begun) / 1000) + ", " + state.messages + " messages"
    + (renewals > before ? "; opened before the last " + (renewals - before === 1 ? "renewal" : renewals - before + " renewals") : "") + ".");
  socket.onmessage = event => {
    const tick = JSON.parse(event.data);
    if (!begun) {
      begun = Date.now();
      before = renewals;
      state.opened = Number(state.opened) + 1;
      shown = setInterval(show, 1000);
    }
    server = tick.server;
    state.messages = tick.number;
    show();
  };
  socket.onclose = () => {
    clearInterval(shown);
    say("socket", "not open");
    if (begun) say("socket-note", "The one with " + server + " ended at " + clock(Date.now()) + " after " + span((Date.now() - begun) / 1000) + "; opened anew.");
    later(listen, 1000);
  };
}

document.querySelectorAll("form").forEach(form => form.addEventListener("submit", act));
ask();
look();
setInterval(look, 1000);
listen();
