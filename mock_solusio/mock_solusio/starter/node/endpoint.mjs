// A complete GetTokenPricing endpoint for SolusIO: what one token costs a customer.
// Explained in docs/node-endpoint.md of mock-solusio.
import { createHash, timingSafeEqual } from 'node:crypto';
import { createServer } from 'node:http';

const CUSTOMERS = new Map([
  [1, {
    base: 1.34,
    currency: ['GBP', '£', ' GBP', ',', '.'],
    discounts: [
      { name: 'Special Client Group Discount', description: '5% Recurring Discount', multipler: 0.95 },
    ],
    taxes: { compound: true, rates: [{ label: 'City Tax', rate: 6 }, { label: 'State Tax', rate: 2 }] },
  }],
  [2, {
    base: 0.00091,
    currency: ['EUR', '', ' €', '.', ','],
    discounts: [],
    taxes: { compound: false, rates: [] },
  }],
]);

const LARGEST_BODY = 64 * 1024; // bytes

class Refusal extends Error {
  constructor(status, message) {
    super(message);
    this.status = status;
  }
}

async function form(request) {
  const chunks = [];
  let size = 0;
  for await (const chunk of request) {
    size += chunk.length;
    if (size <= LARGEST_BODY) chunks.push(chunk);
  }
  if (size > LARGEST_BODY) throw new Refusal(413, 'the body is too large');
  return new URLSearchParams(Buffer.concat(chunks).toString('utf8'));
}

const digest = (text) => createHash('sha256').update(text).digest();

function price({ base, currency, discounts, taxes }) {
  const [code, display_prefix, display_suffix, thousands_separator, decimals_separator] = currency;
  const discounted = discounts.reduce((cost, discount) => cost * discount.multipler, base);
  const factor = taxes.rates.reduce(
    (sum, { rate }) => sum + ((taxes.compound ? sum : 1) * rate) / 100,
    1,
  );
  return {
    base_token_unit_cost: base,
    user_token_unit_cost: discounted * factor,
    currency: { code, display_prefix, display_suffix, thousands_separator, decimals_separator },
    discounts,
    taxes,
  };
}

async function answer(request) {
  const fields = await form(request);
  if (!timingSafeEqual(digest(fields.get('token') ?? ''), digest(expected))) {
    throw new Refusal(401, 'the token is missing or wrong');
  }
  if (fields.get('action') !== 'GetTokenPricing') throw new Refusal(400, 'unknown action');
  const id = fields.get('userid') ?? '';
  if (!/^[1-9][0-9]{0,14}$/.test(id)) throw new Refusal(400, 'userid must be a positive integer');
  const customer = CUSTOMERS.get(Number(id));
  if (customer === undefined) throw new Refusal(404, 'no such user');
  return price(customer);
}

const expected = process.env.SOLUSIO_TOKEN ?? '';
if (expected === '') throw new Error('SOLUSIO_TOKEN is not set');

const server = createServer(async (request, response) => {
  let status = 200;
  let document;
  try {
    document = await answer(request);
  } catch (error) {
    if (!(error instanceof Refusal)) console.error(error);
    status = error instanceof Refusal ? error.status : 500;
    document = { error: error instanceof Refusal ? error.message : 'internal error' };
  }
  response.writeHead(status, { 'Content-Type': 'application/json', 'Cache-Control': 'no-store' });
  response.end(JSON.stringify(document));
});
server.listen(Number(process.env.PORT ?? 8080), '127.0.0.1', () => {
  console.log(`listening at http://127.0.0.1:${server.address().port}/`);
});
