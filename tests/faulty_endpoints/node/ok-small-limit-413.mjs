// Correct: more than 8 KiB are refused with 413; a request from SolusIO has about a hundred bytes.
import { Endpoint, Refusal, run } from './_base.mjs';

run(new class extends Endpoint {
  async readBody(req) {
    const body = await super.readBody(req);
    if (body.length > 8 * 1024) throw new Refusal(413, 'The body is too large');
    return body;
  }
}());
