// The chat's clock: counts down by the second, and asks how things stand while somebody looks.
// And its answers: shown as they come. Without it the page says the same when it is loaded anew.
(() => {
  const place = document.getElementById("state");
  const form = document.getElementById("beat");
  if (!place || !form) return;
  const every = 10000;
  let ends = null;
  let asking = false;

  function read(piece) {
    ends = piece.dataset.seconds === undefined ? null : Date.now() + 1000 * piece.dataset.seconds;
  }
  function show() {
    if (ends === null) return;
    const left = Math.max(0, Math.round((ends - Date.now()) / 1000));
    const shown = place.querySelector("[data-left]");
    if (shown) shown.textContent = `${Math.floor(left / 60)}:${String(left % 60).padStart(2, "0")}`;
    if (left === 0) ask();
  }
  async function ask() {
    if (document.hidden || asking) return;
    asking = true;
    try {
      const answer = await fetch(form.action, { method: "POST", body: new FormData(form) });
      if (answer.ok && !answer.redirected) {
        const holder = document.createElement("template");
        holder.innerHTML = await answer.text();
        const piece = holder.content.querySelector("[data-key]");
        const before = place.querySelector("[data-key]");
        if (piece && before && piece.dataset.key !== before.dataset.key) place.replaceChildren(piece);
        if (piece) read(piece);
      }
    } catch { /* the next time */ }
    asking = false;
  }
  read(place.querySelector("[data-key]"));
  show();
  setInterval(show, 1000);
  setInterval(ask, every);

  const say = document.getElementById("say");
  const talk = document.getElementById("talk");
  if (!say || !talk) return;

  function put(who, called, text) {
    const turn = document.createElement("li");
    const name = document.createElement("p");
    const words = document.createElement("p");
    turn.className = who;
    name.className = "small quiet";
    name.textContent = called;
    words.className = "quoted";
    words.textContent = text;
    turn.append(name, words);
    talk.append(turn);
    return words;
  }
  say.addEventListener("submit", async (event) => {
    event.preventDefault();
    const button = say.querySelector("button");
    if (button.disabled) return;
    const sent = new FormData(say);
    button.disabled = true;
    talk.querySelector("li.quiet")?.remove();
    put("user", say.dataset.you, sent.get("words"));
    const words = put("assistant", say.dataset.service, "");
    talk.setAttribute("aria-busy", "true");
    try {
      const answer = await fetch(say.dataset.stream, { method: "POST", body: sent });
      const reader = answer.body.pipeThrough(new TextDecoderStream()).getReader();
      for (let piece = await reader.read(); !piece.done; piece = await reader.read()) {
        words.textContent += piece.value;
      }
    } catch { /* the page, loaded anew, says how it went */ }
    location.replace(say.action);
  });
})();
