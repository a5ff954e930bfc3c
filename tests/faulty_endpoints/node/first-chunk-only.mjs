// Fault: only the first chunk of the body is read; a second segment is lost.
import { Endpoint, run } from './_base.mjs';

run(new class extends Endpoint {
  readBody(req) {
    return new Promise((resolve) => {
      req.once('data', resolve);
      req.once('end', () => resolve(Buffer.alloc(0)));
    });
  }
}());
