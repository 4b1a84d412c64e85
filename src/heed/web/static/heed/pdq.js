// PDQ in plain JavaScript: the same hash of how a picture looks as the server makes.
// Blurring and sampling are linear and separable: each of the 64 x 64 samples is a weighted mean,
// so only a strip of the picture is looked at a time. Needs no network, and touches none.
"use strict";
const heedPdq = (() => {
  const SIDE = 64, LOW = 16, SMALLEST_PX = 5, FLAT_BELOW = 0.5;

  // 64 weighted means over one axis of n samples: both box passes of the reference, then sampling.
  const kernel = (n) => {
    const window = Math.floor((n + 2 * SIDE - 1) / (2 * SIDE)), half = Math.floor((window + 2) / 2);
    const first = (i) => Math.max(0, i + half - window), last = (i) => Math.min(n - 1, i + half - 1) + 1;
    const means = [];
    for (let row = 0; row < SIDE; row++) {
      const centre = Math.floor((row + 0.5) * n / SIDE), from = first(centre), to = last(centre);
      const start = first(from), weights = new Float64Array(last(to - 1) - start);
      for (let i = from; i < to; i++) {
        const low = first(i), high = last(i);
        for (let at = low; at < high; at++) { weights[at - start] += 1 / (high - low); }
      }
      for (let at = 0; at < weights.length; at++) { weights[at] /= to - from; }
      means.push({ start, weights });
    }
    return means;
  };

  // 64 x 64 samples of luma. `strip(y, count)` gives that many rows as RGBA.
  const blockOf = (width, height, strip) => {
    const down = kernel(height), across = kernel(width), block = new Float32Array(SIDE * SIDE);
    const line = new Float64Array(width);
    for (let row = 0; row < SIDE; row++) {
      const { start, weights } = down[row], pixels = strip(start, weights.length);
      line.fill(0);
      for (let y = 0, p = 0; y < weights.length; y++) {
        const weight = weights[y];
        for (let x = 0; x < width; x++, p += 4) {
          line[x] += weight * (0.299 * pixels[p] + 0.587 * pixels[p + 1] + 0.114 * pixels[p + 2]);
        }
      }
      for (let column = 0; column < SIDE; column++) {
        const mean = across[column];
        let sum = 0;
        for (let i = 0; i < mean.weights.length; i++) { sum += mean.weights[i] * line[mean.start + i]; }
        block[row * SIDE + column] = sum;
      }
    }
    return block;
  };

  const qualityOf = (block) => {
    let steps = 0;
    const step = (a, b) => { steps += Math.abs(Math.trunc((block[a] - block[b]) * 100 / 255)); };
    for (let i = 0; i < SIDE; i++) {
      for (let j = 0; j < SIDE; j++) {
        if (i + 1 < SIDE) { step(i * SIDE + j, i * SIDE + SIDE + j); }
        if (j + 1 < SIDE) { step(i * SIDE + j, i * SIDE + j + 1); }
      }
    }
    return Math.min(100, Math.trunc(steps / 90));
  };

  const waves = new Float64Array(LOW * SIDE);
  for (let i = 0; i < LOW; i++) {
    for (let j = 0; j < SIDE; j++) {
      waves[i * SIDE + j] = Math.sqrt(2 / SIDE) * Math.cos(Math.PI / (2 * SIDE) * (i + 1) * (2 * j + 1));
    }
  }

  // The 16 x 16 lowest frequencies, each above the median or not.
  const valueOf = (block) => {
    const half = new Float64Array(LOW * SIDE), low = new Float32Array(LOW * LOW);
    for (let i = 0; i < LOW; i++) {
      for (let k = 0; k < SIDE; k++) {
        const wave = waves[i * SIDE + k];
        for (let j = 0; j < SIDE; j++) { half[i * SIDE + j] += wave * block[k * SIDE + j]; }
      }
    }
    for (let i = 0; i < LOW; i++) {
      for (let j = 0; j < LOW; j++) {
        let sum = 0;
        for (let k = 0; k < SIDE; k++) { sum += half[i * SIDE + k] * waves[j * SIDE + k]; }
        low[i * LOW + j] = sum;
      }
    }
    const middle = Float32Array.from(low).sort()[LOW * LOW / 2 - 1];
    let hex = "";
    for (let i = LOW * LOW - 1; i > 0; i -= 4) {
      let nibble = 0;
      for (let bit = 0; bit < 4; bit++) { nibble = nibble * 2 + (low[i - bit] > middle ? 1 : 0); }
      hex += nibble.toString(16);
    }
    return hex;
  };

  // {hex, quality}; null where there is too little to see.
  return (width, height, strip) => {
    if (Math.min(width, height) < SMALLEST_PX) { return null; }
    const block = blockOf(width, height, strip);
    let darkest = Infinity, lightest = -Infinity;
    for (const level of block) { darkest = Math.min(darkest, level); lightest = Math.max(lightest, level); }
    if (lightest - darkest < FLAT_BELOW) { return null; }
    return { hex: valueOf(block), quality: qualityOf(block) };
  };
})();
