// Fault: the token is looked up in a column of 255 bytes, and a longer one is a database error: 500.
import { Endpoint, run } from './_base.mjs';

run(new class extends Endpoint {
  authorised(token) {
    if (token?.length > 255) throw new Error('value too long for type character varying(255)');
    return super.authorised(token);
  }
}());
