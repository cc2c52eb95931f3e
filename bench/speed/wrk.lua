-- What wrk sends and tells: arguments METHOD PATH, and for a creation BODY SERIAL. The nines in
-- a body become a number that counts up from the serial, so that no two bodies are the same.

local NINES = "999999999"
local before, after, fixed, made

function init(arguments)
  wrk.method, wrk.path = arguments[1], arguments[2]
  wrk.headers["Authorization"] = "Bearer bench-token"
  if arguments[3] then
    wrk.headers["Content-Type"] = "application/json"
    local body = arguments[3]
    local first, last = body:find(NINES, 1, true)
    before, after = body:sub(1, first - 1), body:sub(last + 1)
    made = tonumber(arguments[4]) * 1000000
  else
    fixed = wrk.format()
  end
end

function request()
  if fixed then
    return fixed
  end
  made = made + 1
  return wrk.format(nil, nil, nil, before .. string.format("%09d", made) .. after)
end

function done(summary, latency, requests)
  local errors = summary.errors
  io.write(string.format(
    'TOLD {"requests": %d, "microseconds": %d, "errors": %d, "p50": %d, "p99": %d}\n',
    summary.requests, summary.duration,
    errors.connect + errors.read + errors.write + errors.status + errors.timeout,
    latency:percentile(50), latency:percentile(99)))
end
