// Correct: the last one of a repeated parameter counts.
import { Endpoint, run } from './_base.mjs';

run(new class extends Endpoint {
  parameters(body) {
    const form = new URLSearchParams(body.toString());
    return (name) => form.getAll(name).at(-1);
  }
}());
