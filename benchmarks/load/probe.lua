-- What others feel: a few connections that each ask for something every 40 to 80 ms, one kind after the other.
-- TOKENS and COOKIES name files with a line for each person. The first read of a company's period by a role is not cached.
local ffi = require("ffi")
ffi.cdef([[typedef struct { long s; long ns; } bench_time; int clock_gettime(int, bench_time *);]])
local clock, tokens, cookies = ffi.new("bench_time"), {}, {}
local fresh, turn, flying, number = tonumber(os.getenv("FROM")), 0, {}, 0
for token in io.open(os.getenv("TOKENS")):lines() do table.insert(tokens, token) end
for cookie in io.open(os.getenv("COOKIES")):lines() do table.insert(cookies, cookie) end
local KINDS = { "cached", "fresh", "agents", "page", "live" }

local function now()
  ffi.C.clock_gettime(1, clock)
  return tonumber(clock.s) * 1000 + tonumber(clock.ns) / 1e6
end

function delay() return math.random(40, 80) end

function request()
  turn, number = turn + 1, number + 1
  local kind = KINDS[turn % #KINDS + 1]
  local headers = { ["traceparent"] = string.format("00-%032x-00000000000000aa-01", number) }
  local path = "/tenant/usage?period=90d"
  if kind == "fresh" then
    fresh = fresh + 1
    path = fresh % 2 == 0 and "/tenant/usage?period=7d" or "/tenant/usage?period=30d"
  end
  local person = kind == "fresh" and math.floor(fresh / 2) % #tokens + 1 or 1
  if kind == "agents" then path = "/tenant/agents" end
  if kind == "page" then path = "/app/dashboard" end
  if kind == "live" then path = "/app/dashboard/live" end
  if kind == "page" or kind == "live" then
    headers["cookie"] = "session=" .. cookies[turn % #cookies + 1]
  else
    headers["authorization"] = "Bearer " .. tokens[person]
  end
  flying[number] = { kind = kind, due = now() }
  return wrk.format("GET", path, headers)
end

function response(status, headers, body)
  local event = flying[tonumber(headers["x-trace-id"]:sub(-12), 16)]
  local name = string.format("%s:%d", event.kind, math.floor(now() - event.due))
  counters[name] = (counters[name] or 0) + 1
  local missed = event.kind == "fresh" and headers["x-cache-status"] ~= "MISS"
  if status ~= 200 or missed then
    counters.wrong = (counters.wrong or 0) + 1
    print(event.kind, status, headers["x-cache-status"], body:sub(1, 200))
  end
end
