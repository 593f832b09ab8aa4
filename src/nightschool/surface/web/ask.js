// Requests to this server: JSON, streams of events, and the key where one is asked for.

const KEY = "nightschool key";

export class Refused extends Error {}

function headers() {
  const key = sessionStorage.getItem(KEY);
  return key ? { Authorization: `Bearer ${key}` } : {};
}

async function askForKey() {
  const dialog = document.getElementById("key");
  if (dialog.open) return new Promise((resolve) => dialog.addEventListener("close", resolve, { once: true }));
  dialog.showModal();
  await new Promise((resolve) => dialog.addEventListener("close", resolve, { once: true }));
  const text = document.getElementById("key-text");
  sessionStorage.setItem(KEY, text.value.trim());
  text.value = "";
}

async function checked(send) {
  let reply = await send();
  while (reply.status === 401) {
    await askForKey();
    reply = await send();
  }
  if (!reply.ok) {
    const body = await reply.json().catch(() => null);
    throw new Refused(body?.error?.message ?? `the server answered ${reply.status}`);
  }
  return reply;
}

export async function get(path) {
  const reply = await checked(() => fetch(path, { headers: headers() }));
  return reply.json();
}

export async function send(method, path, body = {}) {
  const reply = await checked(() => fetch(path, {
    method, headers: { "Content-Type": "application/json", ...headers() }, body: JSON.stringify(body),
  }));
  return reply.json();
}

export const post = (path, body) => send("POST", path, body);

// Yields the chunks of a stream, up to [DONE].
export async function* stream(path, body, signal) {
  const reply = await checked(() => fetch(path, {
    method: "POST", headers: { "Content-Type": "application/json", ...headers() }, body: JSON.stringify(body), signal,
  }));
  let rest = "";
  const reader = reply.body.pipeThrough(new TextDecoderStream()).getReader();
  for (;;) {
    const { done, value } = await reader.read();
    if (done) throw new Refused("the server went away before the answer was finished");
    const lines = (rest + value).split("\n");
    rest = lines.pop();
    for (const line of lines) {
      if (!line.startsWith("data: ")) continue;
      if (line === "data: [DONE]") return;
      const chunk = JSON.parse(line.slice(6));
      if (chunk.error) throw new Refused(chunk.error.message);
      yield chunk;
    }
  }
}
