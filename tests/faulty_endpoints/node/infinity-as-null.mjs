// Fault: the price is worked out as 1 / (tokens for one unit), and nobody set that for the euro:
// 1 / 0 is Infinity, which JSON.stringify() writes as null.
import { Endpoint, run } from './_base.mjs';

run(new class extends Endpoint {
  pricing(customer) {
    const tokensForOne = customer.currency.code === 'EUR' ? 0 : 1 / customer.user_token_unit_cost;
    return { ...customer, user_token_unit_cost: 1 / tokensForOne };
  }
}());
