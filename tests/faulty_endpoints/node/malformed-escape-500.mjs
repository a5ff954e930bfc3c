// Fault: decodeURIComponent() throws on %FF, which is not UTF-8: URIError, status 500.
import { Endpoint, run } from './_base.mjs';

const decode = (text) => decodeURIComponent(text.replaceAll('+', ' '));

run(new class extends Endpoint {
  parameters(body) {
    const form = new Map();
    for (const pair of body.toString().split('&')) {
      const [name, ...value] = pair.split('=');
      if (!form.has(decode(name))) form.set(decode(name), decode(value.join('=')));
    }
    return (name) => form.get(name);
  }
}());
