// The mathematics of the playable figures: pure functions, no page in sight, so that a test
// can run them in a browser and compare them with NumPy and scikit-image.
(function () {
  "use strict";
  const math = (window.pdlPlay.math = {});

  // ---- Sampling and quantization (chapter 1) ----

  // Phase in radians of a chirp whose frequency runs from f0 to f1 within `duration`:
  // the integral of 2π f(t). With f0 = f1 it is a plain sinusoid.
  math.phase = (t, f0, f1, duration) =>
    2 * Math.PI * (f0 * t + ((f1 - f0) * t * t) / (2 * duration));

  // 0, 1/rate, 2/rate … below `duration`. The product is rounded first: 0.1 s at 30 Hz is
  // 3.0000000000000004 in floating point, and three samples.
  math.sampleTimes = (rate, duration) =>
    Array.from({ length: Math.ceil(+(rate * duration).toFixed(9)) }, (_, n) => n / rate);

  // Adding a whole number of turns between two samples changes no sample. So f, f − rate,
  // f − 2·rate … are all the same to the samples; this is the one nearest to zero.
  math.signedAlias = (frequency, rate) => frequency - rate * Math.round(frequency / rate);

  math.aliasFrequency = (frequency, rate) => Math.abs(math.signedAlias(frequency, rate));

  // The slowest curve through the samples of the chirp, at time t. The turns taken away
  // change only at a sample, where a whole number of them is invisible: no jumps.
  math.aliasPhase = (t, f0, f1, duration, rate) => {
    const last = Math.floor(t * rate + 1e-9) / rate;
    const frequency = f0 + ((f1 - f0) * last) / duration;
    return math.phase(t, f0, f1, duration) - 2 * Math.PI * Math.round(frequency / rate) * rate * t;
  };

  // 2^bits levels from `low` to `high`, both included.
  math.quantizationStep = (bits, low = 0, high = 255) => (high - low) / (2 ** bits - 1);

  math.quantize = (values, bits, low = 0, high = 255) => {
    const step = math.quantizationStep(bits, low, high);
    return values.map((value) => {
      const level = Math.round((value - low) / step);
      return low + step * Math.min(Math.max(level, 0), 2 ** bits - 1);
    });
  };

  math.rms = (values) =>
    Math.sqrt(values.reduce((sum, value) => sum + value * value, 0) / values.length);

  // ---- Convolution (chapters 2 and 3) ----

  math.rows = (pixels, width, height) =>
    Array.from({ length: height }, (_, r) => Array.from(pixels.subarray(r * width, (r + 1) * width)));

  math.flip = (kernel) => kernel.map((row) => row.slice().reverse()).reverse();

  // The pixel at (row, column); beyond the border 0, the nearest pixel that there is, or, with
  // "wrap", the image over again.
  math.pixel = (image, row, column, boundary = "zero") => {
    const clamp = (index, size) => (boundary === "wrap" ? ((index % size) + size) % size
      : Math.min(Math.max(index, 0), size - 1));
    const r = clamp(row, image.length);
    const c = clamp(column, image[0].length);
    return boundary === "zero" && (r !== row || c !== column) ? 0 : image[r][c];
  };

  // The terms of one output pixel. The window lies around (row, column); a convolution
  // lays the kernel on it turned by half a turn, a cross-correlation as it is.
  math.products = (image, kernel, row, column, flip = true, boundary = "zero") => {
    const laid = flip ? math.flip(kernel) : kernel;
    const top = row - ((laid.length - 1) >> 1);
    const left = column - ((laid[0].length - 1) >> 1);
    return laid.flatMap((weights, i) =>
      weights.map((weight, j) => ({
        value: math.pixel(image, top + i, left + j, boundary), weight,
      })));
  };

  // The whole output, of the image's size, for a kernel of odd sides.
  math.convolve = (image, kernel, flip = true, boundary = "zero") =>
    image.map((line, row) => line.map((_, column) =>
      math.products(image, kernel, row, column, flip, boundary)
        .reduce((sum, term) => sum + term.value * term.weight, 0)));

  math.kernelSum = (kernel) => kernel.flat().reduce((sum, weight) => sum + weight, 0);

  // A kernel divided by its sum; one that sums to 0 cannot be, and comes back as it was.
  math.normalize = (kernel) => {
    const sum = math.kernelSum(kernel);
    return Math.abs(sum) < 1e-12 ? kernel : kernel.map((row) => row.map((weight) => weight / sum));
  };

  math.mean = (image) => math.kernelSum(image) / (image.length * image[0].length);

  // ---- Otsu's threshold (chapter 4) ----

  math.histogram = (pixels) => {
    const counts = new Array(256).fill(0);
    for (const value of pixels) counts[value] += 1;
    return counts;
  };

  // Probability and mean of the two classes, values ≤ t and values > t, and the variance
  // between them, ω0 ω1 (μ0 − μ1)². The mean of an empty class is NaN, the variance then 0.
  math.classes = (counts, t) => {
    const n = [0, 0];
    const sum = [0, 0];
    counts.forEach((count, value) => {
      n[+(value > t)] += count;
      sum[+(value > t)] += count * value;
    });
    const total = n[0] + n[1];
    const [omega0, omega1] = n.map((count) => count / total);
    const [mu0, mu1] = n.map((count, i) => (count ? sum[i] / count : NaN));
    const variance = n[0] && n[1] ? omega0 * omega1 * (mu0 - mu1) ** 2 : 0;
    return { omega0, omega1, mu0, mu1, variance };
  };

  math.betweenClassVariance = (counts) => counts.map((_, t) => math.classes(counts, t).variance);

  // The (first) threshold at which the variance between the classes is greatest. An image of
  // one value has one class: that value, so that no pixel is foreground.
  math.otsu = (counts) => {
    const variances = math.betweenClassVariance(counts);
    const greatest = Math.max(...variances);
    return greatest > 0 ? variances.indexOf(greatest) : counts.findIndex((count) => count > 0);
  };
})();
