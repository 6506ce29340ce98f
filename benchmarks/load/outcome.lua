-- Put after a script: what became of each request, with its latency from the moment it was sent. `ok:` an answer of 200,
-- `later:` a 429 or 503 that says when to come back, `wrong:` anything else; then whole milliseconds.
local ffi = require("ffi")
pcall(ffi.cdef, [[typedef struct { long s; long ns; } bench_time; int clock_gettime(int, bench_time *);]])
local clock, flying, number = ffi.new("bench_time"), {}, 0
local make, taken = request, response

local function now()
  ffi.C.clock_gettime(1, clock)
  return tonumber(clock.s) * 1000 + tonumber(clock.ns) / 1e6
end

-- The trace id of a request comes back with its answer: that is how the two are matched.
function request()
  number = number + 1
  flying[number] = now()
  local text = make()
  local line = text:find("\r\n", 1, true)
  return text:sub(1, line + 1) .. string.format("traceparent: 00-%032x-00000000000000aa-01\r\n", number)
    .. text:sub(line + 2)
end

function response(status, headers, body)
  local trace = tonumber((headers["x-trace-id"] or "0"):sub(-12), 16)
  local kind = "wrong"
  if status == 200 then
    kind = "ok"
    if taken then taken(status, headers, body) end
  elseif (status == 429 or status == 503) and headers["retry-after"] then
    kind = "later"
  else
    print(status, body:sub(1, 200))
  end
  local name = string.format("%s:%d", kind, now() - (flying[trace] or now()))
  flying[trace] = nil
  counters[name] = (counters[name] or 0) + 1
end
