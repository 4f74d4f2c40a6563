// Chapter 4. A threshold moved over the histogram, the two classes that it makes, and the
// variance between them, which Otsu's threshold makes greatest.
// Data: width, height, pixels (base64 of uint8 gray values); threshold (optional, the start).
(function () {
  "use strict";
  const { figures, math, el, svg, slider, key, bytes, draw, color, number } = window.pdlPlay;
  const LEFT = 12; // half a slider's thumb: the slider then stands exactly under the axis
  const BARS = [22, 162]; // top and bottom of the histogram
  const CURVE = [196, 286]; // top and bottom of the curve
  const HEIGHT = 306;

  figures.otsu = function (root, { width, height, pixels, threshold = 60 }) {
    const raw = bytes(pixels);
    const counts = math.histogram(raw);
    const variances = math.betweenClassVariance(counts);
    const best = math.otsu(counts);
    const most = Math.max(...counts);
    let t = threshold;

    const plot = svg("svg", { height: HEIGHT, "aria-hidden": "true", style: "cursor: ew-resize; touch-action: pan-y" });
    const control = slider({ label: "Threshold t", min: 0, max: 255, value: t, input: go });
    const jump = el("button", { type: "button", click: () => go(best) }, "Go to Otsu’s threshold");
    const original = el("canvas", { role: "img", "aria-label": "The original image" });
    const mask = el("canvas", { role: "img", "aria-label": "The image thresholded: the foreground in the colour of the right-hand class" });
    const numbers = el("p", { class: "play-numbers", "aria-live": "polite", "data-role": "numbers" });
    const square = (name) => svg("rect", { class: name, x: 8, y: 0.5, width: 12, height: 11 });

    root.append(
      el("div", { class: "play-panels" },
        el("div", { class: "play-stack", style: "flex-grow: 2" }, plot, control.node,
          el("div", { class: "play-legend" },
            key(square("play-bar-0"), "background, value ≤ t"),
            key(square("play-bar-1"), "foreground, value > t"),
            key(svg("path", { class: "play-here", d: "M0 6H28" }), "t"),
            key(svg("path", { class: "play-best", d: "M0 6H28" }), "Otsu’s threshold")),
          numbers, jump),
        el("div", { class: "play-stack" },
          el("p", { class: "play-title" }, "Original"), original,
          el("p", { class: "play-title" }, "Thresholded"), mask)));

    // A finger or mouse on the plot drags the threshold too; the slider is there for the keys.
    function drag(event) {
      if (event.type === "pointermove" && !event.buttons) return;
      if (event.type === "pointerdown") plot.setPointerCapture(event.pointerId);
      const box = plot.getBoundingClientRect();
      const value = ((event.clientX - box.left - LEFT) / (box.width - 2 * LEFT)) * 255;
      go(Math.min(Math.max(Math.round(value), 0), 255));
    }
    plot.addEventListener("pointerdown", drag);
    plot.addEventListener("pointermove", drag);

    function go(next) {
      t = next;
      control.set(t);
      redraw();
    }

    function redraw() {
      const wide = plot.clientWidth || 320;
      const x = (value) => LEFT + (value / 255) * (wide - 2 * LEFT);
      const yBar = (count) => BARS[1] - (count / most) * (BARS[1] - BARS[0]);
      const yCurve = (variance) => CURVE[1] - (variance / (variances[best] || 1)) * (CURVE[1] - CURVE[0]);
      const bars = (from, to) => {
        let path = `M${x(from - 0.5)} ${BARS[1]}`;
        for (let v = from; v <= to; v += 1) path += `V${yBar(counts[v])}H${x(v + 0.5)}`;
        return `${path}V${BARS[1]}Z`;
      };
      const upright = (name, value) => svg("path", { class: name, d: `M${x(value)} ${BARS[0]}V${CURVE[1]}` });

      plot.setAttribute("viewBox", `0 0 ${wide} ${HEIGHT}`);
      plot.replaceChildren(
        svg("path", { class: "play-bar-0", d: bars(0, t) }),
        ...(t < 255 ? [svg("path", { class: "play-bar-1", d: bars(t + 1, 255) })] : []),
        svg("path", { class: "play-axis", d: `M${x(0)} ${BARS[1]}H${x(255)}M${x(0)} ${CURVE[1]}H${x(255)}` }),
        svg("path", {
          class: "play-line",
          d: "M" + variances.map((variance, v) => `${x(v).toFixed(1)} ${yCurve(variance).toFixed(1)}`).join("L"),
        }),
        upright("play-best", best), upright("play-here", t),
        svg("circle", { class: "play-best-dot", cx: x(best), cy: yCurve(variances[best]), r: 5 }),
        svg("circle", { class: "play-here-dot", cx: x(t), cy: yCurve(variances[t]), r: 4.5 }),
        svg("text", { x: LEFT, y: 13 }, `pixels a value (at most ${most})`),
        svg("text", { x: LEFT, y: CURVE[0] - 9 }, "variance between the classes"));
      for (const value of [0, 64, 128, 192, 255]) {
        plot.append(svg("text", { x: x(value), y: HEIGHT - 4, "text-anchor": "middle" }, value));
      }

      const colors = [color(root, "--play-class-0"), color(root, "--play-class-1")];
      draw(original, width, height, (i) => [raw[i], raw[i], raw[i]]);
      draw(mask, width, height, (i) => colors[+(raw[i] > t)]);

      const { omega0, omega1, mu0, mu1, variance } = math.classes(counts, t);
      const show = (value, digits) => (Number.isNaN(value) ? "none" : number(value, digits));
      const item = (name, index, value) => el("span", {}, el("i", {}, name), el("sub", {}, index), ` = ${value}`);
      numbers.replaceChildren(
        el("span", {}, el("i", {}, "t"), ` = ${t}`), " ",
        item("ω", "0", show(omega0, 3)), " ", item("ω", "1", show(omega1, 3)), " ",
        item("μ", "0", show(mu0, 1)), " ", item("μ", "1", show(mu1, 1)), " ",
        el("span", {}, el("i", {}, "σ"), el("sub", {}, "B"), el("sup", {}, "2"), ` = ${number(variance, 1)}`), " ",
        el("span", {}, t === best ? "(the greatest)" : `(greatest: ${number(variances[best], 1)} at t = ${best})`));
    }

    return redraw;
  };
})();
