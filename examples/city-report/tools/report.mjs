// Writes the report as one HTML page.

import { mkdir, writeFile } from "node:fs/promises";
import { dirname } from "node:path";
import { fileURLToPath } from "node:url";

const EXPERIENCE = new URL("../", import.meta.url);

export default async function report({ file, _state }) {
  const target = fileURLToPath(new URL(file, EXPERIENCE));
  await mkdir(dirname(target), { recursive: true });
  await writeFile(target, page(_state));
  return { state_delta: {}, edge_output: { file } };
}

function page({ summaries, ranking, warmest, deviations, alerts }) {
  const summaryOf = new Map(summaries.map((summary) => [summary.city, summary]));
  const deviationOf = new Map(deviations.map((deviation) => [deviation.city, deviation.celsius]));
  const rows = ranking.map((city) => row(summaryOf.get(city), deviationOf.get(city)));
  return `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<title>Weather of the week</title>
<h1>Weather of the week</h1>
<p>The warmest city was ${escape(warmest)}.</p>
<ul>${alerts.map((alert) => `<li>${escape(alert)}</li>`).join("")}</ul>
<table>
<tr><th>City<th>Mean °C<th>Low<th>High<th>Rain mm<th>Against the average
${rows.join("\n")}
</table>
</html>
`;
}

function row({ city, mean, low, high, rain_mm }, deviation) {
  const signed = deviation > 0 ? `+${deviation}` : deviation;
  return `<tr>${[city, mean, low, high, rain_mm, signed].map((cell) => `<td>${escape(cell)}`).join("")}`;
}

function escape(value) {
  return String(value).replaceAll("&", "&amp;").replaceAll("<", "&lt;");
}
