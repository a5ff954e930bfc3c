// A billing endpoint that does everything right. Each of the other files here replaces one method.
// Run: PORT=8000 BILLING_TOKEN=secret node FILE.mjs
import { createHash, timingSafeEqual } from 'node:crypto';
import http from 'node:http';

const LARGEST_BODY = 1 << 20;

export class Refusal extends Error {
  constructor(status, message) {
    super(message);
    this.status = status;
  }
}

export const CUSTOMERS = new Map([
  [1, {
    base_token_unit_cost: 1.34,
    user_token_unit_cost: 1.3763676, // 1.34 x 0.95 x 1.06 x 1.02
    currency: {
      code: 'GBP',
      display_prefix: '£',
      display_suffix: ' GBP',
      thousands_separator: ',',
      decimals_separator: '.',
    },
    discounts: [{
      name: 'Special Client Group Discount',
      description: '5% Recurring Discount',
      multipler: 0.95,
    }],
    taxes: {
      compound: true,
      rates: [{ label: 'City Tax', rate: 6 }, { label: 'State Tax', rate: 2 }],
    },
  }],
  [2, {
    base_token_unit_cost: 0.00091,
    user_token_unit_cost: 0.00091, // no discounts, no taxes
    currency: {
      code: 'EUR',
      display_prefix: '',
      display_suffix: ' €',
      thousands_separator: '.',
      decimals_separator: ',',
    },
    discounts: [],
    taxes: { compound: false, rates: [] },
  }],
  [3, {
    base_token_unit_cost: 0.15,
    user_token_unit_cost: 0.1188, // 0.15 x 0.9 x 0.8 x (1 + 0.08 + 0.02)
    currency: {
      code: 'JPY',
      display_prefix: '¥',
      display_suffix: '',
      thousands_separator: ',',
      decimals_separator: '.',
    },
    discounts: [
      { name: 'Loyalty', description: 'Third year', multipler: 0.9 },
      { name: 'Volume', description: 'Ten servers', multipler: 0.8 },
    ],
    taxes: {
      compound: false,
      rates: [{ label: 'Consumption Tax', rate: 8 }, { label: 'Regional Levy', rate: 2 }],
    },
  }],
]);

const digest = (text) => createHash('sha256').update(text).digest();

export class Endpoint {
  expected = process.env.BILLING_TOKEN ?? '';

  async handle(req, res) {
    try {
      const body = await this.readBody(req);
      if (req.method !== 'POST') throw new Refusal(405, 'Only POST is answered');
      const pricing = await this.price(this.parameters(body, req), req);
      await this.respond(req, res, 200, this.encode(pricing));
    } catch (error) {
      if (!(error instanceof Refusal)) console.error(error);
      this.refuse(req, res, error);
    }
  }

  /** The whole body as bytes. The rest past the limit is read too, to keep the connection usable. */
  async readBody(req) {
    const chunks = [];
    let size = 0;
    for await (const chunk of req) {
      size += chunk.length;
      if (size <= LARGEST_BODY) chunks.push(chunk);
    }
    if (size > LARGEST_BODY) throw new Refusal(413, 'The body is too large');
    return Buffer.concat(chunks);
  }

  /** @returns {(name: string) => string | undefined} the value of a parameter */
  parameters(body) {
    const form = new URLSearchParams(body.toString('utf8'));
    return (name) => form.get(name) ?? undefined;
  }

  async price(form, req) {
    if (!(await this.authorised(form('token'), req))) {
      throw new Refusal(401, 'The authorization token is wrong');
    }
    this.checkAction(form('action'));
    const id = this.userId(form('userid'));
    return this.pricing(await this.customer(id), id);
  }

  authorised(token) {
    if (this.expected === '') return true;
    return token !== undefined && timingSafeEqual(digest(token), digest(this.expected));
  }

  checkAction(action) {
    if (action !== 'GetTokenPricing') throw new Refusal(400, 'Unknown action');
  }

  userId(text) {
    if (!/^[1-9][0-9]{0,14}$/.test(text ?? '')) throw new Refusal(400, 'No valid user id');
    return Number(text);
  }

  customer(id) {
    if (!CUSTOMERS.has(id)) throw new Refusal(404, 'No such user');
    return structuredClone(CUSTOMERS.get(id));
  }

  pricing(customer) {
    return customer;
  }

  encode(pricing) {
    return JSON.stringify(pricing);
  }

  respond(req, res, status, body) {
    const bytes = Buffer.from(body, 'utf8');
    res.writeHead(status, { 'Content-Type': 'application/json', 'Content-Length': bytes.length });
    res.end(bytes);
  }

  refuse(req, res, error) {
    const known = error instanceof Refusal;
    const message = known ? error.message : 'Internal error';
    const status = known ? error.status : 500;
    Endpoint.prototype.respond(req, res, status, JSON.stringify({ error: message }));
  }
}

export function run(endpoint) {
  const server = http.createServer((req, res) => endpoint.handle(req, res));
  server.keepAliveTimeout = 60_000;
  server.listen(Number(process.env.PORT), '127.0.0.1');
}
