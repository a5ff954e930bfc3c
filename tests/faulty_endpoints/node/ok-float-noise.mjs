// Correct: calculated in binary floating point, with all its digits.
import { Endpoint, run } from './_base.mjs';

run(new class extends Endpoint {
  pricing(customer) {
    const { discounts, taxes } = customer;
    let cost = customer.base_token_unit_cost;
    for (const { multipler } of discounts) cost *= multipler;
    const rates = taxes.rates.map(({ rate }) => rate / 100);
    const factor = taxes.compound
      ? rates.reduce((product, rate) => product * (1 + rate), 1)
      : rates.reduce((sum, rate) => sum + rate, 1);
    return { ...customer, user_token_unit_cost: cost * factor };
  }
}());
