// Chapter 5. An image shifted, then filtered, beside the same filtered, then shifted.
// Data: image (rows of whole numbers from 0 to 9, even sides, about 12×12), kernel (rows of
// small whole numbers, odd sides; laid on the image as it is, as layers do).  Optional:
// operation at the start ("convolution", "stride", "pooling" or "antialiased"; the first),
// shift ([rows down, columns right], each from −4 to 4; [0, 1]), wrap (true or false; false).
(function () {
  "use strict";
  const { figures, math, el, slider, select, check, number } = window.pdlPlay;

  // ---- Mathematics ----

  math.shift = (image, [down, right], boundary = "zero") =>
    image.map((line, r) => line.map((_, c) => math.pixel(image, r - down, c - right, boundary)));

  // Every second row and column.
  math.subsample = (image) =>
    image.filter((_, r) => r % 2 === 0).map((line) => line.filter((_, c) => c % 2 === 0));

  // The greatest value of each 2×2 window, at stride 1.
  math.maximum = (image, boundary = "zero") =>
    image.map((line, r) => line.map((_, c) => Math.max(...[[0, 0], [0, 1], [1, 0], [1, 1]]
      .map(([i, j]) => math.pixel(image, r + i, c + j, boundary)))));

  // A stride of 2 keeps every second value of stride 1. Anti-aliased pooling blurs before it
  // leaves values out (R. Zhang, ICML 2019).
  const BLUR = math.normalize([[1, 2, 1], [2, 4, 2], [1, 2, 1]]);
  math.operations = {
    convolution: (image, kernel, boundary) => math.convolve(image, kernel, false, boundary),
    stride: (image, kernel, boundary) =>
      math.subsample(math.convolve(image, kernel, false, boundary)),
    pooling: (image, kernel, boundary) => math.subsample(math.maximum(image, boundary)),
    antialiased: (image, kernel, boundary) =>
      math.subsample(math.convolve(math.maximum(image, boundary), BLUR, false, boundary)),
  };

  // f(shift(x)) and shift(f(x)). Where f halves the sides, an odd shift is no whole number of
  // output pixels: of the whole numbers on either side of it, the one that fits best counts.
  math.equivariance = (operation, image, kernel, shift, boundary = "zero") => {
    const f = (x) => math.operations[operation](x, kernel, boundary);
    const filtered = f(image);
    const first = f(math.shift(image, shift, boundary));
    const [downs, rights] = shift.map((by) => {
      const exact = (by * filtered.length) / image.length;
      return [...new Set([Math.trunc(exact), Math.trunc(exact) + Math.sign(exact % 1)])];
    });
    const norm = (values) => Math.hypot(...values.flat());
    return downs.flatMap((down) => rights.map((right) => {
      const last = math.shift(filtered, [down, right], boundary);
      const difference = first.map((line, r) => line.map((value, c) => value - last[r][c]));
      const different = difference.flat().filter((value) => Math.abs(value) > 1e-9).length;
      const relative = different ? norm(difference) / norm(last) : 0;
      return { first, last, shift: [down, right], difference, different, relative };
    })).reduce((best, next) =>
      (norm(next.difference) < norm(best.difference) - 1e-9 ? next : best));
  };

  // At most one decimal: 12, −3, 2.5.
  const short = (value) => number(value, 1).replace(".0", "");

  figures.shift = function (root, data) {
    const { image, kernel } = data;
    let { operation = "convolution", shift = [0, 1], wrap = false } = data;
    const set = (change) => (next) => { change(next); redraw(); };

    const tables = {
      x: table("Image x", "play-thumb"),
      moved: table("Shifted, s(x)", "play-thumb"),
      kernel: table("Kernel"),
      first: table("Shifted, then filtered: f(s(x))"),
      last: table("Filtered, then shifted: s(f(x))"),
      difference: table("Difference f(s(x)) − s(f(x))"),
    };
    const verdict = el("p", { "aria-live": "polite", "data-role": "verdict" });
    const note = el("p", { class: "play-note", "data-role": "note" });
    const sample = (name, digit) =>
      el("span", { class: `play-cell play-sample ${name}`, "aria-hidden": "true" }, digit);
    const nodes = (...names) => names.map((name) => tables[name].node);

    root.append(
      el("div", { class: "play-controls" },
        select({
          label: "The layer f",
          options: {
            convolution: "Convolution, stride 1",
            stride: "Convolution, stride 2",
            pooling: "Max pooling 2×2",
            antialiased: "Max pooling 2×2, blurred",
          },
          value: operation,
          input: set((next) => { operation = next; }),
        }).node,
        slider({ label: "Shift s, rows down", min: -4, max: 4, value: shift[0],
          input: set((next) => { shift = [next, shift[1]]; }) }).node,
        slider({ label: "Shift s, columns to the right", min: -4, max: 4, value: shift[1],
          input: set((next) => { shift = [shift[0], next]; }) }).node,
        check({ label: "wrap round: what leaves comes in on the other side", checked: wrap,
          input: set((next) => { wrap = next; }) }).node),
      el("div", { class: "play-thumbs" }, ...nodes("x", "moved", "kernel")),
      el("div", { class: "play-panels" }, ...nodes("first", "last", "difference"),
        el("div", { class: "play-stack" },
          el("div", { class: "play-legend play-fine" },
            el("span", {}, sample("play-pad", "0"), "zero that came in over the border"),
            el("span", {}, sample("play-differs", "1"), "difference other than 0")),
          verdict, note)));

    // A titled table of numbers, made anew at each redraw.
    function table(title, look = "") {
      const grid = el("div", { class: `play-grid play-fine ${look}`, role: "table", "aria-label": title });
      return {
        node: el("div", {}, el("p", { class: "play-title", "aria-hidden": "true" }, title), grid),
        show(values, mark) {
          const most = Math.max(1, ...values.flat().map(Math.abs));
          grid.style.setProperty("--columns", values[0].length);
          grid.replaceChildren(...values.map((line, r) => el("div", { role: "row" },
            ...line.map((value, c) => el("div", {
              role: "cell", class: `play-cell ${mark(r, c, value)}${value ? "" : " play-same"}`,
              style: `--amount: ${Math.round((100 * Math.abs(value)) / most)}%`,
            }, short(value))))));
        },
      };
    }

    function redraw() {
      const boundary = wrap ? "wrap" : "zero";
      const found = math.equivariance(operation, image, kernel, shift, boundary);
      const moved = math.shift(image, shift, boundary);
      // Pixels that the shift brought in from outside, which has none: zeros.
      const fresh = (values, [down, right]) => (r, c) =>
        (!wrap && values[r - down]?.[c - right] === undefined ? "play-pad" : "play-shade");
      const here = () => "play-shade";
      const plain = ["pooling", "antialiased"].includes(operation);
      tables.kernel.node.hidden = plain;
      tables.kernel.show(kernel, () => "play-in");
      tables.x.show(image, here);
      tables.moved.show(moved, fresh(image, shift));
      tables.first.show(found.first, here);
      tables.last.show(found.last, fresh(found.last, found.shift));
      tables.difference.show(found.difference, (r, c, value) =>
        (Math.abs(value) > 1e-9 ? "play-differs" : ""));

      const total = found.first.flat().length;
      verdict.replaceChildren(...(found.different
        ? [el("strong", {}, `${found.different} of ${total} output values differ.`), " Relative difference: ",
          Number.isFinite(found.relative) ? `${number(100 * found.relative, 1)} %.` : "none, s(f(x)) is all zeros."]
        : [el("strong", {}, `All ${total} output values agree:`), " f(s(x)) = s(f(x))."]));

      const places = ([down, right]) => `(${short(down)}, ${short(right)})`;
      const halves = image.length / found.first.length;
      note.textContent = [
        halves === 1 ? "The output has the size of the image and is shifted as far."
          : `The output has half the sides of the image: a shift by ${places(shift)} rows and columns is one by ${places(shift.map((by) => by / 2))} for it.`,
        shift.some((by) => by % halves)
          ? `There are no half pixels; it is shifted by ${places(found.shift)}, which fits best.` : "",
        wrap ? "Nothing is lost at the border." : "At the border zeros come in and what goes out is lost.",
        "The relative difference is √Σd² of the differences d over √Σv² of the values v of s(f(x)).",
      ].join(" ");
    }

    return redraw;
  };
})();
