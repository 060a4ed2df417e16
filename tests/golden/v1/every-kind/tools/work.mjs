import { x } from './x.mjs';
export default () => ({ edge_output: x });
