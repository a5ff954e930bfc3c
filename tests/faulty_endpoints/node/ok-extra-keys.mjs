// Correct: extra keys, in another order, with a varying id and time.
import { randomUUID } from 'node:crypto';
import { Endpoint, run } from './_base.mjs';

run(new class extends Endpoint {
  pricing(customer, id) {
    const { taxes, discounts, currency, ...costs } = customer;
    return {
      request_id: randomUUID(),
      status: 'success',
      taxes: { rates: taxes.rates, compound: taxes.compound, tax_exempt: false },
      customer: { id, group: null },
      discounts: discounts.map((discount, row) => ({ id: row + 1, ...discount })),
      currency: { ...currency, decimals: currency.code === 'JPY' ? 0 : 2, symbol_first: true },
      ...costs,
      time: new Date().toISOString(),
    };
  }
}());
