// Fault: encoded twice, so the answer is a JSON string that holds JSON.
import { Endpoint, run } from './_base.mjs';

run(new class extends Endpoint {
  encode(pricing) {
    return JSON.stringify(super.encode(pricing));
  }
}());
