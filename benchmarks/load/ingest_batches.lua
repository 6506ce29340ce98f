-- CloudEvents in batches of 500, each event once, of the companies in turn; KEYS names a file with an API key a line.
-- The ids differ by RUN, thread, request and place; the batch's text is put together from parts made beforehand.
local SIZE = 500
local keys, heads, tails = {}, {}, {}
local run, count = os.getenv("RUN"), 0
local agents = tonumber(os.getenv("AGENTS"))

function init()
  for key in io.open(os.getenv("KEYS")):lines() do table.insert(keys, key) end
  for place = 1, SIZE do
    local first = place == 1 and "[" or ","
    heads[place] = first .. '{"specversion":"1.0","type":"agent.request","source":"urn:agente","id":"evento-' .. run
    tails[place] = string.format(
      '-%d","time":"%s","data":{"agent":"agente-%d","status":"%s","response_time_ms":%d,"input_tokens":%d,' ..
        '"output_tokens":%d,"model":"gpt-4o-mini","cost":1900,"currency":"BRL"}}',
      place, os.date("!%Y-%m-%dT%H:%M:%SZ", os.time() - place % 50), place % agents + 1,
      place % 80 == 0 and "error" or "success", 100 + place * 37 % 3000, 300 + place % 200, 80 + place % 50)
  end
  tails[SIZE] = tails[SIZE] .. "]"
end

function request()
  count = count + 1
  local mark = "-" .. thread_number .. "-" .. count
  local parts = {}
  for place = 1, SIZE do
    parts[place] = heads[place] .. mark .. tails[place]
  end
  return wrk.format("POST", "/v1/events", {
    ["authorization"] = "Bearer " .. keys[count % #keys + 1],
    ["content-type"] = "application/cloudevents-batch+json",
  }, table.concat(parts))
end

function response(status, headers, body)
  if status == 200 then
    counters.accepted = (counters.accepted or 0) + tonumber(string.match(body, '"accepted":(%d+)'))
    counters.duplicates = (counters.duplicates or 0) + tonumber(string.match(body, '"duplicates":(%d+)'))
  end
end
