// Playable figures. A page that has a <div class="play" data-play="NAME"> gets NAME.js, the
// mathematics and the style sheet from this script's own folder; any other page gets nothing.
// Classic scripts, not modules: a book opened from disk (file://) may not import modules.
(function () {
  "use strict";
  if (window.pdlPlay) return;
  const folder = document.currentScript.src.replace(/[?#].*$/, "").replace(/[^/]*$/, "");
  const figures = {};
  const redraws = [];
  let ids = 0;
  const newId = () => `play-${(ids += 1)}`;

  // ---- What the figures share ----

  // Sets attributes (functions become listeners) and appends children.
  function fill(node, attributes, children) {
    for (const [name, value] of Object.entries(attributes || {})) {
      if (typeof value === "function") node.addEventListener(name, value);
      else if (value !== false && value != null) node.setAttribute(name, value === true ? "" : value);
    }
    node.append(...children);
    return node;
  }
  const el = (tag, attributes, ...children) =>
    fill(document.createElement(tag), attributes, children);
  const svg = (tag, attributes, ...children) =>
    fill(document.createElementNS("http://www.w3.org/2000/svg", tag), attributes, children);

  // A labelled slider with its value written above its right end.
  function slider({ label, min, max, step = 1, value, unit = "", input }) {
    const id = newId();
    const shown = el("span");
    const range = el("input", { type: "range", id, min, max, step, value });
    const update = () => {
      shown.textContent = `${range.value}${unit && ` ${unit}`}`;
      range.setAttribute("aria-valuetext", shown.textContent);
    };
    range.addEventListener("input", () => { update(); input(+range.value); });
    update();
    const node = el("div", { class: "play-field play-slider" },
      el("div", { class: "play-head" }, el("label", { for: id }, label), shown), range);
    return { node, range, set(next) { range.value = next; update(); } };
  }

  // A labelled check box, or a radio button where a group's name is given.
  function check({ label, checked, group, input }) {
    const id = newId();
    const box = el("input", {
      type: group ? "radio" : "checkbox", name: group, id, checked, change: () => input(box.checked),
    });
    return { node: el("span", { class: "play-check" }, box, el("label", { for: id }, label)), box };
  }

  function select({ label, options, value, input }) {
    const id = newId();
    const list = el("select", { id, change: () => input(list.value) },
      ...Object.entries(options).map(([key, text]) => el("option", { value: key }, text)));
    list.value = value;
    return { node: el("div", { class: "play-field" }, el("label", { for: id }, label), list), list };
  }

  // A legend entry: a sample of the line or mark, then its name.
  const key = (shape, text) => el("span", {},
    svg("svg", { viewBox: "0 0 28 12", "aria-hidden": "true" }, shape), text);

  // Bytes from base64.
  const bytes = (text) => Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));

  // Shows an image, paint(i) → [red, green, blue] of pixel i. The canvas holds a whole number
  // of device pixels for each image pixel, at least as many as the screen shows, so that
  // pixels stay square and sharp on every screen.
  function draw(canvas, width, height, paint) {
    const small = el("canvas", { width, height });
    const image = new ImageData(width, height);
    for (let i = 0; i < width * height; i += 1) image.data.set([...paint(i), 255], 4 * i);
    small.getContext("2d").putImageData(image, 0, 0);
    const shown = (canvas.clientWidth || width) * (window.devicePixelRatio || 1);
    const scale = Math.max(1, Math.ceil(shown / width));
    canvas.width = width * scale;
    canvas.height = height * scale;
    const context = canvas.getContext("2d");
    context.imageSmoothingEnabled = false;
    context.drawImage(small, 0, 0, canvas.width, canvas.height);
  }

  // A colour of the style sheet, #rgb or #rrggbb, as [red, green, blue].
  function color(node, name) {
    const text = getComputedStyle(node).getPropertyValue(name).trim().slice(1);
    const full = text.length === 3 ? [...text].map((digit) => digit + digit).join("") : text;
    return [0, 2, 4].map((start) => parseInt(full.slice(start, start + 2), 16));
  }

  // A number with a true minus sign.
  const number = (value, digits = 0) => {
    const text = value.toFixed(digits);
    return (+text === 0 ? text.replace("-", "") : text).replace("-", "\u2212");
  };

  const reducedMotion = window.matchMedia("(prefers-reduced-motion: reduce)");

  // ---- Loading ----

  const loading = {};
  function load(name) {
    loading[name] ||= new Promise((resolve, reject) => {
      const style = name.endsWith(".css");
      const node = style ? el("link", { rel: "stylesheet", href: folder + name })
        : el("script", { src: folder + name });
      node.onload = resolve;
      node.onerror = () => reject(new Error(`playable figure: ${name} did not load`));
      document.head.append(node);
    });
    return loading[name];
  }

  // Builds one figure. Until it stands, and if it fails, the still image stays in its place.
  async function mount(place) {
    const name = place.dataset.play;
    if (!/^[a-z]+$/.test(name)) throw new Error(`playable figure: no figure is called "${name}"`);
    const styled = [...document.styleSheets].some((sheet) => /\/play\.css(\?|$)/.test(sheet.href));
    await Promise.all([styled || load("play.css"), load("math.js")]);
    await load(`${name}.js`);
    const data = JSON.parse(place.querySelector("script.play-data").textContent);
    const root = el("div", {
      class: "play-figure", role: "group", "aria-label": place.dataset.alt || name,
    });
    let redraw;
    try {
      redraw = figures[name](root, data);
      place.append(root); // first, for a drawing needs to know its width
      redraw();
    } catch (error) {
      root.remove();
      throw error;
    }
    place.querySelector(".play-still")?.remove();
    redraws.push(redraw);
    // Diagrams are drawn in pixels of the screen, so that their text keeps its size.
    let width = root.clientWidth;
    new ResizeObserver(() => {
      if (root.clientWidth === width) return;
      width = root.clientWidth;
      redraw();
    }).observe(root);
    place.dataset.ready = "true";
  }

  function start() {
    const places = document.querySelectorAll("div.play[data-play]");
    if (!places.length) return;
    // A figure is made when it comes near the window: a long page opens sooner.
    const near = new IntersectionObserver((entries) => {
      for (const { target, isIntersecting } of entries) {
        if (!isIntersecting) continue;
        near.unobserve(target);
        mount(target).catch((error) => console.error(error));
      }
    }, { rootMargin: "600px" });
    places.forEach((place) => near.observe(place));
    new MutationObserver(() => redraws.forEach((redraw) => redraw()))
      .observe(document.documentElement, { attributes: true, attributeFilter: ["data-theme"] });
  }

  window.pdlPlay = {
    figures, el, svg, slider, check, select, key, bytes, draw, color, number, reducedMotion, newId,
  };
  if (document.readyState === "loading") document.addEventListener("DOMContentLoaded", start);
  else start();
})();
