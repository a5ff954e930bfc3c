// Fault: toFixed() returns a string.
import { Endpoint, run } from './_base.mjs';

run(new class extends Endpoint {
  pricing(customer) {
    return { ...customer, user_token_unit_cost: customer.user_token_unit_cost.toFixed(7) };
  }
}());
