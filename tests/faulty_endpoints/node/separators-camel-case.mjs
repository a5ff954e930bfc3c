// Fault: the currency passes through a library that renames keys to camelCase.
import { Endpoint, run } from './_base.mjs';

const camel = (key) => key.replace(/_(.)/g, (_, letter) => letter.toUpperCase());

run(new class extends Endpoint {
  pricing(customer) {
    const entries = Object.entries(customer.currency).map(([key, value]) => [camel(key), value]);
    return { ...customer, currency: Object.fromEntries(entries) };
  }
}());
