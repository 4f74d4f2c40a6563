// Chapter 8. An image turned, shifted, scaled and mirrored, and what is known about it with it: the
// geometry of pdl.augmentation. Points are (x, y), pixel centres at whole numbers, the image
// reaches from −0.5 to W − 0.5; a matrix says where a point goes: flips, then scale, turn, shift.
// Data: image (uint8, H×W×3 or H×W; as lists, or as {height, width, pixels} with base64 bytes; up to
// about 240×320, for it is drawn anew at every step), outlines (for each object its polygon
// [[x, y], …], three points or more), boxes (for each [x_min, y_min, x_max, y_max], pixel edges),
// classes (for each its name).  Optional, at the start: rotation (−180…180 degrees,
// counter-clockwise), shift ([right, down], pixels), scale (0.5…2), brightness (−0.5…0.5) and
// noise (0…0.3, standard deviation), both as parts of white, flips ([horizontal, vertical], true or
// false), boundary ("zero", "nearest", "reflect" or "wrap"), left (true: boxes left behind).
(function () {
  "use strict";
  const { figures, math, el, svg, slider, select, check, key, bytes, draw, number, newId } = window.pdlPlay;

  // ---- Mathematics ----

  // The move as [[a, b, c], [d, e, f]]: (x, y) goes to (ax + by + c, dx + ey + f). The turn is
  // counter-clockwise on the screen, where y grows downwards; quarter turns are exact.
  math.move = ({ flips, scale, rotation, shift }, width, height) => {
    const angle = (rotation * Math.PI) / 180;
    const [cos, sin] = [Math.cos(angle), Math.sin(angle)].map((value) =>
      (rotation % 90 ? value : Math.round(value)));
    const [right, down] = flips.map((flip) => (flip ? -scale : scale));
    const centre = [(width - 1) / 2, (height - 1) / 2]; // stays, but for the shift
    return [[cos * right, sin * down], [-sin * right, cos * down]].map(([a, b], k) =>
      [a, b, centre[k] + shift[k] - a * centre[0] - b * centre[1]]);
  };

  math.inverse = ([[a, b, c], [d, e, f]]) => {
    const size = a * e - b * d;
    return [[e, -b, b * f - c * e], [-d, a, c * d - a * f]].map((row) => row.map((value) => value / size));
  };

  math.movePoints = (points, [[a, b, c], [d, e, f]]) =>
    points.map(([x, y]) => [a * x + b * y + c, d * x + e * y + f]);

  // The row (column) that stands for one outside 0 … size − 1; −1 for none.
  const OUTSIDE = {
    zero: () => -1,
    nearest: (index, size) => Math.min(Math.max(index, 0), size - 1),
    wrap: (index, size) => ((index % size) + size) % size,
    reflect(index, size) {
      const place = OUTSIDE.wrap(index, 2 * size);
      return Math.min(place, 2 * size - 1 - place);
    },
  };

  // The moved image, row by row: each pixel asks the inverse where it came from and interpolates
  // between the four pixels around that point.
  math.warp = (values, width, height, matrix, boundary = "zero") => {
    const channels = values.length / (width * height);
    const [[a, b, c], [d, e, f]] = math.inverse(matrix);
    const within = (index, size) =>
      (index >= 0 && index < size ? index : OUTSIDE[boundary](index, size));
    const result = new Array(values.length).fill(0);
    for (let i = 0; i < width * height; i += 1) {
      const x = a * (i % width) + b * Math.floor(i / width) + c;
      const y = d * (i % width) + e * Math.floor(i / width) + f;
      const [left, top] = [Math.floor(x), Math.floor(y)];
      for (let n = 0; n < 4; n += 1) {
        const column = within(left + (n & 1), width);
        const row = within(top + (n >> 1), height);
        if (row < 0 || column < 0) continue;
        const weight = (n & 1 ? x - left : 1 - x + left) * (n >> 1 ? y - top : 1 - y + top);
        const from = channels * (row * width + column);
        for (let k = 0; k < channels; k += 1) result[channels * i + k] += weight * values[from + k];
      }
    }
    return result;
  };

  // The smallest upright box around points.
  math.bounds = (points) => [Math.min, Math.max].flatMap((end) =>
    [0, 1].map((k) => end(...points.map((point) => point[k]))));

  math.boxArea = ([left, top, right, bottom]) => (right - left) * (bottom - top);

  math.clip = (box, width, height) => box.map((value, n) =>
    Math.min(Math.max(value, -0.5), (n % 2 ? height : width) - 0.5));

  // Each box becomes the one around its four moved corners, clipped to the image; kept are those
  // of which some part is inside.
  math.moveBoxes = (boxes, matrix, width, height) => {
    const moved = boxes.map(([left, top, right, bottom]) => math.clip(math.bounds(math.movePoints(
      [[left, top], [right, top], [right, bottom], [left, bottom]], matrix)), width, height));
    const kept = [...moved.keys()].filter((n) => math.boxArea(moved[n]) > 0);
    return { boxes: kept.map((n) => moved[n]), kept };
  };

  // What of a polygon lies in the image: cut at each of its four sides (Sutherland & Hodgman,
  // 1974). [] if nothing does.
  math.clipPolygon = (points, width, height) =>
    [[0, 1, -0.5], [1, 1, -0.5], [0, -1, width - 0.5], [1, -1, height - 0.5]].reduce((rest, [k, sign, side]) => {
      const depth = (point) => sign * (point[k] - side);
      return rest.flatMap((point, n) => {
        const before = rest.at(n - 1);
        const [from, to] = [depth(before), depth(point)];
        const part = from / (from - to);
        const crossing = before.map((value, m) => value + part * (point[m] - value));
        return [...((from < 0) !== (to < 0) ? [crossing] : []), ...(to < 0 ? [] : [point])];
      });
    }, points);

  math.polygonArea = (points) => Math.abs(points.reduce((sum, [x, y], n) => {
    const [u, v] = points.at(n - 1);
    return sum + u * y - x * v;
  }, 0)) / 2;

  math.boxIou = (one, other) => {
    const sides = [0, 1].map((k) => Math.min(one[k + 2], other[k + 2]) - Math.max(one[k], other[k]));
    const both = Math.max(sides[0], 0) * Math.max(sides[1], 0);
    return both / (math.boxArea(one) + math.boxArea(other) - both);
  };

  // Normal numbers, the same each time (xorshift, Marsaglia 2003; Box & Muller, 1958).
  math.normals = (count) => {
    let state = 1;
    const uniform = () => {
      state ^= state << 13;
      state ^= state >>> 17;
      state ^= state << 5;
      return (state >>> 0) / 2 ** 32;
    };
    return Array.from({ length: count }, () =>
      Math.sqrt(-2 * Math.log(uniform())) * Math.cos(2 * Math.PI * uniform()));
  };

  // ---- The figure ----

  function need(holds, name, expected, got) {
    if (!holds) throw new Error(`augment: ${name}: expected ${expected}, got ${JSON.stringify(got)}`);
  }

  // The image's values row by row, and its size.
  function read(image) {
    const values = Array.isArray(image) ? image.flat(2) : Array.from(bytes(image?.pixels ?? ""));
    const height = image?.height ?? image?.length;
    const width = image?.width ?? image?.[0]?.length;
    const channels = values.length / (width * height);
    need(channels === 1 || channels === 3, "image", "H×W×3 or H×W values", `${values.length} for ${height}×${width}`);
    const wrong = values.find((value) => !Number.isInteger(value) || value < 0 || value > 255);
    need(wrong === undefined, "image", "whole numbers from 0 to 255", wrong);
    return { values, width, height, channels };
  }

  function validate({ outlines, boxes, classes }) {
    const numbers = (list, length) =>
      Array.isArray(list) && list.length === length && list.every(Number.isFinite);
    need(Array.isArray(boxes) && boxes.length, "boxes", "one box or more", boxes);
    boxes.forEach((box, n) => need(numbers(box, 4) && box[0] < box[2] && box[1] < box[3],
      `boxes[${n}]`, "[x_min, y_min, x_max, y_max]", box));
    for (const [name, list] of Object.entries({ outlines, classes })) {
      need(list?.length === boxes.length, name, `${boxes.length}, one for each box`, list?.length);
    }
    outlines.forEach((points, n) => need(points.length > 2 && points.every((point) => numbers(point, 2)),
      `outlines[${n}]`, "three points [x, y] or more", points));
  }

  figures.augment = function (root, data) {
    validate(data);
    const { outlines, boxes, classes, shift = [0, 0], flips: [...flips] = [false, false] } = data;
    const { values, width, height, channels } = read(data.image);
    let { boundary = "zero", left = false } = data;
    let normals;

    // Name: label, lowest, highest, step, unit, neutral, start.
    const half = [width, height].map((side) => Math.round(side / 2));
    const controls = Object.fromEntries(Object.entries({
      rotation: ["Turn", -180, 180, 5, "°", 0],
      right: ["Shift x", -half[0], half[0], 1, "px", 0, shift[0]],
      down: ["Shift y", -half[1], half[1], 1, "px", 0, shift[1]],
      scale: ["Scale", 0.5, 2, 0.05, "", 1],
      brightness: ["Brightness", -0.5, 0.5, 0.05, "", 0],
      noise: ["Noise", 0, 0.3, 0.02, "", 0],
    }).map(([name, [label, min, max, step, unit, neutral, value = data[name] ?? neutral]]) =>
      [name, { neutral, ...slider({ label, min, max, step, unit, value, input: redraw }) }]));
    const at = (name) => +controls[name].range.value;

    const buttons = ["Flip left–right", "Flip up–down"].map((text, n) => el("button", {
      type: "button", click() { flips[n] = !flips[n]; redraw(); },
    }, text));
    const reset = el("button", { type: "button", click() {
      Object.values(controls).forEach(({ set, neutral }) => set(neutral));
      flips.fill(false);
      redraw();
    } }, "Reset");
    const group = newId();
    const mode = (label, behind) =>
      check({ label, group, checked: left === behind, input() { left = behind; redraw(); } }).node;
    const canvas = el("canvas", { role: "img", "aria-label": "The changed image with outlines and boxes" });
    const over = svg("svg", { "aria-hidden": "true" });
    const text = el("p", { "aria-live": "polite", "data-role": "boxes" });
    const matrixText = el("p", { class: "play-formula play-note", "data-role": "matrix" });
    const line = (name) => svg("g", {}, ...stroke(name, "M0 6H28"));
    const legend = el("div", { class: "play-legend" });

    root.append(
      el("div", { class: "play-panels play-augment" },
        el("div", {}, el("div", { class: "play-over" }, canvas, over),
          legend),
        el("div", { class: "play-stack" },
          el("div", { class: "play-sliders" }, ...Object.values(controls).map(({ node }) => node)),
          el("div", { class: "play-buttons" }, ...buttons, reset),
          el("fieldset", {}, el("legend", {}, "The boxes are"),
            el("div", { class: "play-controls" }, mode("carried along", false), mode("left behind", true))),
          select({ label: "Outside the image", value: boundary,
            options: { zero: "black", nearest: "nearest pixel", reflect: "reflected", wrap: "repeated" },
            input(next) { boundary = next; redraw(); } }).node)),
      text, matrixText);

    // A line on a band of the ground's colour: to be seen on any image.
    function stroke(name, d) {
      return [svg("path", { class: "play-band", d }), svg("path", { class: `play-mark play-${name}`, d })];
    }

    function redraw() {
      const matrix = math.move({
        flips, scale: at("scale"), rotation: at("rotation"), shift: [at("right"), at("down")],
      }, width, height);
      buttons.forEach((button, n) => button.setAttribute("aria-pressed", flips[n]));

      // Light, then geometry, then noise: as a picture is taken.
      const bright = values.map((value) =>
        Math.min(Math.max(Math.round(value + 255 * at("brightness")), 0), 255));
      const pixels = math.warp(bright, width, height, matrix, boundary).map(Math.round);
      if (at("noise")) {
        normals ||= math.normals(values.length);
        pixels.forEach((value, n) => { pixels[n] = value + 255 * at("noise") * normals[n]; });
      }
      draw(canvas, width, height, (i) => [0, 1, 2].map((k) => pixels[channels * i + (k % channels)]));

      const carried = math.moveBoxes(boxes, matrix, width, height);
      const polygons = outlines.map((points) => math.movePoints(points, matrix));
      const anew = polygons.map((points) => math.clipPolygon(points, width, height));
      const seen = [...anew.keys()].filter((n) => anew[n].length);
      const marked = left ? { boxes, kept: [...boxes.keys()] } : carried;

      const wide = canvas.clientWidth || width;
      const place = (point) => point.map((value) => (((value + 0.5) * wide) / width).toFixed(1)).join(" ");
      const path = (lists) => lists.map((points) => `M${points.map(place).join("L")}Z`).join("");
      const rectangle = ([l, t, r, b]) => [[l, t], [r, t], [r, b], [l, b]];
      const name = left ? "behind" : "carried";
      over.setAttribute("viewBox", `0 0 ${wide} ${(wide * height) / width}`);
      over.replaceChildren(
        ...stroke("outline", path(polygons)),
        ...stroke(name, path(marked.boxes.map(rectangle))),
        ...stroke("anew", path(seen.map((n) => rectangle(math.bounds(anew[n]))))));
      if (wide > 400) {
        over.append(...marked.boxes.map(([l, t], n) => svg("text", {
          x: ((l + 0.5) * wide) / width + 4, y: ((t + 0.5) * wide) / width + 15,
        }, classes[marked.kept[n]])));
      }
      legend.replaceChildren(
        key(line("outline"), "outlines, moved"),
        key(line(name), left ? "boxes, left behind" : "boxes, carried along"),
        key(line("anew"), "boxes drawn anew around the outlines"));
      describe(matrix, carried.kept, marked, anew, seen);
    }

    function describe(matrix, kept, marked, anew, seen) {
      const counts = [...new Set(classes)].map((name) =>
        [kept.filter((n) => classes[n] === name).length, name]).filter(([count]) => count);
      const sum = (list) => list.reduce((total, value) => total + value, 0);
      const found = seen.map((n) => math.bounds(anew[n]));
      const ious = seen.map((n, i) => {
        const box = marked.boxes[marked.kept.indexOf(n)];
        return box ? math.boxIou(box, found[i]) : 0;
      });
      const area = (list) => `${number(sum(list))} px²`;
      const gone = boxes.length - seen.length;
      text.textContent = [
        left ? `The boxes stay where they were. Boxes whose object has left the image: ${gone} of ${boxes.length}.`
          : `${kept.length} of ${boxes.length} boxes are inside the image` +
            `${kept.length ? `: ${counts.map((entry) => entry.join(" ")).join(", ")}` : ""}.`,
        seen.length ? `Area of the boxes: ${area(marked.boxes.map(math.boxArea))}; of boxes drawn anew around the moved ` +
          `outlines: ${area(found.map(math.boxArea))}; mean IoU of the two: ${number(sum(ious) / seen.length, 2)}. ` +
          `The outlines themselves enclose ${area(anew.map(math.polygonArea))}.` : "",
      ].join(" ");
      const row = (values) => values.map((value, n) =>
        `${n ? (value < 0 ? " − " : " + ") : ""}${number(n ? Math.abs(value) : value, n < 2 ? 2 : 1)}${["x", "y", ""][n]}`).join("");
      matrixText.replaceChildren("The point (", el("i", {}, "x"), ", ", el("i", {}, "y"), ") goes to (",
        el("span", {}, `${row(matrix[0])},`), " ", el("span", {}, `${row(matrix[1])}).`));
    }

    return redraw;
  };
})();
