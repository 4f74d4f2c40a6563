// Chapter 2. A kernel slides over a small zero-padded image; the products and their sum are
// written out for the pixel chosen.  Data: image (rows of numbers), kernel (odd sides).
(function () {
  "use strict";
  const { figures, math, el, check, number, reducedMotion, newId } = window.pdlPlay;
  const PAUSE = 600; // milliseconds a pixel when it plays

  figures.slide = function (root, { image, kernel }) {
    const height = image.length;
    const width = image[0].length;
    const padRows = (kernel.length - 1) / 2;
    const padColumns = (kernel[0].length - 1) / 2;
    let flip = true;
    let at = [0, 0];
    let visited = new Set();
    let timer = null;

    const paddedInput = grid("Image. The arrow keys move the window.", padRows, padColumns, pick);
    const output = grid("Output", 0, 0, pick);
    const laidTitle = el("p", { class: "play-title" });
    const laid = el("div", {
      class: "play-grid play-kernel", role: "img",
      style: `grid-template-columns: repeat(${kernel[0].length}, minmax(0, 1fr))`,
    });
    const terms = el("div", { class: "play-sum" });
    const sum = el("p");
    const result = el("div", { "aria-live": "polite", "data-role": "sum" }, terms, sum);
    // Without motion the button takes one step, and never sets a timer.
    const play = el("button", { type: "button", click: toggle }, reducedMotion.matches ? "Next pixel" : "Play");
    const all = el("button", { type: "button", click: fillAll }, "Fill all");
    const clear = el("button", { type: "button", click: () => { stop(); visited = new Set(); redraw(); } }, "Clear");
    const group = newId();
    const turn = (next) => { flip = next; redraw(); };

    root.append(
      el("div", { class: "play-controls" },
        el("fieldset", {}, el("legend", {}, "The kernel is laid on the image"),
          el("div", { class: "play-controls" },
            check({ label: "turned by half a turn (convolution)", checked: true, group, input: () => turn(true) }).node,
            check({ label: "as it is (cross-correlation)", group, input: () => turn(false) }).node)),
        el("div", { class: "play-controls" }, play, all, clear)),
      el("div", { class: "play-panels" },
        el("div", {}, el("p", { class: "play-title" }, "Image, with its border of zeros"), paddedInput.node),
        el("div", { class: "play-output" }, el("p", { class: "play-title" }, "Output"), output.node)),
      el("div", { class: "play-panels" }, el("div", {}, laidTitle, laid), result),
      el("p", { class: "play-note" },
        "Choose a pixel with a click or a tap; with the keyboard, go to the image and use the arrow keys."));

    // A grid of height × width cells in a border of zeros. One cell at a time can be reached
    // with Tab (a "roving tabindex"); the arrow keys go on from there.
    function grid(label, rows, columns, choose) {
      const keyboard = choose && rows + columns > 0;
      const cells = [];
      const node = el("div", {
        class: "play-grid", role: keyboard ? "grid" : "table", "aria-label": label,
        // The cells of both grids are of one size, so the output's has its share of the width.
        style: `grid-template-columns: repeat(${width + 2 * columns}, minmax(0, 1fr)); ` +
          `width: ${(100 * (width + 2 * columns)) / (width + 2 * padColumns)}%`,
      });
      for (let r = -rows; r < height + rows; r += 1) {
        const outside = r < 0 || r >= height;
        const row = el("div", outside ? { "aria-hidden": "true", style: "display: contents" } : { role: "row" });
        cells[r] = [];
        for (let c = -columns; c < width + columns; c += 1) {
          const pad = outside || c < 0 || c >= width;
          cells[r][c] = pad ? el("div", { class: "play-cell play-pad", "aria-hidden": "true" }, "0")
            : el("div", {
              class: "play-cell play-pick", role: keyboard ? "gridcell" : "cell",
              click: () => { stop(); choose(r, c); if (keyboard) cells[r][c].focus(); },
            });
          row.append(cells[r][c]);
        }
        node.append(row);
      }
      if (keyboard) node.addEventListener("keydown", move);
      return { node, cells };
    }

    function move(event) {
      const steps = { ArrowUp: [-1, 0], ArrowDown: [1, 0], ArrowLeft: [0, -1], ArrowRight: [0, 1] };
      let [r, c] = at;
      if (steps[event.key]) {
        r = Math.min(Math.max(r + steps[event.key][0], 0), height - 1);
        c = Math.min(Math.max(c + steps[event.key][1], 0), width - 1);
      } else if (event.key === "Home") c = 0;
      else if (event.key === "End") c = width - 1;
      else return;
      event.preventDefault();
      stop();
      pick(r, c);
      paddedInput.cells[r][c].focus();
    }

    function pick(r, c) {
      at = [r, c];
      redraw();
    }

    function next() {
      const index = (at[0] * width + at[1] + 1) % (height * width);
      pick(Math.floor(index / width), index % width);
      if (index === height * width - 1) stop();
    }

    function toggle() {
      if (reducedMotion.matches) { next(); return; }
      if (timer) { stop(); return; }
      result.setAttribute("aria-live", "off"); // or a screen reader would talk over each step
      play.textContent = "Pause";
      timer = setInterval(next, PAUSE);
      next();
    }

    function stop() {
      clearInterval(timer);
      timer = null;
      result.setAttribute("aria-live", "polite");
      play.textContent = reducedMotion.matches ? "Next pixel" : "Play";
    }

    function fillAll() {
      stop();
      visited = new Set(image.flatMap((line, r) => line.map((_, c) => `${r} ${c}`)));
      redraw();
    }

    function redraw() {
      const [row, column] = at;
      visited.add(`${row} ${column}`);
      const values = math.convolve(image, kernel, flip);
      const weights = flip ? math.flip(kernel) : kernel;

      for (let r = -padRows; r < height + padRows; r += 1) {
        for (let c = -padColumns; c < width + padColumns; c += 1) {
          const cell = paddedInput.cells[r][c];
          const i = r - row + padRows;
          const j = c - column + padColumns;
          const weight = weights[i]?.[j];
          const now = r === row && c === column;
          cell.classList.toggle("play-in", weight !== undefined);
          cell.classList.toggle("play-now", now);
          cell.textContent = number(math.pixel(image, r, c));
          if (weight !== undefined) cell.append(el("small", { "aria-hidden": "true" }, `×${number(weight)}`));
          if (cell.hasAttribute("role")) {
            cell.tabIndex = now ? 0 : -1;
            cell.setAttribute("aria-selected", now);
          }
        }
      }
      values.forEach((line, r) => line.forEach((value, c) => {
        const cell = output.cells[r][c];
        cell.textContent = visited.has(`${r} ${c}`) ? number(value) : "";
        cell.classList.toggle("play-now", r === row && c === column);
      }));

      laidTitle.textContent = flip ? "Kernel, turned by half a turn" : "Kernel, as it is";
      laid.setAttribute("aria-label",
        `${laidTitle.textContent}: ${weights.map((line) => line.map((w) => number(w)).join(" ")).join("; ")}`);
      laid.replaceChildren(...weights.flat().map((weight) =>
        el("div", { class: "play-cell play-in" }, number(weight))));

      const brackets = (value) => (value < 0 ? `(${number(value)})` : number(value));
      terms.style.gridTemplateColumns = `repeat(${kernel[0].length}, max-content)`;
      terms.replaceChildren(...math.products(image, kernel, row, column, flip).map(({ value, weight }, n) =>
        el("span", {}, `${n ? "+ " : ""}${brackets(value)} · ${brackets(weight)} `)));
      sum.textContent = `= ${number(values[row][column])}, the output at row ${row}, column ${column}`;
    }

    return redraw;
  };
})();
