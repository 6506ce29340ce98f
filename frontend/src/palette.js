// The command palette (Ctrl+K, ⌘K, or the button in the header): the pages of the navigation, the acts that this page has
// ([data-act]), and for staff what the server finds.
const dialog = document.getElementById("palette");
const WAIT = 150;
const plain = (text) => text.normalize("NFD").replace(/\p{M}/gu, "").toLowerCase().trim();

function make(tag, className, text = "") {
  const made = document.createElement(tag);
  made.className = className;
  made.textContent = text;
  return made;
}

if (dialog) {
  const input = dialog.querySelector("input");
  const list = dialog.querySelector("[role=listbox]");
  const own = dialog.querySelector("[data-own]");
  const found = dialog.querySelector("[data-found]");
  const runs = new WeakMap(); // An option of this page → what it does.
  let asking = null;
  let timer = 0;

  const options = () => [...list.querySelectorAll("[role=option]")];
  const chosen = () => list.querySelector("[aria-selected=true]");

  // Groups of {label, icon, run}, read anew each time: the page may have changed since.
  function entries() {
    const pages = [...document.querySelectorAll(".shell-nav a.nav-link")].map((link) => ({
      label: link.textContent.trim(),
      icon: link.querySelector("svg"),
      keys: link.dataset.key ? `G ${link.dataset.key.toUpperCase()}` : "",
      run: () => link.click(),
    }));
    const acts = [...document.querySelectorAll("[data-act]")].map((act) => ({
      label: act.dataset.act,
      icon: act.querySelector("svg"),
      keys: "",
      run: () => act.click(),
    }));
    return [[dialog.dataset.pages, pages], [dialog.dataset.acts, acts]];
  }

  function option({ label, icon, keys, run }, id) {
    const made = make("div", "palette-option");
    made.id = id;
    made.setAttribute("role", "option");
    made.setAttribute("aria-selected", "false");
    if (icon) made.append(icon.cloneNode(true));
    made.append(make("span", "min-w-0 flex-1 truncate", label));
    if (keys) made.append(make("span", "palette-hint", keys));
    runs.set(made, run);
    return made;
  }

  function show() {
    const words = plain(input.value).split(/\s+/);
    const groups = entries().map(([title, all], at) => {
      const fitting = all.filter(({ label }) => words.every((word) => plain(label).includes(word)));
      const group = make("div", "");
      group.setAttribute("role", "group");
      const head = make("p", "palette-group", title);
      head.id = `palette-own-${at}`;
      group.setAttribute("aria-labelledby", head.id);
      group.append(head, ...fitting.map((one, i) => option(one, `${head.id}-${i}`)));
      return fitting.length ? group : null;
    });
    own.replaceChildren(...groups.filter(Boolean));
    settle();
  }

  // One of them is always chosen, and how many there are is said.
  function settle() {
    const all = options();
    if (!chosen()) choose(all[0]);
    dialog.querySelector("[data-nothing]").hidden = all.length > 0;
    dialog.querySelector("[data-said]").textContent = all.length ? dialog.dataset.results.replace("#", all.length) : dialog.dataset.none;
  }

  function choose(one) {
    for (const other of options()) other.setAttribute("aria-selected", String(other === one));
    if (!one) return input.removeAttribute("aria-activedescendant");
    input.setAttribute("aria-activedescendant", one.id);
    one.scrollIntoView({ block: "nearest" });
  }

  async function find() {
    asking?.abort();
    asking = new AbortController();
    const address = `${dialog.dataset.find}?${new URLSearchParams({ q: input.value })}`;
    const answer = await fetch(address, { signal: asking.signal, headers: { "HX-Request": "true" } }).catch(() => null);
    if (answer?.headers.has("HX-Redirect")) return location.assign(answer.headers.get("HX-Redirect"));
    if (!answer?.ok) return;
    found.innerHTML = await answer.text(); // Our own server's, escaped there.
    settle();
  }

  function look() {
    show();
    clearTimeout(timer);
    if (dialog.dataset.find) timer = setTimeout(find, WAIT);
  }

  function open() {
    if (dialog.open) return dialog.close();
    if (document.querySelector("dialog[open]")) return;
    document.getElementById("menu")?.hidePopover?.();
    input.value = "";
    found.replaceChildren();
    dialog.showModal();
    input.focus();
    look();
  }

  function take(one) {
    if (!one) return;
    dialog.close();
    if (one.dataset.href) return location.assign(one.dataset.href);
    runs.get(one)();
  }

  const steps = { ArrowDown: 1, ArrowUp: -1 };
  input.addEventListener("keydown", (event) => {
    const all = options();
    if (event.key in steps && all.length) {
      event.preventDefault();
      choose(all[(all.indexOf(chosen()) + steps[event.key] + all.length) % all.length]);
    }
    if (event.key === "Enter" && !event.isComposing) {
      event.preventDefault();
      take(chosen());
    }
  });
  input.addEventListener("input", look);
  list.addEventListener("click", (event) => take(event.target.closest("[role=option]")));
  list.addEventListener("pointermove", (event) => {
    const one = event.target.closest("[role=option]");
    if (one && one !== chosen()) choose(one);
  });
  dialog.addEventListener("click", (event) => event.target === dialog && dialog.close());
  document.addEventListener("click", (event) => event.target.closest("[data-palette]") && open());
  document.addEventListener("keydown", (event) => {
    if (event.key.toLowerCase() !== "k" || !(event.ctrlKey || event.metaKey) || event.altKey || event.shiftKey) return;
    event.preventDefault();
    open();
  });
}
