// Draws measurements: charts side by side, both axes logarithmic, as SVG that reads well on any background.

const WIDTH = 420;
const HEIGHT = 320;
const MARGIN = { left: 62, right: 14, top: 34, bottom: 40 };
const COLORS = ['#2563eb', '#d97706', '#059669', '#6b7280'];

/**
 * @param {{ title: string, unit: (size: number) => string,
 *   lines: { name: string, points: [size: number, milliseconds: number][] }[] }[]} charts
 * @returns {string} SVG
 */
export function growthChart(charts) {
  const parts = charts.map((chart, index) => drawn(chart, index * WIDTH));
  const width = charts.length * WIDTH;
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${HEIGHT}" width="${width}" height="${HEIGHT}" font-family="sans-serif" font-size="11">`,
    `<rect width="${width}" height="${HEIGHT}" fill="#ffffff"/>`,
    ...parts.flat(),
    '</svg>\n',
  ].join('\n');
}

function drawn({ title, unit, lines }, left) {
  const points = lines.flatMap((line) => line.points);
  const across = axis(
    points.map(([size]) => size),
    MARGIN.left,
    WIDTH - MARGIN.right,
  );
  const up = axis(
    points.map(([, time]) => time),
    HEIGHT - MARGIN.bottom,
    MARGIN.top,
  );
  const x = (size) => (left + across.at(size)).toFixed(1);
  const y = (time) => up.at(time).toFixed(1);
  const grid = [
    ...up.decades.map(
      (time) =>
        `<line x1="${left + MARGIN.left}" x2="${left + WIDTH - MARGIN.right}" y1="${y(time)}" y2="${y(time)}" stroke="#e5e7eb"/>` +
        `<text x="${left + MARGIN.left - 6}" y="${y(time)}" dy="4" text-anchor="end" fill="#374151">${timeText(time)}</text>`,
    ),
    ...across.decades.map(
      (size) =>
        `<line x1="${x(size)}" x2="${x(size)}" y1="${MARGIN.top}" y2="${HEIGHT - MARGIN.bottom}" stroke="#e5e7eb"/>` +
        `<text x="${x(size)}" y="${HEIGHT - MARGIN.bottom + 16}" text-anchor="middle" fill="#374151">${unit(size)}</text>`,
    ),
  ];
  const curves = lines.map((line, index) => {
    const color = COLORS[index % COLORS.length];
    const path = line.points.map(([size, time]) => `${x(size)},${y(time)}`).join(' ');
    const dots = line.points
      .map(([size, time]) => `<circle cx="${x(size)}" cy="${y(time)}" r="2.5" fill="${color}"/>`)
      .join('');
    const at = MARGIN.top + 12 + index * 15;
    return (
      `<polyline points="${path}" fill="none" stroke="${color}" stroke-width="1.8"/>${dots}` +
      `<text x="${left + MARGIN.left + 10}" y="${at}" fill="${color}">${line.name}</text>`
    );
  });
  const heading = `<text x="${left + MARGIN.left}" y="20" font-size="13" fill="#111827">${title}</text>`;
  return [heading, ...grid, ...curves];
}

/** Decades around the values, and where a value is between `from` and `to`. */
function axis(values, from, to) {
  const low = Math.floor(Math.log10(Math.min(...values)));
  const high = Math.max(low + 1, Math.ceil(Math.log10(Math.max(...values))));
  return {
    at: (value) => from + ((Math.log10(value) - low) / (high - low)) * (to - from),
    decades: Array.from({ length: high - low + 1 }, (_, step) => 10 ** (low + step)),
  };
}

function timeText(milliseconds) {
  return milliseconds < 1000 ? `${milliseconds} ms` : `${milliseconds / 1000} s`;
}
