// Chapter 3. A 3×3 kernel, edited by hand, applied to a photograph at once.
// Data: width, height, pixels (base64 of uint8 gray values, row by row).
(function () {
  "use strict";
  const { figures, math, el, select, check, bytes, draw, number } = window.pdlPlay;

  // As the chapter writes them, for a true convolution. The mean and the Gaussian are whole
  // numbers here, and it is "divide by the sum" that makes averages of them.
  const PRESETS = {
    identity: { text: "Identity", kernel: [[0, 0, 0], [0, 1, 0], [0, 0, 0]] },
    mean: { text: "Mean", kernel: [[1, 1, 1], [1, 1, 1], [1, 1, 1]], normalize: true },
    gaussian: { text: "Gaussian", kernel: [[1, 2, 1], [2, 4, 2], [1, 2, 1]], normalize: true },
    sobelx: { text: "Sobel, horizontal derivative", kernel: [[1, 0, -1], [2, 0, -2], [1, 0, -1]], center: true },
    sobely: { text: "Sobel, vertical derivative", kernel: [[-1, -2, -1], [0, 0, 0], [1, 2, 1]], center: true },
    laplacian: { text: "Laplacian", kernel: [[0, 1, 0], [1, -4, 1], [0, 1, 0]], center: true },
    sharpen: { text: "Sharpen", kernel: [[0, -1, 0], [-1, 5, -1], [0, -1, 0]] },
    emboss: { text: "Emboss", kernel: [[-2, -1, 0], [-1, 1, 1], [0, 1, 2]] },
  };

  figures.kernel = function (root, { width, height, pixels, preset = "gaussian" }) {
    const raw = bytes(pixels);
    const image = math.rows(raw, width, height);
    const before = math.mean(image);

    const presets = select({
      label: "Kernel",
      options: {
        ...Object.fromEntries(Object.entries(PRESETS).map(([name, { text }]) => [name, text])),
        own: "Your own",
      },
      value: preset,
      input: choose,
    });
    const entries = Array.from({ length: 9 }, (_, n) => el("input", {
      type: "number", step: "any", "aria-label": `Kernel, row ${Math.floor(n / 3)}, column ${n % 3}`,
      input() { presets.list.value = "own"; redraw(); },
    }));
    const divide = check({ label: "Divide by the sum", input: redraw });
    const center = check({ label: "Centre at gray (show 128 + value)", input: redraw });
    const original = el("canvas", { role: "img", "aria-label": "The original photograph" });
    const result = el("canvas", { role: "img", "aria-label": "The photograph convolved with the kernel" });
    const text = el("p", { "aria-live": "polite", "data-role": "result" });

    root.append(
      el("div", { class: "play-controls" },
        el("div", { class: "play-field" }, presets.node, divide.node, center.node),
        el("fieldset", {}, el("legend", {}, "Its nine numbers"),
          el("div", { class: "play-inputs" }, ...entries))),
      el("div", { class: "play-panels" },
        el("div", {}, el("p", { class: "play-title" }, "Original"), original),
        el("div", {}, el("p", { class: "play-title" }, "Convolved"), result)),
      text);

    function choose(name) {
      const chosen = PRESETS[name];
      if (!chosen) return; // "Your own": the numbers stay
      chosen.kernel.flat().forEach((weight, n) => { entries[n].value = weight; });
      divide.box.checked = Boolean(chosen.normalize);
      center.box.checked = Boolean(chosen.center);
      redraw();
    }

    // 0.111…, 2, −1.5: as many digits as it needs, at most three.
    const short = (value) => number(value, 3).replace(/\.?0+$/, "");

    function effect(sum) {
      if (Math.abs(sum - 1) < 1e-9) return "a flat area keeps its brightness";
      if (Math.abs(sum) < 1e-9) return "a flat area becomes 0, only changes remain";
      return `a flat area becomes ${short(sum)} times as bright`;
    }

    function redraw() {
      // An empty field, or a lone minus sign on its way to −1, counts as 0.
      const typed = [0, 3, 6].map((start) =>
        entries.slice(start, start + 3).map((entry) => Number(entry.value) || 0));
      const sum = math.kernelSum(typed);
      const divisible = Math.abs(sum) >= 1e-12;
      divide.box.disabled = !divisible;
      divide.node.classList.toggle("play-off", !divisible);
      const kernel = divide.box.checked ? math.normalize(typed) : typed;

      // Beyond the border lies its nearest pixel: zeros would darken the frame.
      const convolved = math.convolve(image, kernel, true, "nearest");
      const shift = center.box.checked ? 128 : 0;
      const shown = convolved.flat().map((value) => Math.min(Math.max(Math.round(value + shift), 0), 255));
      draw(original, width, height, (i) => [raw[i], raw[i], raw[i]]);
      draw(result, width, height, (i) => [shown[i], shown[i], shown[i]]);

      const divided = divide.box.checked && divisible && Math.abs(sum - 1) > 1e-9;
      const used = math.kernelSum(kernel);
      const clipped = convolved.flat().filter((value) => value + shift < -0.5 || value + shift > 255.5).length;
      const share = (100 * clipped) / (width * height);
      text.textContent =
        `Sum of the kernel: ${short(sum)}${divided ? `, divided by it: ${short(used)}` : ""}; ${effect(used)}. ` +
        `Mean brightness: ${number(before, 1)} before, ${number(math.mean(convolved), 1)} after. ` +
        (clipped ? `Shown clipped to 0…255, which changes ${number(share, 1)} % of the pixels.`
          : "No pixel had to be clipped to 0…255.");
    }

    choose(preset);
    return redraw;
  };
})();
