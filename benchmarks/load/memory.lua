-- A bit of everything: reads of many people, and batches of new events with the companies' keys.
local tokens, keys, agent = {}, {}, os.getenv("AGENT")
for token in io.open(os.getenv("TOKENS")):lines() do table.insert(tokens, token) end
for key in io.open(os.getenv("KEYS")):lines() do table.insert(keys, key) end
local paths = { "/tenant/usage?period=30d", "/tenant/agents", "/tenant/incidents", "/tenant/integrations" }
local run, count = os.getenv("RUN"), 0
local event = '{"specversion":"1.0","type":"agent.request","source":"/bench","id":"%s-%d-%d-%d","data":' ..
  '{"agent":"' .. agent .. '","status":"success","response_time_ms":%d,"input_tokens":412,"output_tokens":96}}'

local function batch()
  local events = {}
  for place = 1, 100 do
    events[place] = string.format(event, run, thread_number, count, place, 200 + (count * place) % 3000)
  end
  return "[" .. table.concat(events, ",") .. "]"
end

function request()
  count = count + 1
  if count % 5 == 0 then
    counters.events = (counters.events or 0) + 100
    return wrk.format("POST", "/v1/events", {
      ["authorization"] = "Bearer " .. keys[count % #keys + 1],
      ["content-type"] = "application/cloudevents-batch+json",
    }, batch())
  end
  return wrk.format("GET", paths[count % #paths + 1], { ["authorization"] = "Bearer " .. tokens[count % #tokens + 1] })
end
