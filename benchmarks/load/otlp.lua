-- Exports of spans in protobuf. BODY names one whose ids are at the offsets in PLACES (offset, length, trace): each
-- request carries it to one of the companies of KEYS, with every trace's ids mixed with random bytes of its own.
local ffi = require("ffi")
local keys, places, salt = {}, {}, {}
local file = io.open(os.getenv("BODY"), "rb")
local template = file:read("*a")
file:close()
local size, count, run = #template, 0, tonumber(os.getenv("RUN"))
local original, body = ffi.cast("const uint8_t *", template), ffi.new("uint8_t[?]", size)

function init()
  counters.exports = 0
  for key in io.open(os.getenv("KEYS")):lines() do table.insert(keys, key) end
  for line in io.open(os.getenv("PLACES")):lines() do
    local offset, length, trace = line:match("(%d+) (%d+) (%d+)")
    table.insert(places, { tonumber(offset), tonumber(length), tonumber(trace) })
  end
  math.randomseed(run * 1000 + thread_number)
end

function request()
  count = count + 1
  ffi.copy(body, template, size)
  for place = 0, 64 * 16 - 1 do salt[place] = math.random(0, 255) end
  for _, place in ipairs(places) do
    local offset, last, own = place[1], place[2] - 1, place[3] * 16
    for byte = 0, last do body[offset + byte] = bit.bxor(original[offset + byte], salt[own + byte]) end
  end
  return wrk.format("POST", "/v1/traces", {
    ["authorization"] = "Bearer " .. keys[count % #keys + 1],
    ["content-type"] = "application/x-protobuf",
  }, ffi.string(body, size))
end

-- An empty answer says that every span was taken.
function response(status, headers, text)
  if status == 200 and text == "" then
    counters.exports = counters.exports + 1
  else
    counters.wrong = (counters.wrong or 0) + 1
    print(status, text)
  end
end
