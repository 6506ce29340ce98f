// Buttons that copy the text of a field. Where the clipboard is closed to the page, the text is selected instead.
import { toast } from "./toast.js";

document.addEventListener("click", async (event) => {
  const field = document.getElementById(event.target.closest("[data-copy]")?.dataset.copy);
  if (!field) return;
  try {
    await navigator.clipboard.writeText(field.value);
    toast("copied");
  } catch {
    field.focus();
    field.select();
  }
});
