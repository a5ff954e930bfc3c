// Correct: accepts a JSON body as well as a form, with the same token.
import { Endpoint, Refusal, run } from './_base.mjs';

run(new class extends Endpoint {
  parameters(body, req) {
    if (!/^application\/json\b/.test(req.headers['content-type'])) return super.parameters(body);
    let values;
    try {
      values = JSON.parse(body) ?? {};
    } catch {
      throw new Refusal(400, 'The body is no JSON');
    }
    const scalar = (value) => ['string', 'number'].includes(typeof value);
    return (name) => (scalar(values[name]) ? String(values[name]) : undefined);
  }
}());
