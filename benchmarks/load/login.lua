-- Sign-ins of many people, each from an address of its own. EMAILS names a file with an address in each line.
local ffi = require("ffi")
ffi.cdef([[typedef struct { long s; long ns; } bench_time; int clock_gettime(int, bench_time *);]])
local clock, emails, place = ffi.new("bench_time"), {}, tonumber(os.getenv("FROM"))
for email in io.open(os.getenv("EMAILS")):lines() do table.insert(emails, email) end
local body = '{"email":"%s","password":"' .. os.getenv("PASSWORD") .. '"}'

function request()
  place = place + 1
  return wrk.format("POST", "/auth/login", {
    ["content-type"] = "application/json",
    ["x-forwarded-for"] = string.format("10.2.%d.%d", math.floor(place / 250) % 250, place % 250 + 1),
  }, string.format(body, emails[place % #emails + 1]))
end

-- Between the first answer and the last, since the first has waited for a hash that nothing was measured of.
function response(status, headers, text)
  ffi.C.clock_gettime(1, clock)
  local now = tonumber(clock.s) + tonumber(clock.ns) / 1e9
  if status == 200 and text:find('"access_token":"', 1, true) then
    counters.done = (counters.done or 0) + 1
    counters.first = counters.first or now
    counters.last = now
  elseif status == 503 and headers["retry-after"] then
    counters.sent_away = (counters.sent_away or 0) + 1
  else
    counters.wrong = (counters.wrong or 0) + 1
    print(status, text)
  end
end
