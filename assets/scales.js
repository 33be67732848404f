// Axes as pure functions: no page, no state. Joined in front of chart.js.

// What a scale is measured on: the logarithm where the axis is logarithmic.
const flat = (log) => (log ? Math.log10 : (value) => value);
const unflat = (log) => (log ? (value) => 10 ** value : (value) => value);

// Data to pixels and back.
function makeScale(domain, range, log) {
  const [low, high] = domain.map(flat(log));
  const perUnit = (range[1] - range[0]) / (high - low || 1);
  const toPixel = (value) => range[0] + (flat(log)(value) - low) * perUnit;
  toPixel.invert = (pixel) => unflat(log)(low + (pixel - range[0]) / perUnit);
  return toPixel;
}

// About `count` round values inside the domain: steps of 1, 2 or 5 times a power of ten.
function ticks([low, high], count, log) {
  const decades = log ? Math.log10(high / low) : 0;
  if (decades >= 1) {
    const every = Math.max(1, Math.ceil(decades / count));
    const marks = decades < 2.5 ? [1, 2, 5] : [1];
    const result = [];
    for (let power = Math.floor(Math.log10(low)); power <= Math.ceil(Math.log10(high)); power += every)
      result.push(...marks.map((mark) => mark * 10 ** power));
    return result.filter((value) => value >= low * (1 - 1e-9) && value <= high * (1 + 1e-9));
  }
  const rough = (high - low) / Math.max(1, count);
  const power = 10 ** Math.floor(Math.log10(rough));
  // The widest such step that still leaves three values to read the scale by.
  const inside = (step) => Math.floor(high / step + 1e-9) - Math.ceil(low / step - 1e-9) + 1;
  const step = power * ([10, 5, 2, 1].find((mark) => inside(mark * power) >= Math.max(3, count - 1)) ?? 1);
  const result = [];
  for (let i = Math.ceil(low / step - 1e-9); i * step <= high + step * 1e-9; i++) result.push(i * step);
  return result;
}

// All ticks of a flat axis with equally many decimals; large and tiny numbers in powers of ten.
function tickLabels(values, log) {
  if (log) return values.map((value) => number(value));
  const largest = Math.max(...values.map(Math.abs), 0);
  const step = values.length > 1 ? Math.min(...values.slice(1).map((value, i) => Math.abs(value - values[i]))) : largest;
  if (largest >= 1e6 || (largest > 0 && largest < 1e-4)) return values.map((value) => tidy(value.toExponential(1)));
  const decimals = Math.max(0, Math.min(8, -Math.floor(Math.log10(step || 1) + 1e-9)));
  return values.map((value) => tidy(Math.abs(value) < step * 1e-6 ? "0" : value.toFixed(decimals)));
}

// A few significant digits, as in a tooltip.
function number(value, digits = 5) {
  const size = Math.abs(value);
  if (size >= 1e7 || (size > 0 && size < 1e-4)) return tidy(value.toExponential(3));
  return tidy(String(Number(value.toPrecision(digits))));
}

const tidy = (text) => text.replace(/\.?0+e/, "e").replace("e+", "e").replace(/-/g, "−");

// The lowest and highest finite value, widened by `margin` on the scale where it is drawn.
function extent(values, margin, log) {
  const known = values.filter((value) => value !== null && (!log || value > 0)).map(flat(log));
  if (!known.length) return null;
  let low = Infinity;
  let high = -Infinity;
  for (const value of known) {
    if (value < low) low = value;
    if (value > high) high = value;
  }
  const pad = high > low ? (high - low) * margin : margin && (log ? 0.5 : Math.abs(low) * 0.05 || 1);
  return [unflat(log)(low - pad), unflat(log)(high + pad)];
}

// The index of the value nearest to x in an ascending list.
function nearest(xs, x) {
  let low = 0;
  let high = xs.length - 1;
  while (high - low > 1) {
    const middle = (low + high) >> 1;
    if (xs[middle] < x) low = middle;
    else high = middle;
  }
  return Math.abs(xs[low] - x) <= Math.abs(xs[high] - x) ? low : high;
}

// y between the points of a series, on a straight line; null outside and where a neighbour is missing.
function between({ x: xs, y: ys }, x) {
  if (!xs.length || x < xs[0] || x > xs[xs.length - 1]) return null;
  let after = nearest(xs, x);
  if (xs[after] === x) return ys[after];
  if (xs[after] < x) after += 1;
  if (ys[after] === null || ys[after - 1] === null) return null;
  return ys[after - 1] + ((ys[after] - ys[after - 1]) * (x - xs[after - 1])) / (xs[after] - xs[after - 1]);
}

// The part of a series from low to high, with the points where it crosses those ends.
function part(series, low, high) {
  const points = [[low, between(series, low)]];
  series.x.forEach((x, i) => x > low && x < high && points.push([x, series.y[i]]));
  points.push([high, between(series, high)]);
  return points.filter(([, y], i) => y !== null || (i > 0 && i < points.length - 1));
}
