// The chat's clock: counts down by the second, and asks how things stand while somebody looks.
// Without it the page says the same when it is loaded anew.
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
})();
