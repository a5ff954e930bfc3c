// Fault: the price list has no euro column, and JSON.stringify() omits undefined values.
import { Endpoint, run } from './_base.mjs';

const PRICE_LIST = { GBP: 1.34, JPY: 0.15 };

run(new class extends Endpoint {
  pricing(customer) {
    return { ...customer, base_token_unit_cost: PRICE_LIST[customer.currency.code] };
  }
}());
