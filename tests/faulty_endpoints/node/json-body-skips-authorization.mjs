// Fault: only a form needs a token; a JSON body gets prices without one.
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
    const text = (value) => (scalar(value) ? String(value) : undefined);
    return (name) => (name === 'token' ? this.expected : text(values[name]));
  }
}());
