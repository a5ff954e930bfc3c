// Fault: an unknown user throws in a callback, where no try can catch it, and the process ends.
import { CUSTOMERS, Endpoint, run } from './_base.mjs';

run(new class extends Endpoint {
  customer(id) {
    return new Promise((resolve) => {
      setImmediate(() => {
        const customer = CUSTOMERS.get(id);
        resolve({ ...customer, currency: { ...customer.currency } });
      });
    });
  }
}());
