// What pages are better with. Everything works without it.
(() => {
  "use strict";
  const root = document.documentElement;
  root.classList.add("scripted");

  // "3 hours ago"; the exact time stays in the title.
  const relative = new Intl.RelativeTimeFormat(root.lang || "en", { numeric: "auto" });
  const STEPS = [[60, "second"], [60, "minute"], [24, "hour"], [7, "day"], [4.345, "week"], [12, "month"], [Infinity, "year"]];
  const said = (at) => {
    let left = (at - Date.now()) / 1000;
    for (const [size, unit] of STEPS) {
      if (Math.abs(left) < size) return relative.format(Math.round(left), unit);
      left /= size;
    }
  };
  const tellTimes = () => {
    for (const each of document.querySelectorAll("time[datetime]")) {
      const at = Date.parse(each.dateTime);
      if (!Number.isNaN(at)) each.textContent = said(at);
    }
  };
  tellTimes();
  setInterval(tellTimes, 60_000);

  // Copying.
  document.addEventListener("click", async (event) => {
    const button = event.target.closest("[data-copy]");
    if (!button) return;
    const from = document.getElementById(button.dataset.copy);
    await navigator.clipboard.writeText(from.value ?? from.textContent);
    const words = button.textContent;
    button.textContent = "Copied";
    setTimeout(() => { button.textContent = words; }, 2_000);
  });

  // Lines of code: a range is two lines, the second chosen with Shift; what stays takes them along.
  const choose = () => {
    const found = /^#L(\d+)-L(\d+)$/.exec(location.hash);
    for (const each of document.querySelectorAll("tr.chosen")) each.classList.remove("chosen");
    if (!found) return;
    const [from, to] = [Number(found[1]), Number(found[2])].sort((a, b) => a - b);
    const rows = document.querySelectorAll("[data-lines] tr[id]");
    for (const each of [...rows].slice(from - 1, to)) each.classList.add("chosen");
    document.querySelector("tr.chosen")?.scrollIntoView({ block: "center" });
  };
  choose();
  addEventListener("hashchange", choose);
  document.addEventListener("click", (event) => {
    const line = event.shiftKey && event.target.closest("[data-lines] .n a");
    const begun = /^#L(\d+)/.exec(location.hash);
    if (line && begun) {
      event.preventDefault();
      const [from, to] = [Number(begun[1]), Number(line.hash.slice(2))].sort((a, b) => a - b);
      location.hash = `#L${from}-L${to}`;
    }
    const lasting = event.target.closest("a[data-hash]");
    if (lasting) lasting.hash = location.hash;
  });

  // A menu closes when something else is chosen, and by Escape.
  const menus = () => document.querySelectorAll("details.menu[open], details.clone[open]");
  document.addEventListener("click", (event) => {
    for (const each of menus()) if (!each.contains(event.target)) each.open = false;
  });

  // Drafts: what is typed and not sent is kept in this browser for whoever typed it, until it is sent and taken, or
  // they sign out. When their session ends by itself it stays, for when they are back. Of what changes words that are
  // there, the version that was read is kept, too: saving says so if that is not the one that stands by then.
  const drafts = `gitant:draft:${root.dataset.me}:`;
  const draftOf = (area) => drafts + area.dataset.draft;
  const versionOf = (area) => area.form?.elements.tag;
  const forget = (key) => { for (const each of [key, `${key}#`]) localStorage.removeItem(each); };
  const readDrafts = () => {
    for (const area of document.querySelectorAll("[data-draft]")) {
      const kept = localStorage.getItem(draftOf(area));
      const version = versionOf(area);
      if (kept === null || kept === area.value || (area.value && !version)) continue;
      area.value = kept;
      if (!version) continue;
      version.dataset.now ??= version.value;
      version.value = localStorage.getItem(`${draftOf(area)}#`) ?? version.value;
      const folded = area.closest("details");
      if (folded) folded.open = true;
    }
  };
  document.addEventListener("input", (event) => {
    const area = event.target;
    if (!area.matches?.("[data-draft]")) return;
    if (area.value === area.defaultValue) { forget(draftOf(area)); return; }
    localStorage.setItem(draftOf(area), area.value);
    if (versionOf(area)) localStorage.setItem(`${draftOf(area)}#`, versionOf(area).value);
  });
  document.addEventListener("reset", (event) => {
    for (const area of event.target.querySelectorAll("[data-draft]")) {
      forget(draftOf(area));
      const version = versionOf(area);
      if (version?.dataset.now) version.value = version.dataset.now;
    }
    const folded = event.target.closest("details");
    if (folded) folded.open = false;
  });
  document.addEventListener("click", (event) => event.target.closest("a[data-reset]")?.closest("form").reset());
  document.addEventListener("submit", (event) => {
    if (event.target.getAttribute("action") === "/logout") {
      for (const key of Object.keys(localStorage)) if (key.startsWith(drafts)) localStorage.removeItem(key);
      return;
    }
    const going = [...event.target.querySelectorAll("[data-draft]")].map(draftOf);
    // Taken back on the next page if that says that it was refused.
    if (going.length) sessionStorage.setItem("gitant:going", JSON.stringify(going));
  });
  const sent = JSON.parse(sessionStorage.getItem("gitant:going") || "[]");
  if (!document.querySelector("[role=alert], .problem")) sent.forEach(forget);
  sessionStorage.removeItem("gitant:going");
  readDrafts();

  // Live: when the log grows, parts of the page that say so ask for themselves again.
  const live = document.querySelector("[data-live]");
  if (live && "EventSource" in window) {
    let due = 0, leaving = 0;
    // To load this page again would call off the way to another one that somebody has just taken.
    const reload = () => {
      if (Date.now() - leaving < 5000) due = setTimeout(reload, 1000);
      else location.reload();
    };
    addEventListener("beforeunload", () => { leaving = Date.now(); });
    const source = new EventSource(`/api/v1/events/stream?repo=${encodeURIComponent(live.dataset.live)}`);
    const changed = () => {
      clearTimeout(due);
      due = setTimeout(() => {
        if (live.hasAttribute("data-reload")) reload();
        else document.body.dispatchEvent(new CustomEvent("gitant:changed"));
      }, 150);
    };
    source.addEventListener("event", changed);
    source.onmessage = changed;
    addEventListener("pagehide", () => source.close());
  }
  document.addEventListener("htmx:afterSettle", () => { tellTimes(); readDrafts(); });

  // All boxes of a list at once.
  const all = document.querySelector("[data-tick-all]");
  if (all) {
    const boxes = () => [...all.form.querySelectorAll("input[name=issue]")];
    all.addEventListener("change", () => { for (const each of boxes()) each.checked = all.checked; });
    all.form.addEventListener("change", () => {
      const ticked = boxes().filter((each) => each.checked).length;
      all.checked = ticked === boxes().length;
      all.indeterminate = ticked > 0 && !all.checked;
    });
  }

  // Tasks: ticking one changes the text, as editing it would.
  const enableTasks = () => {
    for (const box of document.querySelectorAll("[data-tick]")) {
      [...box.querySelectorAll("input[type=checkbox]")].forEach((task, index) => {
        task.disabled = false;
        task.dataset.task = index;
      });
    }
  };
  enableTasks();
  document.addEventListener("htmx:afterSettle", enableTasks);
  document.addEventListener("change", async (event) => {
    const task = event.target;
    const box = task.closest?.("[data-tick]");
    if (!box || task.dataset.task === undefined) return;
    const fields = { task: task.dataset.task, comment: box.dataset.comment ?? "", tag: box.dataset.tag ?? "" };
    const answer = await fetch(box.dataset.tick, { method: "POST", body: new URLSearchParams(fields) });
    if (!answer.ok) { task.checked = !task.checked; task.closest("label")?.append(" (not saved: load the page again)"); }
    else document.body.dispatchEvent(new CustomEvent("gitant:changed"));
  });

  // Pictures and files, pasted or dropped, become attachments and Markdown that shows them.
  const attach = async (area, files) => {
    for (const file of files) {
      const mark = `![sending ${file.name}…]()`;
      area.setRangeText(mark, area.selectionStart, area.selectionEnd, "end");
      const to = `/api/v1/repos/${area.dataset.attach}/attachments?name=${encodeURIComponent(file.name)}`;
      const answer = await fetch(to, { method: "POST", body: file, headers: { "Content-Type": file.type || "application/octet-stream" } });
      const said = await answer.json();
      area.value = area.value.replace(mark, answer.ok ? said.markdown : `(${file.name} was not taken: ${said.detail})`);
      area.dispatchEvent(new Event("input", { bubbles: true }));
    }
  };
  for (const [kind, field] of [["paste", "clipboardData"], ["drop", "dataTransfer"]]) {
    document.addEventListener(kind, (event) => {
      const area = event.target.closest?.("textarea[data-attach]");
      const files = [...(event[field]?.files ?? [])];
      if (!area || !files.length) return;
      event.preventDefault();
      attach(area, files);
    });
  }

  // What `@` and `#` may mean, below what is being typed: arrows choose, Enter or Tab takes, Escape leaves it.
  const offers = Object.assign(document.createElement("ul"), { id: "offers", className: "offers" });
  offers.setAttribute("role", "listbox");
  offers.setAttribute("aria-label", "Suggestions");
  const counted = Object.assign(document.createElement("p"), { className: "hidden" });
  counted.setAttribute("role", "status");
  let offered = null;
  let asked = 0;
  const choices = () => [...offers.children];
  const pick = (choice) => {
    for (const each of choices()) each.setAttribute("aria-selected", String(each === choice));
    if (choice) offered.setAttribute("aria-activedescendant", choice.id);
    else offered.removeAttribute("aria-activedescendant");
  };
  const close = () => {
    asked += 1;
    if (!offered) return;
    pick(null);
    offered.removeAttribute("aria-controls");
    offered = null;
    offers.remove();
  };
  const take = (choice) => {
    const area = offered;
    const at = area.selectionEnd;
    const begun = /[@#][\p{L}\p{N}-]*$/u.exec(area.value.slice(0, at));
    close();
    if (begun) area.setRangeText(`${choice.dataset.insert} `, begun.index, at, "end");
    area.dispatchEvent(new Event("change", { bubbles: true }));
    area.focus();
  };
  const offer = async (area) => {
    const begun = /(?:^|[\s(])([@#][\p{L}\p{N}-]{0,40})$/u.exec(area.value.slice(0, area.selectionEnd));
    close();
    if (!begun) return;
    const mine = asked;
    await new Promise((wake) => { setTimeout(wake, 120); });
    if (mine !== asked) return;
    const answer = await fetch(`${area.dataset.complete}?q=${encodeURIComponent(begun[1])}`);
    const found = answer.ok ? await answer.json() : [];
    if (mine !== asked || !found.length || document.activeElement !== area) return;
    offers.replaceChildren(...found.map((each, at) => {
      const choice = Object.assign(document.createElement("li"), { id: `offer-${at}`, textContent: each.label, dir: "auto" });
      choice.setAttribute("role", "option");
      choice.dataset.insert = each.insert;
      return choice;
    }));
    area.after(offers, counted);
    area.setAttribute("aria-autocomplete", "list");
    area.setAttribute("aria-controls", offers.id);
    offered = area;
    pick(null);
    counted.textContent = `${found.length} ${found.length === 1 ? "suggestion" : "suggestions"}`;
  };
  document.addEventListener("input", (event) => {
    if (event.target.matches?.("textarea[data-complete]")) offer(event.target);
  });
  document.addEventListener("keydown", (event) => {
    if (!offered || event.target !== offered || event.ctrlKey || event.metaKey || event.isComposing) return;
    const all = choices();
    const now = all.findIndex((each) => each.getAttribute("aria-selected") === "true");
    if (event.key === "ArrowDown") pick(all[(now + 1) % all.length]);
    else if (event.key === "ArrowUp") pick(all[(now <= 0 ? all.length : now) - 1]);
    else if ((event.key === "Enter" || event.key === "Tab") && now >= 0) take(all[now]);
    else if (event.key === "Escape") close();
    else return;
    event.preventDefault();
  });
  offers.addEventListener("mousedown", (event) => {
    event.preventDefault();
    const choice = event.target.closest("li");
    if (choice) take(choice);
  });
  document.addEventListener("focusout", (event) => { if (event.target === offered) close(); });

  // Single keys, unless they are turned off or something is being typed.
  if (root.dataset.keys === "on") {
    let before = "";
    let since = 0;
    const typing = (element) => element.matches?.("input, textarea, select, [contenteditable]");
    const help = () => {
      const box = document.createElement("dialog");
      box.setAttribute("aria-label", "Keyboard shortcuts");
      const list = document.createElement("dl");
      for (const each of document.querySelectorAll("[data-key]")) {
        const key = document.createElement("dt");
        key.append(Object.assign(document.createElement("kbd"), { textContent: each.dataset.key }));
        const words = document.createElement("dd");
        words.textContent = (each.textContent || each.placeholder || each.title).trim();
        list.append(key, words);
      }
      const close = Object.assign(document.createElement("button"), { textContent: "Close" });
      close.addEventListener("click", () => box.close());
      box.addEventListener("close", () => box.remove());
      box.append(Object.assign(document.createElement("h2"), { textContent: "Keyboard shortcuts" }), list, close);
      document.body.append(box);
      box.showModal();
    };
    document.addEventListener("keydown", (event) => {
      if (event.key === "Escape") for (const each of menus()) each.open = false;
      if (event.ctrlKey || event.metaKey || event.altKey || event.key === "Shift" || typing(event.target)) return;
      const named = (keys) => document.querySelector(`[data-key="${CSS.escape(keys)}"]`);
      const second = before && event.timeStamp - since < 1_000 ? named(`${before} ${event.key}`) : null;
      before = event.key;
      since = event.timeStamp;
      if (event.key === "?") { help(); return; }
      const target = second ?? named(event.key);
      if (!target) return;
      event.preventDefault();
      before = "";
      if (target.matches("input, textarea")) { target.focus(); target.select(); } else target.click();
    });
  }
  // Ctrl+Enter sends the form one is in.
  document.addEventListener("keydown", (event) => {
    if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) event.target.form?.requestSubmit();
  });
})();
