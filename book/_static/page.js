// A listing that scrolls sideways must be reachable by keyboard, one that does not should be no stop.
// The theme measures every listing of a page at once, which takes a phone a second of layout; here
// each is measured when it comes near the window. Until then it is reachable.
(function () {
  "use strict";
  const near = new IntersectionObserver((entries) => {
    for (const { target, isIntersecting } of entries) {
      if (isIntersecting) target.tabIndex = target.scrollWidth > target.clientWidth ? 0 : -1;
    }
  }, { rootMargin: "800px" });
  const start = () => document.querySelectorAll("article pre").forEach((each) => near.observe(each));
  if (document.readyState === "loading") document.addEventListener("DOMContentLoaded", start);
  else start();
})();

// Paper is white: a page is printed in its light colours, whichever are on the screen.
(function () {
  "use strict";
  const page = document.documentElement;
  let theme;
  window.addEventListener("beforeprint", () => {
    theme = page.dataset.theme;
    page.dataset.theme = "light";
  });
  window.addEventListener("afterprint", () => { page.dataset.theme = theme; });
})();
