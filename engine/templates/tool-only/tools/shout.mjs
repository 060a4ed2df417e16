// Says it louder. A tool in JavaScript exports a function that takes one object and returns one.
export default function shout({ _state }) {
  return { state_delta: {}, edge_output: `${_state.greeting.toUpperCase()}!` };
}
