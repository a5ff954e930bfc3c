// A month of SolusIO's usage as invoices: the adapter for `mock-solusio invoices check`.
//
//   node invoices.mjs customers FILE       saves the customers of a scenario and their prices
//   node invoices.mjs bill 2026-03         creates the invoices of a month
//   node invoices.mjs invoices 2026-03     prints them
//
// Environment: BILLING_DATABASE, SOLUSIO_URL, SOLUSIO_ACCESS_TOKEN, SOLUSIO_PERIOD (the month), SOLUSIO_JOB. The file
// BILLING_DATABASE stands for your database: it is for one process at a time, so each job of --jobs has its own (the second
// one BILLING_DATABASE-2). An invoice has one amount here, its total; docs/invoices.md of mock-solusio shows how discounts
// and taxes are printed.
import { readFile, rename, writeFile } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';

const ATTEMPTS = 5;
const { BILLING_DATABASE, SOLUSIO_URL, SOLUSIO_ACCESS_TOKEN, SOLUSIO_PERIOD = '', SOLUSIO_JOB = '1' } = process.env;
const DATABASE = SOLUSIO_JOB === '1' ? BILLING_DATABASE : `${BILLING_DATABASE}-${SOLUSIO_JOB}`;

// Returns a document of SolusIO. Waits and tries again while it is busy or down.
async function get(url) {
  for (let attempt = 1; ; attempt++) {
    let wait = 2 ** (attempt - 1);
    let problem;
    try {
      const response = await fetch(url, {
        headers: { Authorization: `Bearer ${SOLUSIO_ACCESS_TOKEN}`, Accept: 'application/json' },
        redirect: 'manual', // the access token is for SolusIO alone
        signal: AbortSignal.timeout(60_000),
      });
      const text = await response.text();
      if (response.status === 200) return JSON.parse(text);
      problem = `status ${response.status}`;
      if (response.status !== 429 && response.status < 500) attempt = ATTEMPTS;
      const seconds = response.headers.get('Retry-After') ?? '';
      if (/^\d{1,3}$/.test(seconds)) wait = Number(seconds);
    } catch (error) {
      problem = error.message;
    }
    if (attempt >= ATTEMPTS) throw new Error(`SolusIO did not return the usage: ${problem}`);
    await sleep(1000 * wait);
  }
}

// Returns all usage lines of a month; refuses a month that is not over, or was read incompletely.
async function usage(period) {
  const [year, month] = period.split('-').map(Number);
  const following = new Date(Date.UTC(year, month)).toISOString().slice(0, 7);
  const query = { from: `${period}-01T00:00:00Z`, to: `${following}-01T00:00:00Z`, per_page: 1000 };
  const lines = new Map();
  let page;
  for (let url = `${SOLUSIO_URL}/api/v1/usage?${new URLSearchParams(query)}`; url !== null; url = page.links.next) {
    page = await get(url);
    for (const line of page.data) lines.set(line.id, line);
  }
  const { closed, metered_until: until, totals } = page.meta;
  if (!closed) throw new Error(`${period} is not over: metered until ${until}`);
  const tokens = [...lines.values()].reduce((sum, line) => sum + line.tokens, 0);
  if (lines.size !== totals.lines || tokens !== totals.tokens) {
    throw new Error('the lines do not match the totals of SolusIO; run it again');
  }
  return [...lines.values()];
}

// Returns tokens x unit cost, exact, rounded once, half up: amount(1035, '0.001', 2) is '1.04'.
function amount(tokens, unitCost, decimals) {
  const [, whole, behind = '', exponent = '0'] = /^(\d+)(?:\.(\d+))?(?:[eE]([+-]?\d+))?$/.exec(unitCost);
  const scale = behind.length - Number(exponent);
  const exact = BigInt(tokens) * BigInt(whole + behind);
  const cut = scale - decimals;
  const unit = 10n ** BigInt(Math.abs(cut));
  const minor = cut <= 0 ? exact * unit : (2n * exact + unit) / (2n * unit);
  const digits = minor.toString().padStart(decimals + 1, '0');
  return decimals === 0 ? digits : `${digits.slice(0, -decimals)}.${digits.slice(-decimals)}`;
}

function invoice(lines, pricing) {
  const tokens = lines.reduce((sum, line) => sum + line.tokens, 0);
  return {
    currency: pricing.currency.code,
    lines: lines.map(({ server_name: server, resource, plan, hours, charge, tokens: each }) => (
      { server, resource, plan: plan.name, hours, charge, tokens: each }
    )),
    total: amount(tokens, pricing.user_token_unit_cost, pricing.currency.decimals),
  };
}

async function books() {
  const text = await readFile(DATABASE, 'utf8').catch((error) => {
    if (error.code === 'ENOENT') return '';
    throw error;
  });
  return text === '' ? { customers: {}, invoices: [] } : JSON.parse(text);
}

async function keep(all) {
  await writeFile(`${DATABASE}.new`, JSON.stringify(all));
  await rename(`${DATABASE}.new`, DATABASE);
}

// Saves customers and deletes their invoices of earlier checks, but not of months before SOLUSIO_PERIOD: this is a test
// database.
async function customers(file) {
  // Decimals become text before they are parsed: as numbers, they would be inexact.
  const text = (await readFile(file, 'utf8')).replace(
    /"(?:[^"\\]|\\.)*"|-?\d+(?:\.\d+(?:[eE][+-]?\d+)?|[eE][+-]?\d+)/g,
    (found) => (found.startsWith('"') ? found : `"${found}"`),
  );
  const all = await books();
  for (const { billing_user_id: id, pricing } of JSON.parse(text).customers) {
    // A cost such as 1 has no decimals, and was not quoted.
    all.customers[id] = { ...pricing, user_token_unit_cost: String(pricing.user_token_unit_cost) };
    all.invoices = all.invoices.filter((one) => one.billing_user_id !== id || one.period < SOLUSIO_PERIOD);
  }
  await keep(all);
}

// Creates the missing invoices of a month. What belongs to no customer is said, not billed.
async function bill(period) {
  const byCustomer = new Map();
  for (const line of await usage(period)) {
    byCustomer.set(line.billing_user_id, [...(byCustomer.get(line.billing_user_id) ?? []), line]);
  }
  const all = await books();
  for (const [id, lines] of byCustomer) {
    const pricing = all.customers[id];
    if (pricing === undefined) {
      console.error(`no customer for ${lines.length} lines of billing_user_id ${id}`);
    } else if (!all.invoices.some((one) => one.billing_user_id === id && one.period === period)) {
      const number = Math.max(0, ...all.invoices.map((one) => one.number)) + 1;
      all.invoices.push({ number, billing_user_id: id, period, ...invoice(lines, pricing) });
    }
  }
  await keep(all);
}

async function invoices(period) {
  const all = await books();
  process.stdout.write(JSON.stringify({ invoices: all.invoices.filter((one) => one.period === period) }));
}

const COMMANDS = { customers, bill, invoices };

try {
  const [command, argument] = process.argv.slice(2);
  if (BILLING_DATABASE === undefined) throw new Error('BILLING_DATABASE is not set');
  if (!Object.hasOwn(COMMANDS, command)) throw new Error('usage: customers FILE, bill PERIOD or invoices PERIOD');
  await COMMANDS[command](argument);
} catch (error) {
  console.error(`invoices.mjs: ${error.message}`);
  process.exitCode = 1;
}
