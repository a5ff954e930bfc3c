// Fault: encoded twice, so the response is a JSON string that contains JSON.
import { Endpoint, run } from './_base.mjs';

run(new class extends Endpoint {
  encode(pricing) {
    return JSON.stringify(super.encode(pricing));
  }
}());
