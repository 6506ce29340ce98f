// What was just done is said once: the address loses its `?done=`, so that loading it again, or sending it to a
// colleague, does not say it again.
const ONCE = ["done", "saved"];
const here = new URL(location.href);
if (here.pathname.startsWith("/app") && ONCE.some((name) => here.searchParams.has(name))) {
  for (const name of ONCE) here.searchParams.delete(name);
  history.replaceState(history.state, "", here);
}
