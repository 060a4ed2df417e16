// Orders the cities by their mean temperature, warmest first.

export default function rank({ _state }) {
  const ordered = [..._state.summaries].sort((a, b) => b.mean - a.mean);
  const ranking = ordered.map((summary) => summary.city);
  return { state_delta: { ranking, warmest: ranking[0] } };
}
