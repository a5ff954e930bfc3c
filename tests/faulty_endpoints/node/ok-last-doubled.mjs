// Correct: of a parameter that is sent twice the last one counts.
import { Endpoint, run } from './_base.mjs';

run(new class extends Endpoint {
  parameters(body) {
    const form = new URLSearchParams(body.toString());
    return (name) => form.getAll(name).at(-1);
  }
}());
