// Chapter 6. A gradient flows back through one convolution, and through one pooling.
// Data: image (3×3 rows), kernel (2×2), gradient (2×2: ∂L/∂y, the same for both), pool (4×4), all
// whole numbers from −99 to 99.  Optional: bias (a number; 0), panel at the start ("convolution" or
// "pooling"; the first), pooling ("max" or "average"; the first).
(function () {
  "use strict";
  const { figures, math, el, check, number, newId } = window.pdlPlay;

  // ---- Mathematics ----

  const zeros = (height, width) => Array.from({ length: height }, () => new Array(width).fill(0));

  // A layer's convolution: every window that fits, the kernel as it is, plus the bias.
  math.forward = (image, kernel, bias = 0) =>
    zeros(image.length - kernel.length + 1, image[0].length - kernel[0].length + 1)
      .map((line, i) => line.map((_, j) => bias + math.kernelSum(
        kernel.map((weights, a) => weights.map((w, b) => w * image[i + a][j + b])))));

  // The terms of one derivative: the output gradient at [i, j] times what the output [i, j]
  // multiplied there. It multiplied pixel [i + a, j + b] by weight [a, b], and the bias by 1.
  math.terms = (of, [row, column], kernel, gradient) =>
    gradient.flatMap((line, i) => line.map((_, j) => ({
      at: [i, j],
      by: of === "x" ? [row - i, column - j] : of === "w" ? [row + i, column + j] : null,
    }))).filter(({ by }) => of !== "x" || kernel[by[0]]?.[by[1]] !== undefined);

  math.derivative = (of, place, image, kernel, gradient) =>
    math.terms(of, place, kernel, gradient).reduce((sum, { at: [i, j], by }) =>
      sum + gradient[i][j] * (by ? (of === "x" ? kernel : image)[by[0]][by[1]] : 1), 0);

  // ∂L/∂x, ∂L/∂w and ∂L/∂b.
  math.backward = (image, kernel, gradient) => {
    const all = (of, values) => values.map((line, r) =>
      line.map((_, c) => math.derivative(of, [r, c], image, kernel, gradient)));
    return { x: all("x", image), w: all("w", kernel), b: all("b", [[0]]) };
  };

  // Pooling of 2×2 windows: its output, and which part of an output's gradient each input
  // gets. The greatest takes all, the first of equals; an average gives ¼ to each.
  math.pool = (image, pooling = "max") => {
    const share = zeros(image.length, image[0].length);
    const output = zeros(image.length / 2, image[0].length / 2).map((line, i) => line.map((_, j) => {
      const places = [0, 1, 2, 3].map((n) => [2 * i + (n >> 1), 2 * j + (n & 1)]);
      const values = places.map(([r, c]) => image[r][c]);
      const greatest = Math.max(...values);
      const winner = values.indexOf(greatest);
      places.forEach(([r, c], n) => { share[r][c] = pooling === "max" ? +(n === winner) : 0.25; });
      return pooling === "max" ? greatest : math.mean([values]);
    }));
    return { output, share };
  };

  math.poolBackward = (image, gradient, pooling = "max") =>
    math.pool(image, pooling).share.map((line, r) =>
      line.map((part, c) => part * gradient[r >> 1][c >> 1]));

  // ---- The figure ----

  // At most two decimals: 3, −0.5, 1.25.
  const short = (value) => number(value, 2).replace(/\.?0+$/, "");
  const factor = (value) => (value < 0 ? `(${short(value)})` : short(value));
  const named = (name, place) => (name.endsWith("b") ? name : `${name}[${place.join(", ")}]`);
  const same = (one, other) => one[0] === other[0] && one[1] === other[1];

  figures.gradient = function (root, data) {
    const { image, kernel, gradient, pool } = structuredClone(data);
    const bias = [[data.bias ?? 0]];
    const empty = zeros(2, 2);
    let { panel = "convolution", pooling = "max" } = data;
    let chosen = { name: "x", place: [1, 1] }; // of the convolution
    let seen = [0, 0]; // the pooling window that is explained

    const choose = (name, place) => { chosen = { name, place }; };
    const look = (name, [r, c]) => { seen = name === "x" ? [r >> 1, c >> 1] : [r, c]; };
    const convolution = [
      matrix("x", image, choose), matrix("w", kernel, choose), matrix("b", bias, choose), matrix("y", empty),
      matrix("∂L/∂x", image), matrix("∂L/∂w", kernel), matrix("∂L/∂b", bias),
      matrix("∂L/∂y", gradient, () => {}),
    ];
    const pooled = [matrix("x", pool, look), matrix("y", empty), matrix("∂L/∂x", pool), matrix("∂L/∂y", gradient, look)];
    let last = convolution[0].cells[1][1]; // the number that − and + change

    const text = el("div", { class: "play-formula", "aria-live": "polite", "data-role": "sum" });
    const poolText = el("p", { "aria-live": "polite", "data-role": "pooled" });
    const label = el("span", {});
    const step = (sign, change) => el("button", {
      type: "button", click() { last.entry[change](); last.input(); },
    }, sign);
    const buttons = [step("− 1", "stepDown"), step("+ 1", "stepUp")];
    const radios = (legend, options, value, input) => {
      const group = newId();
      return el("fieldset", {}, el("legend", {}, legend), el("div", { class: "play-controls" },
        ...Object.entries(options).map(([name, words]) =>
          check({ label: words, group, checked: name === value, input() { input(name); redraw(); } }).node)));
    };
    // Each derivative stands under the value that it is taken with respect to.
    const rows = (title, parts) => [
      el("p", { class: "play-title" }, title),
      el("div", { class: "play-matrices" }, ...parts.slice(0, parts.length / 2).map(({ node }) => node)),
      el("p", { class: "play-title" }, "Backward, from ∂L/∂y"),
      el("div", { class: "play-matrices" }, ...parts.slice(parts.length / 2).map(({ node }) => node)),
    ];
    const panes = {
      convolution: el("div", { class: "play-pane" }, ...rows("Forward, y = x ⋆ w + b", convolution), text),
      pooling: el("div", { class: "play-pane" },
        radios("Of each 2×2 window, y is", { max: "the greatest value", average: "the average" }, pooling,
          (next) => { pooling = next; }),
        ...rows("Forward", pooled), poolText),
    };

    root.append(
      radios("Back through", { convolution: "a convolution", pooling: "a pooling" }, panel, (next) => {
        panel = next;
        last = (panel === "pooling" ? pooled : convolution)[0].cells[1][1];
      }),
      el("div", { class: "play-controls play-step" }, label, ...buttons),
      panes.convolution, panes.pooling,
      el("p", { class: "play-note" }, "Choose a number in a field to see which gradients reach it; " +
        "change it with the up and down arrow keys or the two buttons."));

    // A titled matrix: of fields where a number can be chosen, else of results.
    function matrix(name, values, choice) {
      const cells = values.map((row, r) => row.map((value, c) => {
        const mark = el("small", { "aria-hidden": "true" });
        if (!choice) {
          const shown = el("span");
          return { node: el("div", { role: "cell" }, shown, mark), shown, mark };
        }
        const label = named(name, [r, c]);
        const entry = el("input", { type: "number", min: -99, max: 99, step: 1, value, "aria-label": label });
        const cell = { node: el("div", {}, entry, mark), entry, mark, label };
        cell.input = () => {
          values[r][c] = Math.min(Math.max(Number(entry.value) || 0, -99), 99);
          redraw();
        };
        entry.addEventListener("input", cell.input);
        entry.addEventListener("focus", () => { last = cell; choice(name, [r, c]); redraw(); });
        return cell;
      }));
      const grid = el("div", {
        class: "play-grid play-matrix", role: choice ? "group" : "table", "aria-label": name,
        style: `--columns: ${values[0].length}`,
      }, ...cells.map((row) => el("div", { role: choice ? "presentation" : "row", class: "play-row" },
        ...row.map(({ node }) => node))));
      // Shows the numbers, and at each place a class and a mark in words.
      const show = (numbers, style = () => []) => cells.forEach((row, r) => row.forEach((cell, c) => {
        if (cell.shown) cell.shown.textContent = short(numbers[r][c]);
        else if (document.activeElement !== cell.entry) cell.entry.value = values[r][c];
        const [look = "", mark = ""] = style([r, c]);
        cell.node.className = `play-cell ${look}`;
        cell.mark.textContent = mark;
      }));
      return { node: el("div", {}, el("p", { class: "play-name", "aria-hidden": "true" }, name), grid), cells, show };
    }

    function redraw() {
      for (const [name, node] of Object.entries(panes)) node.hidden = name !== panel;
      label.textContent = `Change ${last.label}:`;
      buttons.forEach((button, n) =>
        button.setAttribute("aria-label", `${n ? "Increase" : "Decrease"} ${last.label} by 1`));
      if (panel === "convolution") drawConvolution();
      else drawPooling();
    }

    function drawConvolution() {
      const { name, place } = chosen;
      const terms = math.terms(name, place, kernel, gradient);
      const other = { x: "w", w: "x" }[name];
      const values = { x: kernel, w: image }[name];
      const found = math.backward(image, kernel, gradient);
      const isChosen = (at) => same(at, place);
      const [x, w, b, y, gx, gw, gb, gy] = convolution;
      Object.entries({ x: [x, gx], w: [w, gw], b: [b, gb] }).forEach(([part, [value, derivative]]) => {
        value.show(null, (at) => {
          if (part === name && isChosen(at)) return ["play-now", "chosen"];
          return part === other && terms.some(({ by }) => same(by, at)) ? ["play-in", "used"] : [];
        });
        derivative.show(found[part], (at) => (part === name && isChosen(at) ? ["play-now"] : []));
      });
      y.show(math.forward(image, kernel, bias[0][0]), (here) =>
        (terms.some(({ at }) => same(at, here)) ? ["play-in"] : []));
      gy.show(null, (here) => {
        const term = terms.find(({ at }) => same(at, here));
        return term ? ["play-in", `· ${term.by ? named(other, term.by) : "1"}`] : [];
      });

      // Words may break between the terms, not within one.
      const sum = (write) => terms.flatMap((term, n) =>
        [el("span", {}, (n ? "+ " : "= ") + write(term)), " "]);
      text.replaceChildren(
        el("p", {}, el("strong", {}, named(`∂L/∂${name}`, place)), " ",
          ...sum(({ at, by }) => named("∂L/∂y", at) + (by ? ` · ${named(other, by)}` : ""))),
        el("p", {}, ...sum(({ at: [i, j], by }) =>
          factor(gradient[i][j]) + (by ? ` · ${factor(values[by[0]][by[1]])}` : "")),
        el("strong", {}, `= ${short(found[name][place[0]][place[1]])}`)));
    }

    function drawPooling() {
      const { output, share } = math.pool(pool, pooling);
      const [x, y, gx, gy] = pooled;
      const style = ([r, c]) => {
        const classes = `${r === 2 ? "play-below" : ""} ${c === 2 ? "play-after" : ""} ` +
          (same([r >> 1, c >> 1], seen) ? "play-in" : "");
        if (pooling === "average") return [classes, "¼"];
        return share[r][c] ? [`${classes} play-winner`, "max"] : [classes];
      };
      const one = (at) => (same(at, seen) ? ["play-in"] : []);
      x.show(null, style);
      y.show(output, one);
      gx.show(math.poolBackward(pool, gradient, pooling), style);
      gy.show(null, one);

      const [i, j] = seen;
      const window = [0, 1, 2, 3].map((n) => [2 * i + (n >> 1), 2 * j + (n & 1)]);
      const winner = window.find(([r, c]) => share[r][c] === 1);
      const equals = window.filter(([r, c]) => pool[r][c] === output[i][j]).length;
      const arriving = `${named("∂L/∂y", seen)} = ${short(gradient[i][j])}`;
      poolText.textContent = pooling === "average"
        ? `Each of the four pixels of the window gets a quarter of ${arriving}: ${short(gradient[i][j] / 4)}.`
        : `${named("x", winner)} = ${short(output[i][j])} is the greatest of its window` +
          (equals > 1 ? ` (the first of ${equals} equal ones)` : "") +
          `: it gets all of ${arriving}, the other three get 0.`;
    }

    return redraw;
  };
})();
