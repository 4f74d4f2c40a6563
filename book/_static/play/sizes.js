// Chapter 5. The size of an output along one axis: the padded input as cells, the windows of
// the kernel over it, the formula with its numbers, and the cells that no window reads.
// Data, all optional: length (1 to 20; else 12), kernel (1 to 7; else 3), stride (1 to 5; else 1),
// dilation (1 to 3; else 1), padding (zeros on each side, 0 to 9; else 0; or [before, after] with
// after = before or before + 1).
(function () {
  "use strict";
  const { figures, math, el, svg, slider, check, key, number, newId } = window.pdlPlay;
  const LEFT = 42; // room for the windows' names
  const TOP = 22; // room for the indices
  const HIGH = 24; // height of a cell
  const ROW = 17; // from one window to the next

  // ---- Mathematics ----

  // The cells from the first to the last that a kernel with dilation covers.
  math.span = (kernel, dilation = 1) => dilation * (kernel - 1) + 1;

  // How many windows fit (the floor form); 0 if none does. `padding` is [before, after].
  math.outputSize = (length, kernel, stride = 1, padding = [0, 0], dilation = 1) => {
    const room = length + padding[0] + padding[1] - math.span(kernel, dilation);
    return room < 0 ? 0 : Math.floor(room / stride) + 1;
  };

  // TensorFlow's SAME: ⌈length / stride⌉ outputs; the odd zero goes after.
  math.samePadding = (length, kernel, stride = 1, dilation = 1) => {
    const last = (Math.ceil(length / stride) - 1) * stride;
    const total = Math.max(last + math.span(kernel, dilation) - length, 0);
    return [Math.floor(total / 2), Math.ceil(total / 2)];
  };

  // The cells of the padded input that each window reads.
  math.windows = (length, kernel, stride = 1, padding = [0, 0], dilation = 1) =>
    Array.from({ length: math.outputSize(length, kernel, stride, padding, dilation) }, (_, n) =>
      Array.from({ length: kernel }, (_, k) => n * stride + k * dilation));

  // ---- Words ----

  const list = (items) =>
    (items.length < 2 ? items.join() : `${items.slice(0, -1).join(", ")} and ${items.at(-1)}`);
  const pixels = (indices) => `pixel${indices.length > 1 ? "s" : ""} ${list(indices)}`;
  const zeros = (count) => (count === 1 ? "1 zero" : `${count} zeros`);
  // At most two decimals: 4.5, 3, ≈ 3.33.
  const short = (value) =>
    (Math.abs(value * 100 - Math.round(value * 100)) > 1e-9 ? "≈ " : "= ") + decimal(value);
  const decimal = (value) => number(value, 2).replace(/\.?0+$/, "");

  figures.sizes = function (root, data) {
    let { length = 12, kernel = 3, stride = 1, dilation = 1 } = data;
    let [before, after = before] = [data.padding ?? 0].flat();

    const hatch = newId();
    const setter = (set) => (next) => { set(next); redraw(); };
    const padding = slider({
      label: "Padding P", min: 0, max: 9, value: before,
      input: (next) => pad([next, next + after - before]),
    });
    const odd = check({
      label: "one zero more after the end", checked: after > before, input: (on) => pad([before, before + on]),
    });
    const sliders = [
      slider({ label: "Length L", min: 1, max: 20, value: length, input: setter((v) => { length = v; }) }),
      slider({ label: "Kernel K", min: 1, max: 7, value: kernel, input: setter((v) => { kernel = v; }) }),
      slider({ label: "Stride S", min: 1, max: 5, value: stride, input: setter((v) => { stride = v; }) }),
      slider({ label: "Dilation D", min: 1, max: 3, value: dilation, input: setter((v) => { dilation = v; }) }),
      padding, odd,
    ];
    const half = () => (dilation * (kernel - 1)) / 2;
    const preset = (text, rule) => el("button", { type: "button", click: () => pad(rule()) }, text);

    const plot = svg("svg", { role: "img" });
    const verdict = el("p", { "aria-live": "polite", "data-role": "verdict" });
    const formula = el("div", { class: "play-formula", "data-role": "formula" });
    const rules = el("div", { class: "play-note", "data-role": "rules" });
    const cell = (name) => svg("rect", { class: name, x: 8, y: 0.5, width: 12, height: 11 });

    root.append(
      el("div", { class: "play-sliders" }, ...sliders.map(({ node }) => node)),
      el("div", { class: "play-buttons", role: "group", "aria-label": "Padding by a rule" },
        preset("VALID", () => [0, 0]),
        preset("SAME of TensorFlow", () => math.samePadding(length, kernel, stride, dilation)),
        preset("PyTorch: P = D(K − 1)/2", () => [Math.floor(half()), Math.floor(half())])),
      el("div", {}, plot,
        el("div", { class: "play-legend" },
          key(cell("play-size-input"), "input"),
          key(cell("play-size-zero"), "zero of the padding"),
          key(cell("play-size-tap"), "read by the window"),
          key(svg("path", { class: "play-size-strike", d: "M8 .5h12v11h-12zl12 11m0-11l-12 11" }), "never read"),
          key(cell("play-size-miss"), "a window that does not fit"))),
      verdict, formula, rules);

    function pad(next) {
      [before, after] = next;
      padding.set(before);
      odd.box.checked = after > before;
      redraw();
    }

    function redraw() {
      const span = math.span(kernel, dilation);
      const padded = length + before + after;
      const windows = math.windows(length, kernel, stride, [before, after], dilation);
      const read = new Set(windows.flat());
      const unread = Array.from({ length: padded }, (_, n) => n).filter((n) => !read.has(n));
      const room = padded - span;
      // The window that comes next but finds too few cells.
      const next = windows.length * stride;
      const missing = room < 0 || room % stride ? next : null;
      draw(padded, windows, new Set(unread), missing, span);
      say(padded, span, windows, unread, room);
    }

    function draw(padded, windows, unread, missing, span) {
      const wide = plot.clientWidth || 320;
      const columns = Math.max(padded, missing === null ? 0 : missing + span);
      const size = Math.min((wide - LEFT - 1) / columns, 34);
      const x = (n) => LEFT + n * size;
      const box = (name, n, y, height) =>
        svg("rect", { class: name, x: x(n) + 0.5, y, width: Math.max(size - 1, 2), height });
      const text = (value, at, y, anchor = "middle") => svg("text", { x: at, y, "text-anchor": anchor }, value);
      const rows = windows.length + (missing === null ? 0 : 1);
      const height = TOP + HIGH + 8 + rows * ROW + 4;
      plot.setAttribute("height", height);
      plot.setAttribute("viewBox", `0 0 ${wide} ${height}`);
      plot.setAttribute("aria-label",
        `${length} input pixels, ${zeros(before)} before and ${after} after them; ` +
        `${windows.length} windows${unread.size ? `, ${unread.size} cells never read` : ""}`);
      plot.replaceChildren(svg("defs", {}, svg("pattern", {
        id: hatch, width: 6, height: 6, patternUnits: "userSpaceOnUse", patternTransform: "rotate(45)",
      }, svg("path", { class: "play-size-hatch", d: "M0 3H6" }))));

      plot.append(text("x", LEFT - 8, TOP + 17, "end"));
      const every = size >= 20 ? 1 : size >= 10 ? 2 : 5;
      for (let n = 0; n < padded; n += 1) {
        const index = n - before;
        const inside = index >= 0 && index < length;
        plot.append(box(inside ? "play-size-input" : "play-size-zero", n, TOP, HIGH));
        if (unread.has(n)) {
          const cross = box("", n, TOP, HIGH);
          cross.setAttribute("style", `fill: url(#${hatch})`);
          plot.append(cross, svg("path", {
            class: "play-size-strike",
            d: `M${x(n) + 0.5} ${TOP}L${x(n + 1) - 0.5} ${TOP + HIGH}M${x(n + 1) - 0.5} ${TOP}L${x(n) + 0.5} ${TOP + HIGH}`,
          }));
        } else if (!inside && size >= 12) plot.append(text("0", x(n + 0.5), TOP + 17));
        if (inside && index % every === 0) plot.append(text(index, x(n + 0.5), TOP - 7));
      }
      const window = (name, cells, row) => {
        const y = TOP + HIGH + 8 + row * ROW;
        plot.append(svg("path", { class: "play-size-line", d: `M${x(cells[0] + 0.5)} ${y + ROW / 2 - 1}H${x(cells.at(-1) + 0.5)}` }),
          ...cells.map((n) => box(name, n, y, ROW - 4)));
        return y + ROW - 5;
      };
      windows.forEach((cells, n) => plot.append(text(`y[${n}]`, LEFT - 8, window("play-size-tap", cells, n), "end")));
      if (missing !== null) {
        const cells = Array.from({ length: kernel }, (_, k) => missing + k * dilation);
        plot.append(text("✗", LEFT - 8, window("play-size-miss", cells, windows.length), "end"));
      }
    }

    function say(padded, span, windows, unread, room) {
      const count = windows.length;
      const reach = count ? windows.at(-1).at(-1) : -1; // the last cell read
      const lost = unread.map((n) => n - before).filter((index) => index >= 0 && index < length);
      const atEnd = lost.filter((index) => index + before > reach);
      const between = lost.filter((index) => index + before < reach);
      const spare = unread.filter((n) => n > reach && n >= before + length).length;
      const outputs = `${count} output${count > 1 ? "s" : ""}`;
      const parts = [];
      if (room < 0) {
        verdict.replaceChildren(el("strong", {}, "Impossible: "),
          `the kernel covers ${span} cells, and the padded input has ${padded}. There is no output.`);
      } else {
        if (room % stride) {
          parts.push(el("strong", {}, "Does not fit: "),
            `${room}/${stride} ${short(room / stride)} is not a whole number. The floor form gives ${outputs}; ` +
            (atEnd.length ? `input ${pixels(atEnd)} at the end ${atEnd.length > 1 ? "are" : "is"} never read.`
              : `only ${zeros(spare)} of the padding ${spare > 1 ? "are" : "is"} left over, and no input pixel at the end is lost.`));
        } else parts.push(el("strong", {}, "Fits: "), `${outputs}, and the last window ends with the last cell.`);
        if (between.length) {
          parts.push(` Between what the windows read, input ${pixels(between)} ${between.length > 1 ? "are" : "is"} never read.`);
        }
        verdict.replaceChildren(...parts);
      }

      const one = after > before ? " + 1" : "";
      const name = dilation > 1 ? "K′" : "K";
      formula.replaceChildren(
        ...(dilation > 1 ? [el("p", {}, `K′ = D(K − 1) + 1 = ${dilation}·(${kernel} − 1) + 1 = ${span}`)] : []),
        el("p", {}, `L′ = ⌊(L − ${name} + 2P${one}) / S⌋ + 1`),
        el("p", {}, el("span", {}, `= ⌊(${length} − ${span} + 2·${before}${one}) / ${stride}⌋ + 1`), " ",
          el("span", {}, `= ⌊${number(room)}/${stride}⌋ + 1`), " ",
          el("strong", {}, room < 0 ? "< 1: no output" : `= ${count}`)));

      const same = math.samePadding(length, kernel, stride, dilation);
      const is = (rule) => before === rule[0] && after === rule[1];
      const wanted = Math.ceil(length / stride);
      const said = [];
      if (is([0, 0])) said.push("VALID: no padding.");
      if (is(same)) {
        said.push(`SAME: ⌈L/S⌉ = ${wanted} outputs need max((${wanted} − 1)·${stride} + ${span} − ${length}, 0) = ` +
          `${zeros(same[0] + same[1])}, ${same[0]} before and ${same[1]} after.`);
      }
      if (is([Math.floor(half()), Math.floor(half())])) {
        said.push(`PyTorch’s habit: P = D(K − 1)/2 = ${decimal(half())}` +
          (half() % 1 ? ", which is no whole number (an even kernel has no middle); rounded down here." : " on each side."));
      }
      if (room >= 0) said.push(`The first window starts at pixel ${number(-before)}${before ? ", in the padding" : ""}.`);
      rules.replaceChildren(...said.map((line) => el("p", {}, line)));
    }

    return redraw;
  };
})();
