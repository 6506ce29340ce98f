-- Chains of refresh tokens: each answer's token is used next, from an address that was not seen before, so that each
-- request asks the database for its share of the limit. CHAINS names a file with a refresh token in each line.
local waiting, first, last, address = {}, 1, 0, tonumber(os.getenv("FROM"))
for token in io.open(os.getenv("CHAINS")):lines() do
  last = last + 1
  waiting[last] = token
end

function request()
  local token = waiting[first]
  waiting[first], first, address = nil, first + 1, address + 1
  return wrk.format("POST", "/auth/refresh", {
    ["content-type"] = "application/json",
    ["x-forwarded-for"] = string.format(
      "%d.%d.%d.%d", 20 + math.floor(address / 15625000), math.floor(address / 62500) % 250,
      math.floor(address / 250) % 250, address % 250 + 1),
  }, '{"refresh_token":"' .. token .. '"}')
end

function response(status, headers, body)
  local token = status == 200 and body:match('"refresh_token":"([^"]+)"')
  if token then
    last = last + 1
    waiting[last] = token
    counters.done = (counters.done or 0) + 1
  else
    counters.wrong = (counters.wrong or 0) + 1
    print(status, body)
  end
end
