// The axis of the bars over states as pure functions: no page, no state. Joined in front of statebars.js.

// Data to pixels.
function makeScale([low, high], [from, to]) {
  return (value) => from + ((value - low) * (to - from)) / (high - low || 1);
}

// About `count` round values inside the domain: steps of 1, 2 or 5 times a power of ten.
function ticks([low, high], count) {
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
function tickLabels(values) {
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
