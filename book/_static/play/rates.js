// Chapter 7. The loss curves of several learning rates, one of which stands out, beside the
// accuracy of every seed against the learning rate.
// Data: rates (two or more, above 0, rising), steps (two or more, rising: where the losses were
// taken), curves (for each rate its loss at each step, 0 or more; null from where it diverged to
// the end), accuracy (for each rate that of each seed, from 0 to 1; null for a seed without one).
// Optional: start (index of the rate that stands out at first; 0), chance (accuracy of guessing,
// a dashed line), enlarged (the accuracies of the best rates fill the axis at first; false),
// lossName ("Loss") and accuracyName ("Accuracy"), the words over the plots.
(function () {
  "use strict";
  const { figures, math, el, svg, slider, check, key, number, newId } = window.pdlPlay;

  // ---- Mathematics ----

  // Mean, lowest and highest of the numbers, and how many there are; nulls are left out.
  math.summary = (values) => {
    const found = values.filter((value) => value !== null);
    const mean = found.reduce((sum, value) => sum + value, 0) / found.length;
    return { mean, low: Math.min(...found), high: Math.max(...found), count: found.length };
  };

  // The indices of the rates, the highest mean accuracy first; those without any are left out.
  math.ranking = (accuracy) => {
    const means = accuracy.map((values) => math.summary(values).mean);
    return [...means.keys()].filter((i) => means[i] >= 0).sort((i, j) => means[j] - means[i]);
  };

  // How many losses a curve has before it diverges.
  math.finiteSteps = (curve) => (curve.includes(null) ? curve.indexOf(null) : curve.length);

  // Round numbers from low to high, at most count + 1: multiples of 1, 2 or 5 times a power of ten.
  math.ticks = (low, high, count) => {
    const power = 10 ** Math.floor(Math.log10((high - low) / count));
    const step = power * [1, 2, 5, 10].find((factor) => (high - low) / (factor * power) <= count);
    const first = Math.ceil(low / step - 1e-9);
    return Array.from({ length: Math.floor(high / step + 1e-9) - first + 1 },
      (_, n) => +((first + n) * step).toPrecision(12));
  };

  // For a logarithmic axis powers of ten, at most `count`; 2 and 5 times them too where there are
  // fewer than three.
  math.logTicks = (low, high, count) => {
    const first = Math.floor(Math.log10(low));
    const powers = Array.from({ length: Math.ceil(Math.log10(high)) - first + 1 }, (_, n) => first + n);
    const inside = (factors) => powers.flatMap((power) => factors.map((n) => +`${n}e${power}`))
      .filter((value) => value >= low * (1 - 1e-9) && value <= high * (1 + 1e-9));
    const tens = inside([1]);
    return tens.length > 2 ? tens.filter((_, n) => n % Math.ceil(tens.length / count) === 0) : inside([1, 2, 5]);
  };

  // ---- The figure ----

  const HEIGHT = 250;
  const [LEFT, RIGHT, TOP, BOTTOM] = [52, 14, 10, 210]; // of the axes; RIGHT is a margin

  // Three digits: 0.03, 2.3, 1.2e6.
  const short = (value) => String(+value.toPrecision(3)).replace("e+", "e");
  const percent = (value, digits = 1) => `${number(100 * value, digits)} %`;

  function validate({ rates, steps, curves, accuracy, start = 0, chance = 0 }) {
    const need = (holds, name, expected, got) => {
      if (!holds) throw new Error(`rates: ${name}: expected ${expected}, got ${JSON.stringify(got)}`);
    };
    const rows = (list, name, length, each) =>
      need(Array.isArray(list) && list.length === length, name, `${length} ${each}`, list?.length);
    const rising = (list, name, least) => {
      need(list?.length > 1, name, "two or more numbers", list);
      list.forEach((value, i) => need(Number.isFinite(value) && value > (i ? list[i - 1] : least),
        `${name}[${i}]`, i ? "more than the one before" : "a number above 0", value));
    };
    const part = (value) => Number.isFinite(value) && value >= 0 && value <= 1;
    rising(rates, "rates", 0);
    rising(steps, "steps", -Infinity);
    rows(curves, "curves", rates.length, "lists, one for each rate");
    rows(accuracy, "accuracy", rates.length, "lists, one for each rate");
    curves.forEach((curve, r) => {
      rows(curve, `curves[${r}]`, steps.length, "losses, one for each step");
      const finite = math.finiteSteps(curve);
      curve.forEach((loss, s) => need(s < finite ? Number.isFinite(loss) && loss >= 0 : loss === null,
        `curves[${r}][${s}]`, s < finite ? "a loss of 0 or more, or null" : "null, as before it", loss));
    });
    need(curves.some(([first]) => first > 0), "curves", "some first loss above 0", curves.map(([first]) => first));
    accuracy.forEach((seeds, r) => need(seeds.length && seeds.every((value) => value === null || part(value)),
      `accuracy[${r}]`, "one seed or more, each from 0 to 1 or null", seeds));
    need(Number.isInteger(start) && rates[start], "start", `an index from 0 to ${rates.length - 1}`, start);
    need(part(chance), "chance", "a number from 0 to 1", chance);
  }

  figures.rates = function (root, data) {
    validate(data);
    const { rates, steps, curves, accuracy, chance, lossName = "Loss", accuracyName = "Accuracy" } = data;
    let { start: chosen = 0, enlarged = false } = data;
    const summaries = accuracy.map(math.summary);
    const order = math.ranking(accuracy);

    // A curve that blows up leaves the axis at ten times the greatest first loss.
    const losses = math.summary(curves.flat().map((loss) => loss || null));
    const most = 10 * Math.max(...curves.map(([first]) => first));
    const lossRange = [0.8 * losses.low, 1.25 * Math.min(losses.high, most)];

    // The enlarged axis holds all seeds of the rates within 5 % of the best mean.
    const near = order.filter((i) => summaries[i].mean >= summaries[order[0]].mean - 0.05);
    const extent = math.summary(near.flatMap((i) => accuracy[i]));
    const margin = Math.max(0.1 * (extent.high - extent.low), 0.002);
    const nearRange = [Math.max(extent.low - margin, 0), Math.min(extent.high + margin, 1)];

    const control = slider({ label: "Learning rate", min: 0, max: rates.length - 1, value: chosen,
      input(next) { chosen = next; redraw(); } });
    const larger = check({ label: "enlarge the accuracies of the best rates", checked: enlarged,
      input(next) { enlarged = next; redraw(); } });
    const [lossPlot, accuracyPlot] = [1, 2].map(() => svg("svg", { height: HEIGHT, role: "img" }));
    const [lossText, accuracyText] = ["loss", "accuracy"].map((role) =>
      el("p", { "aria-live": "polite", "data-role": role }));
    const line = (name) => svg("path", { class: name, d: "M0 6H28" });
    const dot = (x, y, name = "play-rates-seed") =>
      svg("circle", { class: name, cx: x, cy: y, r: name === "play-dot" ? 5 : 3.5 });
    const cross = (x, y) => svg("path", { class: "play-rates-end", d: `M${x - 5} ${y - 5}l10 10m0 -10l-10 10` });

    root.append(
      el("div", { class: "play-controls" }, control.node, larger.node),
      el("div", { class: "play-panels" },
        el("div", {}, el("p", { class: "play-title" }, `${lossName} against the step`), lossPlot,
          el("div", { class: "play-legend" },
            key(line("play-rates-line"), "chosen rate"),
            key(line("play-rates-other"), "other rates"),
            curves.flat().includes(null) ? key(cross(14, 6), "diverges") : "")),
        el("div", {}, el("p", { class: "play-title" }, `${accuracyName} against the learning rate`), accuracyPlot,
          el("div", { class: "play-legend" },
            key(dot(14, 6, "play-dot"), "seeds, chosen rate"),
            key(dot(14, 6), "seeds, other rates"),
            key(line("play-signal"), "mean"),
            chance === undefined ? "" : key(line("play-best"), "guessing")))),
      el("div", {}, lossText, accuracyText));

    // Where a value stands on an axis from one pixel to another.
    const axis = ([low, high], from, to, scale = (value) => value) => (value) =>
      from + ((to - from) * (scale(value) - scale(low))) / (scale(high) - scale(low));
    const path = (name, points) =>
      svg("path", { class: name, d: `M${points.map((point) => point.map((v) => v.toFixed(1)).join(" ")).join("L")}` });

    // Frame and ticks, and a group for what is drawn, cut off at the frame.
    function frame(plot, wide, [x, xTicks, words], [y, yTicks, yText]) {
      const id = newId();
      const inner = svg("g", { "clip-path": `url(#${id})` });
      const write = (text, x, y, anchor = "middle") => svg("text", { x, y, "text-anchor": anchor }, text);
      plot.setAttribute("viewBox", `0 0 ${wide} ${HEIGHT}`);
      plot.replaceChildren(
        svg("clipPath", { id }, svg("rect", { x: LEFT, y: TOP - 6, width: wide - LEFT, height: BOTTOM - TOP + 12 })),
        ...yTicks.map((tick) => svg("path", { class: "play-level", d: `M${LEFT} ${y(tick)}H${wide - RIGHT}` })),
        svg("path", { class: "play-axis", d: `M${LEFT} ${TOP}V${BOTTOM}H${wide - RIGHT}` +
          xTicks.map((tick) => `M${x(tick)} ${BOTTOM}v5`).join("") }),
        inner,
        ...yTicks.map((tick) => write(yText(tick), LEFT - 6, y(tick) + 4, "end")),
        ...xTicks.map((tick) => write(short(tick), Math.min(x(tick), wide - 4 * short(tick).length), BOTTOM + 19)),
        write(words, (LEFT + wide - RIGHT) / 2, HEIGHT - 4));
      return inner;
    }

    // What is chosen is drawn last, over the rest.
    const inOrder = (each) => [...rates.keys()].sort((i, j) => (i === chosen) - (j === chosen)).flatMap(each);

    function drawLosses() {
      const wide = lossPlot.clientWidth || 320;
      const ends = [steps[0], steps.at(-1)];
      const x = axis(ends, LEFT, wide - RIGHT);
      const y = axis(lossRange, BOTTOM, TOP, (loss) => Math.log(Math.max(loss, lossRange[0])));
      frame(lossPlot, wide, [x, math.ticks(...ends, 5), "step (logarithmic loss axis)"],
        [y, math.logTicks(...lossRange, 6), short]).append(...inOrder((r) => {
        const points = curves[r].slice(0, math.finiteSteps(curves[r])).map((loss, s) => [x(steps[s]), y(loss)]);
        if (!points.length) return [];
        const curve = path(r === chosen ? "play-rates-line" : "play-rates-other", points);
        const end = points.findLast(([, y]) => y >= TOP) || [points[0][0], TOP]; // still on the axis
        return points.length < steps.length ? [curve, cross(...end)] : [curve];
      }));
    }

    function drawAccuracies() {
      const wide = accuracyPlot.clientWidth || 320;
      const range = enlarged && order.length ? nearRange : [0, 1];
      const ends = [rates[0], rates.at(-1)];
      const x = axis(ends, LEFT + 16, wide - RIGHT - 16, Math.log);
      const y = axis(range, BOTTOM, TOP);
      const ticks = math.ticks(...range, 6);
      const digits = Math.max(0, Math.ceil(-2 - Math.log10(ticks[1] - ticks[0]) - 1e-9));
      const room = 0.7 * Math.min(...rates.slice(1).map((rate, i) => x(rate) - x(rates[i])));
      frame(accuracyPlot, wide, [x, math.logTicks(...ends, Math.floor(wide / 60)), "learning rate (logarithmic axis)"],
        [y, ticks, (tick) => percent(tick, digits)]).append(
        chance === undefined ? "" : path("play-best", [[LEFT, y(chance)], [wide - RIGHT, y(chance)]]),
        path("play-here", [[x(rates[chosen]), TOP], [x(rates[chosen]), BOTTOM]]),
        path("play-signal", rates.flatMap((rate, r) => (summaries[r].count ? [[x(rate), y(summaries[r].mean)]] : []))),
        // Side by side: two seeds of the same accuracy would hide each other. A seed below the
        // axis is an arrowhead at its foot.
        ...inOrder((r) => accuracy[r].flatMap((value, s, { length }) => {
          if (value === null) return [];
          const place = x(rates[r]) + (s - (length - 1) / 2) * Math.min(5, room / length);
          const name = r === chosen ? "play-dot" : "play-rates-seed";
          return [value < range[0] ? svg("path", { class: name, d: `M${place - 5} ${BOTTOM - 8}h10l-5 8Z` })
            : dot(place, y(value), name)];
        })));
    }

    function aboutLoss() {
      const curve = curves[chosen];
      const finite = math.finiteSteps(curve);
      const at = (s) => `${short(curve[s])} at step ${steps[s]}`;
      if (!finite) return "the loss is no number from the first on: it diverged at once.";
      const lowest = curve.indexOf(Math.min(...curve.slice(0, finite)));
      return `the loss goes from ${at(0)} to ${at(finite - 1)}` +
        (finite < steps.length ? `, then it diverges: from step ${steps[finite]} on it is no number.`
          : lowest < finite - 1 ? `; its lowest is ${at(lowest)}.` : ".");
    }

    const range = ({ low, high, count }) => (count < 2 ? ""
      : low === high ? ", all of them" : `, from ${number(100 * low, 1)} to ${percent(high)}`);

    function aboutAccuracy() {
      const mine = summaries[chosen];
      if (!mine.count) return "No seed has an accuracy.";
      const other = order.find((i) => i !== chosen);
      const theirs = summaries[other];
      const overlap = theirs?.count > 1 && mine.count > 1
        ? `: the ranges ${mine.low <= theirs.high && theirs.low <= mine.high ? "" : "do not "}overlap` : "";
      const missing = accuracy[chosen].length - mine.count;
      return `${accuracyName}, ${mine.count === 1 ? "one seed" : `mean of ${mine.count} seeds`}: ${percent(mine.mean)}${range(mine)}` +
        `${missing ? `; ${missing} without one` : ""}.` +
        (theirs ? ` ${chosen === order[0] ? "No mean is higher; the next is" : "The highest mean is"} ` +
          `${percent(theirs.mean)}, at ${short(rates[other])}${range(theirs)}${overlap}.` : "");
    }

    function redraw() {
      const rate = short(rates[chosen]);
      control.node.querySelector(".play-head span").textContent = rate;
      control.range.setAttribute("aria-valuetext", rate);
      drawLosses();
      drawAccuracies();
      [[lossPlot, lossName], [accuracyPlot, accuracyName]].forEach(([plot, name]) => plot.setAttribute("aria-label",
        `${name} for ${rates.length} learning rates, ${rate} marked; its numbers are below.`));
      lossText.replaceChildren(el("strong", {}, `Learning rate ${rate}:`), ` ${aboutLoss()}`);
      accuracyText.textContent = aboutAccuracy();
    }

    return redraw;
  };
})();
