-- Exports of spans in gzip, made beforehand: BODIES of them in the folder EXPORTS, each sent once to each company of
-- KEYS, which is where spans are told apart. FROM counts what earlier runs have sent.
local keys, bodies = {}, {}
local number = tonumber(os.getenv("FROM"))

function init()
  counters.exports = 0
  for key in io.open(os.getenv("KEYS")):lines() do table.insert(keys, key) end
  for place = 1, tonumber(os.getenv("BODIES")) do
    local file = io.open(os.getenv("EXPORTS") .. "/" .. place - 1, "rb")
    bodies[place] = file:read("*a")
    file:close()
  end
end

function request()
  local body = bodies[math.floor(number / #keys) + 1]
  local key = keys[number % #keys + 1]
  number = number + 1
  counters.taken = (counters.taken or 0) + 1
  return wrk.format("POST", "/v1/traces", {
    ["authorization"] = "Bearer " .. key,
    ["content-type"] = "application/x-protobuf",
    ["content-encoding"] = "gzip",
  }, body)
end

function response(status, headers, text)
  if status == 200 and text == "" then
    counters.exports = counters.exports + 1
  else
    counters.wrong = (counters.wrong or 0) + 1
    print(status, text)
  end
end
