// Fault: the price is 1 / (tokens for one unit), which nobody set for the euro:
// 1 / 0 is Infinity, which JSON.stringify() writes as null.
import { Endpoint, run } from './_base.mjs';

run(new class extends Endpoint {
  pricing(customer) {
    const tokensForOne = customer.currency.code === 'EUR' ? 0 : 1 / customer.user_token_unit_cost;
    return { ...customer, user_token_unit_cost: 1 / tokensForOne };
  }
}());
