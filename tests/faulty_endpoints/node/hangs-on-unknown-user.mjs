// Fault: the branch for an unknown user returns without ending the response.
import { CUSTOMERS, Endpoint, run } from './_base.mjs';

run(new class extends Endpoint {
  async customer(id) {
    if (!CUSTOMERS.has(id)) await new Promise(() => {});
    return super.customer(id);
  }
}());
