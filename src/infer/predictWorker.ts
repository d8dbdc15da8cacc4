import { inferenceGraph } from "../engines/onnx/inferenceGraph.js";
import { openSession, type Session } from "../engines/onnx/session.js";
import { buildNetwork } from "../nets/architecture.js";
import { architectureNamed } from "../nets/catalogue.js";
import { Moved, serve, tell } from "../threads.js";
import type { Shape3, Volume } from "../volume.js";
import type { PredictNetwork, PredictSettings } from "./predictor.js";
import { SlabPrediction, type TileNetwork } from "./slabPrediction.js";
import { symmetries } from "./testTime.js";
import { tileGrid } from "./tiles.js";

let settings: PredictSettings;
let types: readonly string[];
let networks: readonly LoadedNetwork[];
let prediction: SlabPrediction | undefined;

/** A network with one session a tile shape. */
class LoadedNetwork implements TileNetwork {
  readonly outputs: number;
  readonly channels: readonly (string | null)[];
  readonly multiple: Shape3;
  readonly #given: PredictNetwork;
  readonly #sessions = new Map<string, Promise<Session>>();

  constructor(given: PredictNetwork) {
    this.#given = given;
    this.outputs = given.outputs;
    this.channels = given.channels;
    this.multiple = buildNetwork(architectureNamed(given.architecture), given.outputs).multiple;
  }

  readonly run = async (tile: Float32Array, shape: Shape3): Promise<Float32Array> => {
    const session = await this.#session(shape);
    const { output } = await session.run({ image: { data: tile, dims: [1, 1, ...shape] } });
    return output!.data;
  };

  #session(shape: Shape3): Promise<Session> {
    const key = shape.join();
    const { architecture, outputs, weights, activation } = this.#given;
    let session = this.#sessions.get(key);
    if (!session) {
      const network = buildNetwork(architectureNamed(architecture), outputs);
      const graph = inferenceGraph(network, weights, activation, 1, shape);
      const { threads = 2 } = settings;
      session = openSession(graph, { threads, memoryPattern: false });
      this.#sessions.set(key, session);
    }
    return session;
  }
}

serve({
  open(given: {
    readonly networks: readonly PredictNetwork[];
    readonly settings: PredictSettings;
    readonly types: readonly string[];
  }) {
    settings = given.settings;
    types = given.types;
    networks = given.networks.map((network) => new LoadedNetwork(network));
  },
  begin(volume: Volume) {
    const largest = (axis: 0 | 1 | 2) => Math.max(...networks.map(({ multiple }) => multiple[axis]));
    const { tile, overlap, flips, rotations, halfTurn } = settings;
    const multiple: Shape3 = [largest(0), largest(1), largest(2)];
    const begun: SlabPrediction = new SlabPrediction({
      volume,
      grid: tileGrid(volume.shape, { tile, overlap, multiple, square: rotations }),
      networks,
      types,
      symmetries: symmetries(flips, rotations, halfTurn),
      onTile: (done) => tell({ done, total: begun.tiles }),
    });
    prediction = begun;
  },
  async next() {
    const slab = await prediction!.next();
    if (slab === null) prediction = undefined;
    return (
      slab &&
      new Moved(
        slab,
        [...slab.values.values()].map(({ buffer }) => buffer as ArrayBuffer),
      )
    );
  },
});
