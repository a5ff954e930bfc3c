-- What wrk sends: requests of one kind, one after the other. Arguments: kind, access token, first and last id
-- of the users, how many of them the repeated kinds ask for, a mark that no other run has (it makes e-mails
-- unique), and the last number of a customer that another run may have used.

local API = "/api/v1"
local kinds = {}
local kind, first, all, users, mark, number
local sent = 0

local function user(n)
  return API .. "/users/" .. (first + n % users)
end

function kinds.get_user(n)
  return wrk.format("GET", user(n))
end

function kinds.list_users()
  return wrk.format("GET", API .. "/users")
end

function kinds.list_servers()
  return wrk.format("GET", API .. "/servers")
end

-- As billing systems do it: with a password and the customer's number.
function kinds.create_customer(n)
  return wrk.format("POST", API .. "/users", nil, '{"email": "' .. mark .. "-" .. n .. '@example.com", "password": "'
    .. "S3cret-" .. mark .. n .. '", "billing_user_id": ' .. (number + n) .. "}")
end

function kinds.create_user(n)
  return wrk.format("POST", API .. "/users", nil, '{"email": "' .. mark .. "-" .. n .. '@example.com"}')
end

function kinds.change_user(n)
  return wrk.format("PATCH", user(n), nil, '{"billing_token": "' .. mark .. n .. '"}')
end

function kinds.suspend_user(n)
  local status = math.floor(n / users) % 2 == 0 and "suspended" or "active"
  return wrk.format("PUT", user(n), nil, '{"status": "' .. status .. '"}')
end

function kinds.create_token(n)
  return wrk.format("POST", user(n) .. "/tokens", nil, '{"is_one_time": true}')
end

function kinds.create_server(n)
  return wrk.format("POST", API .. "/servers", nil, '{"name": "' .. mark .. "-" .. n .. '.example.com"}')
end

-- So many different requests in turn that the mock has dropped a response before it is asked for again.

function kinds.each_user(n)
  return wrk.format("GET", API .. "/users/" .. (first + n % all))
end

function kinds.each_users_page(n)
  return wrk.format("GET", API .. "/users?page=" .. (1 + n % math.floor(all / 15)))
end

-- 32 combinations of two pages and four filters that all servers match, with 14 to 16 servers a page.
function kinds.filter_servers(n)
  local query = "?page=" .. (1 + n % 2) .. "&per_page=" .. (14 + math.floor(n / 32) % 3)
  local filters = { "filter%5Bstatus%5D=started", "filter%5Bvirtualization_type%5D=kvm", "filter%5Buser_id%5D=1",
    "filter%5Bcompute_resource_id%5D=1" }
  for place, filter in ipairs(filters) do
    if math.floor(n / 2 ^ place) % 2 == 1 then
      query = query .. "&" .. filter
    end
  end
  return wrk.format("GET", API .. "/servers" .. query)
end

function kinds.mixed(n)
  if n % 11 == 0 then
    return kinds.change_user(n)
  end
  return n % 2 == 0 and kinds.get_user(n) or kinds.list_users(n)
end

function init(arguments)
  kind = kinds[arguments[1]]
  wrk.headers["Authorization"] = "Bearer " .. arguments[2]
  wrk.headers["Accept"] = "application/json"
  wrk.headers["User-Agent"] = "billing/1.0"
  wrk.headers["Content-Type"] = "application/json"
  first = tonumber(arguments[3])
  all = tonumber(arguments[4]) - first + 1
  users = tonumber(arguments[5])
  mark = arguments[6]
  number = tonumber(arguments[7])
end

function request()
  sent = sent + 1
  return kind(sent)
end

function done(summary, latency)
  local errors = summary.errors
  io.write(string.format(
    'RESULT {"requests": %d, "microseconds": %d, "bytes": %d, "p50": %d, "p99": %d, "refused": %d, "broken": %d}\n',
    summary.requests, summary.duration, summary.bytes, latency:percentile(50), latency:percentile(99),
    errors.status, errors.connect + errors.read + errors.write + errors.timeout
  ))
end
