// Sends the files of a data set in pieces, before the form that names them: what a broken
// connection brought stays, and is not sent again. Without it the form sends them itself.
(() => {
  const form = document.getElementById("publish");
  const shown = document.getElementById("sending");
  if (!form || !shown) return;
  const words = shown.querySelector("span");
  const bar = shown.querySelector("progress");
  const button = form.querySelector("button");
  const piece = 4 * 1024 * 1024;
  const tries = 5;

  function tell(said, share) {
    shown.hidden = false;
    words.textContent = said;
    bar.hidden = share === undefined;
    bar.value = share || 0;
  }

  async function ask(address, body) {
    const token = form.elements.csrfmiddlewaretoken.value;
    const how = body ? { method: "PUT", body, headers: { "X-CSRFToken": token } } : {};
    const answer = await fetch(address, how);
    if (!answer.ok && answer.status !== 409) throw new Error(`${answer.status}`);
    return answer.json();
  }

  async function send(file) {
    const digest = await digestOf(file, (share) => tell(`${form.dataset.reading} ${file.name}`, share));
    const address = `${form.dataset.content.replace("DIGEST", digest)}?size=${file.size}`;
    for (let failed = 0; ; ) {
      try {
        let stands = await ask(address);
        while (!stands.done) {
          tell(`${form.dataset.sending} ${file.name}`, file.size ? stands.at / file.size : 1);
          stands = await ask(`${address}&at=${stands.at}`, file.slice(stands.at, stands.at + piece));
          failed = 0;
        }
        return `${digest} ${file.size} ${file.name}`;
      } catch (error) {
        if (++failed > tries) throw error;
        await new Promise((go) => setTimeout(go, 200 * 2 ** failed));
      }
    }
  }

  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    button.disabled = true;
    try {
      const held = [];
      for (const file of form.elements.files.files) held.push(await send(file));
      for (const value of held) {
        const field = document.createElement("input");
        Object.assign(field, { type: "hidden", name: "held", value });
        form.append(field);
      }
      form.elements.files.disabled = true;
      form.submit();
    } catch {
      tell(form.dataset.stopped);
      button.disabled = false;
    }
  });

  // SHA-256 (FIPS 180-4) over a file that need not fit into memory; browsers digest whole ones only.
  const primes = [];
  for (let n = 2; primes.length < 64; n++) if (primes.every((p) => n % p)) primes.push(n);
  const part = (root) => ((root - Math.floor(root)) * 2 ** 32) | 0;
  const constants = Int32Array.from(primes, (p) => part(Math.cbrt(p)));
  const first = Int32Array.from(primes.slice(0, 8), (p) => part(Math.sqrt(p)));
  const turn = (x, n) => (x >>> n) | (x << (32 - n));

  function compress(state, view, at, w) {
    for (let t = 0; t < 16; t++) w[t] = view.getInt32(at + 4 * t);
    for (let t = 16; t < 64; t++) {
      const x = w[t - 15], y = w[t - 2];
      const s0 = turn(x, 7) ^ turn(x, 18) ^ (x >>> 3);
      const s1 = turn(y, 17) ^ turn(y, 19) ^ (y >>> 10);
      w[t] = w[t - 16] + s0 + w[t - 7] + s1;
    }
    let [a, b, c, d, e, f, g, h] = state;
    for (let t = 0; t < 64; t++) {
      const s1 = turn(e, 6) ^ turn(e, 11) ^ turn(e, 25);
      const one = (h + s1 + ((e & f) ^ (~e & g)) + constants[t] + w[t]) | 0;
      const s0 = turn(a, 2) ^ turn(a, 13) ^ turn(a, 22);
      const two = (s0 + ((a & b) ^ (a & c) ^ (b & c))) | 0;
      h = g; g = f; f = e; e = (d + one) | 0; d = c; c = b; b = a; a = (one + two) | 0;
    }
    [a, b, c, d, e, f, g, h].forEach((value, n) => { state[n] += value; });
  }

  async function digestOf(file, told) {
    const state = first.slice();
    const w = new Int32Array(64);
    const whole = file.size - (file.size % 64);
    for (let at = 0; at < whole; at += piece) {
      told(at / file.size);
      const view = new DataView(await file.slice(at, Math.min(whole, at + piece)).arrayBuffer());
      for (let n = 0; n < view.byteLength; n += 64) compress(state, view, n, w);
    }
    const rest = new Uint8Array(await file.slice(whole).arrayBuffer());
    const last = new Uint8Array(rest.length < 56 ? 64 : 128);
    last.set(rest);
    last[rest.length] = 0x80;
    const view = new DataView(last.buffer);
    view.setBigUint64(last.length - 8, BigInt(file.size) * 8n);
    for (let n = 0; n < last.length; n += 64) compress(state, view, n, w);
    return Array.from(state, (value) => (value >>> 0).toString(16).padStart(8, "0")).join("");
  }
})();
