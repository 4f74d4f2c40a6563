// Chapter 1. A signal sampled and quantized: which frequency the samples describe, and how
// large the error of rounding is.
// Data, all optional: frequency, endFrequency (of the chirp), duration, unit (of time), rate
// and bits at the start, rates ([lowest, highest] of the slider).
(function () {
  "use strict";
  const { figures, math, el, svg, slider, select, key, number } = window.pdlPlay;
  const HEIGHT = 176;
  const LEFT = 34;
  const RIGHT = 8;
  const MIDDLE = 82; // the y of value 0
  const SCALE = 66; // pixels from 0 to 1

  figures.sampling = function (root, data) {
    const { frequency = 9, endFrequency = 24, duration = 1, unit = "s" } = data;
    let { rate = 40, bits = 3 } = data;
    const [slowest, fastest] = data.rates || [4, 80];
    let shape = "sinusoid";
    const hertz = unit === "s" ? "Hz" : `cycles per ${unit}`;

    const signal = select({
      label: "Signal",
      options: {
        sinusoid: `Sinusoid, ${frequency} ${hertz}`,
        chirp: `Chirp, 1 to ${endFrequency} ${hertz}`,
      },
      value: shape,
      input(next) { shape = next; redraw(); },
    });
    const rates = slider({
      label: "Sampling rate", min: slowest, max: fastest, value: rate, unit: `per ${unit}`,
      input(next) { rate = next; redraw(); },
    });
    const depth = slider({
      label: "Bits a sample", min: 1, max: 8, value: bits,
      input(next) { bits = next; redraw(); },
    });

    const sampled = svg("svg", { height: HEIGHT, "aria-hidden": "true" });
    const quantized = svg("svg", { height: HEIGHT, "aria-hidden": "true" });
    const aliasText = el("p", { "aria-live": "polite", "data-role": "alias" });
    const errorText = el("p", { "aria-live": "polite", "data-role": "error" });
    const line = (name) => svg("path", { class: name, d: "M0 6H28" });

    root.append(
      el("div", { class: "play-controls" }, signal.node, rates.node, depth.node),
      el("div", {},
        el("p", { class: "play-title" }, "Sampling"), sampled,
        el("div", { class: "play-legend" },
          key(line("play-signal"), "the signal"),
          key(svg("circle", { class: "play-dot", cx: 14, cy: 6, r: 4.5 }), "its samples"),
          key(line("play-alias"), "the slowest curve through the samples")),
        aliasText),
      el("div", {},
        el("p", { class: "play-title" }, "Quantization"), quantized,
        el("div", { class: "play-legend" },
          key(line("play-signal"), "the signal"),
          key(line("play-line"), "samples rounded to a level and held"),
          key(line("play-level"), "the levels")),
        errorText));

    // Axes, and a function that turns points (t, value) into a path.
    function plot(node) {
      const width = node.clientWidth || 320;
      const x = (t) => LEFT + (t / duration) * (width - LEFT - RIGHT);
      const y = (value) => MIDDLE - SCALE * value;
      node.setAttribute("viewBox", `0 0 ${width} ${HEIGHT}`);
      node.replaceChildren(svg("path", {
        class: "play-axis", d: `M${LEFT} ${y(1.1)}V${y(-1.1)}H${width - RIGHT}`,
      }));
      for (const value of [-1, 0, 1]) {
        node.append(svg("text", { x: LEFT - 6, y: y(value) + 4, "text-anchor": "end" }, number(value)));
      }
      for (const [t, anchor] of [[0, "start"], [duration / 2, "middle"], [duration, "end"]]) {
        node.append(svg("text", { x: x(t), y: y(-1.1) + 17, "text-anchor": anchor },
          t === duration ? `time t = ${t} ${unit}` : String(t)));
      }
      const path = (points) =>
        "M" + points.map(([t, value]) => `${x(t).toFixed(1)} ${y(value).toFixed(1)}`).join("L");
      return { x, y, path, width };
    }

    function redraw() {
      const [f0, f1] = shape === "chirp" ? [1, endFrequency] : [frequency, frequency];
      const value = (t) => Math.sin(math.phase(t, f0, f1, duration));
      const fine = Array.from({ length: 1201 }, (_, i) => (duration * i) / 1200);
      const times = math.sampleTimes(rate, duration);
      const samples = times.map(value);
      const levels = math.quantize(samples, bits, -1, 1);
      const step = math.quantizationStep(bits, -1, 1);
      const curve = fine.map((t) => [t, value(t)]);

      const top = plot(sampled);
      const alias = fine.map((t) => [t, Math.sin(math.aliasPhase(t, f0, f1, duration, rate))]);
      sampled.append(
        svg("path", { class: "play-signal", d: top.path(curve) }),
        svg("path", { class: "play-alias", d: top.path(alias) }),
        ...times.map((t, n) =>
          svg("circle", { class: "play-dot", cx: top.x(t), cy: top.y(samples[n]), r: 4.5 })));

      const low = plot(quantized);
      if (bits <= 5) { // closer levels would be a gray wash
        for (let level = 0; level < 2 ** bits; level += 1) {
          const height = low.y(-1 + level * step);
          quantized.append(svg("path", { class: "play-level", d: `M${LEFT} ${height}H${low.width - RIGHT}` }));
        }
      }
      const held = levels.flatMap((level, n) =>
        [[times[n], level], [Math.min((n + 1) / rate, duration), level]]);
      quantized.append(
        svg("path", { class: "play-signal", d: low.path(curve) }),
        svg("path", { class: "play-line", d: low.path(held) }));

      aliasText.textContent = shape === "chirp" ? aboutChirp(f1) : aboutSinusoid(frequency);
      const error = math.rms(levels.map((level, n) => level - samples[n]));
      errorText.textContent =
        `${2 ** bits} levels, a step of ${step.toPrecision(3)} apart. RMS error of the ` +
        `${samples.length} samples: ${error.toPrecision(3)}. Theory, step/√12: ` +
        `${(step / Math.sqrt(12)).toPrecision(3)}.`;
    }

    function aboutSinusoid(f) {
      const found = number(math.aliasFrequency(f, rate), 1).replace(/\.0$/, "");
      if (rate === 2 * f) {
        return `The rate is exactly 2 × ${f}: every sample falls on a zero of the sinusoid, ` +
          "and nothing of it is left.";
      }
      return rate > 2 * f
        ? `The rate is above 2 × ${f} = ${2 * f}: the samples describe ${found} ${hertz}, the sinusoid itself.`
        : `The rate is below 2 × ${f} = ${2 * f}: the samples describe ${found} ${hertz}, an alias.`;
    }

    function aboutChirp(f) {
      if (rate >= 2 * f) return `The rate is not below 2 × ${f} = ${2 * f}: the samples follow the chirp to its end.`;
      const lost = (duration * (rate / 2 - 1)) / (f - 1);
      return `From t = ${lost.toFixed(2)} ${unit} on, the chirp is faster than half the rate, ` +
        `${rate / 2} ${hertz}. At its end, ${f} ${hertz}, the samples describe ` +
        `${number(math.aliasFrequency(f, rate), 1).replace(/\.0$/, "")} ${hertz}.`;
    }

    return redraw;
  };
})();
