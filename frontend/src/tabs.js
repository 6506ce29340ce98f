// On a phone the tabs of a page scroll sideways: the one that is open is brought into sight.
const bar = document.querySelector(".tabs-bar");
const here = bar?.querySelector("[aria-current=page]")?.getBoundingClientRect();
if (here) bar.scrollLeft = here.left - bar.getBoundingClientRect().left - (bar.clientWidth - here.width) / 2;
