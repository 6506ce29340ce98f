-- Added to a script: at most RATE requests a second, evenly spaced, whichever connection sends them.
local ffi = require("ffi")
pcall(ffi.cdef, [[typedef struct { long s; long ns; } bench_time; int clock_gettime(int, bench_time *);]])
local clock, due, interval = ffi.new("bench_time"), nil, 1000 / tonumber(os.getenv("RATE"))

function delay()
  ffi.C.clock_gettime(1, clock)
  local now = tonumber(clock.s) * 1000 + tonumber(clock.ns) / 1e6
  local own = due or now
  due = own + interval
  return math.max(0, own - now)
end
