// The SolusIO users of your customers, and their login: the adapter for `mock-solusio users check`.
//
//   node users.mjs create 7      also update, suspend, unsuspend and delete
//   node users.mjs login 7       prints the login link
//
// Environment: SOLUSIO_URL, SOLUSIO_ACCESS_TOKEN, SOLUSIO_CUSTOMERS, SOLUSIO_EMAIL. Customers come from the file
// SOLUSIO_CUSTOMERS: replace `customer` with a query to your database. docs/users.md of mock-solusio explains each
// event.
import { randomBytes } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';

const ATTEMPTS = 4;
const { SOLUSIO_URL, SOLUSIO_ACCESS_TOKEN, SOLUSIO_CUSTOMERS, SOLUSIO_EMAIL } = process.env;

class SolusioError extends Error {
  constructor(message, status = 0) {
    super(message);
    this.status = status;
  }
}

// SolusIO may or may not have done it: look before you repeat it.
class LostResponse extends SolusioError {}

function parsed(text) {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

// Returns status (0: no response; -1: nothing was sent), body, and the seconds of Retry-After.
async function send(method, path, body) {
  const headers = {
    Authorization: `Bearer ${SOLUSIO_ACCESS_TOKEN}`,
    Accept: 'application/json',
    'User-Agent': 'example-billing/1.0',
  };
  if (body !== undefined) headers['Content-Type'] = 'application/json';
  try {
    const response = await fetch(`${SOLUSIO_URL}/api/v1/${path}`, {
      method,
      headers,
      body: body === undefined ? undefined : JSON.stringify(body),
      redirect: 'manual', // the access token is for SolusIO alone
      signal: AbortSignal.timeout(30_000),
    });
    const wait = response.headers.get('Retry-After') ?? '';
    return [response.status, await response.text(), /^\d+$/.test(wait) ? Number(wait) : null];
  } catch (error) {
    return [error.cause?.code === 'ECONNREFUSED' ? -1 : 0, '', null];
  }
}

// Sends a request, again if that does no harm; returns the document of the response.
async function call(method, path, body) {
  for (let attempt = 1; ; attempt++) {
    const [status, text, wait] = await send(method, path, body);
    const document = parsed(text);
    const arrived = status > 0 && status < 500 && (status >= 400 || status === 204 || document !== null);
    if (arrived && status < 300) return document;
    const refusedForNow = status === 429 || (status === 503 && wait !== null);
    // A POST that got no response may have made something: only those that did nothing may be repeated.
    const repeatable = refusedForNow || status === -1 || (!arrived && method !== 'POST');
    if (!repeatable || attempt === ATTEMPTS || wait > 30) {
      const what = `${method} ${path}: ${status > 0 ? `status ${status}` : 'no response'}`;
      if (method === 'POST' && status !== -1 && !arrived && !refusedForNow) throw new LostResponse(what);
      const details = document?.errors ?? document?.message;
      throw new SolusioError(details === undefined ? what : `${what}: ${JSON.stringify(details)}`, status);
    }
    await sleep(1000 * (wait ?? 0.5 * 2 ** (attempt - 1)));
  }
}

// Returns a customer of the billing system; undefined if they are gone.
async function customer(number) {
  const { customers } = JSON.parse(await readFile(SOLUSIO_CUSTOMERS, 'utf8'));
  return customers.find((one) => one.billing_user_id === number);
}

// Returns what the user of a customer is made from; SolusIO chooses what is null.
async function profile(number) {
  const row = (await customer(number)) ?? { email: SOLUSIO_EMAIL }; // somebody who comes back
  const { email, language_id = null, limit_group_id = null } = row;
  return Object.fromEntries(
    Object.entries({ email, language_id, limit_group_id }).filter(([, value]) => value !== null),
  );
}

// Returns the user of a customer, found by billing_user_id; null if there is none. Never staff.
async function find(number) {
  let path = `users?${new URLSearchParams({ 'filter[billing_user_id]': number, per_page: 100 })}`;
  while (path !== null) {
    const page = await call('GET', path);
    const user = page.data.find((one) => one.billing_user_id === number);
    if (user?.roles.some((role) => role.name === 'ADMIN')) {
      throw new SolusioError(`SolusIO user ${user.id} is an administrator, not a customer`);
    }
    if (user !== undefined) return user;
    path = page.links.next === null ? null : `users${new URL(page.links.next).search}`;
  }
  return null;
}

// Returns the user of a customer. After each failure, it looks: another request may have made them.
async function findOrMake(number) {
  let user = await find(number);
  for (let attempt = 1; user === null; attempt++) {
    const password = randomBytes(16).toString('hex');
    const fields = { ...(await profile(number)), billing_user_id: number, status: 'active', password };
    try {
      user = (await call('POST', 'users', fields)).data;
    } catch (error) {
      const lost = error instanceof LostResponse;
      if (lost || error.status === 422) user = await find(number);
      if (user === null && (!lost || attempt === 3)) throw error;
    }
  }
  return user;
}

// Sends what differs, if anything does.
async function change(user, wanted) {
  const changes = Object.fromEntries(Object.entries(wanted).filter(([name, value]) => user[name] !== value));
  if (Object.keys(changes).length > 0) await call('PUT', `users/${user.id}`, changes);
}

async function update(number) {
  const user = await findOrMake(number);
  const current = { ...user, language_id: user.language?.id, limit_group_id: user.limit_group?.id };
  await change(current, await profile(number));
}

const setStatus = async (number, status) => change(await findOrMake(number), { status });

async function remove(number) {
  const user = await find(number);
  try {
    if (user !== null) await call('DELETE', `users/${user.id}`);
  } catch (error) {
    // Somebody was faster, or the response to our first request was lost.
    if (error.status !== 404) throw error;
  }
}

// Returns a link that logs the customer in once. Redirect to it at once: it is worth a password.
async function login(number) {
  if ((await customer(number)) === undefined) throw new Error(`there is no customer ${number}`);
  const user = await findOrMake(number);
  for (let attempt = 1; ; attempt++) {
    try {
      const { data } = await call('POST', `users/${user.id}/tokens`, { is_one_time: true });
      return `${SOLUSIO_URL}/auth/by_token/${encodeURIComponent(data.access_token)}`;
    } catch (error) {
      // Nobody has seen a token that was lost: asking for another does no harm.
      if (!(error instanceof LostResponse) || attempt === 3) throw error;
    }
  }
}

const EVENTS = {
  create: update,
  update,
  suspend: (number) => setStatus(number, 'suspended'),
  unsuspend: (number) => setStatus(number, 'active'),
  delete: remove,
  login,
};

try {
  const [event, argument] = process.argv.slice(2);
  if (!Object.hasOwn(EVENTS, event)) throw new Error(`expected ${Object.keys(EVENTS).join(', ')}, got ${event}`);
  process.stdout.write((await EVENTS[event](Number(argument))) ?? '');
} catch (error) {
  console.error(`users.mjs: ${error.message}`);
  process.exitCode = 1;
}
