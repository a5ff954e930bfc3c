// Fault: token, action and userid are read by their place in the body, not by their names.
import { Endpoint, run } from './_base.mjs';

run(new class extends Endpoint {
  parameters(body) {
    const values = [...new URLSearchParams(body.toString()).values()];
    return (name) => values[['token', 'action', 'userid'].indexOf(name)];
  }
}());
